//! The request of a tool, filled in as the provider would fill it in on a call.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    Automatic, Header, Parameter, ParameterKind, Place, SecretValue, SentRequest, TestRequest, ToolDraft,
    schema::fits,
    secret::{MASK, mask},
};
use crate::{
    agents::fill,
    check::Check,
    error::{Error, Result},
};

/// A request that can be sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub method: reqwest::Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Value>,
}

/// Fills in the values of a test. What is missing or does not fit is said beside its field.
pub(super) fn prepare(draft: &ToolDraft, given: &TestRequest, secret: Option<&SecretValue>) -> Result<Prepared> {
    let mut check = Check::default();
    let mut address = draft.url.clone();
    let (mut query, mut body, mut headers) = (Vec::new(), Map::new(), HeaderMap::new());
    for parameter in &draft.parameters {
        let field = format!("values.{}", parameter.name);
        let Some(value) = value(parameter, given, &mut check) else {
            continue;
        };
        let name = parameter.name.as_str();
        match parameter.place {
            Place::Path => match segment(&text(&value)) {
                Some(segment) => address = address.replace(&format!("{{{name}}}"), &segment),
                None => check.fail(field, "This would change the address. Use another value."),
            },
            Place::Query => query.push((name, text(&value))),
            Place::Header => match header(name, &text(&value)) {
                Some((name, value)) => drop(headers.insert(name, value)),
                None => check.fail(field, "A header takes one line of ASCII characters."),
            },
            Place::Body => drop(body.insert(name.to_owned(), value)),
        }
    }
    check.finish()?;
    if let Some(secret) = secret.filter(|_| !draft.secret.header.is_empty()) {
        let (name, mut value) = header(&draft.secret.header, secret.expose())
            .ok_or_else(|| Error::invalid("secret.value", "A header takes one line of ASCII characters."))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let mut url =
        Url::parse(&address).map_err(|_| Error::invalid("url", "This is not an address that can be called."))?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(Prepared {
        method: draft.method.word().parse().expect("the methods are those of HTTP"),
        url,
        headers,
        body: (!body.is_empty()).then_some(Value::Object(body)),
    })
}

impl Prepared {
    /// As people are shown it.
    pub(super) fn shown(&self, secret: Option<&SecretValue>) -> SentRequest {
        let mut headers = shown(&self.headers, secret);
        if self.body.is_some() {
            headers.push(Header {
                name: "content-type".to_owned(),
                value: "application/json".to_owned(),
            });
        }
        let body = self.body.as_ref().map(|body| format!("{body:#}")).unwrap_or_default();
        SentRequest {
            method: self.method.to_string(),
            url: mask(self.url.as_str(), secret),
            headers,
            body: mask(&body, secret),
        }
    }
}

/// Headers, without what signs anybody in.
pub(super) fn shown(headers: &HeaderMap, secret: Option<&SecretValue>) -> Vec<Header> {
    let lines = headers.iter().map(|(name, value)| {
        let hidden = value.is_sensitive() || name.as_str() == "set-cookie";
        let value = if hidden {
            MASK.to_owned()
        } else {
            mask(&String::from_utf8_lossy(value.as_bytes()), secret)
        };
        Header {
            name: name.to_string(),
            value,
        }
    });
    lines.collect()
}

/// What stands for a parameter; nothing where it is left out or wrong.
fn value(parameter: &Parameter, given: &TestRequest, check: &mut Check) -> Option<Value> {
    let field = format!("values.{}", parameter.name);
    let value = given.values.get(&parameter.name).filter(|value| !value.is_null());
    match parameter.kind {
        ParameterKind::Static => Some(filled(&parameter.value, &given.variables)),
        ParameterKind::Automatic => Some(value.cloned().unwrap_or_else(|| example(parameter.automatic))),
        ParameterKind::Dynamic => {
            let kind = parameter.schema["type"].as_str().unwrap_or("string");
            match value {
                None if parameter.required || parameter.place == Place::Path => {
                    check.fail(field, "Fill this in.");
                    None
                }
                None => None,
                Some(value) if !fits(value, kind) => {
                    check.fail(field, format!("This takes {}.", named(kind)));
                    None
                }
                Some(value) => {
                    let choices = parameter.schema["enum"].as_array();
                    if choices.is_some_and(|choices| !choices.contains(value)) {
                        check.fail(field, "Use one of the values that the parameter allows.");
                    }
                    Some(value.clone())
                }
            }
        }
    }
}

fn named(kind: &str) -> &'static str {
    match kind {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        _ => "an object",
    }
}

