//! Facts: a call in one line: why it ended, how long, how quick, how much, and what to do where it went wrong.

use chrono::TimeDelta;
use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    analysis::Verdict,
    calls::{Billing, Call, EndReason, Recording, Status},
    resource::{Action, Kind},
};

use super::{
    analysis::verdict_badge,
    elapsed::Elapsed,
    format::{blame, clock, delay, dot_of, price_of, span},
    turns::{Turn, usual_delay},
};
use crate::{
    kit::{Day, StatusDot, status_dot},
    may,
    members::list_members,
    org, viewer,
};

pub fn facts(call: Memo<Call>, turns: Memo<Vec<Turn>>, verdict: Memo<Option<Verdict>>) -> AnyView {
    let judged = move || verdict.get().map(|verdict| fact("Verdict", verdict_badge(verdict)));
    let quick = move || {
        turns
            .with(|turns| usual_delay(turns))
            .map(|ms| fact("Answers after", delay(ms).into_any()))
    };
    let strip = move || {
        let call = call.get();
        view! {
            {(!call.status.is_live()).then(|| fact("Ended because", ended(&call)))}
            {call.disposition.clone().map(|name| fact("Disposition", name.into_any()))}
            {with_whom(&call).map(|contact| fact("Contact", contact))}
            {fact("Talk time", talk_time(&call))}
            {(call.to_number.is_some()).then(|| fact("Rang for", rang(&call)))}
            {fact("Price", price(&call))}
            {kept_until(&call)}
        }
    };
    // Outside the strip, which is drawn anew with every change: who placed a call never changes.
    let by = fact("Placed by", call.with_untracked(placed_by));
    view! { <div class="card"><dl class="facts">{judged}{strip}{quick}{by}</dl></div> }.into_any()
}

fn fact(name: &'static str, value: AnyView) -> AnyView {
    view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any()
}

fn ended(call: &Call) -> AnyView {
    match call.end_reason {
        Some(reason) => view! { {reason.label()} }.into_any(),
        None => view! { <span class="muted">"Being found out"</span> }.into_any(),
    }
}

/// The contact whose number it is, with the way there for whoever may see them, or the way to make them one.
fn with_whom(call: &Call) -> Option<AnyView> {
    let Some(id) = call.contact_id else {
        let digits = call.to_number.as_deref()?.strip_prefix('+')?;
        return may(Action::Create, Kind::Contact)
            .then(|| view! { <a href=format!("/contacts/new?phone=%2B{digits}")>"Add to contacts"</a> }.into_any());
    };
    let name = call.contact_name.clone().unwrap_or_default();
    Some(if may(Action::Read, Kind::Contact) {
        view! { <a href=format!("/contacts/{id}")>{name}</a> }.into_any()
    } else {
        name.into_any()
    })
}

fn talk_time(call: &Call) -> AnyView {
    match (call.talk_ms(), call.joined_at) {
        (Some(ms), _) => clock(ms).into_any(),
        (None, Some(_)) if call.status.is_over() => "Not known".into_any(),
        (None, Some(joined)) => view! { <Elapsed since=joined/> }.into_any(),
        (None, None) => "–".into_any(),
    }
}

fn rang(call: &Call) -> AnyView {
    match call.joined_at.or(call.ended_at) {
        Some(until) => span((until - call.created_at).num_milliseconds()).into_any(),
        None if call.status.is_over() => "Not known".into_any(),
        None => view! { <Elapsed since=call.created_at/> }.into_any(),
    }
}

fn price(call: &Call) -> AnyView {
    let words = price_of(call);
    match call.billing {
        Billing::Pending if call.status.is_over() => view! { {status_dot(StatusDot::Work, words)} }.into_any(),
        Billing::Billed => {
            let billed = call.billed_ms.map(|ms| format!(" for {} billed", clock(ms)));
            view! { {words}<span class="aside-note">{billed}</span> }.into_any()
        }
        Billing::None => view! { {words}<span class="aside-note">" it never reached Ultravox"</span> }.into_any(),
        _ => view! { <span class="muted">{words}</span> }.into_any(),
    }
}

