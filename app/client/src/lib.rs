//! The browser's entry: takes over the page the server drew.

use leptos::{mount::hydrate_from_async, tachys::dom::body};
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlElement;

/// Takes over the page that stands in `root`, or the document's own. Done when it listens.
#[wasm_bindgen]
pub async fn hydrate(root: Option<HtmlElement>) {
    // The bundle that ships stops without a word: nobody reads there, and the messages would have to be loaded.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    let root = root.unwrap_or_else(body);
    app::lazy::start(async {
        #[cfg(debug_assertions)]
        let marks = app::Marks::take_out(&root);
        hydrate_from_async(root, app::App).await.forget();
        #[cfg(debug_assertions)]
        marks.put_back();
    })
    .await;
}
