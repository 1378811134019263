//! Facts: a call in one line: why it ended, how long, how quick, how much, and what to do where it went wrong.

use leptos::prelude::*;
use switchboard::calls::{Billing, Call, Recording, Status};

use super::{
    elapsed::Elapsed,
    turns::{Turn, usual_delay},
    words::{clock, delay, fault_of, lamp_of, price_of, span},
};
use crate::{
    kit::{Lamp, lamp},
    viewer,
};

pub fn facts(call: Memo<Call>, turns: Memo<Vec<Turn>>) -> AnyView {
    let quick = move || {
        turns
            .with(|turns| usual_delay(turns))
            .map(|ms| fact("Answers after", delay(ms).into_any()))
    };
    let strip = move || {
        let call = call.get();
        view! {
            {fact("Ended because", ended(&call))}
            {fact("Talk time", talk_time(&call))}
            {(call.to_number.is_some()).then(|| fact("Rang for", rang(&call)))}
            {fact("Price", price(&call))}
            {fact("Placed by", placed_by(&call).into_any())}
        }
    };
    view! { <div class="card"><dl class="facts">{strip}{quick}</dl></div> }.into_any()
}

fn fact(name: &'static str, value: AnyView) -> AnyView {
    view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any()
}

fn ended(call: &Call) -> AnyView {
    match call.end_reason {
        Some(reason) => view! { {reason.label()} }.into_any(),
        None if call.status == Status::Processing => view! { <span class="muted">"Being found out"</span> }.into_any(),
        None => view! { <span class="muted">"It has not ended"</span> }.into_any(),
    }
}

fn talk_time(call: &Call) -> AnyView {
    match (call.talk_ms(), call.joined_at) {
        (Some(ms), _) => clock(ms).into_any(),
        (None, Some(joined)) => view! { <Elapsed since=joined/> }.into_any(),
        (None, None) => "–".into_any(),
    }
}

fn rang(call: &Call) -> AnyView {
    match call.joined_at.or(call.ended_at) {
        Some(until) => span((until - call.created_at).num_milliseconds()).into_any(),
        None => view! { <Elapsed since=call.created_at/> }.into_any(),
    }
}

fn price(call: &Call) -> AnyView {
    let words = price_of(call);
    match call.billing {
        Billing::Pending if call.status.is_over() => view! { {lamp(Lamp::Work, words)} }.into_any(),
        Billing::Billed => {
            let billed = call.billed_ms.map(|ms| format!(" for {} billed", clock(ms)));
            view! { {words}<span class="aside-note">{billed}</span> }.into_any()
        }
        Billing::None => view! { {words}<span class="aside-note">" it never reached Ultravox"</span> }.into_any(),
        _ => view! { <span class="muted">{words}</span> }.into_any(),
    }
}

fn placed_by(call: &Call) -> String {
    let me = viewer()
        .person
        .is_some_and(|person| person.id.to_string() == call.placed_by);
    if me {
        "You".to_owned()
    } else if call.placed_by.starts_with("user_") {
        format!("A colleague, {}", call.placed_by)
    } else {
        format!("API key {}", call.placed_by.get(..8).unwrap_or(&call.placed_by))
    }
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
    let who = fault_of(reason).filter(|_| call.status == Status::Failed);
    let said = (!call.end_detail.is_empty()).then(|| {
        let sentence = call.end_detail.contains(' ') && call.end_detail.ends_with('.');
        if sentence {
            view! { <span>{call.end_detail.clone()}" "</span> }.into_any()
        } else {
            view! { <span class="muted">"Reported as "<code>{call.end_detail.clone()}</code>". "</span> }.into_any()
        }
    });
    let agent = call
        .agent_id
        .filter(|_| reason == switchboard::calls::EndReason::AgentMissing)
        .map(|id| {
            view! { <a class="btn sm" href=format!("/agents/{id}")>"Open the agent"</a> }
        });
    let head = match who {
        Some(who) => format!("{}: {}. ", who, lower(reason.label())),
        None => format!("{}. ", reason.label()),
    };
    Some(
        view! {
            <div class="banner boxed" data-kind=kind>
                {lamp(lamp_of(call.status), call.status.label())}
                <p><b>{head}</b>{said}{reason.advice()}</p>
                {agent}
            </div>
        }
        .into_any(),
    )
}

/// As it stands inside a sentence; `The` goes down, names like Ultravox are not first words here.
fn lower(label: &str) -> String {
    let mut letters = label.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What stands where the player would be.
pub fn no_recording(call: &Call) -> Option<AnyView> {
    let (state, word, text) = match (call.recording, call.status) {
        (Recording::Ready, _) => return None,
        (_, status) if !status.is_over() => return None,
        (Recording::Pending, _) => (
            Lamp::Work,
            "Recording on its way",
            "It appears here by itself, usually within half a minute.",
        ),
        (Recording::Failed, _) => (
            Lamp::Warn,
            "No recording",
            "Ultravox recorded this call but did not hand the file out. The transcript below is complete.",
        ),
        (Recording::None, _) if call.joined_at.is_some() && call.to_number.is_some() => {
            (Lamp::Off, "Not recorded", "Recording is off in the agent's settings.")
        }
        _ => return None,
    };
    Some(view! { <div class="no-recording">{lamp(state, word)}<span class="muted">{text}</span></div> }.into_any())
}
