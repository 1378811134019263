//! Tools over REST: secrets that go in and never come out, and addresses that a public installation does not call.

use axum::http::StatusCode;
use serde_json::{Value, json};
use switchboard::{
    sample::{Fixtures, Sample},
    tools::Tool,
};

use crate::support::World;

fn draft(name: &str) -> Value {
    json!(Tool::sample(name, &Fixtures::default()))
}

#[tokio::test]
async fn a_secret_goes_in_and_never_comes_out() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let mut with = draft("Opening hours");
    with["secret"] = json!({ "header": "X-Key", "value": "hunter2-0123456789abcdef" });
    let made = world.post("/tools", &org.key, &with).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(
        (&made.json()["secret"]["header"], &made.json()["secret"]["ends_with"]),
        (&json!("X-Key"), &json!("cdef"))
    );
    let path = format!("/tools/{}", made.json()["id"].as_str().unwrap());
    let mut answers = vec![made.text()];
    for place in [path.as_str(), "/tools", "/tools/export", "/audit"] {
        answers.push(world.get(place, &org.key).await.text());
    }
    let test = json!({ "values": { "clinic": "napa", "date": "2026-12-03" } });
    let test = world.post(&format!("{path}/test"), &org.key, &test).await;
    assert_eq!(test.status, StatusCode::OK, "{}", test.text());
    answers.push(test.text());
    for answer in answers {
        assert!(!answer.contains("hunter2"), "{answer}");
    }
    let stored: Vec<String> = sqlx::query_scalar("select t::text from app.tools t")
        .fetch_all(&world.db.admin)
        .await
        .unwrap();
    assert!(
        !stored[0].contains("hunter2") && !stored[0].contains(&hex("hunter2")),
        "{stored:?}"
    );
    // What is read can be sent back, and keeps the secret.
    let mut back = world.get(&path, &org.key).await.json();
    back["timeout_s"] = json!(12);
    let fields = with.as_object().unwrap();
    back.as_object_mut()
        .unwrap()
        .retain(|field, _| fields.contains_key(field));
    let saved = world
        .rest(axum::http::Method::PUT, &path, Some(&org.key), Some(&back))
        .await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    assert_eq!(saved.json()["secret"], made.json()["secret"]);
    // A header without a value is no secret.
    let mut without = draft("Another");
    without["secret"] = json!({ "header": "X-Key" });
    let refused = world.post("/tools", &org.key, &without).await;
    assert_eq!(
        (refused.status, refused.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["secret.value".to_owned()])
    );
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_public_installation_calls_public_addresses_alone() {
    let world = World::under("https://switchboard.example.com").await;
    let org = world.org("Mine").await;
    let made = world.post("/tools", &org.key, &draft("Opening hours")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let path = format!("/tools/{}/test", made.json()["id"].as_str().unwrap());
    for address in [
        "http://calendar.example.com/clinics/{clinic}/hours",
        "https://127.0.0.1/clinics/{clinic}/hours",
        "https://169.254.169.254/clinics/{clinic}/hours",
        "https://[::1]:5432/clinics/{clinic}/hours",
        "https://2130706433/clinics/{clinic}/hours",
        "https://localhost/clinics/{clinic}/hours",
    ] {
        let mut inside = draft("Inside");
        inside["url"] = json!(address);
        let refused = world.post("/tools", &org.key, &inside).await;
        assert_eq!(
            (refused.status, refused.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["url".to_owned()]),
            "{address}"
        );
        inside["name"] = json!("Opening hours");
        let test = json!({ "draft": inside, "values": { "clinic": "napa", "date": "2026-12-03" } });
        let test = world.post(&path, &org.key, &test).await;
        assert_eq!(test.json()["outcome"]["state"], "refused", "{address}: {}", test.text());
    }
    let there = world.get("/tools", &org.key).await.json();
    assert_eq!(there["items"].as_array().unwrap().len(), 1);
}
