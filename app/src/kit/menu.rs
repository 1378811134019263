//! Menus: native popovers, opened by the button that names them, closed by what is chosen.

use std::{future::poll_fn, task::Poll};

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use super::browser;

/// A menu. Its button says `popovertarget=id`.
#[component]
pub fn Menu(
    #[prop(into)] id: String,
    /// Opens towards the left, for buttons at the right edge.
    #[prop(optional)]
    end: bool,
    #[prop(into)] label: String,
    children: Children,
) -> impl IntoView {
    // A chosen link or button closes the menu; ticking a box keeps it open.
    let chosen = |event: web_sys::MouseEvent| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| browser::is_within(&target, "a, button")) {
            close_menus();
        }
    };
    view! {
        <div class=if end { "menu end" } else { "menu" } id=id popover="" role="group" aria-label=label on:click=chosen>
            {children()}
        </div>
    }
}

/// Done when no menu is open. A list that was drawn anew below one would take away the row it belongs to.
pub fn menus_closed() -> impl Future<Output = ()> + Send {
    const LOOK_MS: u64 = 100;
    poll_fn(|context| {
        if cfg!(feature = "ssr") || browser::all(".menu:popover-open").is_empty() {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        browser::after(LOOK_MS, move || waker.wake());
        Poll::Pending
    })
}

/// Closes whatever menu is open.
pub fn close_menus() {
    for menu in browser::all(".menu:popover-open, .sidebar:popover-open") {
        if let Ok(hide) = js_sys::Reflect::get(&menu, &JsValue::from_str("hidePopover"))
            && let Ok(hide) = hide.dyn_into::<js_sys::Function>()
        {
            let _ = hide.call0(&menu);
        }
    }
}
