//! The password field: hidden until its owner wants to see it.

use leptos::prelude::*;

use crate::kit::{FormState, field_id, icon};

/// `current-password` for one that is known, `new-password` for one being chosen.
#[component]
pub fn PasswordField(
    path: &'static str,
    label: &'static str,
    autocomplete: &'static str,
    #[prop(optional)] help: &'static str,
    /// On the line of the label, at its end.
    #[prop(optional, into)]
    beside: Option<ViewFn>,
) -> impl IntoView {
    let form = use_context::<FormState>();
    if let Some(form) = form {
        form.claim(path);
    }
    let error = Memo::new(move |_| form.and_then(|form| form.error_at(path)).map(|error| error.message));
    let shown = RwSignal::new(false);
    let id = field_id(path);
    let (error_id, help_id) = (format!("{id}-err"), format!("{id}-help"));
    let words = move || if shown.get() { "Hide password" } else { "Show password" };
    view! {
        <div class="field">
            <div class="cluster between">
                <label class="label" for=id.clone()>{label}</label>
                {beside.map(|beside| beside.run())}
            </div>
            <span class="affix">
                <input
                    class="input"
                    id=id
                    name=format!("draft[{path}]")
                    type=move || if shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    autocapitalize="off"
                    spellcheck="false"
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=format!("{error_id} {help_id}")
                />
                <button type="button" class="btn icon-only quiet sm" aria-label=words title=words aria-pressed=move || shown.get().to_string()
                    on:click=move |_| shown.update(|shown| *shown = !*shown)>
                    {icon("eye")}
                </button>
            </span>
            <p class="err" id=error_id hidden=move || error.with(Option::is_none)>
                {icon("warn")}
                <span>{move || error.get()}</span>
            </p>
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
        </div>
    }
}
