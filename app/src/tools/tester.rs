//! The tester: values in, the request as an agent would cause it, and what came back.

use std::collections::BTreeMap;

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    Id,
    org::OrgId,
    tools::{Parameter, ParameterKind, Place, TestRequest, TestResult, Tool, ToolDraft},
};

use super::{
    ToolEditor,
    shape::{Shape, choices, description, read_for},
    test_tool,
    tried::tried,
};
use crate::{
    AppError,
    kit::{
        Select, TextArea, TextField, aria_bool, dynamic, focus_first_error, form_state, icon, prefixed, reactive_text,
    },
    org,
};

/// Keeps the fields of this panel apart from those of the editor.
const PREFIX: &str = "test.";

type Typed = BTreeMap<String, String>;

#[derive(Clone, Copy)]
struct Try {
    editor: ToolEditor,
    org: StoredValue<OrgId>,
    id: Id<Tool>,
    /// As they were typed, by the parameter's name.
    values: RwSignal<Typed>,
    /// The same for variables that fixed values mention.
    variables: RwSignal<Typed>,
    pending: RwSignal<bool>,
    failure: RwSignal<Option<AppError>>,
    result: RwSignal<Option<TestResult>>,
}

#[component]
pub fn Tester(editor: ToolEditor, id: Id<Tool>, writes: bool) -> impl IntoView {
    let this = Try {
        editor,
        org: StoredValue::new(org()),
        id,
        values: RwSignal::new(Typed::new()),
        variables: RwSignal::new(Typed::new()),
        pending: RwSignal::new(false),
        failure: RwSignal::new(None),
        result: RwSignal::new(None),
    };
    let body = if writes {
        dynamic(move || untrack(|| form(this)))
    } else {
        view! { <p class="quiet-note">"Your role cannot change tools, so it cannot send their requests either."</p> }
            .into_any()
    };
    view! {
        <section class="testpanel card" aria-label="Try this tool">
            <header><h2>"Try it"</h2></header>
            {body}
            <div aria-live="polite">{dynamic(move || this.result.get().map(tried).into_any())}</div>
        </section>
    }
}

impl Try {
    fn send(self) {
        // What the server would refuse is said beside its field in the editor.
        if self.pending.get_untracked() || !self.editor.passes() {
            return;
        }
        let draft = self.editor.draft.get_untracked();
        let request = request(
            &draft,
            self.values.get_untracked(),
            self.variables.get_untracked(),
            self.editor.dirty.get_untracked(),
        );
        self.failure.set(None);
        self.pending.set(true);
        spawn_local(async move {
            let answer = test_tool(self.org.get_value(), self.id, request).await;
            self.pending.try_set(false);
            match answer {
                Ok(result) => drop(self.result.try_set(Some(result))),
                Err(error) => {
                    self.failure.try_set(Some(prefixed(error.0, PREFIX)));
                    focus_first_error();
                }
            }
        });
    }
}

/// What is typed, as it is sent. Only a draft that differs from what is saved goes along.
fn request(draft: &ToolDraft, mut typed: Typed, variables: Typed, dirty: bool) -> TestRequest {
    let values = draft
        .parameters
        .iter()
        .filter(|parameter| parameter.kind == ParameterKind::Dynamic)
        .filter_map(|parameter| {
            let value = read_for(&parameter.schema, &typed.remove(&parameter.name)?)?;
            Some((parameter.name.clone(), value))
        })
        .collect();
    let mentioned = mentioned(draft);
    TestRequest {
        draft: dirty.then(|| draft.clone()),
        values,
        variables: variables
            .into_iter()
            .filter(|(name, _)| mentioned.contains(name))
            .collect(),
    }
}

/// Variables that fixed values mention, once each. Those of the description only the model reads.
fn mentioned(draft: &ToolDraft) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (field, name) in draft.variables() {
        if field.starts_with("parameters") && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Complaints of a test stand in this panel, those about the draft in the editor.
fn form(this: Try) -> AnyView {
    let form = form_state(this.failure.into(), this.pending.into());
    let parameters = Memo::new(move |_| this.editor.draft.with(|draft| draft.parameters.clone()));
    let fields = dynamic(move || {
        parameters.track();
        this.editor.draft.with_untracked(|draft| fields(this, draft))
    });
    view! {
        <form method="post" class="body stack s3" novalidate on:submit=move |event| {
            event.prevent_default();
            this.send();
        }>
            <p class="small muted">{reactive_text(move || about(this).to_owned())}</p>
            {form.notice()}
            {fields}
            <div>
                <button type="submit" class="btn primary" aria-busy=aria_bool(move || this.pending.get())>{icon("bolt")}"Send request"</button>
            </div>
        </form>
    }
    .into_any()
}

fn about(this: Try) -> &'static str {
    if this.editor.dirty.get() {
        "Sends one real request as it is typed here, unsaved changes included."
    } else {
        "Sends one real request, as an agent would."
    }
}

