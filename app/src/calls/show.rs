//! One call: while it rings and is talked on, and for as long afterwards as anybody asks what was said.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map},
};
use switchboard::{
    Error,
    analysis::{AnalysisState, CallAnalysis},
    calls::{Call, Conversation, Event, Medium, Note, Recording, Status},
    resource::{Action, Kind},
};

use super::{
    analysis::analysis,
    elapsed::Elapsed,
    events::{events, names, settings},
    facts::{advice, facts, no_recording},
    follow::follow,
    format::{dot_of, spaced, title_of},
    get_conversation,
    inspect::{inspect, response_time},
    marks::{deleting, notes, tags},
    place::{PlaceCall, Preset},
    player::{Player, player},
    stop_call,
    transcript::{keep_in_view, transcript},
    turns::{Turn, turn_at, turns},
};
use crate::{
    AppError,
    frame::nothing_here,
    kit::{
        Loading, PageHead, StatusDot, Toast, When, crumbs, icon, keyed_list, loaded, skeleton_rows, status_badge,
        status_dot, use_toasts,
    },
    may, org,
};

#[component]
pub fn CallPage() -> impl IntoView {
    let params = use_params_map();
    let mine = org();
    let first = Loading::new(
        move || params.with(|params| params.get("id").unwrap_or_default()),
        move |id| {
            let org = mine.clone();
            async move {
                let Ok(id) = id.parse() else { return Ok(None) };
                match get_conversation(org, id).await {
                    Err(AppError(Error::NotFound)) => Ok(None),
                    found => found.map(Some),
                }
            }
        },
    );
    loaded(first, "call", skeleton_rows, |found| {
        let Some(conversation) = found else {
            return nothing_here();
        };
        // Another call is another page: nothing of the one before may be left in it.
        keyed_list(
            move || vec![conversation.clone()],
            |found| found.call.id.to_string(),
            page,
        )
    })
}

/// Something of it is still to come.
fn unsettled(talk: &Conversation) -> bool {
    let call = &talk.call;
    let waits = |analysis: &CallAnalysis| analysis.state == AnalysisState::Waiting;
    !call.status.is_over()
        || talk.analysis.as_ref().is_some_and(waits)
        || call.recording == Recording::Pending
        || call.billing == switchboard::calls::Billing::Pending
}

fn page(first: Conversation) -> AnyView {
    let (mine, id) = (org(), first.call.id);
    let unsettled = unsettled(&first);
    let talk = RwSignal::new(first);
    let follow = follow(
        unsettled,
        move || get_conversation(mine.clone(), id),
        // A failure keeps what is there; the banner of the frame says when it grows old.
        move |answer| {
            if let Ok(conversation) = answer {
                talk.try_set(conversation);
            }
        },
    );
    let call = Memo::new(move |_| talk.with(|talk| talk.call.clone()));
    let turns: Memo<Vec<Turn>> = Memo::new(move |_| talk.with(|talk| turns(&talk.messages)));
    let happened: Memo<Vec<Event>> = Memo::new(move |_| talk.with(|talk| talk.events.clone()));
    let status = Memo::new(move |_| call.with(|call| call.status));
    let written: Memo<Vec<Note>> = Memo::new(move |_| talk.with(|talk| talk.notes.clone()));
    let found: Memo<Option<CallAnalysis>> = Memo::new(move |_| talk.with(|talk| talk.analysis.clone()));
    let verdict = Memo::new(move |_| found.with(|found| found.as_ref().and_then(|found| found.verdict)));
    let navigate = use_navigate();
    let gone = Callback::new(move |()| navigate("/calls", NavigateOptions::default()));
    let delete = deleting(call, gone);

    let stopping = RwSignal::new(false);
    let toasts = use_toasts();
    let org = StoredValue::new(org());
    let hang_up = Callback::new(move |()| {
        stopping.set(true);
        spawn_local(async move {
            let answer = stop_call(org.get_value(), id).await;
            stopping.try_set(false);
            if let Err(error) = answer {
                toasts.say(Toast::failed("The call goes on", &error));
            }
            follow.now();
        });
    });
    let calling = RwSignal::new(false);
    view! {
        {head(call, status, stopping, hang_up, calling, delete)}
        {move || waits(status, happened)}
        {move || call.with(advice)}
        {facts(call, turns, verdict)}
        <div class="split">
            <div class="stack">{conversation(call, status, turns)}</div>
            <div class="stack">
                {analysis(call, found, follow)}
                {tags(call, follow)}
                {notes(call, written, follow)}
                {call.with_untracked(settings)}
                {response_time(turns)}
                {inspect(call)}
                {events(call, happened)}
                {names(call)}
            </div>
        </div>
        {may(Action::Create, Kind::Call).then(|| view! { <PlaceCall open=calling preset=Signal::derive(move || call.with(again))/> })}
    }
    .into_any()
}

