//! Answers about what was made: with its address.

use std::fmt::Display;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// 201, and where the thing is (`Location`).
pub struct Created<T> {
    at: String,
    answer: T,
}

impl<T> Created<T> {
    /// `path` is that of its collection, below the version.
    pub fn new(path: &str, id: impl Display, answer: T) -> Self {
        Self {
            at: address(path, id),
            answer,
        }
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.at)], Json(self.answer)).into_response()
    }
}

pub fn address(path: &str, id: impl Display) -> String {
    format!("/api/v1{path}/{id}")
}