/// What the provider would know on a call, where a test says nothing of it.
fn example(automatic: Automatic) -> Value {
    match automatic {
        Automatic::CallId | Automatic::CallStageId => json!("00000000-0000-0000-0000-000000000000"),
        Automatic::OutputSampleRate => json!(48_000),
        Automatic::ConversationHistory => json!([]),
        Automatic::CallMetadata | Automatic::CallState => json!({}),
    }
}

/// A fixed value with its variables filled in.
fn filled(value: &Value, variables: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => json!(fill(text, |name| variables.get(name).cloned())),
        Value::Array(items) => items.iter().map(|item| filled(item, variables)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), filled(member, variables)))
            .collect(),
        other => other.clone(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((name.parse().ok()?, HeaderValue::from_str(value).ok()?))
}

/// A value as one segment of a path. Nothing for one that would leave its place: dots alone mean a folder, however they are
/// written.
fn segment(value: &str) -> Option<String> {
    if value.is_empty() || value == "." || value == ".." {
        return None;
    }
    let mut encoded = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{Method, ToolSecret};

    fn parameter(name: &str, place: Place, schema: Value) -> Parameter {
        Parameter {
            name: name.into(),
            place,
            schema,
            ..Parameter::default()
        }
    }

    fn draft() -> ToolDraft {
        ToolDraft {
            method: Method::Post,
            url: "https://api.example.com/{clinic}/visits?v=2".into(),
            parameters: vec![
                parameter("clinic", Place::Path, json!({ "type": "string" })),
                parameter("people", Place::Body, json!({ "type": "integer", "enum": [1, 2] })),
                parameter("note", Place::Query, json!({ "type": "string" })),
                Parameter {
                    kind: ParameterKind::Static,
                    value: json!("for {{who}}"),
                    ..parameter("X-Source", Place::Header, json!({}))
                },
                Parameter {
                    kind: ParameterKind::Automatic,
                    automatic: Automatic::ConversationHistory,
                    ..parameter("history", Place::Body, json!({}))
                },
            ],
            secret: ToolSecret {
                header: "Authorization".into(),
                ..ToolSecret::default()
            },
            ..ToolDraft::default()
        }
    }

    fn given(values: Value) -> TestRequest {
        TestRequest {
            values: serde_json::from_value(values).unwrap(),
            variables: BTreeMap::from([("who".to_owned(), "Ann".to_owned())]),
            ..TestRequest::default()
        }
    }

    #[test]
    fn every_value_stands_in_its_place_and_the_secret_is_masked() {
        let secret = SecretValue::from("Bearer tok_12345678".to_owned());
        let values = json!({ "clinic": "San José/1", "people": 2, "note": "a&b tok_12345678" });
        let prepared = prepare(&draft(), &given(values), Some(&secret)).unwrap();
        assert_eq!(
            prepared.url.as_str(),
            "https://api.example.com/San%20Jos%C3%A9%2F1/visits?v=2&note=a%26b+tok_12345678"
        );
        assert_eq!(prepared.body, Some(json!({ "people": 2, "history": [] })));
        assert_eq!(prepared.headers["x-source"], "for Ann");
        assert_eq!(prepared.headers["authorization"], "Bearer tok_12345678");
        let shown = format!("{:?}", prepared.shown(Some(&secret)));
        assert!(!shown.contains("tok_12345678") && shown.contains(MASK), "{shown}");
        assert!(!format!("{prepared:?}").contains("Bearer"), "{prepared:?}");
    }

    #[test]
    fn what_is_missing_or_wrong_stands_beside_its_field() {
        for (values, field) in [
            (json!({}), "values.clinic"),
            (json!({ "clinic": "" }), "values.clinic"),
            (json!({ "clinic": ".." }), "values.clinic"),
            (json!({ "clinic": 7 }), "values.clinic"),
            (json!({ "clinic": "a", "people": 3 }), "values.people"),
            (json!({ "clinic": "a", "people": "2" }), "values.people"),
        ] {
            let error = prepare(&draft(), &given(values.clone()), None).unwrap_err();
            assert_eq!(error.fields()[0].field, field, "{values}");
        }
        let plain = prepare(&draft(), &given(json!({ "clinic": "a" })), None).unwrap();
        assert_eq!(plain.url.as_str(), "https://api.example.com/a/visits?v=2");
        assert!(!plain.headers.contains_key("authorization"));
    }
}
