//! Problems: errors as RFC 9457 says them.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use switchboard::{Error, error::FieldError};
use utoipa::ToSchema;

use crate::readable::TOLD;

/// What a failed request answers, as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A stable word: `not_found`, `invalid`, `provider_failed` and so on.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What happened, in one sentence.
    pub title: String,
    pub status: u16,
    /// What is wrong with which field; empty unless `type` is `invalid` or `malformed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// As a response; the type is axum's, the meaning ours.
#[derive(Debug)]
pub struct Failure(pub Problem, Option<u64>);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let retry_after = match &error {
            Error::Limited { retry_after_s } | Error::Unavailable { retry_after_s } => Some(*retry_after_s),
            _ => None,
        };
        let problem = Problem {
            kind: error.code(),
            title: error.to_string(),
            status: error.status(),
            errors: error.fields().to_vec(),
        };
        Self(problem, retry_after)
    }
}

impl Failure {
    pub fn plain(status: StatusCode, kind: &'static str, title: String) -> Self {
        let problem = Problem {
            kind,
            title,
            status: status.as_u16(),
            errors: Vec::new(),
        };
        Self(problem, None)
    }

    /// What the request was made for is another thing by now (`If-Match`).
    pub fn precondition(self) -> Self {
        let Self(mut problem, retry_after) = self;
        if problem.status == StatusCode::CONFLICT.as_u16() {
            problem.status = StatusCode::PRECONDITION_FAILED.as_u16();
        }
        Self(problem, retry_after)
    }

    /// Not JSON, or not the JSON that was asked for.
    pub fn malformed(status: StatusCode, field: String, message: String) -> Self {
        let errors = vec![FieldError {
            field,
            message,
            link: None,
        }];
        let title = "The body could not be read.".to_owned();
        Self(
            Problem {
                kind: "malformed",
                title,
                status: status.as_u16(),
                errors,
            },
            None,
        )
    }

    /// A part of the request that the database could hold nowhere.
    pub fn unreadable(field: String, title: &str) -> Self {
        let mut failure = Self::malformed(StatusCode::BAD_REQUEST, field, TOLD.to_owned());
        title.clone_into(&mut failure.0.title);
        failure
    }

    /// A query that says something nobody here understands.
    pub fn unknown_parameter(name: String) -> Self {
        let message = "There is no such parameter.".to_owned();
        let mut failure = Self::malformed(StatusCode::BAD_REQUEST, name, message);
        failure.0.title = "The query could not be read.".to_owned();
        failure
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(problem, retry_after) = self;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

pub fn respond(error: &Error) -> Response {
    Failure::from(error.clone()).into_response()
}

/// For a document that cannot be drawn at all, because not even its visitor is known.
pub fn page(error: &Error) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (
        status,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        error.to_string(),
    )
        .into_response();
    if matches!(error, Error::Unavailable { .. }) {
        response.extensions_mut().insert(Away);
    }
    response
}

/// On an answer that only says that the database is away, for whoever can say it better.
#[derive(Clone)]
pub struct Away;

#[cfg(test)]
#[test]
fn what_is_away_for_a_moment_says_when_to_come_back() {
    let response = respond(&Error::Unavailable { retry_after_s: 5 });
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "5");
}
