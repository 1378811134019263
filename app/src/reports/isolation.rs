//! Isolation: what the last run found, in plain words, and asking for another.

use leptos::prelude::*;
use switchboard::{
    report::{Report, ReportHistory, ReportKind, Run, RunState},
    resource::{Action, Kind},
};

use super::{RunIsolation, history::history, read_reports, sheet};
use crate::{
    kit::{
        Copy, Form, ICONS, Illustration, Loading, OrgField, PageHead, Sending, StatusDot, Submit, empty, loaded,
        skeleton_rows, status_dot, use_live, use_url,
    },
    may, org, viewer,
};

const COMMAND: &str = "switchboard verify --data --probe --canary";

#[component]
pub fn IsolationPage() -> impl IntoView {
    let here = StoredValue::new(org());
    let url = use_url();
    let run = Sending::<RunIsolation>::new();
    let changes = use_live(Kind::Report);
    let reports = Loading::new(
        move || (url.get("report"), changes.get(), run.ended()),
        move |(chosen, ..)| {
            let chosen = chosen.and_then(|id| id.parse().ok());
            read_reports(here.get_value(), ReportKind::Isolation, chosen)
        },
    );
    let may_run = may(Action::Create, Kind::Report);
    let ask = move || {
        may_run
            .then(|| view! { <Form action=run class="cluster"><OrgField/><Submit label="Run now"/></Form> })
            .into_any()
    };
    view! {
        <PageHead
            title="Isolation"
            sub=|| "Whether only you reach what is yours: asked of the database itself, by somebody who could see everything."
            actions=ask
        />
        {loaded(reports, "reports", skeleton_rows, content)}
    }
}

fn content(reports: ReportHistory) -> AnyView {
    let pending = reports
        .runs
        .first()
        .filter(|run| run.state != RunState::Done)
        .map(standing);
    let found = match reports.shown {
        Some(kept) => kept.report.map(|report| {
            let verdict = verdict(&report);
            sheet::sheet(kept.run.id, report, verdict, barriers())
        }),
        None if pending.is_some() => None,
        None => {
            let text = "Run it, and every table, every lock and each of your rows is looked at. It takes seconds and changes nothing.";
            Some(
                view! { <div class="card">{empty(Illustration::Empty, "Nobody has asked yet", text, ())}</div> }
                    .into_any(),
            )
        }
    };
    view! {
        <div class="stack">
            {pending}
            {found}
            <div class="split even">{by_hand()}{history(reports.runs, "/isolation")}</div>
        </div>
    }
    .into_any()
}

/// The newest run, as long as there is more to say of it than what it found.
fn standing(run: &Run) -> AnyView {
    let (kind, state, word, text) = match run.state {
        RunState::Failed => (
            "fault",
            StatusDot::Fail,
            "The last run found nothing out.",
            run.note.clone(),
        ),
        RunState::Running => ("quiet", StatusDot::Work, "Running.", run.note.clone()),
        _ => {
            let text = if run.note.is_empty() {
                "A worker takes it within seconds. If none does, none is running."
            } else {
                &run.note
            };
            ("quiet", StatusDot::Wait, "Waiting.", text.to_owned())
        }
    };
    view! {
        <div class="banner boxed" data-kind=kind role="status">
            {status_dot(state, word)}
            <p>{text}</p>
            {(!run.is_over()).then(|| view! { <progress aria-label="Run under way"></progress> })}
        </div>
    }
    .into_any()
}

fn verdict(report: &Report) -> (String, &'static str) {
    let name = viewer().place.map(|place| place.name).unwrap_or_default();
    if report.clean {
        (
            format!("Only {name} reaches what belongs to {name}."),
            "Two barriers hold this, each on its own: the program names the organization in everything it asks, and the database refuses the rows of any other.",
        )
    } else {
        (
            "Something is not as it should be.".to_owned(),
            "What is open below says what was found, what it means and what to do. Whoever runs this installation should see it now.",
        )
    }
}

/// What stands between anybody else and the rows of this organization.
fn barriers() -> AnyView {
    let shape = format!("{ICONS}#barriers");
    view! {
        <svg class="barriers" viewBox="0 0 424 156" role="img" aria-label="You reach your rows through the program and the database. Anyone else is stopped by the program, and if that failed, by the database.">
            <use href=shape></use>
        </svg>
    }
    .into_any()
}

/// How to ask the same without trusting this page.
fn by_hand() -> AnyView {
    view! {
        <div class="stack s2">
            <div class="code">
                <header><span>"Check it yourself, on the server"</span><Copy text=COMMAND label="Copy"/></header>
                <pre tabindex="0" role="group" aria-label="Check it yourself, on the server">
                    <span class="c">"# reads the live database, changes nothing\n"</span>
                    {COMMAND}
                    <span class="c">"\n\n# the same as a page, and kept for this one\n"</span>
                    {format!("{COMMAND} \\\n  --html isolation.html --keep")}
                </pre>
            </div>
            <a href="/docs/isolation.md" rel="external">"What is promised, and how to see it in five minutes"</a>
        </div>
    }
    .into_any()
}
