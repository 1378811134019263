//! One voice of one's own: how far it is, how it sounds, whose it is, and who speaks with it.

use futures_util::try_join;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map},
};
use switchboard::{
    Error, Id,
    agents::language_name,
    check::Check,
    resource::{Action, Kind},
    voices::{Gender, Voice, VoiceAgent, VoiceDraft, VoiceSample, VoiceState},
};

use super::{
    actions::{Deleting, deleting},
    get_voice,
    list::{about, state},
    new::VoiceForm,
    preview::{Player, use_player},
    retry_voice,
    sample::{Sample, sample},
    update_voice, voice_agents,
};
use crate::{
    AppError,
    kit::{
        Ago, Asks, Copy, DialogForm, Loading, PageHead, Toast, aria_bool, crumbs, form_state, icon, loaded,
        skeleton_rows, use_live, use_toasts,
    },
    may, org,
};

#[component]
pub fn VoicePage() -> impl IntoView {
    let params = use_params_map();
    let org = org();
    let id = Memo::new(move |_| params.with(|params| params.get_str("id").and_then(|id| id.parse::<Id<Voice>>().ok())));
    let (live, agents) = (use_live(Kind::Voice), use_live(Kind::Agent));
    let voice = Loading::new(
        move || (id.get(), live.get(), agents.get()),
        move |(id, ..)| {
            let org = org.clone();
            async move {
                match id {
                    Some(id) => try_join!(get_voice(org.clone(), id), voice_agents(org, id)),
                    None => Err(AppError(Error::NotFound)),
                }
            }
        },
    );
    let navigate = use_navigate();
    // Not of what is loaded: that is drawn anew, and found to be gone, while the deletion is being answered.
    let parts = Parts {
        player: use_player(),
        deleting: deleting(),
        gone: Callback::new(move |()| navigate("/voices", NavigateOptions::default())),
        editing: editing(),
        sound: sample(),
    };
    let shown = loaded(voice, "voice", skeleton_rows, move |(voice, agents)| {
        page(voice, &agents, parts)
    });
    view! {
        {parts.player.element()}
        {shown}
        {parts.editing.dialog()}
    }
}

#[derive(Clone, Copy)]
struct Parts {
    player: Player,
    deleting: Deleting,
    gone: Callback<()>,
    editing: Editing,
    /// Not of what is loaded either: what was chosen or recorded stays when the page is drawn anew.
    sound: Sample,
}

fn page(voice: Voice, agents: &[VoiceAgent], parts: Parts) -> AnyView {
    let sub = about(&[
        language_name(&voice.draft.language),
        voice.draft.gender.map(Gender::label).unwrap_or_default(),
        &voice.draft.accent,
        &voice.draft.description,
    ]);
    let (edited, doomed) = (voice.clone(), (voice.id, voice.draft.name.clone()));
    let buttons = move || {
        let (edited, (id, name)) = (edited.clone(), doomed.clone());
        let edit = may(Action::Update, Kind::Voice).then(|| {
            view! { <button type="button" class="btn" on:click=move |_| parts.editing.open(&edited)>{icon("edit")}"Edit"</button> }
        });
        let delete = may(Action::Delete, Kind::Voice).then(|| {
            view! {
                <button type="button" class="btn danger" on:click=move |_| parts.deleting.ask(id, name.clone(), parts.gone)>
                    {icon("trash")}
                    "Delete…"
                </button>
            }
        });
        view! { {edit}{delete} }.into_any()
    };
    let lamp = voice.state;
    view! {
        <PageHead title=voice.draft.name.clone() beside=move || state(lamp) sub=move || sub.clone().into_any() actions=buttons
            crumbs=|| crumbs(&[("Voices", "/voices")])/>
        <div class="split">
            <div class="stack">
                {how_far(&voice, parts)}
                {used_by(agents, voice.state)}
            </div>
            <div class="stack">
                {consent(&voice)}
                {voice.sample.as_ref().map(measured)}
            </div>
        </div>
    }
    .into_any()
}

/// What there is to do next.
fn how_far(voice: &Voice, parts: Parts) -> AnyView {
    let writes = may(Action::Update, Kind::Voice);
    let id = voice.id;
    let listen = voice
        .sample
        .is_some()
        .then(|| view! { <audio controls preload="none" src=format!("/app/voices/{id}/sample") aria-label="The sample"></audio> });
    let body = match voice.state {
        VoiceState::Ready => view! {
            <p class="cluster">{parts.player.button(id.to_string(), &voice.draft.name)}<span>"Agents can have it: choose it under "<b>"Voice"</b>" in an agent's editor."</span></p>
        }
        .into_any(),
        VoiceState::Cloning => view! {
            <p role="status">"The provider is making it from the sample. You can leave; this page says when it is ready."</p>
        }
        .into_any(),
        VoiceState::Failed => view! {
            <p class="bad-ink" role="alert">{voice.note.clone()}</p>
            {writes.then(|| again(id))}
            {writes.then(|| give(id, parts.sound, "Use another sample"))}
        }
        .into_any(),
        VoiceState::Waiting if writes => give(id, parts.sound, "Clone voice"),
        VoiceState::Waiting => view! { <p>"It has no sample yet. Developers and admins give it one."</p> }.into_any(),
    };
    view! {
        <section class="card" aria-labelledby="sound">
            <header><h2 id="sound">"Sound"</h2></header>
            <div class="body stack s3">{body}{listen}</div>
        </section>
    }
    .into_any()
}

