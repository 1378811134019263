//! What happened to a call, what was passed to it, and by which names it is known.

use leptos::prelude::*;
use switchboard::calls::{Call, Event};

use super::format::{dot_of, event_dot, event_words, spaced, span};
use crate::kit::{Copy, When, bare_dot, keyed_list, machine};

/// Each with its distance from the first.
pub fn events(call: Memo<Call>, events: Memo<Vec<Event>>) -> AnyView {
    let since = call.with_untracked(|call| call.created_at);
    let line = move |event: Event| {
        let after = (event.at - since).num_milliseconds();
        let note = (!event.note.is_empty()).then(|| view! { <small>{event.note.clone()}</small> });
        let kind = event.kind.clone();
        let state = move || {
            let ended = kind == "ended";
            bare_dot(
                if ended {
                    dot_of(call.with(|call| call.status))
                } else {
                    event_dot(&kind)
                },
                "",
            )
        };
        let words = event_words(&event.kind);
        let distance = if after < 500 {
            "0 s".to_owned()
        } else {
            format!("+{}", span(after))
        };
        view! {
            <li>
                <time datetime=machine(event.at)>{distance}</time>
                {state}
                <span>{words}{note}</span>
            </li>
        }
        .into_any()
    };
    view! {
        <section class="card">
            <header><h2>"Events"</h2></header>
            <div class="body">
                <ol class="timeline">
                    {keyed_list(move || events.get(), |event| event.id.to_string(), line)}
                </ol>
            </div>
        </section>
    }
    .into_any()
}

pub fn settings(call: &Call) -> AnyView {
    let values = call
        .variables
        .iter()
        .map(|(name, value)| {
            let shown = match value {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Bool(true) => "Yes".to_owned(),
                serde_json::Value::Bool(false) => "No".to_owned(),
                serde_json::Value::Null => "–".to_owned(),
                other => other.to_string(),
            };
            view! { <dt class="mono">{name.clone()}</dt><dd>{shown}</dd> }
        })
        .collect_view();
    let values = if call.variables.is_empty() {
        view! { <p class="small muted">"This agent was given no values."</p> }.into_any()
    } else {
        view! { <dl class="kv">{values}</dl> }.into_any()
    };
    view! {
        <section class="card">
            <header><h2>"Values it was given"</h2></header>
            <div class="body">{values}</div>
        </section>
    }
    .into_any()
}

pub fn names(call: Memo<Call>) -> AnyView {
    let list = move || {
        let call = call.get();
        let number = |name: &'static str, number: Option<String>| {
            number.map(|number| {
                let label = if name == "To" {
                    "Copy number called"
                } else {
                    "Copy own number"
                };
                named(name, number.clone(), spaced(&number), label)
            })
        };
        // What the program that placed the call wrote beside it, under names of its own.
        let metadata = call
            .metadata
            .iter()
            .map(|(name, value)| view! { <dt class="mono">{name.clone()}</dt><dd>{value.clone()}</dd> })
            .collect_view();
        view! {
            {named("Call", call.id.to_string(), call.id.to_string(), "Copy call id")}
            {match call.provider_id.clone() {
                Some(id) => named("Ultravox", id.clone(), id, "Copy Ultravox id"),
                None => view! { <dt>"Ultravox"</dt><dd class="muted">{if call.status.is_over() { "Never reached it" } else { "Not known yet" }}</dd> }.into_any(),
            }}
            {number("To", call.to_number.clone())}
            {number("From", call.from_number.clone())}
            <dt>"Placed"</dt><dd><When at=call.created_at/></dd>
            {call.ended_at.map(|at| view! { <dt>"Ended"</dt><dd><When at=at/></dd> })}
            {metadata}
        }
    };
    view! {
        <section class="card">
            <header><h2>"Identifiers"</h2></header>
            <div class="body"><dl class="kv ids small">{list}</dl></div>
        </section>
    }
    .into_any()
}

fn named(name: &'static str, machine: String, shown: String, copy: &'static str) -> AnyView {
    view! {
        <dt>{name}</dt>
        <dd><span class="mono">{shown}</span><Copy text=Signal::stored(machine) label=copy icon_only=true/></dd>
    }
    .into_any()
}
