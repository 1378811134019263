//! Silence: what the agent says, and when it gives up, while nobody speaks.

use leptos::prelude::*;
use switchboard::agents::{EndBehavior, Silence};

use crate::{
    agents::AgentEditor,
    kit::{Select, TextField, icon, keyed_list, reactive_bool},
};

pub fn body(editor: AgentEditor) -> AnyView {
    let count = Memo::new(move |_| editor.draft.with(|draft| draft.silence.len()));
    let add = move |_| {
        editor.draft.update(|draft| {
            draft.silence.push(Silence {
                after_s: 10,
                message: "Are you still there?".into(),
                then: EndBehavior::GoOn,
            });
        });
    };
    view! {
        <p class="s13 muted">"Steps follow one another while the line is silent. A word from the other side starts them again."</p>
        <div class="cards-in">
            {keyed_list(move || (0..count.get()).collect(), usize::to_string, move |i| step(editor, i))}
        </div>
        <div hidden=reactive_bool(move || count.get() >= 5)><button type="button" class="btn sm" on:click=add>{icon("plus")}"Add a step"</button></div>
    }
    .into_any()
}

fn step(editor: AgentEditor, i: usize) -> AnyView {
    let read = move |get: fn(&Silence) -> String| {
        Memo::new(move |_| {
            editor
                .draft
                .with(|draft| draft.silence.get(i).map(get).unwrap_or_default())
        })
    };
    let write = move |set: fn(&mut Silence, String)| {
        Callback::new(move |text: String| {
            editor.draft.update(|draft| {
                if let Some(step) = draft.silence.get_mut(i) {
                    set(step, text);
                }
            });
        })
    };
    let remove = move |_| editor.draft.update(|draft| drop(draft.silence.remove(i)));
    let thens = EndBehavior::ALL
        .map(|then| (then.word().to_owned(), then.label().to_owned()))
        .to_vec();
    view! {
        <div class="card-in" role="group" aria-label=format!("Step {}", i + 1)>
            <div class="form-grid">
                <TextField path=format!("silence[{i}].after_s") label=if i == 0 { "After silence of" } else { "After another" } kind="number" unit="seconds"
                    value=read(|step| if step.after_s < 0 { String::new() } else { step.after_s.to_string() })
                    on_input=write(|step, text| step.after_s = text.trim().parse().unwrap_or(-1))/>
                <TextField path=format!("silence[{i}].message") label="Say" autocomplete="off"
                    value=read(|step| step.message.clone()) on_input=write(|step, text| step.message = text)/>
                <Select path=format!("silence[{i}].then") label="Then" options=thens
                    value=read(|step| step.then.word().to_owned())
                    on_change=write(|step, word| step.then = then_of(&word))/>
            </div>
            <div class="cluster between">
                <span></span>
                <button type="button" class="btn quiet sm" on:click=remove aria-label=format!("Remove step {}", i + 1)>{icon("trash")}"Remove"</button>
            </div>
        </div>
    }
    .into_any()
}

fn then_of(word: &str) -> EndBehavior {
    EndBehavior::ALL
        .into_iter()
        .find(|then| then.word() == word)
        .unwrap_or_default()
}
