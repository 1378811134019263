//! Bad input at the door of the REST API and of server functions.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::json;

use crate::{
    questions::{self, Belongings},
    replay::rows,
    support::{Answer, World, draft_json},
};

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
async fn no_text_is_longer_than_its_field() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await.id;
    let long = |length: usize| "ä".repeat(length + 1);
    let cases = [
        ("/agents", "name", long(80)),
        ("/agents", "description", long(500)),
        ("/agents", "prompt", long(40_000)),
        ("/agents", "first_message", long(1000)),
        ("/agents", "time_exceeded_message", long(500)),
        ("/agents", "voice_id", long(100)),
        ("/agents", "voice_name", long(120)),
        ("/api-keys", "name", long(80)),
        ("/invitations", "email", format!("{}@example.com", long(64))),
    ];
    for (path, field, text) in cases {
        let mut body = match path {
            "/agents" => draft_json("Long"),
            "/api-keys" => json!({"scopes": ["agents:read"]}),
            _ => json!({"role": "viewer"}),
        };
        body[field] = json!(text);
        let answer = world.post(path, &org.key, &body).await;
        refused(&answer, "invalid", field);
    }
    let talk = json!({"agent_id": agent, "to": {"medium": "text"}});
    let call = world.post("/calls", &org.key, &talk).await.json()["id"].clone();
    let path = format!("/calls/{}/messages", call.as_str().unwrap());
    for text in [long(4000), String::new()] {
        refused(
            &world.post(&path, &org.key, &json!({"text": text})).await,
            "invalid",
            "text",
        );
    }
}

/// Whatever takes a body refuses what is no JSON, what is JSON of another form, and what it has no field for, and does
/// so before anything is done.
#[tokio::test]
async fn every_body_is_read_strictly() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let of = Belongings::of(&world, &org).await;
    let before = rows(&world, &org).await;
    let mut read = 0;
    for question in questions::all() {
        let Some((path, body)) = question.body(&of) else {
            continue;
        };
        let mut unknown = body.clone();
        unknown["shoe"] = json!(1);
        let refused_with = |answer: &Answer, status, field: &str| {
            assert_eq!(
                (answer.status, answer.error().as_str(), answer.fields()),
                (status, "malformed", vec![field.to_owned()]),
                "{question}: {}",
                answer.text()
            );
        };
        refused_with(
            &world
                .rest(question.method().clone(), &path, Some(&org.key), Some(&unknown))
                .await,
            StatusCode::UNPROCESSABLE_ENTITY,
            "shoe",
        );
        refused_with(
            &world
                .rest(question.method().clone(), &path, Some(&org.key), Some(&json!([1])))
                .await,
            StatusCode::UNPROCESSABLE_ENTITY,
            "",
        );
        let request = Request::builder()
            .method(question.method().clone())
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", org.key))
            .header("idempotency-key", format!("broken-{read}"))
            .header("content-type", "application/json");
        let broken = &body.to_string()[1..];
        let answer = world.send(request.body(Body::from(broken.to_owned())).unwrap()).await;
        assert!(answer.status.is_client_error(), "{question}: {}", answer.text());
        assert_eq!(answer.error(), "malformed", "{question}: {}", answer.text());
        read += 1;
    }
    assert!(read >= 7, "only {read} routes take a body");
    let mut after = rows(&world, &org).await;
    // The keys of the requests are remembered, with their answers.
    after.insert(
        "app.idempotency_keys".to_owned(),
        before["app.idempotency_keys"].clone(),
    );
    assert_eq!(after, before);
}

/// Server functions read strictly too, and say so as an error a form can show.
#[tokio::test]
async fn no_server_function_stumbles_over_what_it_cannot_read() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let cookie = world.visitor(&org).await.cookie.unwrap();
    let mut refused = 0;
    for question in questions::all() {
        if !question.is_function() || question.changes_the_visitor() {
            continue;
        }
        let path = question.to_string();
        let path = path.strip_prefix("POST ").unwrap();
        for (kind, nonsense) in [
            ("application/x-www-form-urlencoded", "shoe=x"),
            ("application/x-www-form-urlencoded", "org[id][0]=%00&id=%FF"),
            ("application/json", "{"),
            ("application/json", "[[1]]"),
            ("application/json", ""),
        ] {
            let request = Request::post(path)
                .header("sec-fetch-site", "same-origin")
                .header("cookie", &cookie)
                .header("content-type", kind);
            let answer = world.send(request.body(Body::from(nonsense)).unwrap()).await;
            // A few take no arguments, and there is nothing for them to read.
            if !answer.status.is_success() {
                let unreadable = nonsense.contains("%00");
                let status = if unreadable {
                    StatusCode::BAD_REQUEST
                } else {
                    StatusCode::UNPROCESSABLE_ENTITY
                };
                assert_eq!(
                    (answer.status, answer.error().as_str()),
                    (status, "invalid"),
                    "{question} {nonsense}: {}",
                    answer.text()
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 150, "only {refused} were refused");
    let key = json!({"org": org.id, "draft": {"name": "", "scopes": []}});
    let answer = world.function("keys/create_key", Some(&cookie), &key).await;
    let error = answer.failure().unwrap();
    assert_eq!(
        (answer.status, error.code(), error.fields()[0].field.as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "name")
    );
}

#[tokio::test]
async fn a_cursor_of_another_list_or_of_nothing_is_refused() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for number in 0..2 {
        world.agent(&org, &format!("Agent {number}")).await;
    }
    let next = world.get("/agents?limit=1", &org.key).await.json()["next"].clone();
    let next = next.as_str().unwrap();
    for path in [
        format!("/calls?cursor={next}"),
        format!("/audit?cursor={next}"),
        format!("/agents?q=desk&cursor={next}"),
        format!("/agents?cursor={}", &next[1..]),
        "/agents?cursor=%27%20or%201%3D1".to_owned(),
    ] {
        refused(&world.get(&path, &org.key).await, "invalid", "cursor");
    }
    for (query, field) in [("limit=many", "limit"), ("limit=-1", "limit"), ("sync=maybe", "sync")] {
        let answer = world.get(&format!("/agents?{query}"), &org.key).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{query}: {}",
            answer.text()
        );
        assert!(!answer.fields().is_empty(), "{query} ({field}): {}", answer.text());
    }
}

fn refused(answer: &Answer, word: &str, field: &str) {
    assert_eq!(
        (answer.status, answer.error().as_str(), answer.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, word, vec![field.to_owned()]),
        "{}",
        answer.text()
    );
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
async fn whoever_forgot_public_url_reads_which_origin_came_and_which_was_expected() {
    let world = World::new().await;
    for (accept, kind) in [("text/html", "text/plain"), ("application/json", "application/json")] {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/fn/app/account/sign_in")
            .header("origin", "https://voice.example.com")
            .header("accept", accept);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let came = answer.headers["content-type"].to_str().unwrap();
        assert!(came.starts_with(kind), "{came}");
        let expected = world.core.public_url.origin().ascii_serialization();
        for words in ["https://voice.example.com", &expected, "PUBLIC_URL"] {
            assert!(answer.text().contains(words), "{words}: {}", answer.text());
        }
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
