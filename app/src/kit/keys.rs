//! Keyboard: single keys rest while a field has the focus or a dialog is open, and where somebody has switched them off.

use std::rc::Rc;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::{browser, reactive::effect};

/// Of the browser, not of the person: who speaks to a computer, or whose hand trembles, does so at this device, and the
/// server knows before the first picture.
pub const KEYS_COOKIE: &str = "keys";
pub const KEYS_OFF: &str = "off";

/// Whether single keys do anything. Asked at each key, so that every tab goes by what was chosen last.
pub fn single_keys() -> bool {
    browser::cookie(KEYS_COOKIE).as_deref() != Some(KEYS_OFF)
}

pub fn switch_single_keys(on: bool) {
    let word = if on { "on" } else { KEYS_OFF };
    browser::keep_cookie(KEYS_COOKIE, word);
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-keys", word);
    }
}

/// Calls `run` with every plain key until the component is gone; answers whether the key was taken.
pub fn on_key(run: impl Fn(&str) -> bool + 'static) {
    listen(move |event| {
        let at_rest = !event.ctrl_key()
            && !event.meta_key()
            && !event.alt_key()
            && !in_field(event)
            && !dialog_open()
            && single_keys();
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
    let take = Rc::new(take);
    effect(move || {
        let take = Rc::clone(&take);
        let handle = window_event_listener(ev::keydown, move |event| {
            if !event.default_prevented() && take(&event) {
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
