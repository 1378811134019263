//! The secret: written once, stored sealed, and never shown again.

use leptos::prelude::*;
use switchboard::tools::{SecretValue, ToolSecret};

use crate::{
    kit::{Ago, Field, FormState, TextField, aria_flag, browser, dynamic, field_id, icon},
    tools::ToolEditor,
};

const VALUE: &str = "secret.value";

pub fn body(editor: ToolEditor) -> AnyView {
    let header = Memo::new(move |_| editor.draft.with(|draft| draft.secret.header.clone()));
    let set_header = Callback::new(move |header| editor.draft.update(|draft| draft.secret.header = header));
    let value = Memo::new(move |_| editor.draft.with(|draft| draft.secret.value.expose().to_owned()));
    let set_value = Callback::new(move |typed: String| {
        editor
            .draft
            .update(|draft| draft.secret.value = SecretValue::from(typed))
    });
    let stored = Memo::new(move |_| {
        let secret = editor
            .saved
            .with(|saved| saved.as_ref().map(|tool| tool.draft.secret.clone()));
        secret.filter(|secret| secret.set_at.is_some())
    });
    // Which stored secret is being replaced: once another is stored, none is.
    let replaced = RwSignal::new(None);
    let typing = Memo::new(move |_| {
        let set_at = stored.with(|stored| stored.as_ref().and_then(|secret| secret.set_at));
        set_at.is_none() || replaced.get() == set_at || !value.with(String::is_empty)
    });
    let gone = Memo::new(move |_| stored.with(Option::is_some) && header.with(String::is_empty));
    let value_part = dynamic(move || match stored.get() {
        Some(secret) if gone.get() => going(editor, secret),
        Some(secret) if !typing.get() => kept(editor, secret, replaced),
        stored => {
            let label = if stored.is_some() { "New value" } else { "Value" };
            view! {
                <TextField path=VALUE label=label kind="masked" value=value on_input=set_value autocomplete="off"
                    placeholder="Bearer 3f9a…" help="All of the header's value, with its scheme"/>
            }
            .into_any()
        }
    });
    view! {
        <div class="form-grid">
            <TextField path="secret.header" label="Sent in header" optional=true mono=true value=header on_input=set_header autocomplete="off"
                placeholder="Authorization" help="Empty where the server asks for nothing"/>
            <div>{value_part}</div>
        </div>
        <p class="cluster small muted">{icon("lock")}<span>"Sealed here and never shown again, in no test, log or export."</span></p>
    }
    .into_any()
}

/// The header was taken away, and the secret goes with the next save.
fn going(editor: ToolEditor, secret: ToolSecret) -> AnyView {
    let keep = move |_| {
        let secret = secret.clone();
        editor.draft.update(|draft| draft.secret = secret);
    };
    view! {
        <p class="cluster small">
            <span class="badge warn">"Is deleted when you save"</span>
            <button type="button" class="linklike" on:click=keep>"Keep the secret"</button>
        </p>
    }
    .into_any()
}

/// What is known of a stored secret, and what can be done about it.
fn kept(editor: ToolEditor, secret: ToolSecret, replaced: RwSignal<Option<chrono::DateTime<chrono::Utc>>>) -> AnyView {
    let set_at = secret.set_at;
    let replace = move |_| {
        replaced.set(set_at);
        let box_id = format!("#{}", field_id(VALUE));
        request_animation_frame(move || {
            browser::focus(&box_id);
        });
    };
    let remove = move |_| editor.draft.update(|draft| draft.secret = ToolSecret::default());
    let form = use_context::<FormState>();
    let invalid = aria_flag(move || form.is_some_and(|form| form.error_at(VALUE).is_some()));
    view! {
        <Field path=VALUE label="Value">
            <p class="urlview">"••••••••"{secret.ends_with}</p>
            <p class="cluster small muted">
                {set_at.map(|at| view! { <span>"Set "<Ago at=at/></span> })}
                <button type="button" class="linklike" id=field_id(VALUE) aria-label="Replace the secret"
                    aria-invalid=invalid aria-describedby=format!("{}-err", field_id(VALUE)) on:click=replace>"Replace…"</button>
                <button type="button" class="linklike" aria-label="Remove the secret" on:click=remove>"Remove"</button>
            </p>
        </Field>
    }
    .into_any()
}
