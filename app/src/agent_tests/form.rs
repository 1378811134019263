//! The form of a test. Lists are lines of text, one a line: `name: what belongs to it`.

use std::collections::BTreeMap;

use leptos::prelude::*;
use switchboard::{
    Error, Id,
    agent_tests::{AgentTest, AgentTestDraft, ToolMock},
    agents::Agent,
    analysis::Criterion,
    check::Check,
    error::FieldError,
    org::OrgId,
};
use uuid::Uuid;

use super::{create_agent_test, update_agent_test};
use crate::{
    AppError,
    kit::{Asks, DialogForm, TextArea, TextField, Toast, use_toasts},
};

/// The dialog, and what is typed in it.
#[derive(Clone, Copy, Default)]
pub struct TestForm {
    form: DialogForm,
    /// The test that is changed, at this revision; a new one without.
    of: RwSignal<Option<(Uuid, i64)>>,
    typed: RwSignal<Typed>,
}

#[derive(Clone, Default)]
struct Typed {
    name: String,
    caller: String,
    max_turns: String,
    criteria: String,
    mocks: String,
    variables: String,
}

impl TestForm {
    pub fn show_new(self) {
        self.of.set(None);
        self.typed.set(Typed::of(&AgentTestDraft::default()));
        self.form.show();
    }

    pub fn show(self, test: &AgentTest) {
        self.of.set(Some((test.id, test.revision)));
        self.typed.set(Typed::of(&test.draft));
        self.form.show();
    }
}

impl Typed {
    fn of(draft: &AgentTestDraft) -> Self {
        let line = |name: &str, text: &str| {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if text.is_empty() { name.to_owned() } else { format!("{name}: {text}") }
        };
        let lines = |all: &mut dyn Iterator<Item = String>| all.collect::<Vec<_>>().join("\n");
        Self {
            name: draft.name.clone(),
            caller: draft.caller.clone(),
            max_turns: draft.max_turns.to_string(),
            criteria: lines(&mut draft.criteria.iter().map(|one| line(&one.name, &one.description))),
            mocks: lines(&mut draft.mocks.iter().map(|one| line(&one.tool, &one.answer))),
            variables: lines(&mut draft.variables.iter().map(|(name, value)| line(name, value))),
        }
    }

    fn draft(&self) -> AgentTestDraft {
        AgentTestDraft {
            name: self.name.trim().to_owned(),
            caller: self.caller.trim().to_owned(),
            // What is no number is out of every range, and the check says so.
            max_turns: self.max_turns.trim().parse().unwrap_or(-1),
            criteria: pairs(&self.criteria)
                .map(|(name, description)| Criterion { name, description })
                .collect(),
            mocks: pairs(&self.mocks).map(|(tool, answer)| ToolMock { tool, answer }).collect(),
            variables: pairs(&self.variables).collect::<BTreeMap<_, _>>(),
        }
    }
}

/// `name: text`, one a line; a line without a colon is a name alone.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let (name, rest) = line.split_once(':').unwrap_or((line, ""));
        (name.trim().to_owned(), rest.trim().to_owned())
    })
}

/// What is wrong with one line stands beside the text that it is in.
fn beside(error: AppError) -> AppError {
    let AppError(Error::Invalid(fields)) = error else {
        return error;
    };
    let fields = fields.into_iter().map(|wrong| match wrong.field.split_once('[') {
        Some((list, rest)) => {
            let line = rest.split(']').next().and_then(|line| line.parse::<usize>().ok()).unwrap_or(0) + 1;
            FieldError {
                field: list.to_owned(),
                message: format!("Line {line}: {}", wrong.message),
                ..wrong
            }
        }
        None => match wrong.field.split_once('.') {
            Some((list, name)) => FieldError {
                field: list.to_owned(),
                message: format!("{name}: {}", wrong.message),
                ..wrong
            },
            None => wrong,
        },
    });
    AppError(Error::Invalid(fields.collect()))
}

