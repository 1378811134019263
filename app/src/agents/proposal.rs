//! A proposal of the language model: asked for, waited for or given up, shown as a difference, accepted or dropped.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    agents::{AgentDraft, AssistKind, AssistRequest, placeholders},
    viewer::WritingHelp,
};

use super::{AgentEditor, assist::field, assist_with_agent, difference};
use crate::{
    AppError,
    kit::{
        StatusDot, TextField, aria_bool, browser, dynamic, focus_first_error, form_state, reactive_bool, reactive_text,
        status_dot,
    },
    lazy::{LazyPart, part},
    org, viewer,
};

/// The inside of the dialog.
#[derive(Clone)]
pub struct ProposalForm {
    pub editor: AgentEditor,
    pub kind: AssistKind,
    pub close: Callback<()>,
    /// Hears the text that is to stand in the field.
    pub accepted: Callback<String>,
}

impl ProposalForm {
    /// Few of those who open an editor have something written for them.
    pub fn part() -> LazyPart<Self> {
        part!(assist, draw, ProposalForm)
    }
}

/// How far it is.
#[derive(Clone, Copy)]
struct Asking {
    instruction: RwSignal<String>,
    /// The number of the question that is waited for.
    waiting: RwSignal<Option<u32>>,
    count: StoredValue<u32>,
    failure: RwSignal<Option<AppError>>,
    proposal: RwSignal<Option<String>>,
}

fn draw(form: ProposalForm) -> AnyView {
    let ProposalForm {
        editor,
        kind,
        close,
        accepted,
    } = form;
    if editor.draft.with_untracked(|draft| draft.prompt.trim().is_empty()) {
        return nothing_to_go_by(close);
    }
    let asking = Asking {
        instruction: RwSignal::new(String::new()),
        waiting: RwSignal::new(None),
        count: StoredValue::new(0),
        failure: RwSignal::new(None),
        proposal: RwSignal::new(None),
    };
    let state = form_state(
        asking.failure.into(),
        Signal::derive(move || asking.waiting.get().is_some()),
    );
    let mine = StoredValue::new(org());
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if asking.waiting.get_untracked().is_some() {
            return;
        }
        let request = editor.draft.with_untracked(|draft| AssistRequest {
            kind,
            text: draft.prompt.clone(),
            instruction: asking.instruction.get_untracked(),
            language: draft.language.clone(),
        });
        let number = asking.begin();
        spawn_local(async move {
            let answer = assist_with_agent(mine.get_value(), request).await;
            asking.end(number, answer.map(|proposal| proposal.text));
        });
    };
    let take = move |_| {
        if let Some(text) = asking.proposal.get_untracked() {
            accepted.run(text);
        }
    };
    // A frame after the dialog has opened, which itself waits for one.
    request_animation_frame(|| {
        request_animation_frame(|| {
            browser::focus("dialog[open] #f-instruction");
        })
    });
    let none = reactive_bool(move || asking.proposal.with(Option::is_none));
    view! {
        <form method="post" novalidate on:submit=send>
            <div class="d-body stack s3">
                {simulated()}
                {state.notice()}
                <TextField path="instruction" label="What it should be like" optional=true autocomplete="off" value=asking.instruction
                    on_input=Callback::new(move |text| asking.instruction.set(text)) placeholder=example(kind)/>
                <div role="status" class="stack s3">{dynamic(move || progress(asking))}</div>
                {dynamic(move || asking.proposal.get().map(|text| shown(editor, kind, text)).into_any())}
            </div>
            <div class="d-foot">
                <button type="button" class="btn quiet" on:click=move |_| close.run(())>
                    {reactive_text(move || if asking.proposal.with(Option::is_some) { "Drop" } else { "Not now" }.to_owned())}
                </button>
                <button type="submit" class="btn" aria-busy=aria_bool(move || state.pending())>
                    {reactive_text(move || verb(asking, kind).to_owned())}
                </button>
                <button type="button" class="btn primary" hidden=none on:click=take>"Accept"</button>
            </div>
        </form>
    }
    .into_any()
}

impl Asking {
    fn begin(self) -> u32 {
        self.count.update_value(|count| *count += 1);
        let number = self.count.get_value();
        self.failure.set(None);
        self.waiting.set(Some(number));
        number
    }

    /// An answer to a question that was given up is nobody's.
    fn end(self, number: u32, answer: Result<String, AppError>) {
        if self.waiting.try_get_untracked() != Some(Some(number)) {
            return;
        }
        self.waiting.set(None);
        match answer {
            Ok(text) => {
                self.proposal.set(Some(text));
                request_animation_frame(|| {
                    browser::focus("dialog[open] #proposal");
                });
            }
            Err(error) => {
                self.failure.set(Some(error));
                focus_first_error();
            }
        }
    }

