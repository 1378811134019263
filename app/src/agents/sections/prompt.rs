//! The prompt: its text, the variables it uses, and those it uses without declaring them.

use leptos::prelude::*;
use switchboard::agents::{AgentDraft, AssistKind, Variable, placeholders};
use wasm_bindgen::JsCast;

use crate::{
    agents::{AgentEditor, assist::assist},
    kit::{Menu, TextArea, browser, field_id, icon, reactive_text},
};

pub fn body(editor: AgentEditor) -> AnyView {
    let (prompt, set_prompt) = editor.text(|draft| &draft.prompt, |draft| &mut draft.prompt);
    let used = Memo::new(move |_| editor.draft.with(used_in_prompt));
    let declared = Memo::new(move |_| {
        editor.draft.with(|draft| {
            draft
                .variables
                .iter()
                .map(|variable| variable.name.clone())
                .collect::<Vec<_>>()
        })
    });
    let insert = Callback::new(move |name: String| {
        if let Some(text) = put_at_cursor(&field_id("prompt"), &format!("{{{{{name}}}}}")) {
            set_prompt.run(text);
        }
    });
    let chips = move || {
        used.get()
            .into_iter()
            .map(|(name, known)| chip(editor, name, known))
            .collect_view()
    };
    let choices = move || {
        let names = declared.get();
        if names.is_empty() {
            return view! { <p class="s13 muted none">"Declare one under Variables first."</p> }.into_any();
        }
        names
            .into_iter()
            .map(|name| {
                let chosen = name.clone();
                view! { <button type="button" class="mono" on:click=move |_| insert.run(chosen.clone())>{name}</button> }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <TextArea path="prompt" label="System prompt" class="textarea prompt mono" rows=14 value=prompt on_input=set_prompt
            placeholder="Who the agent is, what it is to achieve, and what it must never do"/>
        <div class="cluster between">
            <span class="cluster small muted">
                <button type="button" class="btn sm" popovertarget="insert-variable">{icon("plus")}"Insert variable"</button>
                <Menu id="insert-variable" label="Variables">{choices}</Menu>
                {chips}
            </span>
            <span class="small muted">{reactive_text(move || format!("{} of 40,000 characters", prompt.with(|text| text.chars().count())))}</span>
        </div>
        <div class="cluster">{assist(editor, AssistKind::ImprovePrompt)}</div>
    }
    .into_any()
}

/// Names the prompt uses, once each, and whether they are declared.
fn used_in_prompt(draft: &AgentDraft) -> Vec<(String, bool)> {
    let mut used: Vec<(String, bool)> = Vec::new();
    for placeholder in placeholders(&draft.prompt) {
        if !placeholder.name.is_empty() && !used.iter().any(|(name, _)| name == placeholder.name) {
            let known = draft.variables.iter().any(|variable| variable.name == placeholder.name);
            used.push((placeholder.name.to_owned(), known));
        }
    }
    used
}

fn chip(editor: AgentEditor, name: String, known: bool) -> AnyView {
    if known {
        return view! { <span class="badge mono">{name}</span> }.into_any();
    }
    let declare = {
        let name = name.clone();
        move |_| {
            let name = name.clone();
            editor.draft.update(|draft| {
                draft.variables.push(Variable {
                    name,
                    required: true,
                    ..Variable::default()
                });
            });
        }
    };
    view! {
        <span class="badge warn"><span class="mono">{name.clone()}</span>" not declared"</span>
        <button type="button" class="linklike small" on:click=declare aria-label=format!("Declare {name}")>"Declare"</button>
    }
    .into_any()
}

/// Writes into a text area where the cursor is and answers the whole text.
fn put_at_cursor(id: &str, words: &str) -> Option<String> {
    let area: web_sys::HtmlTextAreaElement = browser::element(id)?.unchecked_into();
    let at = area.selection_start().ok().flatten()?;
    area.set_range_text(words).ok()?;
    let end = at + u32::try_from(words.encode_utf16().count()).ok()?;
    let _ = area.focus();
    let _ = area.set_selection_range(end, end);
    Some(area.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_used_twice_is_told_once() {
        let draft = AgentDraft {
            prompt: "{{a}} and {{b}} and {{ a }} {{}}".into(),
            variables: vec![Variable {
                name: "a".into(),
                ..Variable::default()
            }],
            ..AgentDraft::default()
        };
        assert_eq!(
            used_in_prompt(&draft),
            [("a".to_owned(), true), ("b".to_owned(), false)]
        );
    }
}
