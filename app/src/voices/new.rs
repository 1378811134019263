//! Cloning a voice: what it is called, whose it is, that they agree, and the sample.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use switchboard::{
    Error, Id,
    agents::LANGUAGES,
    check::Check,
    resource::{Action, Kind},
    voices::{Gender, Voice, VoiceDraft, statement},
};

use super::{
    create_voice,
    sample::{Sample, sample},
    update_voice,
};
use crate::{
    AppError,
    kit::{
        self, FormState, PageHead, Select, TextField, aria_bool, ask_before_leaving, complaint, crumbs,
        focus_first_error, form_state, keys::on_ctrl, reactive_text,
    },
    may, org,
};

/// The draft of a voice, in a form.
#[derive(Clone, Copy)]
pub struct VoiceForm(pub RwSignal<VoiceDraft>);

impl VoiceForm {
    fn text(
        self,
        get: fn(&VoiceDraft) -> &String,
        get_mut: fn(&mut VoiceDraft) -> &mut String,
    ) -> (Memo<String>, Callback<String>) {
        let draft = self.0;
        (
            Memo::new(move |_| draft.with(|draft| get(draft).clone())),
            Callback::new(move |text: String| draft.update(|draft| *get_mut(draft) = text)),
        )
    }

    /// What it is called, and how it is found.
    pub fn fields(self) -> AnyView {
        let draft = self.0;
        let (name, set_name) = self.text(|draft| &draft.name, |draft| &mut draft.name);
        let (description, describe) = self.text(|draft| &draft.description, |draft| &mut draft.description);
        let (language, set_language) = self.text(|draft| &draft.language, |draft| &mut draft.language);
        let (accent, set_accent) = self.text(|draft| &draft.accent, |draft| &mut draft.accent);
        let gender = Memo::new(move |_| {
            let gender = draft.with(|draft| draft.gender);
            gender.map(Gender::word).unwrap_or_default().to_owned()
        });
        let set_gender =
            Callback::new(move |word: String| draft.update(|draft| draft.gender = Gender::from_word(&word)));
        let languages: Vec<_> = LANGUAGES
            .iter()
            .map(|(tag, name)| ((*tag).to_owned(), (*name).to_owned()))
            .collect();
        let mut genders = vec![(String::new(), "Not said".to_owned())];
        genders.extend(
            Gender::ALL
                .iter()
                .map(|gender| (gender.word().to_owned(), gender.label().to_owned())),
        );
        view! {
            <div class="form-grid">
                <TextField path="name" label="Name" value=name on_input=set_name autocomplete="off"/>
                <Select path="language" label="Language" options=languages value=language on_change=set_language
                    help="The one that is spoken in the sample."/>
                <Select path="gender" label="Gender" options=genders value=gender on_change=set_gender/>
                <TextField path="accent" label="Accent" value=accent on_input=set_accent optional=true placeholder="Irish"/>
            </div>
            <TextField path="description" label="Description" value=description on_input=describe optional=true
                placeholder="Calm, for mornings"/>
        }
        .into_any()
    }
}

