//! Keyboard: single keys rest while a field has the focus or a dialog is open.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::browser;

/// Calls `run` with every plain key until the component is gone; answers whether the key was taken.
pub fn on_key(run: impl Fn(&str) -> bool + 'static) {
    listen(move |event| {
        let at_rest = !event.ctrl_key() && !event.meta_key() && !event.alt_key() && !in_field(event) && !dialog_open();
        at_rest && run(&event.key())
    });
}

/// Calls `run` on Ctrl and a key (or Command and the key), wherever the focus is.
pub fn on_ctrl(key: &'static str, run: impl Fn() + 'static) {
    listen(move |event| {
        let pressed = (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case(key);
        if pressed {
            run();
        }
        pressed
    });
}

fn listen(take: impl Fn(&web_sys::KeyboardEvent) -> bool + 'static) {
    let take = StoredValue::new_local(take);
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            if !event.default_prevented() && take.try_with_value(|take| take(&event)) == Some(true) {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}

fn in_field(event: &web_sys::KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|element| {
            browser::is_within(
                &element,
                "input:not([type=checkbox]), textarea, select, [contenteditable]",
            )
        })
}

fn dialog_open() -> bool {
    document()
        .query_selector("dialog[open], .menu:popover-open")
        .is_ok_and(|found| found.is_some())
}
