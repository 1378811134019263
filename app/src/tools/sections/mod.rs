//! The sections of a tool's editor.

mod bound;
mod parameters;
mod request;
mod secret;

use leptos::prelude::*;
use switchboard::tools::{TIME_LIMIT, Tool, host, model_name_of};

use super::ToolEditor;
use crate::kit::{Range, Section, TagInput, TextArea, TextField, fold};

pub static SECTIONS: [Section<Tool>; 6] = [
    Section {
        id: "what",
        title: "What it does",
        paths: &["name", "model_name", "description"],
        same: |a, b| a.name == b.name && a.model_name == b.model_name && a.description == b.description,
        sum: |draft| draft.model_name.clone(),
        folded: false,
    },
    Section {
        id: "request",
        title: "Request",
        paths: &["method", "url"],
        same: |a, b| a.method == b.method && a.url == b.url,
        sum: |draft| format!("{} {}", draft.method.word(), host(&draft.url)),
        folded: false,
    },
    Section {
        id: "parameters",
        title: "Parameters",
        paths: &["parameters"],
        same: |a, b| a.parameters == b.parameters,
        sum: |draft| match draft.parameters.as_slice() {
            [] => "None".into(),
            some => {
                let names: Vec<_> = some.iter().map(|parameter| parameter.name.as_str()).collect();
                names.join(", ")
            }
        },
        folded: false,
    },
    Section {
        id: "secret",
        title: "Secret",
        paths: &["secret"],
        same: |a, b| a.secret == b.secret,
        sum: |draft| match draft.secret.header.as_str() {
            "" => "None".into(),
            header => format!("In {header}"),
        },
        folded: false,
    },
    Section {
        id: "limit",
        title: "Time limit",
        paths: &["timeout_s"],
        same: |a, b| a.timeout_s == b.timeout_s,
        sum: |draft| format!("{} s", draft.timeout_s),
        folded: true,
    },
    Section {
        id: "tags",
        title: "Tags",
        paths: &["tags"],
        same: |a, b| a.tags == b.tags,
        sum: |draft| {
            if draft.tags.is_empty() {
                "None".into()
            } else {
                draft.tags.join(", ")
            }
        },
        folded: true,
    },
];

pub fn sections(editor: ToolEditor, known_tags: &[String]) -> AnyView {
    SECTIONS
        .iter()
        .map(|section| fold(section, editor, body(section.id, editor, known_tags)))
        .collect_view()
        .into_any()
}

fn body(section: &str, editor: ToolEditor, known_tags: &[String]) -> AnyView {
    match section {
        "what" => what(editor),
        "request" => request::body(editor),
        "parameters" => parameters::body(editor),
        "secret" => secret::body(editor),
        "limit" => limit(editor),
        _ => tags(editor, known_tags.to_vec()),
    }
}

fn what(editor: ToolEditor) -> AnyView {
    let name = Memo::new(move |_| editor.draft.with(|draft| draft.name.clone()));
    // Until somebody writes another, the model's name follows the name.
    let set_name = Callback::new(move |typed: String| {
        editor.draft.update(|draft| {
            if draft.model_name == model_name_of(&draft.name) {
                draft.model_name = model_name_of(&typed);
            }
            draft.name = typed;
        });
    });
    let (model_name, set_model_name) = editor.text(|draft| &draft.model_name, |draft| &mut draft.model_name);
    let (description, set_description) = editor.text(|draft| &draft.description, |draft| &mut draft.description);
    view! {
        <div class="form-grid">
            <TextField path="name" label="Name" value=name on_input=set_name autocomplete="off" help="What your team calls it"/>
            <TextField path="model_name" label="Name for the model" mono=true value=model_name on_input=set_model_name autocomplete="off"
                help="Letters, digits, _ and -, up to 64"/>
        </div>
        <TextArea path="description" label="What it does and when to use it" value=description on_input=set_description
            placeholder="Books one visit at a time the caller has agreed to. Call it once, and read the time back before you do."
            help="The agent decides by these words. They are part of every prompt."/>
    }
    .into_any()
}

fn limit(editor: ToolEditor) -> AnyView {
    let (timeout, set_timeout) = editor.number(|draft| draft.timeout_s, |draft, s| draft.timeout_s = s);
    let bound = |s: i64| i32::try_from(s).unwrap_or(i32::MAX);
    view! {
        <Range path="timeout_s" label="Give up after" min=bound(*TIME_LIMIT.start()) max=bound(*TIME_LIMIT.end()) step=1
            value=timeout on_input=set_timeout words=|s| format!("{s} s")
            help="Then the agent goes on without an answer. Callers notice a pause from 3 s."/>
    }
    .into_any()
}

fn tags(editor: ToolEditor, known: Vec<String>) -> AnyView {
    let tags = Memo::new(move |_| editor.draft.with(|draft| draft.tags.clone()));
    let set = Callback::new(move |tags| editor.draft.update(|draft| draft.tags = tags));
    view! {
        <TagInput path="tags" label="Tags" tags=tags on_change=set known=Signal::stored(known) help="Enter adds one. Lists can be narrowed to a tag."/>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use switchboard::tools::ToolDraft;

    use super::*;

    #[test]
    fn every_field_of_a_draft_is_in_a_section() {
        let value = serde_json::to_value(ToolDraft::default()).unwrap();
        for field in value.as_object().unwrap().keys() {
            let homes = SECTIONS
                .iter()
                .filter(|section| section.paths.contains(&field.as_str()))
                .count();
            assert_eq!(homes, 1, "{field}");
        }
    }
}
