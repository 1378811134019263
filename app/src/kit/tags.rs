//! Tags: short words one adds and takes away.

use leptos::prelude::*;

use super::{
    field::{Field, field_id},
    icon::icon,
};

/// Adds on Enter or comma, takes the last away on Backspace, offers those in use.
#[component]
pub fn TagInput(
    #[prop(into)] path: String,
    #[prop(into)] label: String,
    #[prop(into, optional)] help: String,
    #[prop(into)] tags: Signal<Vec<String>>,
    #[prop(into)] on_change: Callback<Vec<String>>,
    #[prop(into, optional)] known: Signal<Vec<String>>,
    #[prop(default = "Add a tag")] placeholder: &'static str,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let add = move || {
        let new = text.get_untracked().trim().trim_matches(',').to_owned();
        text.set(String::new());
        let mut tags = tags.get_untracked();
        if !new.is_empty() && !tags.iter().any(|tag| tag.eq_ignore_ascii_case(&new)) {
            tags.push(new);
            on_change.run(tags);
        }
    };
    let remove = move |gone: &str| {
        let mut tags = tags.get_untracked();
        tags.retain(|tag| tag != gone);
        on_change.run(tags);
    };
    let key = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "Enter" | "," => {
            event.prevent_default();
            add();
        }
        "Backspace" if text.with_untracked(String::is_empty) => {
            if let Some(last) = tags.with_untracked(|tags| tags.last().cloned()) {
                remove(&last);
            }
        }
        _ => {}
    };
    let chips = move || {
        tags.get()
            .into_iter()
            .map(|tag| {
                let name = format!("Remove {tag}");
                let gone = tag.clone();
                view! {
                    <span class="tag">
                        {tag}
                        <button type="button" aria-label=name.clone() title=name on:click=move |_| remove(&gone)>{icon("x")}</button>
                    </span>
                }
            })
            .collect_view()
    };
    let id = field_id(&path);
    let list = format!("{id}-known");
    let options = move || {
        let have = tags.get();
        known
            .get()
            .into_iter()
            .filter(|tag| !have.contains(tag))
            .map(|tag| view! { <option value=tag></option> })
            .collect_view()
    };
    view! {
        <Field path=path label=label help=help>
            <div class="taginput">
                {chips}
                <input id=id list=list.clone() autocomplete="off" placeholder=placeholder prop:value=text
                    on:input=move |event| text.set(event_target_value(&event)) on:keydown=key on:change=move |_| add()/>
            </div>
            <datalist id=list>{options}</datalist>
        </Field>
    }
}
