//! Variables: what a call passes to the agent, and of which kind.

use leptos::prelude::*;
use switchboard::agents::{AgentDraft, Variable, VariableKind, placeholders};

use crate::{
    agents::AgentEditor,
    kit::{Check, Select, TextField, icon, keyed_list, reactive_text},
};

pub fn body(editor: AgentEditor) -> AnyView {
    // Rows are known by their place: a variable has no name until it is given one.
    let count = Memo::new(move |_| editor.draft.with(|draft| draft.variables.len()));
    let add = move |_| editor.draft.update(|draft| draft.variables.push(Variable::default()));
    let none = move || {
        (count.get() == 0).then(|| {
            view! { <p class="s13 muted">"None yet. Write "<code>"{{name}}"</code>" in the prompt and declare it, or add one here."</p> }
        })
    };
    view! {
        {none}
        <div class="cards-in">
            {keyed_list(move || (0..count.get()).collect(), usize::to_string, move |i| line(editor, i))}
        </div>
        <div><button type="button" class="btn sm" on:click=add>{icon("plus")}"Add a variable"</button></div>
    }
    .into_any()
}

/// One variable, bound by its place; reading past the end happens for a moment while a row is taken away.
fn line(editor: AgentEditor, i: usize) -> AnyView {
    let read = move |get: fn(&Variable) -> String| {
        Memo::new(move |_| {
            editor
                .draft
                .with(|draft| draft.variables.get(i).map(get).unwrap_or_default())
        })
    };
    let write = move |set: fn(&mut Variable, String)| {
        Callback::new(move |text: String| {
            editor.draft.update(|draft| {
                if let Some(variable) = draft.variables.get_mut(i) {
                    set(variable, text);
                }
            });
        })
    };
    let required = Memo::new(move |_| {
        editor
            .draft
            .with(|draft| draft.variables.get(i).is_some_and(|v| v.required))
    });
    let set_required = Callback::new(move |on| {
        editor.draft.update(|draft| {
            if let Some(variable) = draft.variables.get_mut(i) {
                variable.required = on;
            }
        });
    });
    let name = read(|variable| variable.name.clone());
    let unused = move || {
        let unused = editor.draft.with(|draft| {
            draft
                .variables
                .get(i)
                .is_some_and(|v| !v.name.is_empty() && !uses(draft, &v.name))
        });
        unused.then(|| view! { <span class="badge">"Not used"</span> })
    };
    let remove = move |_| editor.draft.update(|draft| drop(draft.variables.remove(i)));
    let kinds = VariableKind::ALL
        .map(|kind| (kind.word().to_owned(), kind.label().to_owned()))
        .to_vec();
    view! {
        <div class="card-in" role="group" aria-label=reactive_text(move || format!("Variable {}", name.get()))>
            <div class="form-grid">
                <TextField path=format!("variables[{i}].name") label="Name" mono=true value=name autocomplete="off"
                    on_input=write(|variable, text| variable.name = text)/>
                <Select path=format!("variables[{i}].kind") label="Kind" options=kinds value=read(|variable| variable.kind.word().to_owned())
                    on_change=write(|variable, word| variable.kind = kind_of(&word))/>
                <TextField path=format!("variables[{i}].description") label="What belongs here" optional=true autocomplete="off"
                    value=read(|variable| variable.description.clone())
                    on_input=write(|variable, text| variable.description = text)/>
            </div>
            <div class="cluster between">
                <Check path=format!("variables[{i}].required") label="A call must pass it" value=required on_change=set_required/>
                <span class="cluster">
                    {unused}
                    <button type="button" class="btn quiet sm" on:click=remove aria-label=reactive_text(move || format!("Remove variable {}", name.get()))>
                        {icon("trash")}
                        "Remove"
                    </button>
                </span>
            </div>
        </div>
    }
    .into_any()
}

fn kind_of(word: &str) -> VariableKind {
    VariableKind::ALL
        .into_iter()
        .find(|kind| kind.word() == word)
        .unwrap_or_default()
}

fn uses(draft: &AgentDraft, name: &str) -> bool {
    [&draft.prompt, &draft.first_message, &draft.time_exceeded_message]
        .into_iter()
        .chain(draft.silence.iter().map(|step| &step.message))
        .any(|text| placeholders(text).any(|placeholder| placeholder.name == name))
}
