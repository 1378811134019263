//! Bad input at the door of the REST API.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::json;

use crate::support::{World, draft_json};

#[tokio::test]
async fn what_cannot_be_read_is_reported_with_the_field_it_stands_in() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let cases = [
        ("{", StatusCode::BAD_REQUEST, ""),
        (r#"{"name": 5}"#, StatusCode::UNPROCESSABLE_ENTITY, "name"),
        (r#"{"name": "a", "shoe": 1}"#, StatusCode::UNPROCESSABLE_ENTITY, "shoe"),
        (
            r#"{"variables": [{"name": "a", "kind": "colour"}]}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "variables[0].kind",
        ),
        (
            r#"{"org_id": "org_other", "name": "a"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "org_id",
        ),
    ];
    for (body, status, field) in cases {
        let request = Request::post("/api/v1/agents")
            .header("authorization", format!("Bearer {}", org.key))
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.json()["type"], "malformed", "{body}");
        assert_eq!(answer.fields(), [field], "{body}: {}", answer.text());
    }
}

#[tokio::test]
async fn bad_values_name_their_field() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await.id;
    for number in ["", "5550100000", "+0123456789", "+1415555010000000", "call me"] {
        let answer = world
            .post(
                "/calls",
                &org.key,
                &json!({"agent_id": agent, "to": {"medium": "phone", "number": number}}),
            )
            .await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["to.number".to_owned()]),
            "{number}"
        );
    }
    let mut long = draft_json("Long");
    long["prompt"] = json!("x".repeat(40_001));
    let answer = world.post("/agents", &org.key, &long).await;
    assert_eq!(
        (answer.status, answer.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["prompt".to_owned()])
    );
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("cursor=abc", "cursor")] {
        let answer = world.get(&format!("/agents?{query}"), &org.key).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{query}"
        );
    }
    let huge = world
        .post("/agents", &org.key, &json!({"prompt": "x".repeat(1_100_000)}))
        .await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_nowhere_is_not_found() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for path in [
        "/agents/not-an-id",
        "/agents/00000000-0000-0000-0000-000000000000",
        "/shoes",
        "/agents/1/2/3/4",
    ] {
        let answer = world.get(path, &org.key).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["type"], "not_found", "{path}");
    }
}

#[tokio::test]
async fn the_same_key_twice_has_one_effect_and_one_answer() {
    let world = World::new().await;
    let (org, other) = (world.org("Mine").await, world.org("Other").await);
    let send = async |bearer: &str, key: Option<&str>, body: serde_json::Value| {
        let mut request = Request::post("/api/v1/agents")
            .header("authorization", format!("Bearer {bearer}"))
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        world.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let first = send(&org.key, Some("k1"), draft_json("Once")).await;
    let again = send(&org.key, Some("k1"), draft_json("Once")).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.json(), again.json());
    assert_eq!(again.headers["idempotent-replay"], "true");
    let different = send(&org.key, Some("k1"), draft_json("Twice")).await;
    assert_eq!(
        (different.status, different.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["Idempotency-Key".to_owned()])
    );
    assert_eq!(
        send(&other.key, Some("k1"), draft_json("Once")).await.status,
        StatusCode::CREATED,
        "keys count within an organization"
    );
    assert_eq!(
        world.get("/agents", &org.key).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn spending_money_needs_a_key() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await.id;
    let body = json!({"agent_id": agent, "to": {"medium": "phone", "number": "+15550100000"}}).to_string();
    let request = Request::post("/api/v1/calls")
        .header("authorization", format!("Bearer {}", org.key))
        .header("content-type", "application/json");
    let answer = world.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(
        (answer.status, answer.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["Idempotency-Key".to_owned()])
    );
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    for path in ["/healthz", "/api/v1/agents", "/sign-in", "/api/docs", "/nowhere"] {
        let answer = world.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        assert!(answer.headers.contains_key("cache-control"), "{path}");
        let document = answer
            .headers
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        assert_eq!(
            document,
            answer.headers.contains_key("content-security-policy"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn another_site_cannot_post_with_a_cookie() {
    let world = World::new().await;
    let attempts: [&[(&str, &str)]; 3] = [
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.example")],
        &[],
    ];
    for headers in attempts {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/fn/app/account/sign_in")
            .header("content-type", "text/plain");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        assert_eq!(
            world.send(request.body(Body::empty()).unwrap()).await.status,
            StatusCode::FORBIDDEN,
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn a_server_function_takes_a_form_and_json_alike() {
    let world = World::new().await;
    let ask = async |kind: &str, body: &'static str| {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/fn/app/account/sign_up")
            .header("content-type", kind)
            .header("sec-fetch-site", "same-origin");
        let answer = world.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        answer.text()
    };
    let form = ask(
        "application/x-www-form-urlencoded",
        "draft%5Bname%5D=Ada&draft[email]=ada&draft[password]=x",
    )
    .await;
    let json = r#"{"draft":{"name":"Ada","email":"ada","password":"x"}}"#;
    assert!(form.contains("email") && !form.contains("name"), "{form}");
    assert_eq!(ask("application/json", json).await, form);
    assert_ne!(ask("application/json", "{").await, form);
}
