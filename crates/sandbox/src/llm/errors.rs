//! How the simulated language model refuses: one error with a message, a type, a parameter and a code.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    message: String,
    param: Option<String>,
    code: Option<&'static str>,
}

pub type Answer<T> = Result<T, Problem>;

impl Problem {
    pub fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            param: None,
            code: None,
        }
    }

    /// The request is wrong at this parameter.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message).param(param)
    }

    pub fn no_key() -> Self {
        let says = "You didn't provide an API key. Send it in an Authorization header as Bearer auth.";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", says)
    }

    pub fn wrong_key() -> Self {
        let says = "Incorrect API key provided.";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", says).code("invalid_api_key")
    }

    pub fn not_simulated() -> Self {
        let says = "Invalid URL: the sandbox answers POST /v1/chat/completions and GET /v1/models.";
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", says)
    }

    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = json!({ "message": self.message, "type": self.kind, "param": self.param, "code": self.code });
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}

/// The body of an injected error.
pub fn refuse(status: StatusCode) -> Value {
    let (message, kind, code) = match status {
        StatusCode::UNAUTHORIZED => (
            "Incorrect API key provided.",
            "invalid_request_error",
            "invalid_api_key",
        ),
        StatusCode::PAYMENT_REQUIRED | StatusCode::FORBIDDEN => (
            "You exceeded your current quota.",
            "insufficient_quota",
            "insufficient_quota",
        ),
        StatusCode::TOO_MANY_REQUESTS => ("Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
        status if status.is_client_error() => ("The request was refused.", "invalid_request_error", "refused"),
        _ => (
            "The server had an error while processing your request.",
            "server_error",
            "server_error",
        ),
    };
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}
