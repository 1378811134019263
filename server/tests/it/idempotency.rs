//! Idempotency keys: for a day the same request has one effect and one answer, whatever becomes of keeping that answer.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use switchboard::idempotency;

use crate::support::{Answer, Org, World};

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
