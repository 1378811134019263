//! The voices: the organization's own, and the library, narrowed and heard.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use switchboard::{
    agents::language_name,
    resource::{Action, Kind},
    voices::{AvailableFilter, AvailableVoice, Category, Gender, VoiceRow, VoiceSource, VoiceState, VoicesFound},
};

use super::{Player, browse_voices, use_player};
use crate::{
    AppError,
    kit::{
        Chip, Choice, Illustration, Loading, PageHead, Search, StatusDot, UrlQuery, dynamic, empty, icon, keys::on_key,
        loaded, once_loaded, skeleton_rows, status_dot, use_live, use_url,
    },
    may, org,
};

const FILTERS: [&str; 6] = ["q", "source", "language", "gender", "accent", "category"];

#[component]
pub fn VoiceList() -> impl IntoView {
    let url = use_url();
    let (live, agents) = (use_live(Kind::Voice), use_live(Kind::Agent));
    let org = org();
    let voices = Loading::new(
        move || (filter(url), live.get(), agents.get()),
        move |(filter, ..)| {
            let org = org.clone();
            async move { browse_voices(org, filter?).await }
        },
    );
    let player = use_player();
    let (navigate, creates) = (use_navigate(), may(Action::Create, Kind::Voice));
    on_key(move |key| {
        let starts = key == "n" && creates;
        if starts {
            navigate("/voices/new", NavigateOptions::default());
        }
        starts
    });
    let buttons = move || {
        may(Action::Create, Kind::Voice)
            .then(|| view! { <a class="btn primary" href="/voices/new">{icon("plus")}"Clone a voice"</a> })
            .into_any()
    };
    let found = loaded(voices, "voices", skeleton_rows, move |found| page(url, player, found));
    view! {
        <PageHead title="Voices" sub=|| "What your agents can sound like.".into_any() actions=buttons/>
        {player.element()}
        {filters(url, voices)}
        {found}
    }
}

fn filter(url: UrlQuery) -> Result<AvailableFilter, AppError> {
    Ok(AvailableFilter {
        q: url.get("q"),
        source: url.read("source", "source", |word| match word {
            "library" => Some(VoiceSource::Library),
            "cloned" => Some(VoiceSource::Cloned),
            _ => None,
        })?,
        language: url.get("language"),
        accent: url.get("accent"),
        gender: url.read("gender", "gender", Gender::from_word)?,
        category: url.read("category", "category", Category::from_word)?,
    })
}

fn filters(url: UrlQuery, voices: Loading<VoicesFound>) -> AnyView {
    let chips = once_loaded(voices, |found| {
        let named = |words: &[String], name: fn(&str) -> &str| -> Vec<_> {
            words.iter().map(|word| Choice::new(word, name(word))).collect()
        };
        let languages = named(&found.languages, language_name);
        let accents = named(&found.accents, |accent| accent);
        let sources = vec![Choice::new("cloned", "Your own"), Choice::new("library", "Library")];
        let genders: Vec<_> = Gender::ALL
            .iter()
            .map(|gender| Choice::new(gender.word(), gender.label()))
            .collect();
        let categories: Vec<_> = Category::ALL
            .iter()
            .map(|category| Choice::new(category.word(), category.label()))
            .collect();
        view! {
            <Chip key="source" label="Source" choices=sources/>
            <Chip key="language" label="Language" choices=languages/>
            <Chip key="gender" label="Gender" choices=genders/>
            <Chip key="accent" label="Accent" choices=accents/>
            <Chip key="category" label="Good for" choices=categories/>
        }
        .into_any()
    });
    let clear = dynamic(move || {
        let set = url.count(&FILTERS) > 0;
        set.then(|| view! { <a class="btn quiet sm" href=url.bare()>"Clear"</a> })
            .into_any()
    });
    view! {
        <div class="filters">
            <Search label="Search voices" placeholder="Name or description" filters=&["source", "language", "gender", "accent", "category"]/>
            {chips}
            {clear}
        </div>
    }
    .into_any()
}

fn page(url: UrlQuery, player: Player, found: VoicesFound) -> AnyView {
    let own = !found.own.is_empty();
    let only_own = untrack(|| url.get("source")).as_deref() == Some("cloned");
    let library = (!only_own).then(|| match found.trouble {
        Some(trouble) => out_of_reach(trouble),
        None => library(player, &found.library, found.all, own),
    });
    let nothing =
        (!own && (only_own || found.library.is_empty() && library.is_none())).then(|| untrack(|| none_of_own(url)));
    view! {
        {own.then(|| own_voices(player, found.own))}
        {nothing}
        {library}
    }
    .into_any()
}

fn own_voices(player: Player, voices: Vec<VoiceRow>) -> AnyView {
    let rows = voices.into_iter().map(|voice| own_voice(player, voice)).collect_view();
    view! {
        <section class="card" aria-labelledby="own-voices">
            <header><h2 id="own-voices">"Your own"</h2></header>
            <div class="rows" role="list" aria-label="Your own voices">{rows}</div>
        </section>
    }
    .into_any()
}

