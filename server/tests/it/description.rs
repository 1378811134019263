//! The description of the REST API: what programs that generate clients rely on.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};
use server::rest::openapi::document;
use switchboard::check::{Check, SEEN, TEXT};

fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// Every part of a part of the document, itself first.
fn parts(part: &Value) -> Vec<&Value> {
    let inner: Vec<&Value> = match part {
        Value::Object(object) => object.values().collect(),
        Value::Array(array) => array.iter().collect(),
        _ => Vec::new(),
    };
    let mut all = vec![part];
    all.extend(inner.into_iter().flat_map(parts));
    all
}

#[test]
fn every_operation_has_a_name_that_reads_as_a_function_and_nobody_elses() {
    let mut names = BTreeSet::new();
    for (operation, described) in operations() {
        let name = described["operationId"].as_str().unwrap();
        assert!(
            name.starts_with(|c: char| c.is_ascii_lowercase()),
            "{operation}: {name}"
        );
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{operation}: {name}");
        assert!(names.insert(name), "{operation}: {name} is there twice");
        assert!(
            described["responses"]["default"].is_null(),
            "{operation}: which statuses?"
        );
    }
    for name in [
        "createAgent",
        "replaceAgent",
        "updateAgent",
        "listFolders",
        "placeCall",
        "getTranscript",
    ] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for part in parts(document()) {
        let Some(reference) = part["$ref"].as_str() else {
            continue;
        };
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document().pointer(pointer).is_some(), "{reference}");
    }
}

/// The schema of a body, able to look up what it mentions.
fn body(schema: &Value) -> Validator {
    let mut whole = json!({"components": document()["components"]});
    for (key, value) in schema.as_object().unwrap() {
        whole[key] = value.clone();
    }
    jsonschema::validator_for(&whole).unwrap()
}

#[test]
fn every_example_is_good_and_what_is_needed_is_said() {
    let mut tried = 0;
    for (operation, described) in operations() {
        for media in described["requestBody"]["content"]
            .as_object()
            .into_iter()
            .flat_map(|content| content.values())
        {
            // A file has no example.
            if !media["schema"]["contentMediaType"].is_null() {
                continue;
            }
            let body = body(&media["schema"]);
            let errors: Vec<String> = body
                .iter_errors(&media["example"])
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{operation}: {errors:?}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried} bodies have an example");
    for (schema, needed) in [
        ("AgentDraft", vec!["name", "prompt", "voice_id"]),
        ("FolderDraft", vec!["name"]),
        ("CallDraft", vec!["agent_id", "to"]),
    ] {
        assert_eq!(
            document()["components"]["schemas"][schema]["required"],
            json!(needed),
            "{schema}"
        );
    }
}

#[test]
fn bodies_have_bounds_and_no_defaults_and_answers_have_everything() {
    let schemas = &document()["components"]["schemas"];
    let agent = &schemas["AgentDraft"]["properties"];
    assert_eq!(
        (&agent["name"]["minLength"], &agent["name"]["maxLength"]),
        (&json!(1), &json!(80))
    );
    assert_eq!(
        (&agent["max_duration_s"]["minimum"], &agent["max_duration_s"]["maximum"]),
        (&json!(30), &json!(14_400))
    );
    assert_eq!(
        (&agent["tags"]["maxItems"], &agent["tags"]["items"]["maxLength"]),
        (&json!(20), &json!(40))
    );
    assert_eq!(schemas["Variable"]["properties"]["description"]["maxLength"], 200);
    assert!(schemas["CallDraft"]["properties"]["variables"]["additionalProperties"].is_object());
    let says = agent["language"]["description"].as_str().unwrap();
    assert!(says.ends_with("Default: \"en-US\"."), "{says}");
    for (name, schema) in schemas
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("Draft"))
    {
        for (field, property) in schema["properties"].as_object().unwrap() {
            assert!(property["default"].is_null(), "{name}.{field}");
        }
    }
    for (name, draft) in [
        ("Agent", "AgentDraft"),
        ("Contact", "ContactDraft"),
        ("Tool", "ToolDraft"),
    ] {
        let required = schemas[name]["required"].as_array().unwrap();
        for field in schemas[draft]["properties"].as_object().unwrap().keys() {
            assert!(required.contains(&json!(field)), "{name}.{field}");
        }
    }
}

