//! Choosing a voice: search, narrow to a language, listen, take it.

use leptos::prelude::*;
use switchboard::{
    agents::{LANGUAGES, language_name},
    voices::{AvailableFilter, AvailableVoice, VoiceSource},
};

use super::{
    available_voices,
    preview::{Player, use_player},
};
use crate::{
    kit::{Illustration, Loading, aria_flag, browser::Debounce, empty, icon, loaded, reactive_text, skeleton_rows},
    org,
};

/// The inside of a dialog. Begins with the voices of `language`.
#[component]
pub fn VoicePicker(
    #[prop(into)] chosen: Signal<String>,
    language: String,
    on_choose: Callback<AvailableVoice>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let wanted = RwSignal::new(String::new());
    let later = Debounce::new(200);
    let language = RwSignal::new(language);
    let player = use_player();
    let org = org();
    let voices = Loading::new(
        move || AvailableFilter {
            q: Some(wanted.get()).filter(|q| !q.trim().is_empty()),
            language: Some(language.get()).filter(|tag| !tag.is_empty()),
            ..AvailableFilter::default()
        },
        move |filter| available_voices(org.clone(), filter),
    );
    let found = loaded(voices, "voices", skeleton_rows, move |voices| {
        if voices.is_empty() {
            return untrack(|| nothing(language));
        }
        voices
            .into_iter()
            .map(|voice| line(voice, chosen, player, on_choose))
            .collect_view()
            .into_any()
    });
    let options = LANGUAGES
        .iter()
        .map(|(tag, name)| view! { <option value=*tag selected=untrack(|| language.get() == *tag)>{*name}</option> })
        .collect_view();
    view! {
        <div class="d-body stack s3">
            {player.element()}
            <div class="cluster voice-filter">
                <span class="affix">
                    {icon("search")}
                    <input class="input" type="search" aria-label="Search voices" placeholder="Name or description" data-first=""
                        prop:value=typed
                        on:input=move |event| {
                            typed.set(event_target_value(&event));
                            later.call(move || wanted.set(typed.get_untracked()));
                        }/>
                </span>
                <span class="select">
                    <select aria-label="Language" prop:value=language on:change=move |event| language.set(event_target_value(&event))>
                        <option value="">"Every language"</option>
                        {options}
                    </select>
                    {icon("down")}
                </span>
            </div>
            <div class="rows voices" role="list" aria-label="Voices">{found}</div>
        </div>
    }
}

fn nothing(language: RwSignal<String>) -> AnyView {
    let action = (!language.get().is_empty()).then(|| {
        view! { <button type="button" class="btn" on:click=move |_| language.set(String::new())>"Search every language"</button> }
    });
    empty(
        Illustration::Empty,
        "No voice matches",
        "The library has no such voice in this language.",
        action,
    )
}

fn line(voice: AvailableVoice, chosen: Signal<String>, player: Player, on_choose: Callback<AvailableVoice>) -> AnyView {
    let about = [
        voice.language.as_deref().map(language_name).unwrap_or_default(),
        match voice.source {
            VoiceSource::Cloned => "Your own",
            VoiceSource::Library => voice.engine.as_deref().unwrap_or_default(),
        },
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(" · ");
    let id = voice.id.clone();
    let current = Memo::new(move |_| chosen.with(|chosen| *chosen == id));
    let listen = voice.has_preview.then(|| player.button(voice.id.clone(), &voice.name));
    let take = voice.clone();
    view! {
        <div role="listitem" data-picked=aria_flag(move || current.get())>
            {listen}
            <span class="grow">
                <b>{voice.name.clone()}</b>
                <small>{about}</small>
                {(!voice.description.is_empty()).then(|| view! { <small>{voice.description.clone()}</small> })}
            </span>
            <button type="button" class="btn sm" aria-label=format!("Choose {}", voice.name) on:click=move |_| on_choose.run(take.clone())>
                {reactive_text(move || if current.get() { "Chosen" } else { "Choose" }.to_owned())}
            </button>
        </div>
    }
    .into_any()
}
