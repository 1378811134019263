//! What no request may say: U+0000, which the database can hold nowhere, and bytes that are no text. Refused before anything
//! is done, with the name of the field they stand in.

use app::AppError;
use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::server_fn::error::FromServerFnError;
use serde_json::Value;
use switchboard::Error;

use crate::{
    rest::problem::{self, Failure},
    router::BODY,
};

pub const TOLD: &str = "This holds a character that is no text. Remove it and try again.";

/// Refuses an address that says such a thing.
pub async fn address(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let template = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let field = in_path(uri.path(), template).or_else(|| in_form(uri.query().unwrap_or_default().as_bytes()));
    match field {
        None => next.run(request).await,
        Some(field) if uri.path().starts_with("/api/") => {
            Failure::unreadable(field, "The address could not be read.").into_response()
        }
        Some(field) => refused(problem::page(&Error::invalid(field, TOLD))),
    }
}

/// Refuses a form that says such a thing, in the way of server functions.
pub async fn form(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded")) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match in_form(&bytes) {
        None => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Some(field) => {
            let mut response = Body::from(AppError(Error::invalid(field, TOLD)).ser()).into_response();
            let headers = response.headers_mut();
            headers.insert("serverfnerror", HeaderValue::from_static("true"));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            refused(response)
        }
    }
}

fn refused(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// The part of a path that cannot be read, by its name in the route where it has one.
fn in_path(path: &str, template: Option<&str>) -> Option<String> {
    let bad = path.split('/').position(|part| is_unreadable(part.as_bytes()))?;
    let name = template
        .and_then(|template| template.split('/').nth(bad))
        .and_then(|part| part.strip_prefix('{')?.strip_suffix('}'));
    Some(name.map_or("path", |name| name.trim_start_matches('*')).to_owned())
}

/// The first field of a query or form whose name or value cannot be read.
fn in_form(form: &[u8]) -> Option<String> {
    let mut pairs = form.split(|byte| *byte == b'&');
    let bad = pairs.find(|pair| is_unreadable(pair))?;
    let name = url::form_urlencoded::parse(bad).next()?.0;
    Some(name.replace(['\0', '\u{fffd}'], ""))
}

fn is_unreadable(encoded: &[u8]) -> bool {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [byte, after @ ..] = rest {
        let escaped = after.get(..2).filter(|_| *byte == b'%').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        decoded.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    decoded.contains(&0) || std::str::from_utf8(&decoded).is_err()
}

/// The member of a JSON body that holds U+0000. Half a surrogate is none of JSON, and refused by whoever parses it.
pub fn in_json(body: &[u8]) -> Option<String> {
    if !body.windows(6).any(|part| part == br"\u0000") {
        return None;
    }
    let mut steps = in_value(&serde_json::from_slice(body).ok()?)?;
    steps.reverse();
    Some(steps.concat().trim_start_matches('.').to_owned())
}

/// The steps to it, the last one first. They are written on the way back: on the way there, each element of a long list would
/// cost as much as a long name above it.
fn in_value(value: &Value) -> Option<Vec<String>> {
    let through = |mut steps: Vec<String>, step: String| {
        steps.push(step);
        steps
    };
    match value {
        Value::String(text) => text.contains('\0').then(Vec::new),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(at, item)| Some(through(in_value(item)?, format!("[{at}]"))))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let steps = if name.contains('\0') {
                Vec::new()
            } else {
                in_value(member)?
            };
            Some(through(steps, format!(".{}", name.replace('\0', ""))))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_that_cannot_be_read_is_named() {
        for (form, field) in [
            ("q=a&limit=%00", Some("limit")),
            ("q=a%00b", Some("q")),
            ("draft[name]=%ED%A0%BD", Some("draft[name]")),
            ("a=1&na%00me=x", Some("name")),
            ("q=%FF", Some("q")),
            ("q=100%&x=%zz%0", None),
            ("q=%C3%A9+%25%30%30&x=\u{fffd}", None),
            ("", None),
        ] {
            assert_eq!(in_form(form.as_bytes()).as_deref(), field, "{form}");
        }
        assert_eq!(
            in_path("/api/v1/calls/%00", Some("/api/v1/calls/{id}")).as_deref(),
            Some("id")
        );
        assert_eq!(in_path("/x/%FF", None).as_deref(), Some("path"));
        assert_eq!(in_path("/api/v1/calls/%20", None), None);
        for (body, field) in [
            (r#"{"name":"a\u0000"}"#, Some("name")),
            (r#"{"a":{"b":[1,"\u0000"]}}"#, Some("a.b[1]")),
            (r#"{"a":{"x\u0000":1}}"#, Some("a.x")),
            (r#"{"name":"a\\u0000"}"#, None),
            (r#"[{"a":["x"]},{"a":["x",["y\u0000"]]}]"#, Some("[1].a[1][0]")),
            (r#"{"name":"a"}"#, None),
            (r#"{"name":"\u0000"#, None),
        ] {
            assert_eq!(in_json(body.as_bytes()).as_deref(), field, "{body}");
        }
    }

    #[test]
    fn a_long_name_above_a_long_list_costs_no_more_than_both_of_them() {
        let name = "a".repeat(400_000);
        let body = format!(r#"{{"{name}":[{}"\u0000"]}}"#, "0,".repeat(200_000));
        // Written anew for each element, the path alone would be 80 GB of text.
        assert_eq!(in_json(body.as_bytes()), Some(format!("{name}[200000]")));
    }
}