/// The same call once more.
fn again(call: &Call) -> Preset {
    Preset {
        of_draft: call.agent_version.is_none(),
        agent: call.agent_id,
        number: call.to_number.as_deref().map(spaced).unwrap_or_default(),
        values: call.variables.clone(),
    }
}

fn head(
    call: Memo<Call>,
    status: Memo<Status>,
    stopping: RwSignal<bool>,
    hang_up: Callback<()>,
    calling: RwSignal<bool>,
    delete: Callback<()>,
) -> AnyView {
    let fixed = call.get_untracked();
    let title = title_of(fixed.medium, fixed.to_number.as_deref());
    let beside = move || (move || status_badge(dot_of(status.get()), status.get().label())).into_any();
    let phone = fixed.medium == Medium::Phone;
    let sub = move || {
        let agent = match fixed.agent_id {
            Some(id) => view! { <a href=format!("/agents/{id}")>{fixed.agent_name.clone()}</a> }.into_any(),
            None => view! { {fixed.agent_name.clone()}" (deleted)" }.into_any(),
        };
        let version = match (fixed.agent_id, fixed.agent_version) {
            (Some(id), Some(number)) => {
                view! { " "<a class="strip" href=format!("/agents/{id}/versions") title="The version it ran">"v"{number}</a> }.into_any()
            }
            (None, Some(number)) => view! { " "<span class="strip">"v"{number}</span> }.into_any(),
            (_, None) => view! { " "<span class="strip" title="A test of the draft">"draft"</span> }.into_any(),
        };
        let from = fixed
            .from_number
            .as_deref()
            .map(|from| format!(" from {}", spaced(from)));
        let how = if phone { "Called by " } else { "Written with " };
        view! { {how}{agent}{version}{from}" · "<When at=fixed.created_at/> }.into_any()
    };
    let actions = move || {
        let hang_up_button = move || {
            (status.get().is_live() && may(Action::Update, Kind::Call)).then(|| {
                let words = if phone { "Hang up" } else { "End conversation" };
                view! {
                    <button type="button" class="btn danger solid" aria-busy=move || stopping.get().to_string() on:click=move |_| {
                        if !stopping.get_untracked() {
                            hang_up.run(());
                        }
                    }>{icon("unplug")}{words}</button>
                }
            })
        };
        let download = move || {
            let ready = call.with(|call| call.recording == Recording::Ready);
            let id = call.with_untracked(|call| call.id);
            ready.then(|| {
                view! {
                    <a class="btn" href=format!("/app/calls/{id}/recording") download=format!("call-{id}.wav") rel="external">
                        {icon("download")}"Download"
                    </a>
                }
            })
        };
        let again = move || {
            let possible = status.get().is_over()
                && phone
                && may(Action::Create, Kind::Call)
                && call.with(|call| call.agent_id.is_some());
            possible.then(|| {
                view! { <button type="button" class="btn primary" on:click=move |_| calling.set(true)>{icon("call")}"Call again"</button> }
            })
        };
        let delete_button = move || {
            (status.get().is_over() && may(Action::Delete, Kind::Call)).then(|| {
                view! { <button type="button" class="btn quiet danger" on:click=move |_| delete.run(())>{icon("trash")}"Delete…"</button> }
            })
        };
        view! { {delete_button}{download}{again}{hang_up_button} }.into_any()
    };
    view! { <PageHead title=title beside=beside sub=sub crumbs=|| crumbs(&[("Calls", "/calls")]) actions=actions/> }
        .into_any()
}