#[component]
pub fn VoiceNew() -> impl IntoView {
    let form = VoiceForm(RwSignal::new(VoiceDraft {
        language: "en-US".to_owned(),
        ..VoiceDraft::default()
    }));
    let draft = form.0;
    let sound = sample();
    let (pending, failure) = (RwSignal::new(false), RwSignal::new(None::<AppError>));
    // What is there already, after a first try whose sample was refused.
    let made = RwSignal::new(None::<(Id<Voice>, i64)>);
    let state = form_state(failure.into(), pending.into());
    let start = draft.get_untracked();
    let dirty = Memo::new(move |_| draft.with(|draft| *draft != start) || sound.sound.with(Option::is_some));
    let done = RwSignal::new(false);
    ask_before_leaving(
        Memo::new(move |_| dirty.get() && !done.get()),
        "What you typed and recorded here is lost.",
    );
    let navigate = use_navigate();
    let go = Callback::new(move |id: Id<Voice>| {
        let options = NavigateOptions {
            replace: true,
            ..NavigateOptions::default()
        };
        navigate(&format!("/voices/{id}"), options);
    });
    let writes = may(Action::Create, Kind::Voice);
    let mine = org();
    let save = move || {
        if pending.get_untracked() || !writes {
            return;
        }
        failure.set(None);
        let refuse = move |error: AppError| {
            failure.try_set(Some(error));
            focus_first_error();
        };
        let typed = draft.get_untracked();
        if let Err(error) = check(&typed, sound) {
            return refuse(AppError(error));
        }
        pending.set(true);
        let org = mine.clone();
        spawn_local(async move {
            let voice = match made.get_untracked() {
                Some((id, revision)) => update_voice(org, id, typed, revision).await,
                None => create_voice(org, typed).await,
            };
            let answer = match voice {
                Ok(voice) => {
                    made.try_set(Some((voice.id, voice.revision)));
                    sound.send(voice.id).await.map(|()| voice.id)
                }
                Err(error) => Err(error),
            };
            pending.try_set(false);
            match answer {
                Ok(id) => {
                    done.try_set(true);
                    // Whoever left meanwhile has it cloned all the same.
                    let _ = go.try_run(id);
                }
                Err(error) => refuse(error),
            }
        });
    };
    let save = StoredValue::new(save);
    on_ctrl("s", move || save.with_value(|save| save()));
    let buttons = move || {
        view! {
            <a class="btn quiet" href="/voices">"Cancel"</a>
            {writes.then(|| view! {
                <button type="submit" form="voice" class="btn primary" title="Ctrl S" aria-busy=aria_bool(move || pending.get())>"Clone voice"</button>
            })}
        }
        .into_any()
    };
    view! {
        <PageHead title="Clone a voice" sub=|| "Half a minute of speech, and the word of whoever speaks.".into_any() actions=buttons
            crumbs=|| crumbs(&[("Voices", "/voices")])/>
        <div class="notices stack s2">{state.notice()}</div>
        <form id="voice" method="post" novalidate on:submit=move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            save.with_value(|save| save());
        }>
            <fieldset class="stack s3" disabled=!writes>
                <legend class="sr">"Voice"</legend>
                <section class="card" aria-labelledby="about-voice">
                    <header><h2 id="about-voice">"Voice"</h2></header>
                    <div class="body stack s3">{form.fields()}</div>
                </section>
                {consent(form)}
                <section class="card" aria-labelledby="voice-sample">
                    <header><h2 id="voice-sample">"Sample"</h2></header>
                    <div class="body stack s3">{sound.field()}</div>
                </section>
            </fieldset>
        </form>
    }
}

fn check(draft: &VoiceDraft, sound: Sample) -> Result<(), Error> {
    Check::run(draft)?;
    if sound.sound.with_untracked(Option::is_none) {
        return Err(Error::invalid("sample", "Choose a file, or record one."));
    }
    Ok(())
}

/// Whose voice it is, and that they agree.
fn consent(form: VoiceForm) -> AnyView {
    let draft = form.0;
    let (speaker, set_speaker) = form.text(|draft| &draft.speaker, |draft| &mut draft.speaker);
    let agreed = Memo::new(move |_| draft.with(|draft| draft.agreed));
    let agree = Callback::new(move |agreed| draft.update(|draft| draft.agreed = agreed));
    let state = use_context::<FormState>();
    let wrong = Memo::new(move |_| state.and_then(|state| state.error_at("agreed")));
    let words = move || {
        let speaker = speaker.get();
        let speaker = speaker.trim();
        statement(if speaker.is_empty() { "…" } else { speaker })
    };
    view! {
        <section class="card" aria-labelledby="consent">
            <header><h2 id="consent">"Consent"</h2></header>
            <div class="body stack s3">
                <TextField path="speaker" label="Whose voice it is" value=speaker on_input=set_speaker autocomplete="off"
                    help="Their full name. It is kept with the voice, together with the sample and who gave it."/>
                <blockquote class="statement">{reactive_text(words)}</blockquote>
                <kit::Check path="agreed" label="They agree to this statement" value=agreed on_change=agree
                    help="Best spoken at the beginning of the sample."/>
                <p class="bad-ink small" id="f-agreed-err" role="alert">{complaint(wrong)}</p>
            </div>
        </section>
    }
    .into_any()
}
