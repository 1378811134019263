//! Copying: a button that says when it has.

use leptos::prelude::*;

use super::{browser, icon::icon};

/// Copies `text`. With `label` absent it is an icon that names itself.
#[component]
pub fn Copy(
    #[prop(into)] text: Signal<String>,
    /// What is copied: "Copy key".
    label: &'static str,
    #[prop(optional)] icon_only: bool,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        // The page cannot know whether the clipboard took it before the promise ends; refusals are rare and visible.
        let _ = window().navigator().clipboard().write_text(&text.get_untracked());
        copied.set(true);
        browser::after(2000, move || {
            copied.try_set(false);
        });
    };
    let words = move || if copied.get() { "Copied" } else { label };
    view! {
        <button type="button" class=if icon_only { "btn icon-only quiet sm" } else { "btn sm" } on:click=copy
            aria-label=words title=words>
            {move || if copied.get() { icon("check") } else { icon("copy") }}
            {(!icon_only).then(|| view! { <span>{words}</span> })}
        </button>
    }
}