    fn give_up(self) {
        self.waiting.set(None);
        browser::focus("dialog[open] #f-instruction");
    }
}

fn example(kind: AssistKind) -> &'static str {
    match kind {
        AssistKind::ImprovePrompt => "Make it shorter",
        AssistKind::SuggestGreeting => "Warmer, and without a question",
    }
}

fn verb(asking: Asking, kind: AssistKind) -> &'static str {
    let again = asking.proposal.with(Option::is_some) || asking.failure.with(Option::is_some);
    match kind {
        _ if again => "Try again",
        AssistKind::ImprovePrompt => "Improve",
        AssistKind::SuggestGreeting => "Suggest",
    }
}

fn simulated() -> AnyView {
    let is_simulated = viewer().installation.writing == WritingHelp::Simulated;
    is_simulated
        .then(|| {
            view! {
                <div class="banner boxed" data-kind="sandbox">
                    {status_dot(StatusDot::Hold, "Sandbox")}
                    <p>"The language model is simulated by this installation: it only puts in order what is there."</p>
                </div>
            }
        })
        .into_any()
}

fn progress(asking: Asking) -> AnyView {
    if asking.waiting.get().is_none() {
        return ().into_any();
    }
    view! {
        <p class="cluster">
            {status_dot(StatusDot::Work, "Writing")}
            <span class="muted">"This can take half a minute."</span>
            <button type="button" class="btn sm" on:click=move |_| asking.give_up()>"Cancel"</button>
        </p>
    }
    .into_any()
}

fn nothing_to_go_by(close: Callback<()>) -> AnyView {
    view! {
        <div class="d-body"><p>"There is no prompt yet. Write a sentence or two about what the agent is to do, and come back."</p></div>
        <div class="d-foot"><button type="button" class="btn primary" data-first="" on:click=move |_| close.run(())>"Write it"</button></div>
    }
    .into_any()
}

/// The proposal against what stands in the field.
fn shown(editor: AgentEditor, kind: AssistKind, text: String) -> AnyView {
    let (before, missing, unknown) = editor.draft.with_untracked(|draft| {
        let before = field(kind, draft).clone();
        (before, lost(kind, draft, &text), undeclared(draft, &text))
    });
    let note = |says: &'static str, names: Vec<String>| {
        (!names.is_empty()).then(|| {
            view! { <p class="s13">{status_dot(StatusDot::Warn, says)}" "<span class="mono">{names.join(", ")}</span></p> }
        })
    };
    let difference = if before == text {
        view! { <p class="muted">"It would change nothing."</p> }.into_any()
    } else {
        difference::words(&before, &text)
    };
    view! {
        <section class="difference stack s2" aria-labelledby="proposal">
            <h3 id="proposal" tabindex="-1">"What would change"</h3>
            {difference}
            {note("It leaves out", missing)}
            {note("It uses what is not declared", unknown)}
        </section>
    }
    .into_any()
}

/// Variables that the prompt uses and its successor would not. A greeting need not use any.
fn lost(kind: AssistKind, draft: &AgentDraft, text: &str) -> Vec<String> {
    if kind == AssistKind::SuggestGreeting {
        return Vec::new();
    }
    let stays = |name: &str| placeholders(text).any(|placeholder| placeholder.name == name);
    once(
        placeholders(&draft.prompt)
            .map(|placeholder| placeholder.name)
            .filter(|name| !stays(name)),
    )
}

fn undeclared(draft: &AgentDraft, text: &str) -> Vec<String> {
    let known = |name: &str| draft.variables.iter().any(|variable| variable.name == name);
    once(
        placeholders(text)
            .map(|placeholder| placeholder.name)
            .filter(|name| !known(name)),
    )
}

fn once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        if !seen.iter().any(|known| known == name) {
            seen.push(name.to_owned());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use switchboard::agents::Variable;

    use super::*;

    #[test]
    fn a_proposal_is_held_against_the_variables_there_are() {
        let draft = AgentDraft {
            prompt: "Call {{first_name}} of {{firm}}, {{first_name}}.".into(),
            variables: ["first_name", "firm"]
                .map(|name| Variable {
                    name: name.into(),
                    ..Variable::default()
                })
                .into(),
            ..AgentDraft::default()
        };
        let proposed = "Call {{firm}} and ask for {{manager}} or {{manager}}.";
        assert_eq!(lost(AssistKind::ImprovePrompt, &draft, proposed), ["first_name"]);
        assert_eq!(lost(AssistKind::SuggestGreeting, &draft, proposed), [""; 0]);
        assert_eq!(undeclared(&draft, proposed), ["manager"]);
    }
}
