//! Shapes: what programs that generate clients need to know beyond what types say of themselves.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use switchboard::check::{Limit, SEEN, TEXT};

/// Of the body of an operation (its path and its method): what is asked of each field.
pub type Limits = (String, String, Vec<(String, Limit)>);

/// Bodies say what has to be in them, within which bounds, and have no defaults, which generators would take for something that is
/// always there; answers say that all of them are there.
pub fn shape(document: &mut Value, limits: &[Limits]) {
    answers_are_whole(document);
    for (path, method, limits) in limits {
        let operation = &document["paths"][path][method];
        let content = operation["requestBody"]["content"].clone();
        for media in content.as_object().into_iter().flat_map(Map::values) {
            if let Some(name) = media["schema"]["$ref"].as_str().and_then(component) {
                let name = name.to_owned();
                for (field, limit) in limits {
                    bound(document, &name, field, limit);
                }
            }
        }
    }
    taken_back(document);
    let mut asked = BTreeSet::new();
    for operation in operations(document) {
        mentions(&operation["requestBody"], document, &mut asked);
    }
    let schemas = document["components"]["schemas"].clone();
    for operation in operations_mut(document) {
        let Some(body) = operation.get_mut("requestBody") else {
            continue;
        };
        for media in body["content"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            let schema = media["schema"].clone();
            if let Some(example) = media.get_mut("example") {
                only_writable(example, &schema, &schemas);
            }
        }
        without_defaults(body);
        exact(body);
    }
    for operation in operations_mut(document) {
        operation.get_mut("parameters").map(exact);
    }
    for name in &asked {
        let schemas = document["components"]["schemas"].as_object_mut();
        if let Some(schema) = schemas.and_then(|schemas| schemas.get_mut(name)) {
            without_defaults(schema);
            exact(schema);
        }
    }
    patches(document, &asked);
}

/// What is read can be sent back: the body of a PUT knows the fields of its answer that cannot be changed, as such.
fn taken_back(document: &mut Value) {
    let mut found = Vec::new();
    for item in document["paths"].as_object().into_iter().flat_map(Map::values) {
        let body = &item["put"]["requestBody"]["content"]["application/json"]["schema"];
        let answer = &item["put"]["responses"]["200"]["content"]["application/json"]["schema"];
        let name = |schema: &Value| schema["$ref"].as_str().and_then(component).map(str::to_owned);
        found.extend(name(body).zip(name(answer)));
    }
    for (draft, whole) in found {
        let schemas = &mut document["components"]["schemas"];
        let fixed = schemas[&whole]["properties"].clone();
        for (field, property) in fixed.as_object().into_iter().flatten() {
            let known = &mut schemas[&draft]["properties"][field];
            if known.is_null() {
                // A reference cannot have something beside it in all that reads the document.
                *known = match property.get("$ref") {
                    Some(_) => json!({"allOf": [property]}),
                    None => property.clone(),
                };
                known["readOnly"] = json!(true);
            }
        }
    }
}

/// Without U+0000, which nothing can hold.
const WRITABLE: &str = r"^[^\x00]*$";

/// Nothing that is not named is in an object, unless it holds whatever it is given; and a text is one that can be held.
fn exact(part: &mut Value) {
    match part {
        Value::Object(object) => {
            let open = object.get("additionalProperties").is_some_and(|open| open != false);
            if object.get("type") == Some(&json!("object")) && object.contains_key("properties") && !open {
                object.insert("additionalProperties".to_owned(), json!(false));
            } else if open && !object.contains_key("propertyNames") {
                object.insert("propertyNames".to_owned(), json!({"pattern": WRITABLE}));
            }
            let is_text = match object.get("type") {
                Some(Value::Array(kinds)) => kinds.contains(&json!("string")),
                kind => kind == Some(&json!("string")),
            };
            let is_free = ["pattern", "format", "enum", "const"]
                .iter()
                .all(|word| !object.contains_key(*word));
            if is_text && is_free {
                object.insert("pattern".to_owned(), json!(WRITABLE));
            }
            let parts = object
                .iter_mut()
                .filter(|(name, _)| !matches!(name.as_str(), "example" | "examples"));
            parts.for_each(|(_, inner)| exact(inner));
        }
        Value::Array(array) => array.iter_mut().for_each(exact),
        _ => {}
    }
}