/// The patterns of texts say what the check does, of every character there is.
#[test]
fn a_text_is_described_as_it_is_checked() {
    let fits = |pattern: &str| jsonschema::validator_for(&json!({"type": "string", "pattern": pattern})).unwrap();
    let checked = |text: &str, least: usize| {
        let mut check = Check::default();
        check.text("name", text, least..=10);
        check.finish().is_ok()
    };
    for (pattern, least) in [(TEXT, 0), (SEEN, 1)] {
        let described = fits(pattern);
        // The few beyond that nobody sees are named beside the status.
        for c in (0..0x1_0000).chain(0x1_f000..0x1_ff00).filter_map(char::from_u32) {
            let text = c.to_string();
            assert_eq!(described.is_valid(&json!(text)), checked(&text, least), "{c:?}");
        }
        for text in [
            "",
            " a ",
            "a\nb\tc\r",
            "\u{200b}\u{200d}",
            "a\u{7}",
            " \u{1}a",
            "👩\u{200d}🔬",
        ] {
            assert_eq!(described.is_valid(&json!(text)), checked(text, least), "{text:?}");
        }
    }
}

#[test]
fn bodies_are_exact_and_what_is_read_can_be_sent_back() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let name = |at: &Value| {
        let of = at["content"]["application/json"]["schema"]["$ref"].as_str()?;
        Some(of.rsplit('/').next()?.to_owned())
    };
    let puts = document["paths"].as_object().unwrap().values().map(|path| &path["put"]);
    let pairs: Vec<(String, String)> = puts
        .filter_map(|put| Some((name(&put["requestBody"])?, name(&put["responses"]["200"])?)))
        .collect();
    assert!(pairs.len() >= 5, "{pairs:?}");
    for (draft, whole) in &pairs {
        let fields = |name: &str| {
            schemas[name]["properties"]
                .as_object()
                .unwrap()
                .keys()
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(schemas[draft]["additionalProperties"], json!(false), "{draft}");
        assert_eq!(fields(draft), fields(whole), "{draft}");
        for fixed in ["id", "revision", "created_at"] {
            assert_eq!(schemas[draft]["properties"][fixed]["readOnly"], true, "{draft}.{fixed}");
        }
    }
    let metadata = &schemas["AgentDraft"]["properties"]["metadata"];
    assert_eq!(
        (
            &metadata["maxProperties"],
            &metadata["propertyNames"]["pattern"],
            &metadata["additionalProperties"]["maxLength"]
        ),
        (&json!(16), &json!("^[A-Za-z0-9_-]{1,40}$"), &json!(500))
    );
    let merged = &schemas["AgentPatch"]["properties"]["metadata"]["additionalProperties"];
    assert_eq!(merged["type"], json!(["string", "null"]));
}

#[test]
fn what_no_schema_can_say_is_said_beside_the_status() {
    let why = |path: &str, method: &str, status: &str| {
        let refusal = &document()["paths"][path][method]["responses"][status];
        refusal["description"].as_str().unwrap_or_default()
    };
    for method in ["put", "patch"] {
        let says = why("/agents/{id}", method, "422");
        assert!(says.contains("`name`: another agent has it; "), "{method}: {says}");
        assert!(says.contains("`If-Match`: "), "{method}: {says}");
    }
    assert!(why("/calls", "post", "422").contains("`agent_id`: the organization has no such agent"));
    assert!(why("/calls", "get", "422").contains("`cursor`: "));
    assert_eq!(why("/agents/{id}", "delete", "404"), "");
}
