//! How the simulated Ultravox refuses: the two body shapes of Django REST Framework.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    body: Value,
    retry_after: Option<u64>,
}

pub type Answer<T = Response> = Result<T, Problem>;

impl Problem {
    pub fn detail(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            body: json!({ "detail": text.into() }),
            retry_after: None,
        }
    }

    pub fn not_found() -> Self {
        Self::detail(StatusCode::NOT_FOUND, "Not found.")
    }

    pub fn field(field: &str, text: impl Into<String>) -> Self {
        let mut wrong = Wrong::default();
        wrong.add(field, text);
        wrong.into()
    }

    pub fn throttled(seconds: u64) -> Self {
        let text = format!("Request was throttled. Expected available in {seconds} seconds.");
        Self {
            retry_after: Some(seconds),
            ..Self::detail(StatusCode::TOO_MANY_REQUESTS, text)
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("X-API-Key"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// What is wrong with a request body, by field.
#[derive(Default)]
pub struct Wrong(Map<String, Value>);

impl Wrong {
    pub fn add(&mut self, field: &str, text: impl Into<String>) {
        let texts = self.0.entry(field).or_insert_with(|| json!([]));
        if let Value::Array(texts) = texts {
            texts.push(json!(text.into()));
        }
    }

    /// Puts everything under one field, as a message inside a message is reported.
    pub fn under(self, field: &str) -> Self {
        let mut wrong = Wrong::default();
        for (inner, texts) in self.0 {
            for text in texts.as_array().into_iter().flatten().filter_map(Value::as_str) {
                wrong.add(field, format!("{inner}: {text}"));
            }
        }
        wrong
    }

    pub fn merge(&mut self, other: Wrong) {
        for (field, texts) in other.0 {
            for text in texts.as_array().into_iter().flatten().filter_map(Value::as_str) {
                self.add(&field, text);
            }
        }
    }

    pub fn check(self) -> Answer<()> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: Value::Object(wrong.0),
            retry_after: None,
        }
    }
}

/// The members of a JSON body; an empty body is an empty object.
pub fn members(body: &[u8]) -> Answer<Map<String, Value>> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Problem::field(
            "non_field_errors",
            "Invalid data. Expected a dictionary.",
        )),
        Err(cause) => Err(Problem::detail(
            StatusCode::BAD_REQUEST,
            format!("JSON parse error - {cause}"),
        )),
    }
}