/// `AgentPatch`: the parts of an `AgentDraft`.
pub fn patch_of(draft: &str) -> String {
    format!("{}Patch", draft.trim_end_matches("Draft"))
}

/// A patch is the draft with nothing in it that has to be there, and with `null` for what shall be as if it were left out.
fn patches(document: &mut Value, asked: &BTreeSet<String>) {
    for name in asked.iter().filter(|name| name.ends_with("Draft")) {
        let patch = patch_of(name);
        if !asked.contains(&patch) {
            continue;
        }
        let schemas = &mut document["components"]["schemas"];
        let mut parts = schemas[name].clone();
        if let Some(parts) = parts.as_object_mut() {
            parts.remove("required");
        }
        for property in parts["properties"]
            .as_object_mut()
            .into_iter()
            .flat_map(Map::values_mut)
        {
            or_null(property);
        }
        parts["description"] = json!(
            "Parts of it, merged as RFC 7396 says: what is left out stays, and what is null is as if it had never been said."
        );
        schemas[patch] = parts;
    }
}

fn or_null(property: &mut Value) {
    // A merge goes into an object.
    if property["additionalProperties"].is_object() {
        or_null(&mut property["additionalProperties"]);
    }
    if let Some(kind) = property["type"].as_str() {
        property["type"] = json!([kind, "null"]);
    } else if property["type"].is_null() && property.get("oneOf").is_none() && property.get("$ref").is_some() {
        let says = property
            .as_object_mut()
            .and_then(|property| property.remove("description"));
        *property = json!({"oneOf": [property, {"type": "null"}]});
        if let Some(says) = says {
            property["description"] = says;
        }
    }
}

fn component(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().into_iter().flat_map(Map::values);
    paths.filter_map(Value::as_object).flat_map(Map::values)
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}

/// The components that a part of the document mentions, and that those mention.
fn mentions(part: &Value, document: &Value, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str).and_then(component)
                && found.insert(name.to_owned())
            {
                mentions(&document["components"]["schemas"][name], document, found);
            }
            object.values().for_each(|inner| mentions(inner, document, found));
        }
        Value::Array(array) => array.iter().for_each(|inner| mentions(inner, document, found)),
        _ => {}
    }
}

/// Takes from an example what is only ever read.
fn only_writable(example: &mut Value, schema: &Value, schemas: &Value) {
    let schema = schema["$ref"]
        .as_str()
        .and_then(component)
        .map_or(schema, |name| &schemas[name]);
    match example {
        Value::Object(fields) => {
            fields.retain(|name, _| schema["properties"][name]["readOnly"] != true);
            for (name, inner) in fields {
                only_writable(inner, &schema["properties"][name], schemas);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| only_writable(item, &schema["items"], schemas)),
        _ => {}
    }
}

/// A default becomes a word of the description.
fn without_defaults(part: &mut Value) {
    match part {
        Value::Object(object) => {
            let properties = object.get_mut("properties").and_then(Value::as_object_mut);
            for property in properties.into_iter().flat_map(Map::values_mut) {
                let Some(property) = property.as_object_mut() else {
                    continue;
                };
                let Some(default) = property.remove("default") else {
                    continue;
                };
                let is_something = match &default {
                    Value::String(text) => !text.is_empty(),
                    Value::Number(_) | Value::Bool(true) => true,
                    _ => false,
                };
                if is_something {
                    let says = property.get("description").and_then(Value::as_str).unwrap_or_default();
                    let says = format!("{says} Default: {default}.").trim_start().to_owned();
                    property.insert("description".to_owned(), says.into());
                }
            }
            object.values_mut().for_each(without_defaults);
        }
        Value::Array(array) => array.iter_mut().for_each(without_defaults),
        _ => {}
    }
}

/// What is a draft and more becomes one object, in which everything is.
fn answers_are_whole(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        let Some(parts) = schema["allOf"].as_array() else {
            continue;
        };
        let (mut properties, mut required) = (Map::new(), BTreeSet::new());
        for part in parts {
            let draft = part["$ref"].as_str().and_then(component);
            let part = draft.map_or(part, |draft| &schemas[draft]);
            for (field, property) in part["properties"].as_object().into_iter().flatten() {
                properties.insert(field.clone(), property.clone());
                if draft.is_some() {
                    required.insert(field.clone());
                }
            }
            required.extend(texts(&part["required"]));
        }
        for property in properties.values_mut().filter_map(Value::as_object_mut) {
            property.remove("default");
        }
        let mut whole = json!({"type": "object", "properties": properties, "required": required});
        if let Some(says) = schema.get("description") {
            whole["description"] = says.clone();
        }
        document["components"]["schemas"][name] = whole;
    }
}

