//! Clerk's official OpenAPI file, read as JSON Schema: what is asked and what the stand-in answers are held to it.

use std::{path::PathBuf, sync::LazyLock};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// What is declared of an operation that claims use.
pub struct Operation {
    query: Vec<String>,
    body: Option<Validator>,
    answer: Validator,
}

/// None where the file is absent.
pub static LIST: LazyLock<Option<Operation>> = LazyLock::new(|| Some(operation(CLERK.as_ref()?, "get", "/users")));
pub static MERGE: LazyLock<Option<Operation>> =
    LazyLock::new(|| Some(operation(CLERK.as_ref()?, "patch", "/users/{user_id}/metadata")));

static CLERK: LazyLock<Option<Value>> = LazyLock::new(|| load("clerk-bapi.openapi.json"));

fn load(name: &str) -> Option<Value> {
    let usual = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/providers/specs"));
    let path = std::env::var_os("SWITCHBOARD_SPECS")
        .map_or_else(usual, PathBuf::from)
        .join(name);
    let Ok(text) = std::fs::read(&path) else {
        println!(
            "NOTICE: contract checks against {name} are skipped: {} is absent",
            path.display()
        );
        return None;
    };
    let mut document: Value = serde_json::from_slice(&text).expect("the spec is JSON");
    nullable(&mut document);
    Some(document)
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

fn operation(document: &Value, method: &str, template: &str) -> Operation {
    let operation = &document["paths"][template][method];
    assert!(operation.is_object(), "no {method} {template}");
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let query = parameters
        .iter()
        .map(|parameter| referred(document, parameter))
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .collect();
    let schema = |of: &Value| {
        let schema = &of["content"]["application/json"]["schema"];
        let root = json!({ "allOf": [schema], "components": document["components"] });
        let build = || jsonschema::options().with_draft(Draft::Draft4).build(&root).unwrap();
        schema.is_object().then(build)
    };
    Operation {
        query,
        body: schema(&operation["requestBody"]),
        answer: schema(referred(document, &operation["responses"]["200"])).expect("an answer is declared"),
    }
}

fn referred<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

impl Operation {
    /// Names in the query and the body are what the operation declares.
    pub fn request(&self, query: &[(String, String)], body: &Value) {
        for (name, _) in query {
            assert!(self.query.contains(name), "there is no parameter {name}");
        }
        match &self.body {
            Some(validator) => check(validator, body),
            None => assert!(body.is_null(), "it takes no body"),
        }
    }

    pub fn answer(&self, body: &Value) {
        check(&self.answer, body);
    }
}

fn check(validator: &Validator, body: &Value) {
    let errors: Vec<_> = validator
        .iter_errors(body)
        .map(|error| format!("{error} at {}", error.instance_path))
        .collect();
    assert!(errors.is_empty(), "{}\n{body:#}", errors.join("\n"));
}
