//! Somebody's server on this machine, so that the tools of a demo organization have one to ask: when clinics are open.

use axum::{
    Json,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::{Datelike as _, NaiveDate, Weekday};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
pub struct Day {
    date: Option<String>,
}

pub async fn hours(Path(clinic): Path<String>, Query(day): Query<Day>) -> Response {
    let opens = match clinic.as_str() {
        "oakland" => "08:00",
        "san-jose" => "07:30",
        "napa" => "09:00",
        _ => return refuse(StatusCode::NOT_FOUND, "There is no clinic of this name."),
    };
    let Some(date) = day.date.as_deref().and_then(|date| date.parse::<NaiveDate>().ok()) else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Name a date such as 2026-12-03.");
    };
    let closes = match date.weekday() {
        Weekday::Sun => return Json(json!({ "clinic": clinic, "date": date, "open": false })).into_response(),
        Weekday::Sat => "13:00",
        _ => "17:30",
    };
    Json(json!({ "clinic": clinic, "date": date, "open": true, "opens": opens, "closes": closes })).into_response()
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}
