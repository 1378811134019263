//! What a request says: its JSON body and its query, each complaint with the name of the field it is about.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserializer, de::DeserializeOwned};
use serde_json::Value;
use switchboard::{Error, text::capitalize};

use super::{problem::Failure, query};
use crate::readable;

/// A query may only say what the list understands: a filter that is passed over would show what nobody asked for.
pub async fn reject_unknown_params(State(names): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let unknown = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, _)| name)
        .find(|name| !names.iter().any(|known| known == name));
    match unknown {
        None => next.run(request).await,
        Some(name) => Failure::unknown_parameter(name.into_owned()).into_response(),
    }
}

pub fn too_long() -> Failure {
    Failure::malformed(
        StatusCode::PAYLOAD_TOO_LARGE,
        String::new(),
        "Send at most 1 MiB.".into(),
    )
}

/// A JSON body. What cannot be read is reported with the path of the field it stands in.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        is_json(request.headers())?;
        let bytes = Bytes::from_request(request, state).await.map_err(|_| too_long())?;
        // A list would be taken for the fields in their order, which is nothing to rely on.
        if bytes.trim_ascii_start().starts_with(b"[") {
            let message = "Send an object, not a list.".into();
            return Err(Failure::malformed(
                StatusCode::UNPROCESSABLE_ENTITY,
                String::new(),
                message,
            ));
        }
        if let Some(field) = readable::in_json(&bytes) {
            return Err(Failure::unreadable(field, "The body could not be read."));
        }
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = known_only(&mut json)?;
        json.end().map_err(|error| {
            Failure::malformed(StatusCode::BAD_REQUEST, String::new(), sentence(&error.to_string()))
        })?;
        Ok(Self(value))
    }
}

/// The same from what was read before.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    known_only(value)
}

/// Nothing said, or JSON of some kind: a merge patch is one too.
fn is_json(headers: &HeaderMap) -> Result<(), Failure> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    if kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) {
        return Ok(());
    }
    let title = format!("Send JSON, and say so: `Content-Type: application/json`. This came as `{kind}`.");
    Err(Failure::plain(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        title,
    ))
}

/// Reads a value in which nothing is unknown.
fn known_only<'de, T: DeserializeOwned, D>(json: D) -> Result<T, Failure>
where
    D: Deserializer<'de, Error = serde_json::Error>,
{
    let mut unknown = None;
    let mut note = |path: serde_ignored::Path<'_>| {
        unknown.get_or_insert(path.to_string());
    };
    let value =
        serde_path_to_error::deserialize(serde_ignored::Deserializer::new(json, &mut note)).map_err(|error| {
            let path = error.path().to_string();
            // `.` is the body itself, `?` a part of it that has no name yet.
            let path = path.trim_end_matches('?').trim_end_matches('.').to_owned();
            let inner = error.inner();
            let status = if inner.is_data() {
                StatusCode::UNPROCESSABLE_ENTITY
            } else {
                StatusCode::BAD_REQUEST
            };
            Failure::malformed(status, path, sentence(&inner.to_string()))
        })?;
    match unknown {
        None => Ok(value),
        Some(field) => Err(Failure::malformed(
            StatusCode::UNPROCESSABLE_ENTITY,
            field,
            "There is no such field.".into(),
        )),
    }
}

/// A parser's remark as a sentence, without the place in the text that only a program would count.
fn sentence(remark: &str) -> String {
    let remark = remark.split(" at line ").next().unwrap_or(remark);
    format!("{}.", capitalize(remark))
}

/// Query parameters; unknown values are reported by name.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query = parts.uri.query().unwrap_or_default();
        query::read(query).map(Self).map_err(|error| {
            let field = error.path().to_string();
            Failure::from(Error::invalid(field, sentence(&error.inner().to_string())))
        })
    }
}
