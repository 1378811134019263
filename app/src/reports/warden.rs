//! The warden's report: how a database was brought to organization scope, as the run that did it tells.

use leptos::prelude::*;
use switchboard::{
    report::{ReportHistory, ReportKind},
    resource::Kind,
};

use super::{history::history, read_reports, sheet};
use crate::{
    kit::{Illustration, Loading, PageHead, empty, loaded, skeleton_rows, use_live, use_url},
    org,
};

#[component]
pub fn WardenPage() -> impl IntoView {
    let here = StoredValue::new(org());
    let url = use_url();
    let changes = use_live(Kind::Report);
    let reports = Loading::new(
        move || (url.get("report"), changes.get()),
        move |(chosen, _)| {
            let chosen = chosen.and_then(|id| id.parse().ok());
            read_reports(here.get_value(), ReportKind::Warden, chosen)
        },
    );
    view! {
        <PageHead title="Warden report" sub=|| "How a database that knew only users was brought to organizations, step by step."/>
        {loaded(reports, "reports", skeleton_rows, content)}
    }
}

fn content(reports: ReportHistory) -> AnyView {
    let shown = reports.shown.and_then(|kept| Some((kept.run, kept.report?)));
    let Some((run, report)) = shown else {
        let text = "The warden runs where the other database is. Its report comes here with an API key that may create reports: POST /api/v1/reports.";
        let docs = view! { <a class="btn" href="/api/docs" rel="external">"API reference"</a> };
        return view! { <div class="card">{empty(Illustration::Empty, "No report yet", text, docs)}</div> }.into_any();
    };
    let verdict = if report.clean {
        (report.title.clone(), "Everything that was done came out as it should.")
    } else {
        (
            report.title.clone(),
            "Something did not come out as it should. What is open below says what, and the way on.",
        )
    };
    view! {
        <div class="stack">
            {sheet::sheet(run.id, report, verdict, ().into_any())}
            {history(reports.runs, "/warden-report")}
        </div>
    }
    .into_any()
}
