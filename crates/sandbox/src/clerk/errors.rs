//! How the simulated Clerk refuses: a list of errors, each with a code.

use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    meta: Value,
    retry_after: Option<u64>,
}

pub type Answer<T = Response> = Result<T, Problem>;

impl Problem {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            code,
            message: message.into(),
            meta: Value::Null,
            retry_after: None,
        }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(404, "resource_not_found", format!("No {what} was found with this id"))
    }

    /// What Clerk may well do, and the sandbox does not.
    pub async fn not_simulated(method: Method, uri: Uri) -> Self {
        let text = format!("The sandbox does not simulate {method} {}", uri.path());
        Self::new(404, "resource_not_found", text)
    }

    /// 422 with the name of the parameter.
    pub fn param(code: &'static str, name: &str, message: impl Into<String>) -> Self {
        Self {
            meta: json!({ "param_name": name }),
            ..Self::new(422, code, message)
        }
    }

    pub fn missing(name: &str) -> Self {
        Self::param("form_param_missing", name, format!("{name} must be included."))
    }

    pub fn invalid(name: &str) -> Self {
        Self::param("form_param_value_invalid", name, format!("{name} is invalid"))
    }

    pub fn too_many(seconds: u64) -> Self {
        let problem = Self::new(
            429,
            "too_many_requests",
            "Too many requests. Please try again in a bit.",
        );
        Self {
            retry_after: Some(seconds),
            ..problem
        }
    }
}

pub fn body(code: &str, message: &str, meta: &Value) -> Value {
    let mut error = json!({ "message": message, "long_message": message, "code": code });
    if !meta.is_null() {
        error["meta"] = meta.clone();
    }
    json!({ "errors": [error], "clerk_trace_id": super::id("") })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(body(self.code, &self.message, &self.meta))).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(axum::http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The body for a status that was injected.
pub fn refuse(status: StatusCode) -> Value {
    let (code, message) = match status.as_u16() {
        401 => ("authentication_invalid", "Unable to authenticate this request"),
        402 => ("unsupported_subscription_plan_features", "Payment required"),
        403 => (
            "authorization_invalid",
            "You are not authorized to perform this request",
        ),
        404 => ("resource_not_found", "Not found"),
        409 => ("conflict", "Conflict"),
        429 => ("too_many_requests", "Too many requests. Please try again in a bit."),
        503 => ("service_unavailable", "Service unavailable"),
        _ => ("internal_clerk_error", "Oops, an unexpected error occurred"),
    };
    body(code, message, &Value::Null)
}

/// The members of a JSON or form body.
pub struct Fields(pub Map<String, Value>);

impl Fields {
    pub fn json(body: &[u8]) -> Answer<Fields> {
        if body.is_empty() {
            return Ok(Fields(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Fields(members)),
            _ => Err(Problem::new(
                400,
                "request_body_invalid",
                "Request body is not valid JSON",
            )),
        }
    }

    pub fn form(body: &[u8]) -> Fields {
        let pairs = super::super::http::pairs(&String::from_utf8_lossy(body));
        Fields(pairs.into_iter().map(|(name, value)| (name, json!(value))).collect())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub fn need(&self, name: &str) -> Answer<&str> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Problem::missing(name))
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Refuses what the endpoint does not declare.
    pub fn only(&self, known: &[&str]) -> Answer<()> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Problem::param(
                "form_param_unknown",
                name,
                format!("{name} is not a valid parameter for this request."),
            )),
        }
    }

    /// An object, or nothing.
    pub fn object(&self, name: &str) -> Answer<Option<&Value>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) if value.is_object() => Ok(Some(value)),
            Some(_) => Err(Problem::param(
                "form_param_type_invalid",
                name,
                format!("{name} must be an object"),
            )),
        }
    }
}

/// Merges deeply; null removes a key.
pub fn merge(into: &mut Value, changes: &Value) {
    let Some(changes) = changes.as_object() else {
        changes.clone_into(into);
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    let Some(members) = into.as_object_mut() else {
        return;
    };
    for (key, change) in changes {
        match change {
            Value::Null => {
                members.remove(key);
            }
            Value::Object(_) => merge(members.entry(key).or_insert(Value::Null), change),
            other => {
                members.insert(key.clone(), other.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_merged_deeply_and_null_removes() {
        let mut metadata = json!({ "a": { "b": 1, "c": 2 }, "d": [1], "e": true });
        merge(
            &mut metadata,
            &json!({ "a": { "b": null, "x": { "y": null, "z": 1 } }, "d": [2], "e": null }),
        );
        assert_eq!(metadata, json!({ "a": { "c": 2, "x": { "z": 1 } }, "d": [2] }));
    }
}
