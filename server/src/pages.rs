//! Pages: drawn whole, with the core, the nonce of this answer and the data that the browser goes on from.

mod data;

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, LazyLock, PoisonError},
};

use axum::{
    Router,
    extract::{FromRef, Request, State},
    http::{Method, StatusCode, Uri, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use futures_util::stream::{StreamExt, iter};
use hydration_context::{SharedContext, SsrSharedContext};
use leptos::{
    PrefetchLazyFn,
    config::LeptosOptions,
    nonce::{Nonce, use_nonce},
    prelude::{ReadValue, RenderHtml, provide_context, with_context},
    reactive::owner::Owner,
};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use leptos_meta::ServerMetaContext;
use leptos_router::{components::provide_server_redirect, location::RequestUrl};
use serde::de::DeserializeOwned;
use switchboard::{
    audit::Entry,
    calls::Call,
    core::Core,
    export::CsvList,
    registry::{self, Registered, ResourceVisitor},
};
use tracing::Instrument;

use app::shell::{Files, shell};

use crate::download;

#[derive(Clone)]
pub struct Site {
    pub core: Core,
    pub files: Files,
}

impl FromRef<Site> for Core {
    fn from_ref(site: &Site) -> Self {
        site.core.clone()
    }
}
impl FromRef<Site> for LeptosOptions {
    fn from_ref(site: &Site) -> Self {
        site.files.options.clone()
    }
}

/// Every page and every server function, and the lists that pages offer as files: like to a page, somebody who is signed
/// out gets there by signing in.
pub fn routes(site: &Site) -> Router<Site> {
    let files = site.files.clone();
    let functions = Vec::new();
    Router::new()
        .leptos_routes_with_context(site, functions, context(site), move || shell(files.clone()))
        .leptos_routes_with_handler(PAGES.clone(), draw)
        .merge(downloads())
        .method_not_allowed_fallback(post_back_to_page)
        .fallback(not_found_page)
}

/// Every list that can be exported, by session.
fn downloads() -> Router<Site> {
    let mut downloads = Downloads(Router::new());
    registry::visit_all(&mut downloads);
    downloads.list::<Call>();
    downloads.list::<Entry>();
    downloads.0
}

struct Downloads(Router<Site>);

impl Downloads {
    fn list<L>(&mut self)
    where
        L: CsvList,
        L::Filter: DeserializeOwned,
    {
        let path = format!("/app{}/export/{{file}}", L::KIND.about().path);
        self.0 = std::mem::take(&mut self.0).route(&path, get(download::list::<L>));
    }
}

impl ResourceVisitor for Downloads {
    fn visit<R: Registered>(&mut self) {
        self.list::<R>();
    }
}

/// The paths of all pages, listed once in a process, which is before anything is drawn in it. While leptos lists them no
/// resource of the process loads: a page that asked for something meanwhile would wait for ever.
static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(app::App));

/// What pages and server functions find around them.
pub fn context(site: &Site) -> impl Fn() + Clone + Send + Sync + 'static {
    let core = site.core.clone();
    move || {
        provide_context(core.clone());
        // Around a server function leptos has provided a nonce of its own; the one in the header is ours.
        if let Some(nonce) = with_context(|parts: &Parts| parts.extensions.get::<Nonce>().cloned()).flatten() {
            provide_context(nonce);
        }
    }
}

/// Draws a page in a task of its own. A browser that leaves meanwhile would otherwise take away what the page's questions
/// to the core still stand on.
async fn draw(State(site): State<Site>, request: Request) -> Response {
    match tokio::spawn(page(site, request).in_current_span()).await {
        Ok(page) => page,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Does what leptos' own handler does, but for a page that waits for all its data anyway: in one piece, and without
/// taking turns with other tasks in between.
async fn page(site: Site, request: Request) -> Response {
    let hydration = Arc::new(SsrSharedContext::new());
    let owner = Owner::new_root(Some(Arc::clone(&hydration) as _));
    let options = ResponseOptions::default();
    let (meta, head) = ServerMetaContext::new();
    let (parts, _) = request.into_parts();
    let chunks = PrefetchLazyFn::default();
    let files = site.files.clone();
    let drawing = owner.with(|| {
        // Only path and query count; the router wants a whole address.
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        provide_context(RequestUrl::new(&format!("http://leptos.dev{path}")));
        provide_context(meta);
        provide_context(parts);
        provide_context(options.clone());
        provide_context(chunks.clone());
        provide_server_redirect(leptos_axum::redirect);
        context(&site)();
        shell(site.files).to_html_stream_in_order()
    });
    let html = async {
        let page = drawing.collect::<String>().await;
        while let Some(pending) = hydration.await_deferred() {
            pending.await;
        }
        let data = hydration.consume_buffers().await;
        let mut page = head.inject_meta_context(iter([page])).await.collect::<String>().await;
        data::write(&mut page, &data, use_nonce().as_deref());
        if let (Some(head), Some(chunks)) = (page.find("</head>"), chunks.0.try_read_value()) {
            page.insert_str(head, &files.preloads(&*chunks));
        }
        page
    };
    let html = poll_within_owner(&owner, html).await;
    owner.unset_with_forced_cleanup();
    let mut response = Html(html).into_response();
    let said = std::mem::take(&mut *options.0.write().unwrap_or_else(PoisonError::into_inner));
    if let Some(status) = said.status {
        *response.status_mut() = status;
    }
    response.headers_mut().extend(said.headers);
    response
}

/// Goes on with a page only as its owner. leptos looks for signals in the state that was last used on the thread, and
/// leaves off and goes on without saying whose turn it is: without this a page drawn beside others finds theirs.
async fn poll_within_owner<T>(owner: &Owner, page: impl Future<Output = T>) -> T {
    let mut page = pin!(page);
    poll_fn(|turn| owner.with(|| page.as_mut().poll(turn))).await
}

/// Some forms are sent by their page alone. Where somebody was faster than the page, they get it again, alive: nothing was
/// done, and what they typed went into a body and not into an address that is kept and logged.
async fn post_back_to_page(method: Method, uri: Uri) -> Response {
    match uri.path_and_query().filter(|_| method == Method::POST) {
        Some(page) => Redirect::to(page.as_str()).into_response(),
        None => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// The page for addresses that are none. An open page that asks a function of another version has no use for one, and tells
/// by it that it was not we who answered.
async fn not_found_page(site: State<Site>, request: Request) -> Response {
    let accepted = request.headers().get(header::ACCEPT);
    if request.uri().path().starts_with("/fn/") && accepted.is_some_and(|kind| kind == "application/json") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut page = draw(site, request).await;
    if page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::NOT_FOUND;
    }
    page
}
