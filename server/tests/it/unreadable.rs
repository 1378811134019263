//! What the database can hold nowhere, in every part of a request: refused with the name of the field, and never our fault.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::support::{Answer, World, serial};

fn named(answer: &Answer, field: &str) {
    assert_eq!(
        (answer.status, answer.error().as_str(), answer.fields()),
        (StatusCode::BAD_REQUEST, "malformed", vec![field.to_owned()]),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_query_and_a_path_name_what_cannot_be_read() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for (path, field) in [
        ("/agents?q=a%00", "q"),
        ("/contacts?q=%ED%A0%BD", "q"),
        ("/calls?q=%FF", "q"),
        ("/audit?cursor=%00", "cursor"),
        ("/search?q=%00", "q"),
        ("/agents/%00", "id"),
        ("/voices/%00/preview", "voice_id"),
        ("/members/%ED%A0%BD", "user_id"),
    ] {
        named(&world.get(path, &org.key).await, field);
    }
    let cookie = world.visitor(&org).await.cookie.unwrap();
    for path in [
        "/agents?q=%00",
        "/calls?q=%FF",
        "/agents/%00",
        "/app/contacts/export/plain.csv?q=%00",
        "/reset?token=%00",
    ] {
        let request = Request::get(path)
            .header(header::COOKIE, &cookie)
            .header("sec-fetch-site", "same-origin");
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text());
    }
}

/// Puts U+0000, or half a surrogate, into each text of a sample in turn.
fn spoiled(sample: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    texts(sample, String::new(), &mut found);
    let mut bodies = Vec::new();
    for path in found {
        for escape in [r"x\u0000", r"x\ud83d"] {
            let mut body = sample.clone();
            let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
            *body.pointer_mut(&pointer).unwrap() = json!("SPOT");
            bodies.push((path.clone(), body.to_string().replace("SPOT", escape)));
        }
    }
    bodies
}

fn texts(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                texts(item, format!("{path}[{at}]"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let dot = if path.is_empty() { "" } else { "." };
                texts(member, format!("{path}{dot}{name}"), found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_body_names_the_field_that_cannot_be_read() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await;
    let bodies = [
        (
            "/agents",
            json!({"name": "A", "prompt": "B", "voice_id": "Mark", "variables": [{"name": "x"}]}),
        ),
        (
            "/contacts",
            json!({"phone": "+14155550100", "name": "Ann", "custom": {"a": "b"}}),
        ),
        ("/contact-folders", json!({"name": "A"})),
        ("/api-keys", json!({"name": "A", "scopes": ["agents:read"]})),
        (
            "/calls",
            json!({"agent_id": agent.id, "to": {"medium": "text"}, "variables": {"x": "y"}}),
        ),
    ];
    for (path, sample) in bodies {
        for (field, body) in spoiled(&sample) {
            let request = Request::post(format!("/api/v1{path}"))
                .header(header::AUTHORIZATION, format!("Bearer {}", org.key))
                .header(header::CONTENT_TYPE, "application/json")
                .header("idempotency-key", serial().to_string());
            let answer = world.send(request.body(Body::from(body.clone())).unwrap()).await;
            assert_eq!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{path} {body}: {}",
                answer.text()
            );
            let fields = answer.fields();
            // A parser that stops in the middle of a tagged choice knows only where that began.
            let near = |told: &String| field.starts_with(told.as_str());
            assert!(
                fields.len() == 1 && fields.iter().all(near),
                "{path} {field}: {fields:?}"
            );
        }
    }
}

#[tokio::test]
async fn no_form_reaches_a_server_function_with_it() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let cookie = world.visitor(&org).await.cookie.unwrap();
    for text in ["a\0", "\0"] {
        let sign_in = json!({"draft": {"email": text, "password": text}});
        let answer = world.function("account/sign_in", None, &sign_in).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
        assert_eq!(answer.failure().unwrap().fields()[0].field, "draft[email]");
        let key = json!({"org": org.id, "draft": {"name": text, "scopes": []}});
        let answer = world.function("keys/create_key", Some(&cookie), &key).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
        assert_eq!(answer.failure().unwrap().fields()[0].field, "draft[name]");
    }
}
