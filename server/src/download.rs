//! Downloads: files that the browser keeps instead of showing.

use axum::{
    Extension,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use switchboard::{
    Error, Id, Result,
    auth::{Caller, session::Visit},
    core::Core,
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
