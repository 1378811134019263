//! The providers' official OpenAPI files, read as JSON Schema.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

pub struct Spec {
    name: &'static str,
    document: Value,
    validators: Mutex<HashMap<String, std::sync::Arc<Validator>>>,
}

type Loaded = OnceLock<Option<Spec>>;

pub fn ultravox() -> Option<&'static Spec> {
    static SPEC: Loaded = OnceLock::new();
    SPEC.get_or_init(|| Spec::load("ultravox.openapi.json")).as_ref()
}

pub fn clerk_backend() -> Option<&'static Spec> {
    static SPEC: Loaded = OnceLock::new();
    SPEC.get_or_init(|| Spec::load("clerk-bapi.openapi.json")).as_ref()
}

pub fn clerk_browser() -> Option<&'static Spec> {
    static SPEC: Loaded = OnceLock::new();
    SPEC.get_or_init(|| Spec::load("clerk-fapi.openapi.json")).as_ref()
}

pub fn clerk_events() -> Option<&'static Spec> {
    static SPEC: Loaded = OnceLock::new();
    SPEC.get_or_init(|| Spec::load("clerk-webhooks.openapi.json")).as_ref()
}

fn folder() -> PathBuf {
    let usual = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/providers/specs"));
    std::env::var_os("SWITCHBOARD_SPECS").map_or_else(usual, PathBuf::from)
}

/// OpenAPI 3.0 says `nullable: true` where JSON Schema wants null among the types.
fn nullable(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(nullable);
            if members.remove("nullable") == Some(json!(true)) {
                let schema = Value::Object(std::mem::take(members));
                members.insert("anyOf".into(), json!([{ "type": "null" }, schema]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(nullable),
        _ => {}
    }
}

/// Schemas that others build upon cannot be closed: `allOf` would then refuse what the others add.
fn opened(document: &mut Value) {
    fn bases(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(parts) = members
                    .get("allOf")
                    .and_then(Value::as_array)
                    .filter(|parts| parts.len() > 1)
                {
                    found.extend(parts.iter().filter_map(|part| part["$ref"].as_str()).map(str::to_owned));
                }
                members.values().for_each(|value| bases(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| bases(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    bases(document, &mut found);
    for reference in found {
        let base = document
            .pointer_mut(reference.trim_start_matches('#'))
            .and_then(Value::as_object_mut);
        if let Some(base) = base {
            base.remove("additionalProperties");
        }
    }
}

impl Spec {
    pub fn load(name: &'static str) -> Option<Spec> {
        let path = folder().join(name);
        let Ok(text) = std::fs::read(&path) else {
            println!(
                "NOTICE: contract checks against {name} are skipped: {} is absent",
                path.display()
            );
            return None;
        };
        let mut document: Value = serde_json::from_slice(&text).expect("the spec is JSON");
        opened(&mut document);
        nullable(&mut document);
        Some(Spec {
            name,
            document,
            validators: Mutex::default(),
        })
    }

    /// The declared path that fits, with braces where anything may stand. A literal beats a parameter.
    fn template(&self, path: &str) -> Option<String> {
        let asked: Vec<&str> = path.split('/').collect();
        let fits = |template: &&String| {
            let parts: Vec<&str> = template.split('/').collect();
            parts.len() == asked.len()
                && parts
                    .iter()
                    .zip(&asked)
                    .all(|(part, asked)| part.starts_with('{') || part == asked)
        };
        let paths = self.document["paths"].as_object()?;
        paths
            .keys()
            .filter(fits)
            .min_by_key(|template| template.matches('{').count())
            .cloned()
    }

    /// Fails the test when a JSON answer is not what the spec declares for its status.
    pub fn check_answer(&self, method: &str, path: &str, status: u16, body: &Value) {
        let Some(template) = self.template(path) else {
            panic!("{}: no path for {path}", self.name)
        };
        let operation = &self.document["paths"][&template][method.to_lowercase()];
        assert!(operation.is_object(), "{}: no {method} {template}", self.name);
        let mut response = &operation["responses"][status.to_string()];
        if response.is_null() {
            assert!(
                !(200..300).contains(&status),
                "{}: {method} {template} does not declare {status}",
                self.name
            );
            return;
        }
        if let Some(reference) = response["$ref"].as_str() {
            response = self
                .document
                .pointer(reference.trim_start_matches('#'))
                .expect("a response to refer to");
        }
        let schema = &response["content"]["application/json"]["schema"];
        if schema.is_object() {
            self.check(&format!("{method} {template} {status}"), schema, body);
        }
    }

    /// Fails the test when an event is not what the spec declares for its type.
    pub fn check_event(&self, event: &Value) {
        let kind = event["type"].as_str().expect("a type");
        let declared =
            &self.document["x-webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert!(declared.is_object(), "{}: no event {kind}", self.name);
        self.check(kind, declared, event);
    }

    pub fn check_schema(&self, name: &str, body: &Value) {
        self.check(name, &json!({ "$ref": format!("#/components/schemas/{name}") }), body);
    }

    pub fn check(&self, what: &str, schema: &Value, body: &Value) {
        let validator = self.validator(what, schema);
        let errors: Vec<_> = validator
            .iter_errors(body)
            .map(|error| format!("{} at {}", error, error.instance_path))
            .collect();
        assert!(
            errors.is_empty(),
            "{}: {what}\n{}\n{body:#}",
            self.name,
            errors.join("\n")
        );
    }

    fn validator(&self, what: &str, schema: &Value) -> std::sync::Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || {
            let root = json!({ "allOf": [schema], "components": self.document["components"] });
            let options = jsonschema::options().with_draft(Draft::Draft4).build(&root);
            std::sync::Arc::new(options.expect("the spec holds valid schemas"))
        };
        std::sync::Arc::clone(validators.entry(what.to_owned()).or_insert_with(build))
    }
}
