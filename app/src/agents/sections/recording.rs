//! Recording: whether calls are recorded, and how long recordings and transcripts are kept.

use leptos::prelude::*;
use switchboard::agents::AgentDraft;

use crate::{
    agents::AgentEditor,
    kit::{Switch, TextField},
};

pub fn body(editor: AgentEditor) -> AnyView {
    let on = Memo::new(move |_| editor.draft.with(|draft| draft.recording));
    let set = Callback::new(move |on| editor.draft.update(|draft| draft.recording = on));
    let (sound, set_sound) = days(
        editor,
        |draft| draft.recording_days,
        |draft, days| draft.recording_days = days,
    );
    let (words, set_words) = days(
        editor,
        |draft| draft.transcript_days,
        |draft, days| draft.transcript_days = days,
    );
    view! {
        <Switch path="recording" label="Record calls" value=on on_change=set
            help="Many places require that callers are told. Say it in the first message."/>
        <div class="form-grid">
            <TextField path="recording_days" label="Keep recordings for" kind="number" unit="days" placeholder="For good" optional=true
                value=sound on_input=set_sound help="Then they are deleted, here and at Ultravox"/>
            <TextField path="transcript_days" label="Keep transcripts for" kind="number" unit="days" placeholder="For good" optional=true
                value=words on_input=set_words help="Then what was said and the summary are deleted"/>
        </div>
        <p class="s13 muted">"Calls keep to the version they ran: a change counts for calls after the next publish."</p>
    }
    .into_any()
}

/// A number of days as it is typed; empty is for good. What is no number is out of every range, and the check says so.
fn days(
    editor: AgentEditor,
    get: fn(&AgentDraft) -> Option<i16>,
    set: fn(&mut AgentDraft, Option<i16>),
) -> (Signal<String>, Callback<String>) {
    let read = |text: &str| match text.trim() {
        "" => None,
        text => Some(text.parse().unwrap_or(-1)),
    };
    let written = |days: Option<i16>| days.map(|days| days.to_string()).unwrap_or_default();
    let typed = RwSignal::new(written(editor.draft.with_untracked(get)));
    let shown = Signal::derive(move || {
        let days = editor.draft.with(get);
        let text = typed.get();
        // The draft has changed by other hands than the typing ones: it counts.
        if read(&text) == days { text } else { written(days) }
    });
    let write = Callback::new(move |text: String| {
        let days = read(&text);
        typed.set(text);
        editor.draft.update(|draft| set(draft, days));
    });
    (shown, write)
}
