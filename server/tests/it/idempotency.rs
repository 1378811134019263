//! Idempotency keys: for a day the same request has one effect and one answer, whatever becomes of keeping that answer.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use switchboard::{
    agents::Agent,
    idempotency,
    jobs::{self, links::Calls},
};

use crate::support::{Answer, Org, World, draft_json};

async fn make_key(world: &World, org: &Org, key: &str, name: &str) -> Answer {
    let body = json!({"name": name, "scopes": ["agents:read"]});
    let request = Request::post("/api/v1/api-keys")
        .header(header::AUTHORIZATION, format!("Bearer {}", org.key))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key);
    world.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn made(world: &World, name: &str) -> i64 {
    sqlx::query_scalar("select count(*) from app.api_keys where name = $1")
        .bind(name)
        .fetch_one(&world.db.admin)
        .await
        .unwrap()
}

async fn arrange(world: &World, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&world.db.admin).await.unwrap();
}

#[tokio::test]
async fn a_key_is_new_again_after_a_day_and_not_before() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    let first = make_key(&world, &mine, "k", "first").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    make_key(&world, &other, "k", "theirs").await;

    arrange(
        &world,
        "update app.idempotency_keys set created_at = now() - interval '23 hours 59 minutes'",
    )
    .await;
    assert_eq!(idempotency::purge(&world.core).await.unwrap(), 0);
    let again = make_key(&world, &mine, "k", "first").await;
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    assert_eq!(made(&world, "first").await, 1);

    arrange(
        &world,
        "update app.idempotency_keys set created_at = now() - interval '25 hours'",
    )
    .await;
    // Before the purge comes by as after it, and with another body.
    let later = make_key(&world, &mine, "k", "later").await;
    assert_eq!(later.status, StatusCode::CREATED, "{}", later.text());
    assert_eq!(make_key(&world, &mine, "k", "later").await.bytes, later.bytes);
    assert_eq!(made(&world, "later").await, 1);

    assert_eq!(
        idempotency::purge(&world.core).await.unwrap(),
        1,
        "the other organization's"
    );
    let kept: i64 = sqlx::query_scalar("select count(*) from app.idempotency_keys")
        .fetch_one(&world.db.admin)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    assert_eq!(make_key(&world, &mine, "k", "later").await.bytes, later.bytes);
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_is_given_all_the_same() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    arrange(
        &world,
        "revoke update (response) on app.idempotency_keys from switchboard_app",
    )
    .await;
    let first = make_key(&world, &org, "k", "first").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    assert_ne!(first.json()["secret"], Value::Null);
    let again = make_key(&world, &org, "k", "first").await;
    assert_eq!(again.error(), "conflict", "{}", again.text());
    assert_eq!(made(&world, "first").await, 1);
}

/// A call, asked for with this key.
async fn place(world: &World, org: &Org, agent: &Agent, key: &str) -> Answer {
    let body = json!({"agent_id": agent.id, "to": {"medium": "phone", "number": "+14155550100"}});
    let request = Request::post("/api/v1/calls")
        .header(header::AUTHORIZATION, format!("Bearer {}", org.key))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key);
    world.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// As after the death of a process that had not kept its answer yet.
async fn forget_answers(world: &World) {
    arrange(world, "update app.idempotency_keys set status = null, response = null").await;
}

async fn calls(world: &World) -> i64 {
    sqlx::query_scalar("select count(*) from app.calls")
        .fetch_one(&world.db.admin)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_key_whose_answer_was_lost_leads_to_the_call_that_was_placed() {
    let world = World::new().await;
    let (org, other) = (world.org("Mine").await, world.org("Other").await);
    let agent = world.agent(&org, "Front desk").await;
    let first = place(&world, &org, &agent, "k").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    forget_answers(&world).await;
    for _ in 0..2 {
        let again = place(&world, &org, &agent, "k").await;
        assert_eq!(again.status, StatusCode::CREATED, "{}", again.text());
        assert_eq!(again.json()["id"], first.json()["id"]);
    }
    assert_eq!(calls(&world).await, 1);
    // The key of one organization leads nobody else there.
    let theirs = place(&world, &other, &agent, "k").await;
    assert_eq!(theirs.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", theirs.text());
}

#[tokio::test]
async fn a_key_waits_while_it_is_found_out_what_the_provider_did_and_then_leads_there() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await;
    world
        .provider_fails(&json!({"kind": "lost_answer", "method": "POST"}))
        .await;
    let first = place(&world, &org, &agent, "k").await;
    assert_eq!(first.json()["status"], "queued", "{}", first.text());
    forget_answers(&world).await;
    world.provider_recovers().await;
    let soon = place(&world, &org, &agent, "k").await;
    assert_eq!(soon.error(), "conflict", "{}", soon.text());
    arrange(&world, "update app.provider_links set due_at = now()").await;
    jobs::run_due(&world.core, &Calls).await.unwrap();
    let adopted = place(&world, &org, &agent, "k").await;
    assert_eq!(adopted.status, StatusCode::CREATED, "{}", adopted.text());
    assert_eq!(adopted.json()["id"], first.json()["id"]);
    assert_ne!(adopted.json()["provider_id"], Value::Null);
    assert_eq!(calls(&world).await, 1);
}

#[tokio::test]
async fn a_key_under_which_nothing_was_placed_is_free_again_once_its_request_must_be_dead() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await;
    place(&world, &org, &agent, "k").await;
    forget_answers(&world).await;
    arrange(&world, "update app.idempotency_keys set call_id = null").await;
    let soon = place(&world, &org, &agent, "k").await;
    assert_eq!(soon.error(), "conflict", "{}", soon.text());
    arrange(
        &world,
        "update app.idempotency_keys set created_at = now() - interval '3 minutes'",
    )
    .await;
    let later = place(&world, &org, &agent, "k").await;
    assert_eq!(later.status, StatusCode::CREATED, "{}", later.text());
    assert_eq!(place(&world, &org, &agent, "k").await.bytes, later.bytes);
    assert_eq!(calls(&world).await, 2);
    // What leaves no trace of what it did is looked up by whoever asked.
    make_key(&world, &org, "other", "first").await;
    forget_answers(&world).await;
    arrange(
        &world,
        "update app.idempotency_keys set created_at = now() - interval '3 minutes'",
    )
    .await;
    assert_eq!(make_key(&world, &org, "other", "first").await.error(), "conflict");
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
        send(&org.key, Some("k1"), draft_json("Once")).await.json(),
        first.json()
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
