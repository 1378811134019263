//! Code that comes when it is needed: pages, each in a chunk named in the route table, parts of pages that only some people ever
//! open, and what happens where one cannot be had.

use std::{future::Future, pin::Pin, sync::Arc};

use futures_util::FutureExt;
use leptos::{prelude::*, tachys::view::any_view::AnyView, task::spawn_local, wasm_split::SplitLoaderError};
use leptos_router::{
    ChooseView, NestedRoute, PossibleRouteMatch, SsrMode,
    any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute},
};

#[cfg(feature = "hydrate")]
pub use browser_side::start;

use crate::kit::{StatusDot, dynamic, skeleton_rows, status_dot};

pub type Later<T> = Pin<Box<dyn Future<Output = Result<T, SplitLoaderError>>>>;

/// A page in a chunk. [`page!`] makes it.
#[derive(Clone, Copy)]
pub struct LazyPage {
    pub path: &'static str,
    pub chunk: &'static str,
    pub load: fn() -> Later<()>,
    pub draw: fn() -> Later<AnyView>,
}

/// The page at a path, with the chunk its code is in. All pages that name the same chunk come in one file.
macro_rules! page {
    ($path:tt, $chunk:ident, $page:ident) => {{
        $crate::lazy::split! {
            fn $chunk() -> ::leptos::tachys::view::any_view::AnyView {
                ::leptos::tachys::view::any_view::IntoAny::into_any($page())
            }
        }
        let page = $crate::lazy::LazyPage {
            path: $path,
            chunk: stringify!($chunk),
            load: || Box::pin(load()),
            draw: || Box::pin($chunk()),
        };
        (leptos_router::path!($path), page)
    }};
}

/// A part of pages in a chunk. [`part!`] makes it.
pub struct LazyPart<P: 'static> {
    pub load: fn() -> Later<()>,
    pub draw: fn(P) -> Later<leptos::prelude::AnyView>,
}

impl<P> Clone for LazyPart<P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for LazyPart<P> {}

/// What a function of a chunk draws from props of one type: `part!(place, place_form, PlaceProps)`.
macro_rules! part {
    ($chunk:ident, $draw:path, $props:ty) => {{
        $crate::lazy::split! {
            fn $chunk(props: $props) -> ::leptos::prelude::AnyView { $draw(props) }
        }
        $crate::lazy::LazyPart::<$props> {
            load: || Box::pin(load()),
            draw: |props| Box::pin($chunk(props)),
        }
    }};
}

/// The splitter tells functions apart by name and place. The chunk's name has a place of its own in each declaration, so it is
/// the function's too.
#[cfg(not(debug_assertions))]
macro_rules! split {
    (fn $chunk:ident($($props:ident: $type:ty)?) -> $view:ty { $drawn:expr }) => {
        #[::leptos::wasm_split::wasm_split($chunk, wasm_split_path = ::leptos::wasm_split, fallible, preload(load))]
        fn $chunk($($props: $type)?) -> Result<$view, ::leptos::wasm_split::SplitLoaderError> {
            Ok($drawn)
        }
    };
}

/// While somebody edits, the client is one file.
#[cfg(debug_assertions)]
macro_rules! split {
    (fn $chunk:ident($($props:ident: $type:ty)?) -> $view:ty { $drawn:expr }) => {
        async fn load() -> Result<(), ::leptos::wasm_split::SplitLoaderError> {
            Ok(())
        }
        async fn $chunk($($props: $type)?) -> Result<$view, ::leptos::wasm_split::SplitLoaderError> {
            Ok($drawn)
        }
    };
}

pub(crate) use {page, part, split};

/// The route of a lazy page: `<Page at=page!("/agents", agents, AgentList)/>`. It waits for its data before it is sent.
#[component(transparent)]
pub fn Page<S>(at: (S, LazyPage)) -> AnyNestedRoute
where
    S: PossibleRouteMatch + Send + Sync + 'static,
{
    let (path, page) = at;
    // One kind of path is one kind of route, for which there is code once.
    let path: Arc<dyn PossibleRouteMatch + Send + Sync> = Arc::new(path);
    #[cfg(feature = "hydrate")]
    browser_side::know(page);
    NestedRoute::new(path, page)
        .ssr_mode(SsrMode::Async)
        .into_any_nested_route()
}

