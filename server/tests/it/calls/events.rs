//! Events of the provider: twice, late, out of order, dropped, forged, or about nothing of ours.

use serde_json::json;
use switchboard::{
    Error,
    agents::Agent,
    calls::{Billing, Call, Status, flow},
    crud,
    jobs::{
        self, Jobs,
        event::{self, ApplyEvent},
        links::Calls,
        webhook,
    },
};

use super::support::{World, phone};
use crate::common::draft;

#[tokio::test]
async fn events_that_come_twice_or_in_another_order_make_the_same_call() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    for fault in [
        json!({ "kind": "duplicate", "event": "call.ended", "count": null }),
        json!({ "kind": "duplicate", "event": "call.billed", "count": null }),
        json!({ "kind": "reorder", "event": "call.joined" }),
    ] {
        world.fault(&fault).await;
    }
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world.billed(1).await;
    world.work().await;
    let call = flow::get(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!((call.status, call.billing), (Status::Completed, Billing::Billed));
    assert_eq!(world.ledger().await.len(), 1);
    // Once more from the start, as after a lost acknowledgement.
    world.replay().await;
    assert_eq!(flow::get(&world.core, &world.caller, placed.id).await.unwrap(), call);
    assert_eq!(world.ledger().await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn without_events_the_clock_suffices() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world.fault(&json!({ "kind": "drop", "count": null })).await;
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world
        .until(async || {
            world.look_now().await;
            flow::get(&world.core, &world.caller, placed.id).await.unwrap().billing == Billing::Billed
        })
        .await;
    assert_eq!(
        flow::get(&world.core, &world.caller, placed.id).await.unwrap().status,
        Status::Completed
    );
    assert_eq!(world.events_kept().await, 0);
    world.stop().await;
}

#[tokio::test]
async fn many_workers_charge_once() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world.billed(1).await;
    let (core, again) = (&world.core, &world.core);
    let events = Jobs::<ApplyEvent>::default();
    world.make_due().await;
    let looks = tokio::join!(
        jobs::run_due(core, &events),
        jobs::run_due(again, &Calls),
        jobs::run_due(again, &events),
        jobs::run_due(core, &Calls)
    );
    assert!(looks.0.is_ok() && looks.1.is_ok() && looks.2.is_ok() && looks.3.is_ok());
    assert_eq!(world.ledger().await.len(), 1);
    assert_eq!(world.answered_events().await, 1, "what happened is noted once");
    world.stop().await;
}

#[tokio::test]
async fn an_event_about_nothing_of_ours_is_given_up_in_the_end() {
    let world = World::new().await;
    let event =
        json!({ "event": "call.ended", "call": { "callId": "3c90c3cc-0d44-4b50-8888-8dd25736052a" } }).to_string();
    event::receive_ultravox(&world.core, event.as_bytes()).await.unwrap();
    event::receive_ultravox(&world.core, event.as_bytes()).await.unwrap();
    assert_eq!(world.events_kept().await, 1);
    for attempt in 1..=10 {
        assert_eq!(
            jobs::run_due(&world.core, &Jobs::<ApplyEvent>::default())
                .await
                .unwrap(),
            1,
            "attempt {attempt}"
        );
        world.make_due().await;
    }
    assert_eq!(
        jobs::run_due(&world.core, &Jobs::<ApplyEvent>::default())
            .await
            .unwrap(),
        0
    );
    assert_eq!(world.dead_reason().await, "no call of ours has this id");
    let spoiled = br#"{"event":"call.ended\u0000","call":{"callId":"x","summary":"\ud83d"}}"#;
    event::receive_ultravox(&world.core, spoiled).await.unwrap();
    assert_eq!(world.events_kept().await, 2);
    let unreadable = event::receive_ultravox(&world.core, b"{}").await;
    assert!(matches!(unreadable, Err(Error::Invalid(_))));
    world.stop().await;
}

#[tokio::test]
async fn w5_an_event_moves_the_call_it_is_about_and_nobody_elses() {
    let world = World::new().await;
    world.fault(&json!({ "kind": "drop", "count": null })).await;
    let other = world.other_org().await;
    let agent = world.agent("Front desk").await;
    let theirs = crud::create::<Agent>(&world.core, &other, draft("Front desk"))
        .await
        .unwrap();
    let ours = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    let before = flow::place(&world.core, &other, phone(&theirs, "+14155550100"))
        .await
        .unwrap();
    let ended = |call: &Call| {
        json!({ "event": "call.ended", "call": {
        "callId": call.provider_id,
        "metadata": { "org_id": other.org(), "call_id": before.id, "switchboard": before.id },
        "accountId": other.org() } })
    };
    world
        .until(async || {
            // Whatever it says besides, the event is about one call, and that is ours.
            event::receive_ultravox(&world.core, ended(&ours).to_string().as_bytes())
                .await
                .unwrap();
            world.replay().await;
            flow::get(&world.core, &world.caller, ours.id)
                .await
                .unwrap()
                .ended_at
                .is_some()
        })
        .await;
    assert_eq!(flow::get(&world.core, &other, before.id).await.unwrap(), before);
    world.stop().await;
}

#[tokio::test]
async fn a_forged_event_is_not_kept() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .fault(&json!({ "kind": "wrong_secret", "event": "call.started" }))
        .await;
    world
        .fault(&json!({ "kind": "old_timestamp", "event": "call.joined" }))
        .await;
    flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world.billed(1).await;
    assert_eq!(world.events_kept().await, 2);
    world.stop().await;
}

#[tokio::test]
async fn the_provider_is_told_once_where_to_report() {
    let world = World::new().await;
    assert!(
        !webhook::ensure(&world.core).await.unwrap(),
        "it was done when the world was made"
    );
    let hooks = world.hooks_there().await;
    assert_eq!(hooks.len(), 1);
    assert_eq!(hooks[0]["events"].as_array().unwrap().len(), 4);
    world
        .change_hook(&json!({ "events": ["call.ended"], "secrets": ["other"] }))
        .await;
    assert!(webhook::ensure(&world.core).await.unwrap());
    let repaired = world.hooks_there().await;
    assert_eq!((repaired.len(), &repaired[0]["secrets"]), (1, &hooks[0]["secrets"]));
    world.stop().await;
}

#[tokio::test]
async fn the_worker_does_all_of_it_by_itself_and_stops_when_told() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = tokio::spawn(jobs::work(world.core.clone(), async { drop(stopped.await) }));
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world
        .until(async || flow::get(&world.core, &world.caller, placed.id).await.unwrap().billing == Billing::Billed)
        .await;
    drop(stop);
    worker.await.unwrap();
    assert_eq!(world.ledger().await.len(), 1);
    world.stop().await;
}