/// Somebody asked to hang up, and it has not happened yet.
fn waits(status: Memo<Status>, happened: Memo<Vec<Event>>) -> Option<AnyView> {
    let asked = happened.with(|events| events.iter().any(|event| event.kind == "stop_asked"));
    if !asked || !status.get().is_live() {
        return None;
    }
    let why = happened.with(|events| {
        events
            .iter()
            .rev()
            .find(|event| event.kind == "stop_waits")
            .map(|event| event.note.clone())
    });
    Some(
        view! {
            <div class="banner boxed" data-kind="warn" role="status">
                {status_dot(StatusDot::Work, "Hanging up")}
                <p>{why.unwrap_or_else(|| "Ultravox was asked to end this call.".to_owned())}</p>
            </div>
        }
        .into_any(),
    )
}

fn conversation(call: Memo<Call>, status: Memo<Status>, turns: Memo<Vec<Turn>>) -> AnyView {
    let sound = Player::new();
    let ready = Memo::new(move |_| call.with(|call| call.recording == Recording::Ready));
    let playable = Signal::derive(move || ready.get().then_some(sound));
    let live = Signal::derive(move || status.get().is_live());
    let current = Memo::new(move |_| {
        if live.get() {
            return turns.with(|turns| turns.last().map(|turn| turn.seq));
        }
        let ms = sound.moment_ms()?;
        turns.with(|turns| turn_at(turns, ms))
    });
    keep_in_view(current, move || {
        sound.follow.get_untracked() && (live.get_untracked() || sound.is_playing())
    });
    let id = call.with_untracked(|call| call.id);
    let joined = Memo::new(move |_| call.with(|call| call.joined_at));
    let clock = move || {
        let since = joined.get().filter(|_| live.get())?;
        Some(view! { <span class="push cluster">{status_dot(StatusDot::Live, "Live")}<Elapsed since=since/></span> })
    };
    let keys = move || {
        ready.get().then(|| {
            view! { <span class="keyhint push wide"><kbd>"Space"</kbd>" play "<kbd>"←"</kbd><kbd>"→"</kbd>" 5 s, with Shift a turn"</span> }
        })
    };
    let silent = Memo::new(move |_| turns.with(Vec::is_empty));
    let words = move || {
        if silent.get() {
            nothing_said(status.get(), call).into_any()
        } else {
            transcript(turns, current, playable, live)
        }
    };
    view! {
        <section class="card conversation">
            <header><h2>"Conversation"</h2>{clock}{keys}</header>
            {move || ready.get().then(|| player(sound, id, turns))}
            {move || call.with(no_recording)}
            {words}
        </section>
    }
    .into_any()
}

fn nothing_said(status: Status, call: Memo<Call>) -> AnyView {
    let words = match status {
        Status::Queued => "Waiting for Ultravox to take the call.",
        Status::Ringing => "It rings. Words appear here as they are spoken.",
        Status::InProgress => "Answered. Words appear here as they are spoken.",
        Status::Processing => "The transcript is being fetched from Ultravox.",
        _ if call.with(|call| call.joined_at.is_none()) => "Nobody answered, so nothing was said.",
        _ if call.with(|call| call.transcript_deleted_at.is_some()) => {
            "The transcript was deleted. It was kept as long as the agent's settings said then."
        }
        _ => "Nothing was said.",
    };
    view! { <p class="quiet-note">{words}</p> }.into_any()
}
