//! The browser itself: timers, storage, cookies, focus. Called from event handlers and effects, never in a render.

use std::time::Duration;

use leptos::prelude::*;
use switchboard::cookie;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Runs once, later.
pub fn after(ms: u64, run: impl FnOnce() + 'static) {
    set_timeout(run, Duration::from_millis(ms));
}

/// Runs again and again until the current owner is gone.
pub fn every(ms: u64, run: impl Fn() + 'static) {
    if let Ok(handle) = set_interval_with_handle(run, Duration::from_millis(ms)) {
        on_cleanup(move || handle.clear());
    }
}

/// Puts something off until calls stop coming. What is put off is dropped with the owner this was made under.
#[derive(Clone, Copy)]
pub struct Debounce {
    ms: u64,
    waiting: StoredValue<Option<TimeoutHandle>>,
}

impl Debounce {
    pub fn new(ms: u64) -> Self {
        let debounce = Self {
            ms,
            waiting: StoredValue::new(None),
        };
        on_cleanup(move || debounce.cancel());
        debounce
    }

    pub fn call(self, run: impl FnOnce() + 'static) {
        self.cancel();
        let handle = set_timeout_with_handle(run, Duration::from_millis(self.ms)).ok();
        self.waiting.set_value(handle);
    }

    pub fn cancel(self) {
        if let Some(Some(handle)) = self.waiting.try_update_value(Option::take) {
            handle.clear();
        }
    }
}

/// Milliseconds since the epoch.
pub fn now() -> f64 {
    js_sys::Date::now()
}

/// A name that nothing else has, in this browser or another.
pub fn token() -> String {
    let part = || (js_sys::Math::random() * 1e15) as u64;
    format!("{:x}{:x}", part(), part())
}

/// How long the browser keeps something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Until the tab is closed.
    Tab,
    Always,
}

fn storage(keep: Keep) -> Option<web_sys::Storage> {
    match keep {
        Keep::Tab => window().session_storage(),
        Keep::Always => window().local_storage(),
    }
    .ok()
    .flatten()
}

pub fn stored(keep: Keep, key: &str) -> Option<String> {
    storage(keep)?.get_item(key).ok().flatten()
}

/// A full or forbidden storage loses a convenience, not data.
pub fn store(keep: Keep, key: &str, value: &str) {
    if let Some(storage) = storage(keep) {
        let _ = storage.set_item(key, value);
    }
}

pub fn forget(keep: Keep, key: &str) {
    if let Some(storage) = storage(keep) {
        let _ = storage.remove_item(key);
    }
}

/// A preference both sides know before the first picture: the server from the request, the browser from its jar.
pub fn cookie(name: &str) -> Option<String> {
    #[cfg(feature = "ssr")]
    {
        with_context(|parts: &http::request::Parts| {
            let lines = parts.headers.get_all(http::header::COOKIE).iter();
            cookie::find(lines.filter_map(|line| line.to_str().ok()), name).map(str::to_owned)
        })
        .flatten()
    }
    #[cfg(not(feature = "ssr"))]
    {
        let line = html_document().cookie().ok()?;
        cookie::find([line.as_str()], name).map(str::to_owned)
    }
}

/// Keeps a preference for a year. Words only: the value is not escaped.
pub fn keep_cookie(name: &str, value: &str) {
    let _ = html_document().set_cookie(&format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax"));
}

fn html_document() -> web_sys::HtmlDocument {
    document().unchecked_into()
}

/// Whether the clipboard has it. Without https browsers offer only the old way: select it, and copy the selection.
pub async fn copy(text: &str) -> bool {
    if window().is_secure_context() {
        let taken = window().navigator().clipboard().write_text(text);
        return JsFuture::from(taken).await.is_ok();
    }
    let Some(body) = document().body() else { return false };
    let Ok(area) = document().create_element("textarea") else {
        return false;
    };
    let area: web_sys::HtmlTextAreaElement = area.unchecked_into();
    area.set_value(text);
    let added = body.append_child(&area).is_ok();
    area.select();
    let copied = html_document().exec_command("copy");
    area.remove();
    added && copied == Ok(true)
}

/// The browser knows all letters already; in the bundle their tables would take 8 kB.
pub fn lower_case(text: &str) -> String {
    #[cfg(feature = "ssr")]
    {
        text.to_lowercase()
    }
    #[cfg(not(feature = "ssr"))]
    {
        js_sys::JsString::from(text).to_lower_case().into()
    }
}

pub fn media(query: &str) -> bool {
    window()
        .match_media(query)
        .ok()
        .flatten()
        .is_some_and(|media| media.matches())
}

pub fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}

