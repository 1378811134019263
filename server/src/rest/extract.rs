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
use switchboard::Error;

use super::{problem::Failure, query, remark::Remark};
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
        let value = match known_only(&mut json) {
            Ok(value) => value,
            Err(failure) => return with_whole_numbers(serde_json::from_slice(&bytes).ok(), failure).map(Self),
        };
        json.end().map_err(|error| {
            let remark = Remark::read(&error.to_string());
            Failure::malformed(StatusCode::BAD_REQUEST, String::new(), remark.sentence)
        })?;
        Ok(Self(value))
    }
}

/// Reads once more where 5.0 stands for 5, which is the same number in JSON and not to a type of whole numbers.
fn with_whole_numbers<T: DeserializeOwned>(value: Option<Value>, failure: Failure) -> Result<T, Failure> {
    let Some(mut value) = value else {
        return Err(failure);
    };
    if make_whole(&mut value) {
        known_only(value)
    } else {
        Err(failure)
    }
}

/// Turns 5.0 into 5, and answers whether there was any such number.
fn make_whole(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => {
            // As far as each whole number is a number of its own.
            let whole = number
                .as_f64()
                .filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < 9.0e15);
            if let Some(whole) = whole {
                *number = (whole as i64).into();
            }
            whole.is_some()
        }
        // Every one of them, also after the first that was.
        Value::Array(items) => items.iter_mut().fold(false, |any, item| make_whole(item) | any),
        Value::Object(members) => members.values_mut().fold(false, |any, member| make_whole(member) | any),
        _ => false,
    }
}

/// The same from what was read before.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    known_only(&value).or_else(|failure| with_whole_numbers(Some(value), failure))
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
        unknown.get_or_insert_with(|| path.to_string());
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
            let remark = Remark::read(&inner.to_string());
            Failure::malformed(status, remark.below(&path), remark.sentence)
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

/// Query parameters; unknown values are reported by name.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query = parts.uri.query().unwrap_or_default();
        query::read(query).map(Self).map_err(|error| {
            let remark = Remark::read(&error.inner().to_string());
            let path = error.path().to_string();
            Failure::from(Error::invalid(remark.below(path.trim_matches('.')), remark.sentence))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        assert_eq!(from_value::<Vec<i32>>(json!([5.0, 6, -7e1])).unwrap(), [5, 6, -70]);
        for bad in [json!([5.5]), json!([1e300]), json!(["5.0"])] {
            assert!(from_value::<Vec<i32>>(bad.clone()).is_err(), "{bad}");
        }
        assert_eq!(from_value::<Value>(json!({"a": [5.0]})).unwrap(), json!({"a": [5.0]}));
    }
}
