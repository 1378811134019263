//! The request: how and where it is sent, and how the address looks with its parameters.

use leptos::prelude::*;
use switchboard::tools::{Method, Parameter, ParameterKind, Place, ToolDraft, in_path};

use crate::{
    kit::{Select, TextField, dynamic, icon},
    tools::{ToolEditor, shape::write_value},
};

pub fn body(editor: ToolEditor) -> AnyView {
    let method = Memo::new(move |_| editor.draft.with(|draft| draft.method.word().to_owned()));
    let set_method = Callback::new(move |word: String| {
        editor.draft.update(|draft| draft.method = method_of(&word));
    });
    let (url, set_url) = editor.text(|draft| &draft.url, |draft| &mut draft.url);
    let methods = Method::ALL
        .map(|method| (method.word().to_owned(), method.word().to_owned()))
        .to_vec();
    view! {
        <div class="addr">
            <Select path="method" label="Method" options=methods value=method on_change=set_method/>
            <TextField path="url" label="Address" mono=true value=url on_input=set_url autocomplete="off"
                placeholder="https://calendar.example.com/clinics/{clinic}/visits"
                help="Write a value that belongs into the path as {name}. Redirects are not followed."/>
        </div>
        {dynamic(move || editor.draft.with(address).into_any())}
        {dynamic(move || without_parameter(editor).into_any())}
    }
    .into_any()
}

fn method_of(word: &str) -> Method {
    Method::ALL
        .into_iter()
        .find(|method| method.word() == word)
        .unwrap_or_default()
}

/// The address with its parameters marked, where it has some.
fn address(draft: &ToolDraft) -> Option<AnyView> {
    let mut pieces: Vec<AnyView> = Vec::new();
    let mut rest = draft.url.as_str();
    let mut marked = false;
    while let Some((before, name, after)) = next_placed(rest) {
        pieces.push(before.to_owned().into_any());
        pieces.push(view! { <b>"{"{name.to_owned()}"}"</b> }.into_any());
        marked = true;
        rest = after;
    }
    pieces.push(rest.to_owned().into_any());
    let in_query = draft
        .parameters
        .iter()
        .filter(|parameter| parameter.place == Place::Query);
    for (n, parameter) in in_query.enumerate() {
        let sign = if n == 0 && !draft.url.contains('?') { "?" } else { "&" };
        pieces.push(format!("{sign}{}=", parameter.name).into_any());
        pieces.push(view! { <b>{filled(parameter)}</b> }.into_any());
        marked = true;
    }
    marked
        .then(|| view! { <p class="urlview" role="group" aria-label="Address with parameters">{pieces}</p> }.into_any())
}

fn next_placed(url: &str) -> Option<(&str, &str, &str)> {
    let (before, inner) = url.split_once('{')?;
    let (name, after) = inner.split_once('}')?;
    Some((before, name, after))
}

fn filled(parameter: &Parameter) -> String {
    match parameter.kind {
        ParameterKind::Static => write_value(&parameter.value),
        ParameterKind::Dynamic | ParameterKind::Automatic => format!("{{{}}}", parameter.name),
    }
}

/// Names in the address that no parameter has yet, each with a way to add it.
fn without_parameter(editor: ToolEditor) -> Option<AnyView> {
    let missing = editor.draft.with(missing);
    if missing.is_empty() {
        return None;
    }
    let chips = missing
        .into_iter()
        .map(|name| {
            let label = format!("Add parameter {name}");
            let shown = name.clone();
            let add = move |_| {
                let name = name.clone();
                editor.draft.update(|draft| {
                    draft.parameters.push(Parameter {
                        name,
                        place: Place::Path,
                        required: true,
                        ..Parameter::default()
                    });
                });
            };
            view! {
                <span class="badge warn"><span class="mono">{shown}</span>" has no parameter"</span>
                <button type="button" class="linklike small" aria-label=label on:click=add>{icon("plus")}"Add it"</button>
            }
        })
        .collect_view();
    Some(view! { <p class="cluster small">{chips}</p> }.into_any())
}

fn missing(draft: &ToolDraft) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for name in in_path(&draft.url) {
        let known = draft.parameters.iter().any(|parameter| parameter.name == name);
        if !known && !name.is_empty() && !missing.iter().any(|other| other == name) {
            missing.push(name.to_owned());
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_address_wants_a_parameter_once() {
        let mut draft = ToolDraft {
            url: "https://a.example/{clinic}/{day}/{clinic}?x={no}".into(),
            ..ToolDraft::default()
        };
        assert_eq!(missing(&draft), ["clinic", "day"]);
        draft.parameters.push(Parameter {
            name: "clinic".into(),
            ..Parameter::default()
        });
        assert_eq!(missing(&draft), ["day"]);
    }
}
