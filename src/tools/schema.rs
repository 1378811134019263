//! What a value may be: the part of JSON Schema that models fill in reliably.

use serde_json::{Map, Value};

pub const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

/// A schema is part of every prompt; longer ones cost more than they tell.
const LARGEST: usize = 4000;
const DEEPEST: usize = 5;
const FORMATS: [&str; 9] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "uri",
    "uuid",
    "ipv4",
    "hostname",
];

/// Says in a sentence what is wrong with a schema, and where.
pub fn check_schema(schema: &Value) -> Result<(), String> {
    if schema.to_string().len() > LARGEST {
        return Err(format!("Use at most {LARGEST} characters."));
    }
    check(schema, "", 1)
}

fn check(schema: &Value, place: &str, depth: usize) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{}{what}", prefix(place)));
    let Value::Object(schema) = schema else {
        return wrong("A schema is a JSON object such as {\"type\": \"string\"}.");
    };
    if depth > DEEPEST {
        return wrong(&format!("Nest at most {DEEPEST} deep."));
    }
    let kind = match schema.get("type") {
        None => return wrong("Say its \"type\"."),
        Some(Value::String(kind)) if TYPES.contains(&kind.as_str()) => kind.as_str(),
        Some(_) => return wrong(&format!("\"type\" is one of {}.", TYPES.join(", "))),
    };
    for (name, value) in schema {
        let fits = keyword(name, value, kind);
        let Some(fits) = fits else {
            return wrong(&format!("\"{name}\" is not understood for this type."));
        };
        if !fits {
            return wrong(&format!("\"{name}\" has a value that does not fit."));
        }
        if holds_control(value) {
            return wrong(&format!("Remove the control characters in \"{name}\"."));
        }
    }
    range(schema, place)?;
    let inside = |name: &str| match place {
        "" => name.to_owned(),
        place => format!("{place}.{name}"),
    };
    if let Some(items) = schema.get("items") {
        check(items, &inside("items"), depth + 1)?;
    }
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return Ok(());
    };
    for (name, property) in properties {
        check(property, &inside(name), depth + 1)?;
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        if !properties.contains_key(name) {
            return wrong(&format!("\"{name}\" is required but not among the properties."));
        }
    }
    Ok(())
}

fn prefix(place: &str) -> String {
    match place {
        "" => String::new(),
        place => format!("{place}: "),
    }
}

/// Whether a keyword's value is of its form; `None` for a keyword that the type does not have.
fn keyword(name: &str, value: &Value, kind: &str) -> Option<bool> {
    let list = || value.as_array().is_some_and(|list| !list.is_empty());
    Some(match (name, kind) {
        ("type", _) => true,
        ("title" | "description", _) => value.is_string(),
        ("default", _) => fits(value, kind),
        ("enum" | "examples", _) => {
            list()
                && value
                    .as_array()
                    .is_some_and(|values| values.iter().all(|value| fits(value, kind)))
        }
        ("format", "string") => value.as_str().is_some_and(|format| FORMATS.contains(&format)),
        ("pattern", "string") => value.is_string(),
        ("minLength" | "maxLength", "string") | ("minItems" | "maxItems", "array") => value.is_u64(),
        ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum", "integer" | "number") => value.is_number(),
        ("multipleOf", "integer" | "number") => value.as_f64().is_some_and(|step| step > 0.0),
        ("items", "array") => true,
        ("uniqueItems", "array") | ("additionalProperties", "object") => value.is_boolean(),
        ("properties", "object") => value.is_object(),
        ("required", "object") => value.as_array().is_some_and(|names| names.iter().all(Value::is_string)),
        _ => return None,
    })
}

/// Whether a value is of a type.
pub(super) fn fits(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

/// A range that nothing lies in would have the model try for ever.
fn range(schema: &Map<String, Value>, place: &str) -> Result<(), String> {
    for (least, most) in [
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minimum", "maximum"),
    ] {
        let number = |name: &str| schema.get(name).and_then(Value::as_f64);
        if let (Some(low), Some(high)) = (number(least), number(most))
            && low > high
        {
            return Err(format!("{}\"{least}\" is above \"{most}\".", prefix(place)));
        }
    }
    Ok(())
}

/// Whether a text in the value has characters that cannot be stored or seen.
pub(super) fn holds_control(value: &Value) -> bool {
    let in_text = |text: &str| text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    match value {
        Value::String(text) => in_text(text),
        Value::Array(items) => items.iter().any(holds_control),
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| in_text(name) || holds_control(member)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_models_fill_in_is_taken() {
        for good in [
            json!({"type": "string", "description": "Why", "enum": ["a", "b"], "default": "a"}),
            json!({"type": "string", "format": "date-time", "minLength": 1, "maxLength": 9, "pattern": "^a"}),
            json!({"type": "integer", "minimum": 1, "maximum": 1}),
            json!({"type": "array", "items": {"type": "number"}, "minItems": 1, "uniqueItems": true}),
            json!({"type": "object", "properties": {"zip": {"type": "string"}}, "required": ["zip"], "additionalProperties": false}),
        ] {
            assert_eq!(check_schema(&good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let deep = (0..6).fold(
            json!({"type": "string"}),
            |inner, _| json!({"type": "array", "items": inner}),
        );
        for (bad, words) in [
            (json!("string"), "A schema is a JSON object"),
            (json!({}), "Say its \"type\"."),
            (json!({"type": ["string", "null"]}), "\"type\" is one of"),
            (json!({"type": "text"}), "\"type\" is one of"),
            (json!({"type": "string", "$ref": "#/x"}), "\"$ref\" is not understood"),
            (json!({"type": "string", "minimum": 1}), "\"minimum\" is not understood"),
            (json!({"type": "string", "enum": []}), "\"enum\" has a value"),
            (json!({"type": "integer", "enum": [1, "two"]}), "\"enum\" has a value"),
            (json!({"type": "string", "format": "phone"}), "\"format\" has a value"),
            (
                json!({"type": "string", "minLength": 5, "maxLength": 4}),
                "\"minLength\" is above",
            ),
            (
                json!({"type": "string", "description": "a\u{0}b"}),
                "Remove the control characters",
            ),
            (
                json!({"type": "object", "properties": {"who": {"type": "object", "properties": {"zip": {}}}}}),
                "who.zip: Say its \"type\".",
            ),
            (
                json!({"type": "object", "properties": {}, "required": ["zip"]}),
                "\"zip\" is required",
            ),
            (deep, "items.items.items.items.items: Nest at most 5"),
            (
                json!({"type": "string", "description": "x".repeat(4000)}),
                "Use at most 4000",
            ),
        ] {
            let said = check_schema(&bad).unwrap_err();
            assert!(said.starts_with(words), "{bad}: {said}");
        }
    }
}
