//! What happens when too much comes at once, or what the service stands on gives way.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use switchboard::resource::{Action, Kind};

use crate::{
    questions::{self, Belongings, Needs},
    replay::rows,
    support::{World, draft_json},
};

#[tokio::test]
async fn b4_one_key_sent_fifty_times_at_once_places_one_call() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await.id;
    let body = json!({"agent_id": agent, "to": {"medium": "phone", "number": "+15550100000"}}).to_string();
    let place = async || {
        let request = Request::post("/api/v1/calls")
            .header(header::AUTHORIZATION, format!("Bearer {}", org.key))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "one-call");
        world.send(request.body(Body::from(body.clone())).unwrap()).await
    };
    let answers = join_all((0..50).map(|_| place())).await;
    let placed: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::CREATED)
        .collect();
    assert!(!placed.is_empty());
    assert!(
        placed.iter().all(|answer| answer.bytes == placed[0].bytes),
        "one answer for all"
    );
    // The others were told that it is being done, or that there was no connection to find out.
    let told = |word: &str| ["conflict", "unavailable"].contains(&word);
    let waiting = answers.iter().filter(|answer| answer.status != StatusCode::CREATED);
    for answer in waiting {
        assert!(told(&answer.error()), "{} {}", answer.status, answer.text());
    }
    let again = place().await;
    assert_eq!((again.status, &again.bytes), (StatusCode::CREATED, &placed[0].bytes));
    let calls = world.get("/calls", &org.key).await.json();
    assert_eq!(calls["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn f3_without_a_connection_requests_are_put_off_and_then_go_on() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    world.agent(&org, "Front desk").await;
    let mut lock = world.db.admin.begin().await.unwrap();
    sqlx::raw_sql("lock table app.agents in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    // More than there are connections: some wait for the table, the others for those.
    let crowd = (0..20).map(|_| world.get("/agents", &org.key));
    let waiting = async {
        let answers = join_all(crowd).await;
        drop(lock);
        answers
    };
    let answers = waiting.await;
    let put_off = answers.iter().filter(|answer| answer.error() == "unavailable").count();
    assert!(put_off >= 12, "{put_off} were put off");
    for answer in answers {
        assert!(answer.error() != "unavailable" || answer.headers.contains_key(header::RETRY_AFTER));
        assert!(!answer.status.is_success());
    }
    assert_eq!(
        world.get("/agents", &org.key).await.status,
        StatusCode::OK,
        "and then it goes on"
    );
}

/// What Postgres says when the disk is full, from every table that is written to.
const FULL: &str = "
    create function public.full() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
    do $$ declare t text; begin
      for t in select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('app', 'identity', 'ops') loop
        execute format('create trigger a_full before insert or update or delete on %s execute function public.full()', t);
      end loop; end $$";
const ROOM: &str = "drop function public.full() cascade";

#[tokio::test]
async fn f5_a_database_that_takes_no_writes_is_still_read_and_nothing_is_half_done() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let (visitor, of) = (world.visitor(&org).await, Belongings::of(&world, &org).await);
    let before = rows(&world, &org).await;
    let copies = world.agents_at_the_provider().await;
    sqlx::raw_sql(FULL).execute(&world.db.admin).await.unwrap();
    let (mut read, mut refused) = (0, 0);
    for question in questions::of_organizations() {
        let Needs::Permission(action, kind) = question.needs else {
            continue;
        };
        let answer = question.ask(&world, &visitor, &of).await;
        let told = format!("{question}: {} {}", answer.status, answer.text());
        if action == Action::Read && !question.changes_the_visitor() {
            assert!(
                answer.status.is_success() || answer.error() == "provider_failed",
                "{told}"
            );
            read += 1;
        } else if answer.status.is_server_error() {
            assert!(
                answer.error() == "internal" && !told.contains("No space left"),
                "{told}"
            );
            refused += 1;
        } else {
            // Nothing had to be written to find out that there is nothing to be done.
            let writes_nothing = kind == Kind::Member || told.contains("/read_agent_export");
            assert!(!answer.status.is_success() || writes_nothing, "{told}");
        }
    }
    assert!(read >= 15 && refused >= 15, "{read} read, {refused} refused");
    sqlx::raw_sql(ROOM).execute(&world.db.admin).await.unwrap();
    assert_eq!(rows(&world, &org).await, before);
    assert_eq!(world.agents_at_the_provider().await, copies);
    let made = world.post("/agents", &org.key, &draft_json("Room again")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
}

#[tokio::test]
async fn f7_a_provider_whose_name_is_nowhere_is_not_reached_and_that_is_all() {
    let world = World::with_provider_at("http://voice.invalid").await;
    let org = world.org("Mine").await;
    let answer = world.post("/agents", &org.key, &draft_json("Nowhere")).await;
    assert_eq!(
        (answer.status, answer.error()),
        (StatusCode::BAD_GATEWAY, "provider_failed".into())
    );
    let title: Value = answer.json()["title"].clone();
    assert_eq!(
        title,
        "Ultravox could not be reached. Nothing was changed; try again in a moment."
    );
    assert_eq!(world.get("/agents", &org.key).await.json()["items"], json!([]));
}
