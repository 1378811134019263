//! Downloads: files that the browser keeps instead of showing.

use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::de::DeserializeOwned;
use switchboard::{
    Error, Id, Result,
    auth::{Caller, session::Visit},
    core::Core,
    export::{self, CsvList, Reader},
    report::{self, Report, ReportKind},
};

use crate::{media::caller, rest::problem};

/// What a report is made into.
#[derive(Clone, Copy, Debug)]
pub enum As {
    Page,
    Json,
}

/// `GET /app/reports/{id}/{file}`, by session: `report.html` or `report.json`.
pub async fn file(
    State(core): State<Core>,
    visit: Option<Extension<Visit>>,
    Path((id, file)): Path<(String, String)>,
) -> Response {
    let made = async {
        let caller = caller(visit)?;
        let form = match file.as_str() {
            "report.html" => As::Page,
            "report.json" => As::Json,
            _ => return Err(Error::NotFound),
        };
        let id = id.parse().map_err(|_| Error::NotFound)?;
        report(&core, &caller, id, form).await
    };
    made.await.unwrap_or_else(|error| problem::respond(&error))
}

/// `GET /app/agents/export/{file}` and the like, by session: the whole list as it is narrowed to, as `plain.csv` or `excel.csv`.
pub async fn list<L: CsvList>(
    State(core): State<Core>,
    visit: Option<Extension<Visit>>,
    Path(file): Path<String>,
    Query(filter): Query<L::Filter>,
) -> Response
where
    L::Filter: DeserializeOwned,
{
    let made = async {
        let reader = match file.as_str() {
            "plain.csv" => Reader::Program,
            "excel.csv" => Reader::Spreadsheet,
            _ => return Err(Error::NotFound),
        };
        csv::<L>(core, caller(visit)?, filter, reader).await
    };
    made.await.unwrap_or_else(|error| problem::respond(&error))
}

/// Sent as it is read, so that a long list is neither kept here nor waited for.
pub async fn csv<L: CsvList>(core: Core, caller: Caller, filter: L::Filter, reader: Reader) -> Result<Response> {
    let rows = export::csv::<L>(core, caller, filter, reader).await?;
    let name = format!("{}-{}.csv", L::KIND.word(), Utc::now().date_naive());
    Ok((
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
            (header::CACHE_CONTROL, "private, no-store".to_owned()),
        ],
        Body::from_stream(rows),
    )
        .into_response())
}

/// A finished report; one that is not done yet is not there yet.
pub async fn report(core: &Core, caller: &Caller, id: Id<Report>, form: As) -> Result<Response> {
    let kept = report::store::get(core, caller, id).await?;
    let report = kept.report.ok_or(Error::NotFound)?;
    let name = match report.kind {
        ReportKind::Isolation => "isolation",
        ReportKind::Warden => "warden",
    };
    let (content_type, end, body) = match form {
        As::Page => ("text/html; charset=utf-8", "html", report::html(&report)),
        As::Json => (
            "application/json",
            "json",
            serde_json::to_string_pretty(&report).expect("a report is plain data"),
        ),
    };
    let disposition = format!("attachment; filename=\"{name}-{}.{end}\"", report.began_at.date_naive());
    Ok((
        [
            (header::CONTENT_TYPE, content_type.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, "private, no-store".to_owned()),
        ],
        body,
    )
        .into_response())
}
