//! How a run of a test went: what the criteria say, and every word.

use leptos::prelude::*;
use switchboard::{
    agent_tests::{AgentTest, AgentTestRun, RunState},
    analysis::Met,
    calls::{Message, Speaker},
    money::thousands,
};

use crate::kit::{Ago, StatusDot, bare_dot, status_badge, status_dot};

pub fn state_badge(test: &AgentTest) -> AnyView {
    let Some(run) = &test.last_run else {
        return status_badge(StatusDot::None, "Never run");
    };
    match run.state {
        RunState::Waiting => status_badge(StatusDot::Work, RunState::Waiting.label()),
        RunState::Stopped => status_badge(StatusDot::Warn, RunState::Stopped.label()),
        _ if !test.is_current => status_badge(StatusDot::Draft, "Changed since"),
        RunState::Passed => status_badge(StatusDot::Done, RunState::Passed.label()),
        RunState::Failed => status_badge(StatusDot::Fail, RunState::Failed.label()),
    }
}

pub fn result(test: &AgentTest) -> AnyView {
    let Some(run) = &test.last_run else {
        let wanted = test
            .draft
            .criteria
            .iter()
            .map(|criterion| {
                view! { <li>{bare_dot(StatusDot::None, "Not known")}<span class="grow"><b>{criterion.name.clone()}</b><small>{criterion.description.clone()}</small></span></li> }
            })
            .collect_view();
        return view! { <section><h3>"What has to happen"</h3><ul class="rows">{wanted}</ul></section> }.into_any();
    };
    if run.state == RunState::Waiting {
        let why = if run.note.is_empty() {
            "The two are talking.".to_owned()
        } else {
            format!("Tried again: {}", run.note)
        };
        return view! { <p role="status">{status_dot(StatusDot::Work, why)}</p> }.into_any();
    }
    if run.state == RunState::Stopped {
        return view! { <p role="status">{status_dot(StatusDot::Warn, run.note.clone())}</p> }.into_any();
    }
    let old = (!test.is_current).then(|| {
        view! { <p class="s13 muted">"The agent or the test has been changed since this run: it says nothing of the draft as it is."</p> }
    });
    view! { {old}{criteria(run)}{talk(run)} }.into_any()
}

fn criteria(run: &AgentTestRun) -> AnyView {
    let each = run
        .criteria
        .iter()
        .map(|criterion| {
            let dot = match criterion.met {
                Met::Yes => StatusDot::Done,
                Met::Partly => StatusDot::Warn,
                Met::No => StatusDot::Fail,
                Met::Unknown => StatusDot::None,
            };
            view! {
                <li>
                    {bare_dot(dot, criterion.met.label())}
                    <span class="grow"><b>{criterion.name.clone()}</b><small>{criterion.met.label()}": "{criterion.reason.clone()}</small></span>
                </li>
            }
        })
        .collect_view();
    view! { <section><h3>"What had to happen"</h3><ul class="rows">{each}</ul></section> }.into_any()
}

fn talk(run: &AgentTestRun) -> AnyView {
    let turns = run.said.iter().map(turn).collect_view();
    let tokens = thousands(u64::try_from(run.tokens_read + run.tokens_written).unwrap_or(0));
    let model = run.model.clone();
    view! {
        <section>
            <h3>"What was said"</h3>
            <ol class="talk">{turns}</ol>
            <p class="s13 muted">"Run "<Ago at=run.created_at/>" by "{model}", "{tokens}" tokens"</p>
        </section>
    }
    .into_any()
}

fn turn(message: &Message) -> AnyView {
    let (who, class) = match message.role {
        Speaker::Agent => ("Agent".to_owned(), "agent"),
        Speaker::Person => ("Caller".to_owned(), "person"),
        Speaker::ToolCall => (format!("Uses {}", message.tool), "tool"),
        Speaker::ToolResult => (format!("{} answers", message.tool), "tool"),
    };
    view! { <li class=class><b>{who}</b>" "<span>{message.text.clone()}</span></li> }.into_any()
}
