//! Copying: a button that says when it has.

use leptos::{prelude::*, task::spawn_local};

use super::{
    browser,
    icon::icon,
    reactive::{dynamic, reactive_text},
};

/// Copies `text`. As an icon it names itself for those who cannot see it.
#[component]
pub fn Copy(
    #[prop(into, name = "text")] copied_text: Signal<String>,
    /// What is copied: "Copy key".
    label: &'static str,
    #[prop(optional)] icon_only: bool,
) -> impl IntoView {
    let said = RwSignal::new(None);
    let copy = move |_| {
        spawn_local(async move {
            let copied = browser::copy(&copied_text.get_untracked()).await;
            said.try_set(Some(if copied { "Copied" } else { "Copy it by hand" }));
            browser::after(2000, move || {
                said.try_set(None);
            });
        });
    };
    let words = move || reactive_text(move || said.get().unwrap_or(label).to_owned());
    view! {
        <button type="button" class=if icon_only { "btn icon-only quiet sm" } else { "btn sm" } on:click=copy
            aria-label=words() title=words()>
            {dynamic(move || icon(if said.get() == Some("Copied") { "check" } else { "copy" }).into_any())}
            {(!icon_only).then(|| view! { <span>{words()}</span> })}
        </button>
    }
}