fn texts(array: &Value) -> impl Iterator<Item = String> {
    let array = array.as_array().into_iter().flatten();
    array.filter_map(Value::as_str).map(str::to_owned)
}

/// Says of one field, such as `variables[0].name`, what is asked of it.
fn bound(document: &mut Value, schema: &str, field: &str, limit: &Limit) {
    let (first, rest) = match field.find(['.', '[']) {
        Some(at) => (
            &field[..at],
            field[at..].trim_start_matches("[0]").trim_start_matches('.'),
        ),
        None => (field, ""),
    };
    let property = &document["components"]["schemas"][schema]["properties"][first];
    if property.is_null() {
        return;
    }
    let is_list = property["type"] == "array";
    let inner = if is_list { &property["items"] } else { property };
    // What is asked of one value of an object is asked of each.
    if !rest.is_empty() && !is_list && inner["additionalProperties"].is_object() {
        let values = &mut document["components"]["schemas"][schema]["properties"][first]["additionalProperties"];
        return ask(values, limit);
    }
    if !rest.is_empty() {
        if let Some(inner) = inner["$ref"].as_str().and_then(component) {
            let inner = inner.to_owned();
            bound(document, &inner, rest, limit);
        }
        return;
    }
    let of_each = is_list && !matches!(limit, Limit::Count(_));
    let schema = &mut document["components"]["schemas"][schema];
    // Never left out where what then stands for it would be refused.
    let default = &schema["properties"][first]["default"];
    let is_needed = match limit {
        Limit::Text(length) => *length.start() > 0,
        Limit::Count(length) => *length.start() > 0,
        Limit::Pattern(_) => default == "",
        Limit::Number(range) => default.as_i64().is_some_and(|default| !range.contains(&default)),
        _ => false,
    };
    if is_needed && !of_each {
        let mut required: BTreeSet<String> = texts(&schema["required"]).collect();
        required.insert(first.to_owned());
        schema["required"] = json!(required);
    }
    let property = &mut schema["properties"][first];
    let property = if of_each { &mut property["items"] } else { property };
    ask(property, limit);
}

/// Says of a value what is asked of it.
fn ask(property: &mut Value, limit: &Limit) {
    let counts = if property["type"] == "array" {
        ["minItems", "maxItems"]
    } else {
        ["minProperties", "maxProperties"]
    };
    match limit {
        Limit::Text(length) => {
            let [least, most] = ["minLength", "maxLength"];
            within(property, [least, most], *length.start(), *length.end(), usize::MAX);
            if property.get("pattern").is_none() {
                property["pattern"] = json!(if *length.start() > 0 { SEEN } else { TEXT });
            }
        }
        Limit::Count(range) => within(property, counts, *range.start(), *range.end(), usize::MAX),
        Limit::Number(range) => {
            property["minimum"] = json!(range.start());
            property["maximum"] = json!(range.end());
        }
        Limit::Pattern(pattern) => property["pattern"] = json!(pattern),
        Limit::Keys(pattern, most) => property["propertyNames"] = json!({"pattern": pattern, "maxLength": most}),
        Limit::Email => {
            property["format"] = json!("email");
            property["maxLength"] = json!(254);
        }
        Limit::Beyond(_) | Limit::Free => {}
    }
}

fn within(property: &mut Value, [least, most]: [&str; 2], start: usize, end: usize, open: usize) {
    if start > 0 {
        property[least] = json!(start);
    }
    if end < open {
        property[most] = json!(end);
    }
}
