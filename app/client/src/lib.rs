//! The browser's entry: takes over the page the server drew.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn hydrate() {
    // The bundle that ships stops without a word: its panics have no messages left.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    app::kit::browser::hydrated();
}
