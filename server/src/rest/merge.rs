//! Bodies: what of one is the draft, and how parts are merged into what there is.

use chrono::DateTime;
use serde::Serialize;
use serde_json::{Map, Value};
use switchboard::{Error, resource::Kind};

use super::problem::Failure;

/// What of a body is the draft: what was read can be sent back as it was, and the rest of it changes nothing.
pub fn draft_in(
    kind: Kind,
    whole: &Map<String, Value>,
    draft: &Map<String, Value>,
    body: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let mut kept = Map::new();
    for (name, value) in body {
        match whole.get(&name).filter(|_| !draft.contains_key(&name)) {
            None => drop(kept.insert(name, value)),
            Some(fixed) if is_same(fixed, &value) => {}
            Some(_) if name == "revision" => {
                return Err(Error::stale(kind).into());
            }
            Some(_) => {
                return Err(
                    Error::invalid(name, "This cannot be changed. Leave it out, or send it as it was read.").into(),
                );
            }
        }
    }
    Ok(kept)
}

/// Whether both say the same, though a client may write it in its own way: a moment in another zone, nothing where there was null.
fn is_same(one: &Value, other: &Value) -> bool {
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).ok();
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            one == other || moment(one).is_some_and(|at| moment(other) == Some(at))
        }
        (Value::Number(one), Value::Number(other)) => {
            one == other || ((one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64())
        }
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys());
            let of = |object: &Map<String, Value>, name: &str| object.get(name).cloned().unwrap_or_default();
            names.into_iter().all(|name| is_same(&of(one, name), &of(other, name)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        _ => one == other,
    }
}

pub fn as_object(of: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// RFC 7396: what the patch leaves out stays as it is, and what it says is null goes.
pub fn merge_into(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match (value, target.get_mut(&name)) {
            (Value::Null, _) => drop(target.remove(&name)),
            (Value::Object(patch), Some(Value::Object(inner))) => merge_into(inner, patch),
            (Value::Object(patch), _) => {
                let mut inner = Map::new();
                merge_into(&mut inner, patch);
                target.insert(name, Value::Object(inner));
            }
            (value, _) => drop(target.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_read_is_the_same_however_a_client_writes_it() {
        let read = json!({"at": "2026-11-30T02:01:48.034497Z", "sync": {"note": null, "seen": ["a"]}, "n": 1});
        for same in [
            read.clone(),
            json!({"at": "2026-11-30T02:01:48.034497+00:00", "sync": {"seen": ["a"]}, "n": 1}),
            json!({"at": "2026-11-30T03:01:48.034497+01:00", "sync": {"note": null, "seen": ["a"]}, "n": 1, "more": null}),
            json!({"at": "2026-11-30T02:01:48.034497Z", "sync": {"seen": ["a"]}, "n": 1.0}),
        ] {
            assert!(is_same(&read, &same), "{same}");
        }
        for other in [
            json!({"at": "2026-11-30T02:01:48.034498Z", "sync": {"seen": ["a"]}, "n": 1}),
            json!({"at": "2026-11-30T02:01:48.034497Z", "sync": {"seen": ["a", "b"]}, "n": 1}),
            json!({"at": "2026-11-30T02:01:48.034497Z", "sync": {"seen": ["a"]}, "n": "1"}),
        ] {
            assert!(!is_same(&read, &other), "{other}");
        }
    }

    /// The examples of RFC 7396, appendix A, that are about objects.
    #[test]
    fn a_patch_is_merged_as_the_rfc_says() {
        for (original, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut target = as_object(&original);
            merge_into(&mut target, as_object(&patch));
            assert_eq!(Value::Object(target), result, "{original} with {patch}");
        }
    }
}