impl ChooseView for LazyPage {
    async fn choose(self) -> AnyView {
        #[cfg(feature = "ssr")]
        leptos::prefetch_lazy_fn_on_server(self.chunk);
        loop {
            match (self.draw)().await {
                Ok(view) => return view,
                Err(_) => self.preload().await,
            }
        }
    }

    async fn preload(&self) {
        #[cfg(feature = "hydrate")]
        browser_side::arrive(*self).await;
    }
}

impl<P: Clone + Send + 'static> LazyPart<P> {
    /// Asks for the code when the browser has time, so that it is there when the part is shown.
    pub fn look_ahead(self) {
        #[cfg(feature = "hydrate")]
        crate::kit::browser::when_idle(move || browser_side::fetch(self.load));
    }

    /// Draws the part once its code is here, which is only in a living page: the server draws what stands in its place meanwhile.
    pub fn show(self, props: P) -> leptos::prelude::AnyView {
        self.show_after(props, skeleton_rows)
    }

    /// The same for what is small, such as a button: nothing stands in its place while its code is on the way.
    pub fn show_later(self, props: P) -> leptos::prelude::AnyView {
        self.show_after(props, || ().into_any())
    }

    fn show_after(self, props: P, waiting: fn() -> leptos::prelude::AnyView) -> leptos::prelude::AnyView {
        let code = RwSignal::new(None::<bool>);
        let load = move || {
            code.set(None);
            spawn_local(async move {
                let loaded = (self.load)().await.is_ok();
                code.try_set(Some(loaded));
            });
        };
        #[cfg(feature = "hydrate")]
        load();
        dynamic(move || match code.get() {
            None => waiting(),
            // With its code here it is drawn at once, and belongs to whoever shows it.
            Some(true) => (self.draw)(props.clone())
                .now_or_never()
                .and_then(Result::ok)
                .into_any(),
            Some(false) => view! {
                <div class="banner boxed" data-kind="warn" role="alert">
                    {status_dot(StatusDot::Warn, "Not loaded")}
                    <p>"This part of the page could not be loaded. Check your connection."</p>
                    <button type="button" class="btn sm" on:click=move |_| load()>"Try again"</button>
                </div>
            }
            .into_any(),
        })
    }
}

#[cfg(feature = "hydrate")]
mod browser_side {
    use std::{
        cell::{Cell, RefCell},
        future::pending,
    };

    use leptos::{ev, prelude::*, task::spawn_local};
    use leptos_router::hooks::use_url;
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use wasm_bindgen_futures::JsFuture;

    use super::{Later, LazyPage};
    use crate::kit::{
        browser::{self, Keep},
        start_clock,
    };

    thread_local! {
        /// The lazy pages there are.
        static PAGES: RefCell<Vec<LazyPage>> = const { RefCell::new(Vec::new()) };
        /// Whether the page listens: from then on clicks are ours.
        static ALIVE: Cell<bool> = const { Cell::new(false) };
        static WAITING: Cell<usize> = const { Cell::new(0) };
        /// Whether the browser is on its way to another document. It breaks off then what is under way, which is no failure.
        static LEAVING: Cell<bool> = const { Cell::new(false) };
    }

    /// Remembers, in this tab, that the page was loaded again because its code could not be had.
    const TRIED: &str = "chunk-tried";

    pub fn know(page: LazyPage) {
        PAGES.with_borrow_mut(|pages| pages.push(page));
    }

    /// Answers when the page's code is here. Where it cannot be had the document is left or stays as the server drew it.
    pub async fn arrive(page: LazyPage) {
        let address = use_url().with_untracked(|url| match url.search() {
            "" => format!("{}{}", url.path(), url.hash()),
            search => format!("{}?{search}{}", url.path(), url.hash()),
        });
        loop {
            let waiting = Waiting::begin();
            let loaded = (page.load)().await;
            drop(waiting);
            if loaded.is_ok() {
                return;
            } else if is_offline() {
                let _said = Offline::say();
                online().await;
            } else if LEAVING.get() {
                // Whoever is still here in a moment has stayed, and waits for the page.
                moment().await;
            } else {
                give_up(&address);
                return pending().await;
            }
        }
    }

