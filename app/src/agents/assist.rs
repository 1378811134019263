//! Help with writing, beside the field it is for: the button, the dialog, and the way back once a proposal was accepted.

use leptos::prelude::*;
use switchboard::{
    agents::{AgentDraft, AssistKind},
    resource::{Action, Kind},
    viewer::WritingHelp,
};

use super::{AgentEditor, proposal::ProposalForm};
use crate::{
    kit::{Dialog, Toast, dynamic, icon, use_toasts},
    may, viewer,
};

/// What is asked for, in words.
struct Words {
    dialog: &'static str,
    button: &'static str,
    title: &'static str,
    sub: &'static str,
    accepted: &'static str,
}

fn words(kind: AssistKind) -> Words {
    match kind {
        AssistKind::ImprovePrompt => Words {
            dialog: "improve-prompt",
            button: "Improve prompt…",
            title: "Improve prompt",
            sub: "A language model writes the prompt anew. You see what would change, and decide.",
            accepted: "Prompt improved",
        },
        AssistKind::SuggestGreeting => Words {
            dialog: "suggest-greeting",
            button: "Suggest greeting…",
            title: "Suggest greeting",
            sub: "A language model writes a first message that goes with the prompt. You see it, and decide.",
            accepted: "First message replaced",
        },
    }
}

/// The field that a proposal is for.
pub fn field(kind: AssistKind, draft: &AgentDraft) -> &String {
    match kind {
        AssistKind::ImprovePrompt => &draft.prompt,
        AssistKind::SuggestGreeting => &draft.first_message,
    }
}

fn field_mut(kind: AssistKind, draft: &mut AgentDraft) -> &mut String {
    match kind {
        AssistKind::ImprovePrompt => &mut draft.prompt,
        AssistKind::SuggestGreeting => &mut draft.first_message,
    }
}

/// Nothing where this installation has no language model, or the person may not change agents.
pub fn assist(editor: AgentEditor, kind: AssistKind) -> AnyView {
    if viewer().installation.writing == WritingHelp::None || !may(Action::Update, Kind::Agent) {
        return ().into_any();
    }
    let words = words(kind);
    let (open, toasts) = (RwSignal::new(false), use_toasts());
    // What stood there before, and what was accepted in its place.
    let replaced = RwSignal::new(None::<(String, String)>);
    let write = move |text: String| editor.draft.update(|draft| *field_mut(kind, draft) = text);
    let accepted = Callback::new(move |text: String| {
        let before = editor.draft.with_untracked(|draft| field(kind, draft).clone());
        replaced.set(Some((before, text.clone())));
        write(text);
        open.set(false);
        toasts.say(Toast::done(words.accepted).detail("It is not saved yet, and can be undone"));
    });
    let form = ProposalForm::part();
    form.look_ahead();
    let body = move || {
        form.show(ProposalForm {
            editor,
            kind,
            close: Callback::new(move |()| open.set(false)),
            accepted,
        })
    };
    // Only as long as nothing was typed since: going back would lose it.
    let undo = dynamic(move || {
        let before = replaced.get().and_then(|(before, after)| {
            let untouched = editor.draft.with(|draft| *field(kind, draft) == after);
            untouched.then_some(before)
        });
        before
            .map(|before| {
                let back = move |_| {
                    write(before.clone());
                    replaced.set(None);
                };
                let label = format!("Undo: {}", words.accepted);
                view! { <button type="button" class="linklike small" on:click=back aria-label=label>"Undo"</button> }
            })
            .into_any()
    });
    view! {
        <button type="button" class="btn sm" on:click=move |_| open.set(true)>{icon("bolt")}{words.button}</button>
        {undo}
        <Dialog id=words.dialog class="w-lg" open=open title=Signal::stored(words.title.to_owned()) sub=Signal::stored(words.sub.to_owned())>
            {body()}
        </Dialog>
    }
    .into_any()
}