/// Gives the person a text as a file of this name.
pub fn save_file(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let Ok(blob) = web_sys::Blob::new_with_str_sequence(&parts) else {
        return;
    };
    let (Ok(url), Ok(link)) = (
        web_sys::Url::create_object_url_with_blob(&blob),
        document().create_element("a"),
    ) else {
        return;
    };
    let link: web_sys::HtmlAnchorElement = link.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    let _ = web_sys::Url::revoke_object_url(&url);
}

/// The first element that matches, if it can be focused.
pub fn focus(selector: &str) -> bool {
    focus_found(document().query_selector(selector).ok().flatten())
}

/// The same, of what is inside an element.
pub fn focus_within(element: &web_sys::Element, selector: &str) -> bool {
    focus_found(element.query_selector(selector).ok().flatten())
}

fn focus_found(found: Option<web_sys::Element>) -> bool {
    found.is_some_and(|element| element.unchecked_into::<web_sys::HtmlElement>().focus().is_ok())
}

pub fn all(selector: &str) -> Vec<web_sys::HtmlElement> {
    let Ok(list) = document().query_selector_all(selector) else {
        return Vec::new();
    };
    (0..list.length())
        .filter_map(|i| list.get(i))
        .map(JsCast::unchecked_into)
        .collect()
}

pub fn is_within(element: &web_sys::Element, selector: &str) -> bool {
    element.closest(selector).is_ok_and(|found| found.is_some())
}

/// A full load of another page: the server decides again who is looking, and at what.
pub fn go(to: &str) {
    let _ = window().location().set_href(to);
}

/// A full load of a page that may be this one.
pub fn load(to: &str) {
    // An address that is the same but for its fragment would only be scrolled to.
    if window().location().href().is_ok_and(|here| here.ends_with(to)) {
        reload();
    } else {
        go(to);
    }
}

/// Where this page is, with what its address asks for; nothing on the server.
pub fn here() -> String {
    if cfg!(feature = "ssr") {
        return String::new();
    }
    let location = window().location();
    let part = |part: Result<String, JsValue>| part.unwrap_or_default();
    part(location.pathname()) + &part(location.search())
}

/// The same for this page.
pub fn reload() {
    let _ = window().location().reload();
}

/// Whether nobody can see this page.
pub fn is_hidden() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Hidden
}

/// Says in the document that it hears of changes; answers whether it did not before.
pub fn set_live() -> bool {
    let root = document()
        .document_element()
        .filter(|root| !root.has_attribute("data-live"));
    root.is_some_and(|root| root.set_attribute("data-live", "").is_ok())
}

pub fn is_live() -> bool {
    document()
        .document_element()
        .is_some_and(|root| root.has_attribute("data-live"))
}

/// How old this document is, in milliseconds.
pub fn age() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Says in the document whether a page is on its way.
pub fn set_loading(on: bool) {
    if let Some(root) = document().document_element() {
        let _ = root.toggle_attribute_with_force("data-loading", on);
    }
}

/// Runs when the browser has nothing better to do, unless it was told to save data.
pub fn when_idle(run: impl Fn() + Clone + 'static) {
    let get = |object: &JsValue, name: &str| js_sys::Reflect::get(object, &name.into());
    let connection = get(&window().navigator(), "connection");
    if connection
        .and_then(|connection| get(&connection, "saveData"))
        .is_ok_and(|saves| saves.is_truthy())
    {
        return;
    }
    // Safari has no such moment.
    if request_idle_callback_with_handle(run.clone()).is_err() {
        after(2_000, run);
    }
}

/// Says that the page stays as the server drew it. Its links and forms are the browser's.
pub fn show_unfinished() {
    above(
        r#"<div class="banner" data-kind="warn" role="alert"><p>Part of this page did not load. You can read it, follow its links and send its forms; nothing on it updates by itself.</p><a class="btn sm" href="">Reload</a></div>"#,
    );
}

/// Says that a page waits for the network.
pub fn show_offline(on: bool) {
    if on {
        above(
            r#"<div id="no-network" class="banner over" data-kind="warn" role="status"><p>There is no network. The page opens as soon as there is one again.</p></div>"#,
        );
    } else if let Some(banner) = element("no-network") {
        banner.remove();
    }
}

/// Puts something before the page that is no part of it, but after the link that skips to its content: that one has the first
/// focus. Where the page is yet to be taken over it has to be gone by then.
fn above(html: &str) {
    let skip = document().query_selector("body > .skip").ok().flatten();
    if let Some(skip) = skip {
        let _ = skip.insert_adjacent_html("afterend", html);
    } else if let Some(body) = document().body() {
        let _ = body.insert_adjacent_html("afterbegin", html);
    }
}

/// Says that the page is alive: to tests and to measurements. It is, once the effects of the first picture have run.
/// `then` begins what no first picture may show.
pub fn hydrated(then: fn()) {
    request_animation_frame(move || {
        then();
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-hydrated", "");
        }
        if let Some(performance) = window().performance() {
            let _ = performance.mark("hydrated");
        }
    });
}