/// The last day of what is not kept for good.
fn kept_until(call: &Call) -> Vec<AnyView> {
    let sound = call.recording_until.filter(|_| call.recording == Recording::Ready);
    let words = call.transcript_until.filter(|_| call.transcript_deleted_at.is_none());
    // It goes at the midnight with which the day after begins.
    let last = |moment| view! { <Day at=moment - TimeDelta::seconds(1)/> }.into_any();
    [("Recording until", sound), ("Transcript until", words)]
        .into_iter()
        .filter_map(|(name, until)| Some(fact(name, last(until?))))
        .collect()
}

/// A name where it can be known: the call itself keeps only who it was by id.
fn placed_by(call: &Call) -> AnyView {
    let by = call.placed_by.clone();
    let me = viewer().person.is_some_and(|person| person.id.to_string() == by);
    if me {
        return "You".into_any();
    }
    if !by.starts_with("user_") {
        return format!("API key {}", by.get(..8).unwrap_or(&by)).into_any();
    }
    let name = RwSignal::new(None::<String>);
    let org = StoredValue::new(org());
    Effect::new(move |_| {
        let by = by.clone();
        spawn_local(async move {
            let members = list_members(org.get_value()).await.unwrap_or_default();
            let member = members.into_iter().find(|member| member.user_id.to_string() == by);
            name.try_set(member.map(|member| member.name));
        });
    });
    (move || name.get().unwrap_or_else(|| "A colleague".to_owned())).into_any()
}

/// What to do about a call that did not become a conversation, or whose rest is missing.
pub fn advice(call: &Call) -> Option<AnyView> {
    let reason = call.end_reason?;
    if !matches!(call.status, Status::Failed | Status::NotConnected) && reason.advice().is_empty() {
        return None;
    }
    let kind = if call.status == Status::Failed {
        "fault"
    } else {
        "quiet"
    };
    let said = (!call.end_detail.is_empty()).then(|| {
        let sentence = call.end_detail.contains(' ') && call.end_detail.ends_with('.');
        if sentence {
            view! { <span>{call.end_detail.clone()}" "</span> }.into_any()
        } else {
            view! { <span class="muted">"Reported as "<code>{call.end_detail.clone()}</code>". "</span> }.into_any()
        }
    });
    let agent = call.agent_id.filter(|_| reason == EndReason::AgentMissing).map(|id| {
        view! { <a class="btn sm" href=format!("/agents/{id}")>"Open the agent"</a> }
    });
    let head = match blame(reason).filter(|_| call.status == Status::Failed) {
        Some(sentence) => format!("{sentence} "),
        None => format!("{}. ", reason.label()),
    };
    Some(
        view! {
            <div class="banner boxed" data-kind=kind>
                {status_dot(dot_of(call.status), call.status.label())}
                <p><b>{head}</b>{said}{reason.advice()}</p>
                {agent}
            </div>
        }
        .into_any(),
    )
}

/// What stands where the player would be.
pub fn no_recording(call: &Call) -> Option<AnyView> {
    let (state, word, text) = match (call.recording, call.status) {
        (Recording::Ready, _) => return None,
        (_, status) if !status.is_over() => return None,
        (Recording::Pending, _) => (
            StatusDot::Work,
            "Recording on its way",
            "It appears here by itself, usually within half a minute.",
        ),
        (Recording::Failed, _) => (
            StatusDot::Warn,
            "No recording",
            "Ultravox recorded this call but did not hand the file out. The transcript below is complete.",
        ),
        (Recording::Deleted, _) => (
            StatusDot::Off,
            "Recording deleted",
            "It was kept as long as the agent's settings said then.",
        ),
        (Recording::None, _) if call.joined_at.is_some() && call.to_number.is_some() => (
            StatusDot::Off,
            "Not recorded",
            "Recording is off in the agent's settings.",
        ),
        _ => return None,
    };
    Some(
        view! { <div class="no-recording">{status_dot(state, word)}<span class="muted">{text}</span></div> }.into_any(),
    )
}
