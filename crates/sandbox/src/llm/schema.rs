//! Fills in a JSON schema with what a conversation says, always in the same way.

use serde_json::{Map, Value, json};

/// Nobody describes more levels, and a schema may refer to itself.
const DEEPEST: usize = 8;

pub fn filled(schema: &Value, text: &str) -> Value {
    fill(schema, text, 0)
}

fn fill(schema: &Value, text: &str, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(one) = ["anyOf", "oneOf"].iter().find_map(|name| schema[*name].get(0)) {
        return fill(one, text, depth + 1);
    }
    match kind(schema) {
        "object" => {
            let members = schema["properties"].as_object();
            let members = members.into_iter().flatten();
            let filled = members.map(|(name, member)| (name.clone(), fill(member, text, depth + 1)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
        "array" => json!([fill(&schema["items"], text, depth + 1)]),
        "integer" | "number" => json!(schema["minimum"].as_i64().unwrap_or(1)),
        "boolean" => json!(!text.is_empty()),
        "null" => Value::Null,
        _ => {
            let most = schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok());
            json!(
                first_sentence(text)
                    .chars()
                    .take(most.unwrap_or(400))
                    .collect::<String>()
            )
        }
    }
}

/// The type, or the first of several that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if schema["properties"].is_object() => "object",
        _ => "string",
    }
}

fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let end = text.find(['.', '!', '?', '\n']).map_or(text.len(), |at| at + 1);
    text[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_there_and_of_its_type() {
        let schema = json!({
            "type": "object",
            "properties": {
                "summary": { "type": "string", "maxLength": 11 },
                "success": { "type": "boolean" },
                "score": { "type": ["integer", "null"], "minimum": 3 },
                "mood": { "type": "string", "enum": ["calm", "angry"] },
                "topics": { "type": "array", "items": { "type": "string" } },
            },
        });
        let filled = filled(&schema, "They confirmed the visit. Then they hung up.");
        let expected = json!({
            "summary": "They confir", "success": true, "score": 3, "mood": "calm", "topics": ["They confirmed the visit."],
        });
        assert_eq!(filled, expected);
    }
}
