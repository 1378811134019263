//! How the agent begins, and how it sounds.

use leptos::prelude::*;
use switchboard::{
    agents::{AssistKind, FirstSpeaker, LANGUAGES},
    voices::AvailableVoice,
};

use crate::{
    agents::{AgentEditor, assist::assist},
    kit::{Dialog, Field, FormState, Pick, Range, Select, TextArea, field_id, icon},
    voices::{VoicePicker, use_player},
};

const AGENT: &str = "agent";
const PERSON: &str = "person";

pub fn first_message(editor: AgentEditor) -> AnyView {
    let speaker = Memo::new(move |_| {
        match editor.draft.with(|draft| draft.first_speaker) {
            FirstSpeaker::Agent => AGENT,
            FirstSpeaker::Person => PERSON,
        }
        .to_owned()
    });
    let set_speaker = Callback::new(move |word: String| {
        editor.draft.update(|draft| {
            draft.first_speaker = if word == PERSON {
                FirstSpeaker::Person
            } else {
                FirstSpeaker::Agent
            };
        });
    });
    let (message, set_message) = editor.text(|draft| &draft.first_message, |draft| &mut draft.first_message);
    view! {
        <Pick path="first_speaker" legend="Who speaks first" value=speaker on_change=set_speaker
            options=vec![
                (AGENT, "The agent", "As one answers a call"),
                (PERSON, "The person", "As one is greeted when calling somebody"),
            ]/>
        <TextArea path="first_message" label="First message" optional=true value=message on_input=set_message
            help="Word for word. Empty lets the agent find its own words. {{variables}} work here too."
            placeholder="Hi {{first_name}}, this is the automated assistant of…"/>
        <div class="cluster">{assist(editor, AssistKind::SuggestGreeting)}</div>
    }
    .into_any()
}

pub fn voice(editor: AgentEditor) -> AnyView {
    let (language, set_language) = editor.text(|draft| &draft.language, |draft| &mut draft.language);
    let (temperature, set_temperature) = editor.number(
        |draft| draft.temperature_percent.into(),
        |draft, percent| draft.temperature_percent = i16::try_from(percent).unwrap_or(i16::MAX),
    );
    let mut languages: Vec<(String, String)> = LANGUAGES
        .iter()
        .map(|(tag, name)| ((*tag).to_owned(), (*name).to_owned()))
        .collect();
    let own = language.get_untracked();
    if !LANGUAGES.iter().any(|(tag, _)| *tag == own) {
        languages.push((own.clone(), own));
    }
    view! {
        {chosen_voice(editor)}
        <div class="form-grid">
            <Select path="language" label="Language" options=languages value=language on_change=set_language
                help="What it listens for and speaks"/>
            <Range path="temperature_percent" label="Temperature" min=0 max=100 step=5 value=temperature on_input=set_temperature
                words=|percent| format!("{}.{:02}", percent / 100, percent % 100) help="Lower keeps wording predictable"/>
        </div>
    }
    .into_any()
}

fn chosen_voice(editor: AgentEditor) -> AnyView {
    let open = RwSignal::new(false);
    let player = use_player();
    let id = Memo::new(move |_| editor.draft.with(|draft| draft.voice_id.clone()));
    let name = Memo::new(move |_| editor.draft.with(|draft| draft.voice_name.clone()));
    let choose = Callback::new(move |voice: AvailableVoice| {
        editor.draft.update(|draft| {
            draft.voice_id = voice.id;
            draft.voice_name = voice.name;
        });
        open.set(false);
    });
    let listen = move || id.with(|id| (!id.is_empty()).then(|| player.button(id.clone(), &name.get())));
    let form = use_context::<FormState>();
    let invalid = move || form.and_then(|form| form.error_at("voice_id")).map(|_| "true");
    let words = move || {
        name.with(|name| {
            if name.is_empty() {
                "No voice chosen".to_owned()
            } else {
                name.clone()
            }
        })
    };
    view! {
        {player.element()}
        <Field path="voice_id" label="Voice">
            <div class="voicebox" data-invalid=invalid>
                {listen}
                <b class="grow">{words}</b>
                <button type="button" class="btn sm" id=field_id("voice_id") aria-label="Choose voice" aria-invalid=invalid
                    aria-describedby=format!("{}-err", field_id("voice_id")) on:click=move |_| open.set(true)>
                    {icon("voice")}
                    "Choose voice…"
                </button>
            </div>
        </Field>
        <Dialog id="voices" open=open title="Choose a voice" sub="Each is spoken by the provider that answers your calls.">
            <VoicePicker chosen=id language=editor.draft.with_untracked(|draft| draft.language.clone()) on_choose=choose/>
        </Dialog>
    }
    .into_any()
}