fn again(id: Id<Voice>) -> AnyView {
    let (org, toasts, pending) = (org(), use_toasts(), RwSignal::new(false));
    let retry = move |_| {
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        let org = org.clone();
        spawn_local(async move {
            // The page is told of it by itself.
            if let Err(error) = retry_voice(org, id).await {
                toasts.say(Toast::failed("It was not tried again", &error));
            }
            pending.try_set(false);
        });
    };
    view! { <p><button type="button" class="btn primary" aria-busy=aria_bool(move || pending.get()) on:click=retry>{icon("refresh")}"Try again"</button></p> }
        .into_any()
}

/// A sample for a voice that has none, or one that could not be cloned.
fn give(id: Id<Voice>, sound: Sample, verb: &'static str) -> AnyView {
    let (pending, failure) = (RwSignal::new(false), RwSignal::new(None::<AppError>));
    let form = form_state(failure.into(), pending.into());
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        failure.set(None);
        pending.set(true);
        spawn_local(async move {
            let sent = sound.send(id).await;
            pending.try_set(false);
            if let Err(error) = sent {
                failure.try_set(Some(error));
            }
        });
    };
    view! {
        <form method="post" novalidate class="stack s3" on:submit=send>
            {form.notice()}
            {sound.field()}
            <p><button type="submit" class="btn" aria-busy=aria_bool(move || pending.get())>{verb}</button></p>
        </form>
    }
    .into_any()
}

fn used_by(agents: &[VoiceAgent], state: VoiceState) -> AnyView {
    let inside = if agents.is_empty() {
        let words = if state == VoiceState::Ready {
            "No agent speaks with it yet."
        } else {
            "Once it is ready, agents can have it."
        };
        view! { <p class="quiet-note">{words}</p> }.into_any()
    } else {
        let rows = agents
            .iter()
            .map(|agent| {
                view! {
                    <div role="listitem">
                        {icon("agent")}
                        <a class="grow" href=format!("/agents/{}", agent.id)><b>{agent.name.clone()}</b></a>
                    </div>
                }
            })
            .collect_view();
        view! { <div class="rows" role="list" aria-label="Agents that speak with this voice">{rows}</div> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="used-by">
            <header><h2 id="used-by">"Used by"</h2></header>
            {inside}
        </section>
    }
    .into_any()
}

fn consent(voice: &Voice) -> AnyView {
    let given = voice.consent.given_at;
    view! {
        <section class="card" aria-labelledby="consent">
            <header><h2 id="consent">"Consent"</h2></header>
            <div class="body stack s3">
                <blockquote class="statement">{voice.consent.statement.clone()}</blockquote>
                <dl class="kv">
                    <dt>"Whose voice"</dt><dd>{voice.draft.speaker.clone()}</dd>
                    <dt>"Recorded"</dt><dd><Ago at=given/></dd>
                    <dt>"By"</dt><dd>{voice.consent.giver.clone().unwrap_or_else(|| "somebody who is gone".to_owned())}</dd>
                </dl>
            </div>
            <footer>"Kept as long as the voice, with the sample it is about."</footer>
        </section>
    }
    .into_any()
}

fn measured(sample: &VoiceSample) -> AnyView {
    let (seconds, loudness) = (sample.duration_ms / 1000, sample.loudness);
    view! {
        <section class="card" aria-labelledby="measured">
            <header><h2 id="measured">"Sample"</h2></header>
            <div class="body">
                <dl class="kv">
                    <dt>"Length"</dt><dd>{format!("{seconds} s")}</dd>
                    <dt>"Loudness"</dt><dd>{format!("−{}.{} LUFS", loudness.abs() / 10, loudness.abs() % 10)}</dd>
                    <dt>"Size"</dt><dd>{format!("{} kB", sample.bytes / 1000)}</dd>
                    <dt>"SHA-256"</dt><dd class="mono"><Copy text=sample.sha256.clone() label="fingerprint"/></dd>
                </dl>
            </div>
        </section>
    }
    .into_any()
}

/// Changing what a voice is called and how it is found.
#[derive(Clone, Copy)]
struct Editing {
    form: VoiceForm,
    which: RwSignal<Option<(Id<Voice>, i64)>>,
    asking: DialogForm,
}

fn editing() -> Editing {
    Editing {
        form: VoiceForm(RwSignal::new(VoiceDraft::default())),
        which: RwSignal::new(None),
        asking: DialogForm::default(),
    }
}

impl Editing {
    fn open(self, voice: &Voice) {
        self.form.0.set(voice.draft.clone());
        self.which.set(Some((voice.id, voice.revision)));
        self.asking.show();
    }

    fn dialog(self) -> AnyView {
        let (org, toasts) = (StoredValue::new(org()), use_toasts());
        let asks = Asks {
            id: "voice-form",
            title: Signal::stored("Edit voice".to_owned()),
            sub: Signal::stored("Agents that have it keep it, whatever it is called.".to_owned()),
            verb: Signal::stored("Save voice".to_owned()),
            destroys: false,
        };
        let save = move || {
            let (draft, which) = (self.form.0.get_untracked(), self.which.get_untracked());
            let org = org.get_value();
            self.asking.send(async move {
                Check::run(&draft).map_err(AppError)?;
                let (id, revision) = which.ok_or(AppError(Error::NotFound))?;
                let voice = update_voice(org, id, draft, revision).await?;
                toasts.say(Toast::done(format!("{} saved", voice.draft.name)));
                Ok(())
            });
        };
        self.asking.draw(asks, move || self.form.fields(), save)
    }
}