fn own_voice(player: Player, voice: VoiceRow) -> AnyView {
    let listen = match voice.state {
        VoiceState::Ready => player.button(voice.id.to_string(), &voice.name),
        _ => view! { <span class="btn icon-only sm" aria-hidden="true" aria-disabled="true">{icon("play")}</span> }
            .into_any(),
    };
    let about = about(&[
        language_name(&voice.language),
        voice.gender.map(Gender::label).unwrap_or_default(),
        &voice.accent,
        &used_by(voice.agents),
    ]);
    view! {
        <div role="listitem">
            {listen}
            <span class="grow">
                <a href=format!("/voices/{}", voice.id)><b>{voice.name}</b></a>
                <small>{about}</small>
                {(!voice.note.is_empty()).then(|| view! { <small class="bad-ink">{voice.note}</small> })}
            </span>
            {state(voice.state)}
        </div>
    }
    .into_any()
}

pub fn state(state: VoiceState) -> AnyView {
    let dot = match state {
        VoiceState::Waiting => StatusDot::Warn,
        VoiceState::Cloning => StatusDot::Work,
        VoiceState::Ready => StatusDot::Live,
        VoiceState::Failed => StatusDot::Fail,
    };
    status_dot(dot, state.label())
}

fn used_by(agents: i64) -> String {
    match agents {
        0 => String::new(),
        1 => "1 agent".to_owned(),
        many => format!("{many} agents"),
    }
}

/// What is said, with a dot between.
pub fn about(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

fn library(player: Player, voices: &[AvailableVoice], all: usize, own: bool) -> AnyView {
    if voices.is_empty() {
        // Something of one's own matches, so the page is not empty.
        if own {
            return ().into_any();
        }
        let words = format!("The library has {all} voices without these filters.");
        let clear = view! { <a class="btn" href="/voices">"Clear filters"</a> };
        return view! { <div class="card">{empty(Illustration::Empty, "No voice matches", words, clear)}</div> }
            .into_any();
    }
    let count = if voices.len() == all {
        format!("{all} voices, included in the price of a call")
    } else {
        format!("{} of {all} voices", voices.len())
    };
    let rows = voices.iter().map(|voice| line(player, voice)).collect_view();
    view! {
        <section class="card" aria-labelledby="library">
            <header><h2 id="library">"Library"</h2><span class="sub">{count}</span></header>
            <div class="rows" role="list" aria-label="Voices of the library">{rows}</div>
        </section>
    }
    .into_any()
}

fn line(player: Player, voice: &AvailableVoice) -> AnyView {
    let about = about(&[
        voice.language.as_deref().map(language_name).unwrap_or_default(),
        voice.gender.map(Gender::label).unwrap_or_default(),
        voice.accent.as_deref().unwrap_or_default(),
        voice.engine.as_deref().unwrap_or_default(),
    ]);
    let suits = voice
        .category
        .map(|category| view! { <span class="tag">{category.label()}</span> });
    view! {
        <div role="listitem">
            {voice.has_preview.then(|| player.button(voice.id.clone(), &voice.name))}
            <span class="grow">
                <b>{voice.name.clone()}</b>
                <small>{about}</small>
                {(!voice.description.is_empty()).then(|| view! { <small>{voice.description.clone()}</small> })}
            </span>
            {suits}
        </div>
    }
    .into_any()
}

fn out_of_reach(trouble: String) -> AnyView {
    view! {
        <div class="banner boxed" data-kind="warn" role="status">
            {status_dot(StatusDot::Warn, "The library did not load")}
            <p>{trouble}" Agents keep the voices they have, and can be saved."</p>
            <a class="btn sm" href="/voices" rel="external">"Try again"</a>
        </div>
    }
    .into_any()
}

fn none_of_own(url: UrlQuery) -> AnyView {
    if url.count(&FILTERS) > 1 {
        let clear = view! { <a class="btn" href=url.bare()>"Clear filters"</a> };
        return view! { <div class="card">{empty(Illustration::Empty, "No voice of your own matches", "Clear the filters to see all.", clear)}</div> }
            .into_any();
    }
    let (words, action) = if may(Action::Create, Kind::Voice) {
        (
            "Half a minute of somebody's speech makes a voice that your agents can have. Whoever it is has to agree.",
            view! { <a class="btn primary" href="/voices/new">{icon("plus")}"Clone a voice"</a> }.into_any(),
        )
    } else {
        (
            "Developers and admins of this organization make them. They appear here by themselves.",
            ().into_any(),
        )
    };
    view! { <div class="card">{empty(Illustration::Empty, "No voices of your own yet", words, action)}</div> }
        .into_any()
}
