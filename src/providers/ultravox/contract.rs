//! The contract: what the official description of the API accepts. Read where it lies, never copied.

use std::path::PathBuf;

use serde_json::{Value, json};

pub struct Contract(Value);

impl Contract {
    /// `None`, with a notice, where the description is not at hand.
    pub fn load() -> Option<Self> {
        let folder = std::env::var_os("SWITCHBOARD_SPECS").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/providers/specs"),
            PathBuf::from,
        );
        let path = folder.join("ultravox.openapi.json");
        let Ok(text) = std::fs::read(&path) else {
            eprintln!("skipped: there is no {}", path.display());
            return None;
        };
        let mut description: Value = serde_json::from_slice(&text).expect("the description is JSON");
        close(&mut description["components"]["schemas"]);
        Some(Self(description))
    }

    /// # Panics
    /// When the value does not fit.
    pub fn check(&self, schema: &str, value: &Value) {
        let root = json!({ "$ref": format!("#/components/schemas/{schema}"), "components": self.0["components"] });
        let validator = jsonschema::draft4::new(&root).expect("the description is a schema");
        let faults: Vec<String> = validator
            .iter_errors(value)
            .map(|fault| format!("{}: {fault}", fault.instance_path))
            .collect();
        assert!(faults.is_empty(), "{schema}: {faults:#?}");
    }
}

/// Refuses fields that the description does not name: the service would.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let named = members
                .get("properties")
                .is_some_and(|properties| properties.is_object());
            if named
                && members.get("type").is_some_and(|kind| kind == "object")
                && !members.contains_key("additionalProperties")
            {
                members.insert("additionalProperties".into(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