pub fn test_form(
    state: TestForm,
    org: StoredValue<OrgId>,
    agent: Memo<Option<Id<Agent>>>,
    saved: Callback<AgentTest>,
) -> AnyView {
    let TestForm { form, of, typed } = state;
    let toasts = use_toasts();
    let read = move |get: fn(&Typed) -> &String| Signal::derive(move || typed.with(|typed| get(typed).clone()));
    let write = move |set: fn(&mut Typed) -> &mut String| {
        Callback::new(move |text: String| typed.update(|typed| *set(typed) = text))
    };
    let fields = move || {
        view! {
            <TextField path="name" label="Name" placeholder="Books a visit" autocomplete="off"
                value=read(|typed| &typed.name) on_input=write(|typed| &mut typed.name)/>
            <TextArea path="caller" label="The caller" rows=6 placeholder="Ann wants a visit next week.\n- I would like to come next week.\n- Tuesday morning is fine."
                help="Who calls and what they want. Lines that begin with a hyphen are said word for word."
                value=read(|typed| &typed.caller) on_input=write(|typed| &mut typed.caller)/>
            <TextArea path="criteria" label="What has to happen" rows=3 placeholder="Visit booked: A day and a time are agreed"
                help="One a line: a name, a colon, and when it is met. All of them have to be."
                value=read(|typed| &typed.criteria) on_input=write(|typed| &mut typed.criteria)/>
            <TextArea path="mocks" label="What tools answer" optional=true rows=2 placeholder="book_visit: Booked for Tuesday at nine"
                help="One a line: the tool as the model calls it, a colon, and its answer. No tool is really used."
                value=read(|typed| &typed.mocks) on_input=write(|typed| &mut typed.mocks)/>
            <TextArea path="variables" label="Variables" optional=true rows=2 placeholder="first_name: Ann"
                help="One a line, as a call would bring them."
                value=read(|typed| &typed.variables) on_input=write(|typed| &mut typed.variables)/>
            <TextField path="max_turns" label="Longest talk" kind="number" unit="turns" help="After so many words of the agent it is over: 2 to 20."
                value=read(|typed| &typed.max_turns) on_input=write(|typed| &mut typed.max_turns)/>
        }
        .into_any()
    };
    let send = move || {
        let Some(agent) = agent.get_untracked() else {
            return;
        };
        let (draft, of) = (typed.with_untracked(Typed::draft), of.get_untracked());
        form.send(async move {
            let answer = async {
                Check::run(&draft).map_err(AppError)?;
                match of {
                    Some((id, revision)) => update_agent_test(org.get_value(), agent, id, draft, revision).await,
                    None => create_agent_test(org.get_value(), agent, draft).await,
                }
            };
            let test = answer.await.map_err(beside)?;
            toasts.say(Toast::done(format!("{} saved", test.draft.name)));
            saved.run(test);
            Ok(())
        });
    };
    let asks = Asks {
        id: "agent-test",
        title: Signal::derive(move || if of.get().is_some() { "Edit test" } else { "New test" }.to_owned()),
        sub: Signal::stored("A language model plays the caller and the agent. Nobody is called.".to_owned()),
        verb: Signal::stored("Save test".to_owned()),
        destroys: false,
    };
    form.draw(asks, fields, send)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_they_were_made_of() {
        let draft = AgentTestDraft {
            name: "Books".to_owned(),
            caller: "Ann.".to_owned(),
            criteria: vec![
                Criterion {
                    name: "Booked".to_owned(),
                    description: "A day: and a time".to_owned(),
                },
                Criterion {
                    name: "Kind".to_owned(),
                    description: String::new(),
                },
            ],
            mocks: vec![ToolMock {
                tool: "book".to_owned(),
                answer: "{\"at\": 9}".to_owned(),
            }],
            variables: BTreeMap::from([("name".to_owned(), "Ann".to_owned())]),
            ..AgentTestDraft::default()
        };
        assert_eq!(Typed::of(&draft).draft(), draft);
    }

    #[test]
    fn what_is_wrong_with_a_line_stands_beside_its_text() {
        let draft = AgentTestDraft {
            name: "Books".to_owned(),
            caller: "Ann.".to_owned(),
            criteria: vec![Criterion::default()],
            ..AgentTestDraft::default()
        };
        let AppError(Error::Invalid(fields)) = beside(AppError(Check::run(&draft).unwrap_err())) else {
            panic!("it is wrong");
        };
        assert_eq!(fields[0].field, "criteria");
        assert!(fields[0].message.starts_with("Line 1: "), "{}", fields[0].message);
    }
}