fn fields(this: Try, draft: &ToolDraft) -> AnyView {
    let asked = draft
        .parameters
        .iter()
        .filter(|parameter| parameter.kind == ParameterKind::Dynamic && !parameter.name.is_empty())
        .map(|parameter| field(this, parameter))
        .collect_view();
    let variables = mentioned(draft)
        .into_iter()
        .map(|name| {
            let (value, on_input) = held(this.variables, &name);
            view! {
                <TextField path=format!("{PREFIX}variables.{name}") label=format!("{{{{{name}}}}}") mono=true value=value on_input=on_input
                    autocomplete="off" help="A variable that a fixed value mentions"/>
            }
        })
        .collect_view();
    view! { {asked}{variables}{put_in(&draft.parameters)} }.into_any()
}

/// A typed text by its name, as a field wants it.
fn held(all: RwSignal<Typed>, name: &str) -> (Signal<String>, Callback<String>) {
    let (read, write) = (name.to_owned(), name.to_owned());
    let value = Signal::derive(move || all.with(|all| all.get(&read).cloned().unwrap_or_default()));
    let on_input = Callback::new(move |typed: String| all.update(|all| drop(all.insert(write.clone(), typed))));
    (value, on_input)
}

fn field(this: Try, parameter: &Parameter) -> AnyView {
    let path = format!("{PREFIX}values.{}", parameter.name);
    let label = parameter.name.clone();
    let help = description(&parameter.schema).to_owned();
    let optional = !parameter.required && parameter.place != Place::Path;
    let (value, on_input) = held(this.values, &parameter.name);
    let choose = |options: Vec<String>| {
        let none = (String::new(), "Nothing".to_owned());
        let options = std::iter::once(none)
            .chain(options.into_iter().map(|option| (option.clone(), option)))
            .collect::<Vec<_>>();
        view! { <Select path=path.clone() label=label.clone() options=options value=value on_change=on_input help=help.clone()/> }.into_any()
    };
    let typed = |kind: &'static str, placeholder: &'static str| {
        view! {
            <TextField path=path.clone() label=label.clone() kind=kind mono=true value=value on_input=on_input optional=optional
                placeholder=placeholder autocomplete="off" help=help.clone()/>
        }
        .into_any()
    };
    match Shape::of(&parameter.schema) {
        Shape::OneOf => choose(choices(&parameter.schema)),
        Shape::YesNo => choose(vec!["true".to_owned(), "false".to_owned()]),
        Shape::Whole | Shape::Number => typed("number", ""),
        Shape::DateTime => typed("text", "2026-12-02T09:20:00-08:00"),
        Shape::Date => typed("text", "2026-12-02"),
        Shape::Texts => typed("text", "one, two, three"),
        Shape::Text => typed("text", ""),
        Shape::Schema => view! {
            <TextArea path=path label=label class="textarea mono" value=value on_input=on_input optional=optional
                help=if help.is_empty() { "JSON".to_owned() } else { format!("{help}. JSON") }/>
        }
        .into_any(),
    }
}

/// What nobody types: the call's values, which a test makes up.
fn put_in(parameters: &[Parameter]) -> AnyView {
    let lines = parameters
        .iter()
        .filter(|parameter| parameter.kind == ParameterKind::Automatic)
        .map(|parameter| {
            view! { <dt class="mono">{parameter.name.clone()}</dt><dd>{parameter.automatic.label()}</dd> }
        })
        .collect::<Vec<_>>();
    if lines.is_empty() {
        return ().into_any();
    }
    view! { <div class="auto"><b>"Made up for the test"</b><dl class="kv">{lines}</dl></div> }.into_any()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parameter(name: &str, kind: ParameterKind) -> Parameter {
        Parameter {
            name: name.into(),
            kind,
            ..Parameter::default()
        }
    }

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_typed_is_sent_for_the_parameters_there_are() {
        let fixed = Parameter {
            value: json!("{{a}} of {{b}} and {{a}}"),
            ..parameter("fixed", ParameterKind::Static)
        };
        let draft = ToolDraft {
            parameters: vec![
                parameter("asked", ParameterKind::Dynamic),
                parameter("left", ParameterKind::Dynamic),
                fixed,
            ],
            ..ToolDraft::default()
        };
        assert_eq!(mentioned(&draft), ["a", "b"]);
        let values = typed(&[("asked", "x"), ("gone", "y"), ("left", " ")]);
        let sent = request(&draft, values, typed(&[("a", "1"), ("z", "2")]), false);
        assert_eq!(sent.values, BTreeMap::from([("asked".to_owned(), json!("x"))]));
        assert_eq!(sent.variables, typed(&[("a", "1")]));
        assert_eq!(sent.draft, None);
    }
}
