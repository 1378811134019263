//! Faults strike when they should, and do what they say.

use std::time::Duration;

use reqwest::Method;
use sandbox::{Options, Target};
use serde_json::{Value, json};

use crate::api::{Api, SPEED, client, sandbox, with};
use crate::hooks::{Hook, Receiver};

async fn inject(api: &Api, fault: Value) {
    api.post("/_sandbox/faults", fault).await;
}

#[tokio::test]
async fn a_lost_answer_has_really_done_the_work() {
    let (sandbox, api) = sandbox().await;
    inject(
        &api,
        json!({ "kind": "lost_answer", "method": "POST", "path": "/api/agents" }),
    )
    .await;
    let lost = api
        .request(Method::POST, "/api/agents")
        .json(&json!({ "name": "Lost" }))
        .send()
        .await;
    assert!(lost.is_err(), "the connection is closed without an answer");
    let found = api.get("/api/agents?search=lost").await;
    assert_eq!(found["results"][0]["name"], "Lost");
    assert_eq!(api.get("/_sandbox/faults").await, json!([]), "it struck once");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_status_comes_with_the_providers_body_and_its_retry_after() {
    let (sandbox, api) = sandbox().await;
    inject(
        &api,
        json!({ "kind": "status", "status": 429, "retry_after": 7, "path": "/api/agents", "count": 2 }),
    )
    .await;
    for _ in 0..2 {
        let response = api.request(Method::GET, "/api/agents").send().await.unwrap();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "7");
        assert!(response.json::<Value>().await.unwrap()["detail"].is_string());
    }
    api.get("/api/agents").await;
    for status in [500, 402, 503] {
        inject(&api, json!({ "kind": "status", "status": status })).await;
        api.refused(Method::GET, "/api/agents", Value::Null, status).await;
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn answers_can_be_late_broken_or_missing() {
    let (sandbox, api) = sandbox().await;
    inject(&api, json!({ "kind": "garbage" })).await;
    let broken = api.request(Method::GET, "/api/agents").send().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&broken.bytes().await.unwrap()).is_err());

    inject(&api, json!({ "kind": "slow", "ms": 50 })).await;
    let started = std::time::Instant::now();
    api.get("/api/agents").await;
    assert!(started.elapsed() >= Duration::from_millis(50));

    inject(&api, json!({ "kind": "timeout" })).await;
    let impatient = api
        .request(Method::GET, "/api/agents")
        .timeout(Duration::from_millis(100))
        .send()
        .await;
    assert!(impatient.unwrap_err().is_timeout());
    sandbox.stop().await;
}

#[tokio::test]
async fn the_cap_on_live_calls_refuses_one_too_many() {
    let (sandbox, api) = sandbox().await;
    let set = api
        .request(Method::POST, "/_sandbox/limits")
        .json(&json!({ "concurrent": 1 }))
        .send()
        .await
        .unwrap();
    assert_eq!(set.status(), 204);
    let first = api.post("/api/calls", json!({ "joinTimeout": "200s" })).await;
    let response = api
        .request(Method::POST, "/api/calls")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    api.billed(&first).await;
    api.post("/api/calls", json!({})).await;
    sandbox.stop().await;
}

async fn told(fault: Value, until: impl Fn(&[Hook]) -> bool) -> Vec<Hook> {
    let receiver = Receiver::start().await;
    let target = Some(Target {
        url: receiver.url.clone(),
        secret: "s".into(),
    });
    let (sandbox, api) = with(Options {
        speed: SPEED,
        ultravox_webhook: target,
        ..Options::default()
    })
    .await;
    inject(&api, fault).await;
    let agent = api.agent(json!({})).await;
    api.dial(&agent, "+14155550132").await;
    let hooks = receiver.until(until).await;
    sandbox.stop().await;
    hooks
}

fn events(hooks: &[Hook]) -> Vec<&str> {
    hooks.iter().map(Hook::event).collect()
}

#[tokio::test]
async fn webhooks_can_be_dropped_doubled_and_shuffled() {
    let hooks = told(json!({ "kind": "drop", "event": "call.joined" }), |hooks| {
        hooks.len() == 3
    })
    .await;
    assert_eq!(events(&hooks), ["call.started", "call.ended", "call.billed"]);
    let hooks = told(json!({ "kind": "duplicate", "event": "call.ended" }), |hooks| {
        hooks.len() == 5
    })
    .await;
    assert_eq!(
        events(&hooks),
        ["call.started", "call.joined", "call.ended", "call.ended", "call.billed"]
    );
    let hooks = told(json!({ "kind": "reorder", "event": "call.ended" }), |hooks| {
        hooks.len() == 4
    })
    .await;
    assert_eq!(
        events(&hooks),
        ["call.started", "call.joined", "call.billed", "call.ended"]
    );
}

#[tokio::test]
async fn webhooks_can_be_late_forged_or_old() {
    let hooks = told(json!({ "kind": "delay", "event": "call.started", "ms": 20 }), |hooks| {
        hooks.len() == 4
    })
    .await;
    assert_eq!(hooks.len(), 4);
    let hooks = told(json!({ "kind": "wrong_secret", "event": "call.ended" }), |hooks| {
        hooks.len() == 4
    })
    .await;
    assert!(
        hooks
            .iter()
            .all(|hook| hook.is_signed_by("s") == (hook.event() != "call.ended"))
    );
    let hooks = told(json!({ "kind": "old_timestamp", "event": "call.ended" }), |hooks| {
        hooks.len() == 4
    })
    .await;
    let old = hooks.iter().find(|hook| hook.event() == "call.ended").unwrap();
    assert!(old.is_signed_by("s"), "the signature is good, only its time is not");
    let at = chrono::DateTime::parse_from_rfc3339(old.header("x-ultravox-webhook-timestamp")).unwrap();
    assert!(chrono::Utc::now() - at.to_utc() > chrono::TimeDelta::minutes(50));
}

#[tokio::test]
async fn the_admin_page_shows_requests_with_their_keys_masked() {
    let (sandbox, api) = sandbox().await;
    api.agent(json!({ "sharedSecrets": ["x"] })).await;
    let requests = api.get("/_sandbox/requests").await;
    assert_eq!(requests[0]["path"], "/api/agents");
    assert_eq!(requests[0]["key"], "Sandbox1…");
    let page = client()
        .get(format!("{}/_sandbox", sandbox.ultravox_url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("<h1>Ultravox sandbox</h1>") && !page.contains("0123456789abcdef"));

    let form = [
        ("kind", "status"),
        ("status", "503"),
        ("count", "1"),
        ("method", ""),
        ("path", "/api/agents"),
    ];
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = client().post(format!("{}/_sandbox/faults/form", sandbox.ultravox_url()));
    let sent = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 303);
    api.refused(Method::GET, "/api/agents", Value::Null, 503).await;

    let reset = client()
        .post(format!("{}/_sandbox/reset", sandbox.ultravox_url()))
        .send()
        .await
        .unwrap();
    assert_eq!(reset.status(), 204);
    assert_eq!(api.get("/api/agents").await["results"], json!([]));
    sandbox.stop().await;
}
