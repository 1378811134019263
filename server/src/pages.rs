//! Pages: hands the request to leptos, with the core and the nonce of this answer, and lets nothing break off the drawing.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{FromRef, Request, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use futures_util::{
    StreamExt,
    stream::{Stream, once},
};
use leptos::{
    IntoView,
    config::LeptosOptions,
    nonce::Nonce,
    prelude::{provide_context, use_context},
    reactive::owner::Owner,
};
use leptos_axum::{LeptosRoutes, generate_route_list, handle_response_inner};
use switchboard::core::Core;
use tracing::Instrument;

#[derive(Clone)]
pub struct Site {
    pub core: Core,
    pub options: LeptosOptions,
}

impl FromRef<Site> for Core {
    fn from_ref(site: &Site) -> Self {
        site.core.clone()
    }
}
impl FromRef<Site> for LeptosOptions {
    fn from_ref(site: &Site) -> Self {
        site.options.clone()
    }
}

/// Every page and every server function.
pub fn routes(site: &Site) -> Router<Site> {
    let options = site.options.clone();
    let functions = Vec::new();
    Router::new()
        .leptos_routes_with_context(site, functions, context(site), move || app::shell(options.clone()))
        .leptos_routes_with_handler(generate_route_list(app::App), draw)
        .fallback(lost)
}

/// What pages and server functions find around them.
fn context(site: &Site) -> impl Fn() + Clone + Send + Sync + 'static {
    let core = site.core.clone();
    move || {
        provide_context(core.clone());
        // leptos provides a nonce of its own first; the one in the header is ours.
        if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Nonce>().cloned()) {
            provide_context(nonce);
        }
    }
}

/// Draws a page whole, in a task of its own. A browser that leaves meanwhile would otherwise take away what the page's
/// questions to the core still stand on.
async fn draw(State(site): State<Site>, request: Request) -> Response {
    let owner = Arc::new(OnceLock::new());
    let (around, known) = (context(&site), Arc::clone(&owner));
    let around = move || {
        if let Some(owner) = Owner::current() {
            known.get_or_init(|| owner);
        }
        around();
    };
    let drawing = async move {
        let page = handle_response_inner(around, move || app::shell(site.options), request, whole).await;
        let (parts, body) = page.into_parts();
        // The end of the body is where leptos throws the page's state away.
        to_bytes(body, usize::MAX)
            .await
            .map(|body| Response::from_parts(parts, Body::from(body)))
    };
    match tokio::spawn(owned(owner, drawing).in_current_span()).await {
        Ok(Ok(page)) => page,
        Ok(Err(error)) => {
            tracing::error!(%error, "a page could not be drawn to its end");
            failed()
        }
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => failed(),
    }
}

/// Goes on with a page only as its owner. leptos looks for signals in the state that was last used on the thread, and
/// leaves off and goes on without saying whose turn it is: without this a page drawn beside others finds theirs.
async fn owned<T>(owner: Arc<OnceLock<Owner>>, page: impl Future<Output = T>) -> T {
    let mut page = pin!(page);
    poll_fn(|turn| match owner.get() {
        Some(owner) => owner.with(|| page.as_mut().poll(turn)),
        None => page.as_mut().poll(turn),
    })
    .await
}

fn failed() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// The page for addresses that are none.
async fn lost(site: State<Site>, request: Request) -> Response {
    let mut page = draw(site, request).await;
    if page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::NOT_FOUND;
    }
    page
}

type Text = Pin<Box<dyn Stream<Item = String> + Send>>;

/// The page as one piece, once all its data is there, and the data after it for the browser's side.
fn whole<V: IntoView + 'static>(
    page: V,
    data: Box<dyn FnOnce() -> Text + Send>,
    _out_of_order: bool,
) -> Pin<Box<dyn Future<Output = Text> + Send>> {
    Box::pin(async move {
        let page = page.to_html_stream_in_order().collect::<String>().await;
        Box::pin(once(async move { page }).chain(data())) as Text
    })
}
