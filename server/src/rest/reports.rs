//! `/reports`

use axum::{Json as Answer, extract::Path, http::StatusCode, response::Response};
use serde_json::{Value, json};
use switchboard::{
    check::Check,
    listing::Listing,
    report::{Report, ReportRunDetail, Run, RunFilter, store},
    resource::{
        Action::{Create, Read},
        Kind,
    },
    sample::Fixtures,
};

use super::{
    context::RequestContext,
    created::Created,
    crud::{ListQuery, id},
    endpoint::{Endpoint, get, post},
    extract::Json,
    problem::Failure,
};
use crate::download::{self, As};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/reports", "listReports", "List runs of verify and of the warden")
            .needs(Read, Kind::Report)
            .params::<RunFilter>()
            .lists::<Run>()
            .by(list),
        post("/reports", "publishReport", "Publish a report of the warden")
            .needs(Create, Kind::Report)
            .body::<Report>(sample)
            .limits(|fixtures| {
                let mut report: Report = serde_json::from_value(sample(fixtures)).expect("the sample is a report");
                // One of each, so that each is described.
                report.outcomes[0].violations.push(String::new());
                report.outcomes[0].empty.push(String::new());
                Check::limits(&report)
            })
            .answers::<Run>(201, "Kept; the fifty newest are")
            .by(publish),
        post("/reports/run", "runReport", "Ask whether organizations are kept apart")
            .needs(Create, Kind::Report)
            .answers::<Run>(
                202,
                "Accepted; watch its state. While a run is under way, it is that one",
            )
            .by(run),
        get("/reports/{id}", "getReport", "Read a report")
            .needs(Read, Kind::Report)
            .answers::<ReportRunDetail>(200, "With what was found, once it is done")
            .by(read),
        get("/reports/{id}/html", "getReportPage", "Download a report as a page")
            .needs(Read, Kind::Report)
            .answers_file("text/html", "One file that needs nothing else")
            .by(html),
    ]
}

async fn list(context: RequestContext, query: ListQuery<RunFilter>) -> Result<Answer<Listing<Run>>, Failure> {
    Ok(Answer(
        store::list(&context.core, &context.caller, &query.filter, &query.page).await?,
    ))
}

async fn publish(context: RequestContext, Json(report): Json<Report>) -> Result<Created<Run>, Failure> {
    let run = store::publish(&context.core, &context.caller, &report).await?;
    Ok(Created::new(Kind::Report.about().path, run.id, run))
}

async fn run(context: RequestContext) -> Result<(StatusCode, Answer<Run>), Failure> {
    Ok((
        StatusCode::ACCEPTED,
        Answer(store::ask(&context.core, &context.caller).await?),
    ))
}

async fn read(context: RequestContext, Path(text): Path<String>) -> Result<Answer<ReportRunDetail>, Failure> {
    Ok(Answer(store::get(&context.core, &context.caller, id(&text)?).await?))
}

async fn html(context: RequestContext, Path(text): Path<String>) -> Result<Response, Failure> {
    Ok(download::report(&context.core, &context.caller, id(&text)?, As::Page).await?)
}

/// A finished run of the warden about a database of this name.
fn sample(fixtures: &Fixtures) -> Value {
    json!({
        "title": format!("Warden of {}", fixtures.name()), "kind": "warden", "database": fixtures.name(),
        "server": "PostgreSQL 17.6", "began_at": "2026-11-25T03:00:00Z", "took_ms": 61_000, "clean": true,
        "outcomes": [{
            "id": "public.orders", "group": "backfill", "question": "Has every row found its organization?",
            "level": "fault", "state": "holds", "examined": 1284, "violating": 0,
            "figures": [{"name": "rows before", "value": "1,284"}, {"name": "longest lock", "value": "12 ms"}]
        }]
    })
}
