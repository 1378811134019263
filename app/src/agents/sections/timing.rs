//! Turn-taking and timing: when the agent answers, when it may be interrupted, and when a call is over.

use leptos::prelude::*;
use switchboard::agents::AgentDraft;

use crate::{
    agents::AgentEditor,
    kit::{Range, TextArea, TextField},
};

pub fn body(editor: AgentEditor) -> AnyView {
    let (delay, set_delay) = editor.number(|draft| draft.turn_delay_ms, |draft, ms| draft.turn_delay_ms = ms);
    let (speech, set_speech) = editor.number(|draft| draft.interruption_ms, |draft, ms| draft.interruption_ms = ms);
    let (goodbye, set_goodbye) = editor.text(
        |draft| &draft.time_exceeded_message,
        |draft| &mut draft.time_exceeded_message,
    );
    let (ring, set_ring) = seconds(
        editor,
        |draft| draft.join_timeout_s,
        |draft, s| draft.join_timeout_s = s,
    );
    let (longest, set_longest) = seconds(
        editor,
        |draft| draft.max_duration_s,
        |draft, s| draft.max_duration_s = s,
    );
    let milliseconds = |ms: i32| format!("{ms} ms");
    view! {
        <div class="form-grid">
            <Range path="turn_delay_ms" label="Wait before answering" min=0 max=2016 step=32 value=delay on_input=set_delay
                words=milliseconds help="Shorter feels quicker, but may cut people off"/>
            <Range path="interruption_ms" label="Speech needed to interrupt" min=0 max=990 step=30 value=speech on_input=set_speech
                words=milliseconds help="Longer ignores coughs and “mhm”"/>
            <TextField path="join_timeout_s" label="Ring for" kind="number" unit="seconds" value=ring on_input=set_ring
                help="Then the call counts as unanswered; 5 to 300"/>
            <TextField path="max_duration_s" label="Longest call" kind="number" unit="seconds" value=longest on_input=set_longest
                help="Then the call is ended; 30 to 14,400"/>
        </div>
        <TextArea path="time_exceeded_message" label="Said when the time is up" optional=true rows=2 value=goodbye on_input=set_goodbye
            placeholder="I have to end our call now. Thank you for your time."/>
    }
    .into_any()
}

/// A number of seconds as it is typed. What is no number is out of every range, and the check says so.
fn seconds(
    editor: AgentEditor,
    get: fn(&AgentDraft) -> i32,
    set: fn(&mut AgentDraft, i32),
) -> (Signal<String>, Callback<String>) {
    let typed = RwSignal::new(editor.draft.with_untracked(get).to_string());
    let shown = Signal::derive(move || {
        let number = editor.draft.with(get);
        let text = typed.get();
        // The draft has changed by other hands than the typing ones: it counts.
        if text.trim().parse().unwrap_or(-1) == number {
            text
        } else {
            number.to_string()
        }
    });
    let write = Callback::new(move |text: String| {
        let number = text.trim().parse().unwrap_or(-1);
        typed.set(text);
        editor.draft.update(|draft| set(draft, number));
    });
    (shown, write)
}

/// "10 min", "90 s".
pub fn minutes(seconds: i32) -> String {
    if seconds >= 60 && seconds % 60 == 0 {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn whole_minutes_are_told_as_minutes() {
        assert_eq!([600, 90, 30].map(minutes), ["10 min", "90 s", "30 s"]);
    }
}