    fn give_up(address: &str) {
        if ALIVE.get() {
            // Somebody was on the way there: the server draws that page, and knows the newest files.
            browser::load(address);
            return;
        }
        let first = browser::stored(Keep::Tab, TRIED).is_none();
        browser::store(Keep::Tab, TRIED, "1");
        // A browser that keeps nothing would load it again for ever.
        if first && browser::stored(Keep::Tab, TRIED).is_some() {
            browser::reload();
        } else {
            browser::show_unfinished();
        }
    }

    /// Takes the page over. Until it listens, its links are the browser's: the router would take their clicks at once and
    /// could do nothing with them.
    pub async fn start(hydrate: impl Future<Output = ()>) {
        let stay = Closure::<dyn Fn(web_sys::Event)>::new(|event: web_sys::Event| event.stop_propagation());
        let listener: &js_sys::Function = stay.as_ref().unchecked_ref();
        let _ = window().add_event_listener_with_callback_and_bool("click", listener, true);
        let _ = window_event_listener(ev::beforeunload, |_| LEAVING.set(true));
        // Whoever is asked whether to leave and stays does something next.
        let _ = window_event_listener(ev::pointerdown, |_| LEAVING.set(false));
        let _ = window_event_listener(ev::keydown, |_| LEAVING.set(false));
        hydrate.await;
        let _ = window().remove_event_listener_with_callback_and_bool("click", listener, true);
        ALIVE.set(true);
        browser::forget(Keep::Tab, TRIED);
        browser::hydrated(start_clock);
        look_ahead();
    }

    /// Asks for the code behind a link that somebody is about to follow, and for all the rest when the browser has time.
    fn look_ahead() {
        let ahead = |event: &web_sys::Event| {
            let link = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let link = link.and_then(|target| target.closest("a[href]").ok().flatten());
            if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlAnchorElement>().ok()) {
                let path = link.pathname();
                if let Some(page) =
                    PAGES.with_borrow(|pages| pages.iter().copied().find(|page| leads_to(page.path, &path)))
                {
                    fetch(page.load);
                }
            }
        };
        let _ = window_event_listener(ev::pointerover, move |event| ahead(&event));
        let _ = window_event_listener(ev::focusin, move |event| ahead(&event));
        browser::when_idle(|| PAGES.with_borrow(|pages| pages.iter().for_each(|page| fetch(page.load))));
    }

    /// If it fails now, whoever needs it hears of it.
    pub fn fetch(load: fn() -> Later<()>) {
        spawn_local(async move {
            let _ = load().await;
        });
    }

    /// Whether a path is one of a route's: `/agents/:id` has `/agents/7`. Literal routes stand before those with parameters.
    fn leads_to(route: &str, path: &str) -> bool {
        let (mut route, mut path) = (route.split('/'), path.split('/'));
        loop {
            match (route.next(), path.next()) {
                (None, None) => return true,
                (Some(part), Some(word)) if part == word || (part.starts_with(':') && !word.is_empty()) => {}
                _ => return false,
            }
        }
    }

    /// Says in the document that a page is on its way, as long as it lives.
    struct Waiting;

    impl Waiting {
        fn begin() -> Self {
            WAITING.set(WAITING.get() + 1);
            browser::set_loading(true);
            Self
        }
    }

    impl Drop for Waiting {
        fn drop(&mut self) {
            WAITING.set(WAITING.get() - 1);
            browser::set_loading(WAITING.get() > 0);
        }
    }

    /// Says above the page that there is no network, as long as it lives.
    struct Offline;

    impl Offline {
        fn say() -> Self {
            browser::show_offline(true);
            Self
        }
    }

    impl Drop for Offline {
        fn drop(&mut self) {
            browser::show_offline(false);
        }
    }

    fn is_offline() -> bool {
        !window().navigator().on_line()
    }

    /// Waits until the browser has a network again.
    async fn online() {
        let options = web_sys::AddEventListenerOptions::new();
        options.set_once(true);
        promised(|resolve| {
            let _ =
                window().add_event_listener_with_callback_and_add_event_listener_options("online", resolve, &options);
        })
        .await;
    }

    /// Waits half a second.
    async fn moment() {
        promised(|resolve| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(resolve, 500);
        })
        .await;
    }

    /// Waits until the function that is handed over has been called.
    async fn promised(mut begin: impl FnMut(&js_sys::Function)) {
        let promise = js_sys::Promise::new(&mut |resolve, _| begin(&resolve));
        let _: Result<JsValue, JsValue> = JsFuture::from(promise).await;
    }
}
