//! Leaving with something unsaved: asked first, because a click is quick.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::{JsCast, closure::Closure};

use super::{Asking, Question, browser, effect, use_confirm};

/// Asks before a link or the browser leads away while `dirty`. `loss` says what becomes of what was typed.
pub fn ask_before_leaving(dirty: Memo<bool>, loss: &'static str) {
    let asking = use_confirm();
    let navigate = use_navigate();
    let go = StoredValue::new(Callback::new(move |to: String| {
        navigate(&to, NavigateOptions::default())
    }));
    effect(move || {
        let unload = window_event_listener_untyped("beforeunload", move |event| {
            if dirty.try_get_untracked() == Some(true) {
                event.prevent_default();
            }
        });
        // Before the router hears of the click: it listens further out.
        let click = Closure::<dyn Fn(web_sys::MouseEvent)>::new(move |event: web_sys::MouseEvent| {
            if dirty.try_get_untracked() == Some(true)
                && let Some(to) = led_away(&event)
            {
                event.prevent_default();
                event.stop_propagation();
                ask(asking, loss, to, go);
            }
        });
        let _ = document().add_event_listener_with_callback_and_bool("click", click.as_ref().unchecked_ref(), true);
        let click = StoredValue::new_local(Some(click));
        on_cleanup(move || {
            unload.remove();
            if let Some(Some(click)) = click.try_update_value(Option::take) {
                let _ = document().remove_event_listener_with_callback_and_bool(
                    "click",
                    click.as_ref().unchecked_ref(),
                    true,
                );
            }
        });
    });
}

/// Where a plain click on a link of ours leads, if that is another page. Other links unload the page and are asked there.
fn led_away(event: &web_sys::MouseEvent) -> Option<String> {
    if event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0 {
        return None;
    }
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let link = target.closest("a[href]").ok().flatten()?;
    if link.has_attribute("target")
        || link.has_attribute("download")
        || link.get_attribute("rel").as_deref() == Some("external")
    {
        return None;
    }
    let to = link.get_attribute("href")?;
    (to.starts_with('/') && Some(to.as_str()) != window().location().pathname().ok().as_deref()).then_some(to)
}

fn ask(asking: Asking, loss: &'static str, to: String, go: StoredValue<Callback<String>>) {
    asking.ask(
        Question::new("Leave without saving?", loss, "Leave", move || {
            let to = to.clone();
            async move {
                // After the dialog has closed, so that the focus can follow to the new page.
                spawn_local(async move { browser::after(0, move || go.get_value().run(to)) });
                Ok(())
            }
        })
        .keep("Stay"),
    );
}
