//! A report on a page: the verdict, its figures, and every answer under its group. What is wrong lies open.

use leptos::prelude::*;
use switchboard::{
    Id,
    report::{Level, Outcome, Report, State, span, thousands},
};

use crate::kit::{StatusDot, When, bare_dot, icon, status_badge};

pub fn sheet(id: Id<Report>, report: Report, (says, means): (String, &'static str), picture: AnyView) -> AnyView {
    let broken = report.broken().count();
    let (state, word) = if broken == 0 {
        (StatusDot::Done, "Everything that was asked holds".to_owned())
    } else {
        (
            StatusDot::Fail,
            format!("{broken} of {} answers are wrong", report.outcomes.len()),
        )
    };
    let facts = [
        ("Questions", thousands(report.outcomes.len() as u64)),
        ("Examined", thousands(report.examined())),
        (
            "Wrong",
            thousands(report.outcomes.iter().map(|outcome| outcome.violating).sum()),
        ),
        ("Took", span(report.took_ms)),
        ("Database", report.database.clone()),
        ("Server", report.server.clone()),
    ]
    .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
    let groups = report
        .groups()
        .into_iter()
        .map(|(name, outcomes)| group(name, &outcomes))
        .collect_view();
    let file = |end: &str| format!("/app/reports/{id}/report.{end}");
    view! {
        <section class="card result" aria-label="Result">
            <div class="body split even">
                <div class="stack s3">
                    {status_badge(state, word)}
                    <h2>{says}</h2>
                    <p class="ink2">{means}</p>
                    <div class="cluster">
                        <a class="btn sm" href=file("html") download="">{icon("download")}"As a page"</a>
                        <a class="btn sm" href=file("json") download="">{icon("download")}"As JSON"</a>
                    </div>
                </div>
                {picture}
            </div>
            <dl class="facts"><div><dt>"When"</dt><dd><When at=report.began_at/></dd></div>{facts.into_iter().collect_view()}</dl>
        </section>
        <div class="stack s2">{groups}</div>
    }
    .into_any()
}

fn group(name: &str, outcomes: &[&Outcome]) -> AnyView {
    let broken = outcomes.iter().any(|outcome| !outcome.clean());
    let examined: u64 = outcomes.iter().map(|outcome| outcome.examined).sum();
    let questions = if outcomes.len() == 1 { "question" } else { "questions" };
    let sum = format!("{} {questions}, {} examined", outcomes.len(), thousands(examined));
    let state = if broken { StatusDot::Fail } else { StatusDot::Done };
    let word = if broken { "Not as it should be:" } else { "Holds:" };
    let answers = outcomes.iter().map(|outcome| answer(outcome)).collect_view();
    view! {
        <details class="fold group" open=broken>
            <summary>{bare_dot(state, word)}<h2>{name.to_owned()}</h2><span class="sum">{sum}</span>{icon("down")}</summary>
            <ul class="rows">{answers}</ul>
        </details>
    }
    .into_any()
}

fn answer(outcome: &Outcome) -> AnyView {
    let (state, word) = match (outcome.state, outcome.level) {
        (State::Holds, _) => (StatusDot::Done, "Holds"),
        (State::Empty, _) => (StatusDot::None, "Nothing there"),
        (State::NotAsked, _) => (StatusDot::Off, "Not asked"),
        (State::Broken, Level::Advice) => (StatusDot::Warn, "Advice"),
        (State::Broken, Level::Fault) => (StatusDot::Fail, "Broken"),
        (State::Vacuous, _) => (StatusDot::Fail, "Nothing shown"),
    };
    let mut figures = format!("{} examined", thousands(outcome.examined));
    if outcome.violating > 0 {
        figures = format!("{figures}, {} wrong", thousands(outcome.violating));
    }
    for figure in &outcome.figures {
        figures = format!("{figures} · {} {}", figure.name, figure.value);
    }
    let wrong = outcome
        .violations
        .iter()
        .map(|line| view! { <small>{line.clone()}</small> });
    let more = matches!(outcome.state, State::Broken | State::Vacuous).then(|| {
        let text = format!("{} {}", outcome.means, outcome.remedy);
        view! { <small><b>"What it means, and what to do: "</b>{text}</small> }
    });
    view! {
        <li>
            {bare_dot(state, word)}
            <span class="grow">
                <span>{outcome.question.clone()}</span>
                <small>{figures}" · "<code>{outcome.id.clone()}</code></small>
                {wrong.collect_view()}
                {more}
            </span>
        </li>
    }
    .into_any()
}
