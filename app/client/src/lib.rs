//! The browser's entry: takes over the page the server drew.

use leptos::{mount::hydrate_from_async, tachys::dom::body};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
pub fn hydrate() {
    // The bundle that ships stops without a word: nobody reads there, and the messages would have to be loaded.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    spawn_local(app::lazy::start(async {
        #[cfg(debug_assertions)]
        let marks = app::Marks::take_out(&body());
        hydrate_from_async(body(), app::App).await.forget();
        #[cfg(debug_assertions)]
        marks.put_back();
    }));
}
