//! The history of runs, the newest first.

use leptos::prelude::*;
use switchboard::report::{Run, RunState};

use crate::kit::{StatusDot, When, bare_dot};

/// Each line leads to what that run found.
pub fn history(runs: Vec<Run>, page: &'static str) -> AnyView {
    if runs.is_empty() {
        return ().into_any();
    }
    let lines = runs.into_iter().map(|run| line(run, page)).collect_view();
    view! {
        <section class="card" aria-labelledby="history">
            <header><h2 id="history">"Runs"</h2></header>
            <ul class="rows">{lines}</ul>
        </section>
    }
    .into_any()
}

fn line(run: Run, page: &'static str) -> AnyView {
    let (state, words) = match (run.state, run.broken) {
        (RunState::Waiting, _) => (StatusDot::Wait, "Waiting".to_owned()),
        (RunState::Running, _) => (StatusDot::Work, "Running".to_owned()),
        (RunState::Failed, _) => (StatusDot::Fail, "Found nothing out".to_owned()),
        (RunState::Done, 0) => (
            StatusDot::Done,
            format!("{} answers, all as they should be", run.questions),
        ),
        (RunState::Done, broken) => (
            StatusDot::Fail,
            format!("{broken} of {} answers are wrong", run.questions),
        ),
    };
    let by = format!(" by {}", run.asked_by.as_deref().unwrap_or("command line"));
    let inside = view! {
        {bare_dot(state, "")}
        <span class="grow"><span>{words}</span><small><When at=run.created_at/>{by}</small></span>
    }
    .into_any();
    let line = if run.state == RunState::Done {
        view! { <a class="run" href=format!("{page}?report={}", run.id)>{inside}</a> }.into_any()
    } else {
        view! { <span class="run">{inside}</span> }.into_any()
    };
    view! { <li>{line}</li> }.into_any()
}
