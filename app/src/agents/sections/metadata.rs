//! Metadata: what programs know the agent by.

use leptos::prelude::*;

use crate::{
    agents::AgentEditor,
    kit::{TextField, icon, keyed_list},
};

pub fn body(editor: AgentEditor) -> AnyView {
    let names = move || {
        editor
            .draft
            .with(|draft| draft.metadata.keys().cloned().collect::<Vec<_>>())
    };
    let typed = RwSignal::new(String::new());
    let add = move |_| {
        let name = typed.get_untracked().trim().to_owned();
        if !name.is_empty() {
            editor.draft.update(|draft| {
                draft.metadata.entry(name).or_default();
            });
            typed.set(String::new());
        }
    };
    view! {
        <p class="s13 muted">"Programs find an agent by these over the REST API. Callers and the agent itself never hear of them."</p>
        <div class="cards-in">{keyed_list(names, Clone::clone, move |name| value(editor, name))}</div>
        <div class="named-value">
            <TextField path="metadata" label="Name of another value" optional=true mono=true autocomplete="off" placeholder="customer_id"
                value=typed on_input=Callback::new(move |text| typed.set(text))/>
            <button type="button" class="btn" on:click=add>{icon("plus")}"Add"</button>
        </div>
    }
    .into_any()
}

/// One of them; whoever wants another name for it takes it away and adds one.
fn value(editor: AgentEditor, name: String) -> AnyView {
    let read = {
        let name = name.clone();
        Memo::new(move |_| {
            editor
                .draft
                .with(|draft| draft.metadata.get(&name).cloned().unwrap_or_default())
        })
    };
    let write = {
        let name = name.clone();
        Callback::new(move |text: String| {
            editor
                .draft
                .update(|draft| drop(draft.metadata.insert(name.clone(), text)))
        })
    };
    let remove = {
        let name = name.clone();
        move |_| editor.draft.update(|draft| drop(draft.metadata.remove(&name)))
    };
    let words = format!("Remove {name}");
    view! {
        <div class="named-value">
            <TextField path=format!("metadata.{name}") label=name value=read on_input=write autocomplete="off"/>
            <button type="button" class="btn icon-only quiet" on:click=remove title=words.clone() aria-label=words>{icon("trash")}</button>
        </div>
    }
    .into_any()
}
