//! Shapes: the JSON Schema of a parameter as one choice of a form, where it is as simple as that.

use serde_json::{Value, json};
use switchboard::json::parse;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    OneOf,
    DateTime,
    Date,
    Whole,
    Number,
    YesNo,
    Texts,
    /// More than the form's fields can say.
    Schema,
}

impl Shape {
    /// Those a person can choose.
    pub const SIMPLE: [Self; 8] = [
        Self::Text,
        Self::OneOf,
        Self::DateTime,
        Self::Date,
        Self::Whole,
        Self::Number,
        Self::YesNo,
        Self::Texts,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::OneOf => "one_of",
            Self::DateTime => "date_time",
            Self::Date => "date",
            Self::Whole => "whole",
            Self::Number => "number",
            Self::YesNo => "yes_no",
            Self::Texts => "texts",
            Self::Schema => "schema",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::OneOf => "One of a list",
            Self::DateTime => "Date and time",
            Self::Date => "Date",
            Self::Whole => "Whole number",
            Self::Number => "Number",
            Self::YesNo => "Yes or no",
            Self::Texts => "List of texts",
            Self::Schema => "As its schema says",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::SIMPLE.into_iter().find(|shape| shape.word() == word)
    }

    pub fn of(schema: &Value) -> Self {
        let Some(members) = schema.as_object() else {
            return Self::Schema;
        };
        let only = |keys: &[&str]| {
            members
                .keys()
                .all(|key| ["type", "description"].contains(&key.as_str()) || keys.contains(&key.as_str()))
        };
        let kind = schema["type"].as_str().unwrap_or_default();
        match (kind, schema["format"].as_str()) {
            ("string", None) if only(&[]) => Self::Text,
            ("string", None) if only(&["enum"]) && schema["enum"].is_array() => Self::OneOf,
            ("string", Some("date-time")) if only(&["format"]) => Self::DateTime,
            ("string", Some("date")) if only(&["format"]) => Self::Date,
            ("integer", None) if only(&[]) => Self::Whole,
            ("number", None) if only(&[]) => Self::Number,
            ("boolean", None) if only(&[]) => Self::YesNo,
            ("array", None) if only(&["items"]) && schema["items"] == json!({ "type": "string" }) => Self::Texts,
            _ => Self::Schema,
        }
    }

    /// The schema of this shape; its description stays.
    pub fn schema(self, before: &Value) -> Value {
        let mut schema = match self {
            Self::Text => json!({ "type": "string" }),
            Self::OneOf => json!({ "type": "string", "enum": choices(before) }),
            Self::DateTime => json!({ "type": "string", "format": "date-time" }),
            Self::Date => json!({ "type": "string", "format": "date" }),
            Self::Whole => json!({ "type": "integer" }),
            Self::Number => json!({ "type": "number" }),
            Self::YesNo => json!({ "type": "boolean" }),
            Self::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Self::Schema => return before.clone(),
        };
        describe(&mut schema, description(before));
        schema
    }
}

/// What the model is told about the value.
pub fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

pub fn describe(schema: &mut Value, words: &str) {
    let Some(members) = schema.as_object_mut() else { return };
    if words.is_empty() {
        members.remove("description");
    } else {
        members.insert("description".to_owned(), words.into());
    }
}

/// The texts that the value may be.
pub fn choices(schema: &Value) -> Vec<String> {
    let choices = schema["enum"].as_array().map(Vec::as_slice).unwrap_or_default();
    choices
        .iter()
        .filter_map(|choice| Some(choice.as_str()?.to_owned()))
        .collect()
}

/// A value or a schema as it was typed: JSON where it is JSON, and a text otherwise. A text that looks like JSON stands in
/// quotes; a schema that is a text is refused by its check.
pub fn read_value(typed: &str) -> Value {
    parse(typed).unwrap_or_else(|_| typed.into())
}

/// The reverse of [`read_value`].
pub fn write_value(value: &Value) -> String {
    match value {
        Value::String(text) if parse(text).is_err() => text.clone(),
        other => other.to_string(),
    }
}

/// What a value will be sent as.
pub fn sent_as(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Number(_) => "a number",
        Value::Bool(_) => "yes or no",
        Value::Null => "nothing (null)",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value that a person typed for a test, as the schema wants it; nothing where nothing was typed.
pub fn read_for(schema: &Value, typed: &str) -> Option<Value> {
    if typed.trim().is_empty() {
        return None;
    }
    let text = || Value::String(typed.to_owned());
    Some(match schema["type"].as_str() {
        Some("string") => text(),
        Some("array") if Shape::of(schema) == Shape::Texts && !typed.trim_start().starts_with('[') => {
            typed.split(',').map(str::trim).collect()
        }
        _ => parse(typed).unwrap_or_else(|_| text()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_simple_shape_is_found_again_in_its_schema() {
        let before = json!({ "type": "string", "description": "Why", "enum": ["a", "b"] });
        for shape in Shape::SIMPLE {
            let schema = shape.schema(&before);
            assert_eq!(Shape::of(&schema), shape, "{schema}");
            assert_eq!(description(&schema), "Why");
        }
        assert_eq!(choices(&before), ["a", "b"]);
    }

    #[test]
    fn what_the_fields_cannot_say_stays_a_schema() {
        for schema in [
            json!({ "type": "string", "minLength": 2 }),
            json!({ "type": "object", "properties": {} }),
            json!({ "type": "array", "items": { "type": "number" } }),
            json!("{ broken"),
        ] {
            assert_eq!(Shape::of(&schema), Shape::Schema, "{schema}");
        }
    }

    #[test]
    fn a_fixed_value_is_written_as_it_is_read() {
        for (typed, value) in [
            ("voice-agent", json!("voice-agent")),
            ("true", json!(true)),
            ("12", json!(12)),
            ("\"12\"", json!("12")),
            ("", json!("")),
            ("{\"a\":1}", json!({ "a": 1 })),
        ] {
            assert_eq!(read_value(typed), value);
            assert_eq!(write_value(&value), typed);
        }
    }

    #[test]
    fn what_is_typed_for_a_test_is_what_the_schema_wants() {
        let of = |shape: Shape| shape.schema(&json!({}));
        assert_eq!(read_for(&of(Shape::Text), "12"), Some(json!("12")));
        assert_eq!(read_for(&of(Shape::Whole), "12"), Some(json!(12)));
        assert_eq!(read_for(&of(Shape::Whole), "many"), Some(json!("many")));
        assert_eq!(read_for(&of(Shape::Texts), "a, b"), Some(json!(["a", "b"])));
        assert_eq!(read_for(&of(Shape::Texts), "[\"a, b\"]"), Some(json!(["a, b"])));
        assert_eq!(read_for(&of(Shape::Text), "  "), None);
    }
}
