//! Phone calls from dial to price.

use serde_json::json;
use sqlx::postgres::PgListener;
use switchboard::{
    Error,
    calls::{Billing, EndReason, Recording, Speaker, Status, flow, price, recording},
    listing::Page,
    money::Micros,
};

use crate::calls::support::{World, phone, with};

#[tokio::test]
async fn a_call_is_dialed_talked_recorded_and_charged_once() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let before = world.balance().await;
    let mut listener = PgListener::connect_with(&world.db.admin).await.unwrap();
    listener.listen("switchboard").await.unwrap();
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    assert_eq!(placed.status, Status::Ringing);
    assert_eq!(placed.from_number.as_deref(), Some("+15550100000"));
    world.billed(1).await;
    world.work().await;

    let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(
        (talk.call.status, talk.call.end_reason),
        (Status::Completed, Some(EndReason::CallerHangup))
    );
    assert_eq!(
        (talk.call.billing, talk.call.recording),
        (Billing::Billed, Recording::Ready)
    );
    assert!(talk.call.joined_at.is_some() && !talk.call.summary.is_empty());
    assert_eq!(talk.messages[0].text, "Hello, how can I help?");
    assert!(talk.messages.iter().any(|message| message.role == Speaker::Person));
    assert!(talk.messages.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    let kinds: Vec<&str> = talk.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["placed", "accepted", "answered", "ended", "billed"]);

    let cost = price(talk.call.billed_ms.unwrap());
    assert_eq!(talk.call.price, Some(cost));
    assert!(cost > Micros(0));
    assert_eq!(world.ledger().await, [-cost.0]);
    assert_eq!(world.balance().await, before - cost.0);
    // The pages that show the balance are told of the charge.
    while !listener.recv().await.unwrap().payload().starts_with("credits:") {}

    world.stop().await;
}

#[tokio::test]
async fn each_number_ends_as_the_field_calls_it() {
    let cases = [
        ("+14155550100", EndReason::CallerHangup, Status::Completed),
        ("+14155550110", EndReason::AgentHangup, Status::Completed),
        ("+14155550120", EndReason::NoAnswer, Status::NotConnected),
        ("+14155550121", EndReason::Busy, Status::NotConnected),
        ("+14155550122", EndReason::Declined, Status::NotConnected),
        ("+14155550123", EndReason::InvalidNumber, Status::NotConnected),
        ("+14155550124", EndReason::Unreachable, Status::NotConnected),
        ("+14155550125", EndReason::CanceledElsewhere, Status::Canceled),
        ("+14155550126", EndReason::TelephonyFailed, Status::Failed),
        ("+14155550130", EndReason::Voicemail, Status::NotConnected),
        ("+14155550132", EndReason::CallerHangup, Status::Completed),
        ("+14155550140", EndReason::MaxDuration, Status::Completed),
        ("+14155550150", EndReason::TelephonyFailed, Status::Failed),
        ("+14155550151", EndReason::ProviderError, Status::Failed),
    ];
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let mut placed = Vec::new();
    for (number, ..) in cases {
        placed.push(
            flow::place(&world.core, &world.caller, phone(&agent, number))
                .await
                .unwrap()
                .id,
        );
    }
    world.billed(cases.len()).await;
    world.work().await;
    for (id, (number, reason, status)) in placed.into_iter().zip(cases) {
        let call = flow::get(&world.core, &world.caller, id).await.unwrap();
        assert_eq!(
            (call.end_reason, call.status),
            (Some(reason), status),
            "{number}: {}",
            call.end_detail
        );
        assert_ne!(call.billing, Billing::Pending, "{number}");
        assert_eq!(
            call.joined_at.is_some(),
            call.price > Some(Micros(0)) || reason == EndReason::ProviderError,
            "{number}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn words_appear_while_people_talk() {
    // Slow enough that a look falls between two sentences.
    let world = World::at_speed(20.0).await;
    let agent = world.agent("Front desk").await;
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550140"))
        .await
        .unwrap();
    world.event("call.joined").await;
    let mut seen = Vec::new();
    world
        .until(async || {
            world.look_now().await;
            let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
            assert_eq!(talk.call.status, Status::InProgress);
            seen.push(talk.messages.len());
            talk.messages.len() >= 3
        })
        .await;
    assert!(seen.is_sorted());
    world.stop().await;
}

#[tokio::test]
async fn stopping_a_ringing_call_ends_it_when_it_is_answered() {
    let world = World::at_speed(20.0).await;
    let agent = world.agent("Front desk").await;
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    let stopped = flow::stop(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(stopped.status, Status::Ringing, "the provider cannot take it back");
    world.event("call.joined").await;
    world.work().await;
    world.event("call.ended").await;
    world.work().await;
    let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(talk.call.end_reason, Some(EndReason::ManuallyStopped));
    assert!(talk.events.iter().any(|event| event.kind == "stop_waits"));
    // Again changes nothing.
    assert_eq!(
        flow::stop(&world.core, &world.caller, placed.id).await.unwrap(),
        talk.call
    );
    world.stop().await;
}

#[tokio::test]
async fn a_refusal_rings_nobody_and_says_whose_matter_it_is() {
    let cases = [
        (402, EndReason::ProviderRefused),
        (429, EndReason::ConcurrencyLimit),
        (404, EndReason::AgentMissing),
    ];
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    for (status, reason) in cases {
        world
            .fault(&serde_json::json!({ "kind": "status", "status": status, "method": "POST", "path": "/api/agents/" }))
            .await;
        let error = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Upstream(_)), "{error:?}");
        let listing = flow::list(&world.core, &world.caller, &Default::default(), &Page::default())
            .await
            .unwrap();
        assert_eq!(
            (listing.items[0].status, listing.items[0].end_reason),
            (Status::Failed, Some(reason))
        );
    }
    assert_eq!(world.calls_there().await, 0);
    assert_eq!(
        world.reread(&agent).await.sync.state,
        switchboard::agents::SyncState::Drifted
    );
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_draft_is_refused_before_anything_is_written() {
    let world = World::new().await;
    let agent = world.agent_with_name("Front desk").await;
    let number = "+14155550100";
    let fields = async |draft| match flow::place(&world.core, &world.caller, draft).await {
        Err(error @ Error::Invalid(_)) => error.fields()[0].field.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(fields(phone(&agent, number)).await, "variables.name");
    assert_eq!(
        fields(with(phone(&agent, number), "name", 7.into())).await,
        "variables.name"
    );
    assert_eq!(
        fields(with(phone(&agent, "555"), "name", "Ann".into())).await,
        "to.number"
    );
    let elsewhere = world.other_org().await;
    let error = flow::place(
        &world.core,
        &elsewhere,
        with(phone(&agent, number), "name", "Ann".into()),
    )
    .await
    .unwrap_err();
    assert_eq!(error.fields()[0].field, "agent_id");
    assert!(
        flow::list(&world.core, &world.caller, &Default::default(), &Page::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );

    let placed = flow::place(
        &world.core,
        &world.caller,
        with(phone(&agent, number), "name", "Ann".into()),
    )
    .await
    .unwrap();
    world.billed(1).await;
    world.work().await;
    let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(
        talk.messages[0].text, "Hello Ann!",
        "the first words are filled in here"
    );
    world.stop().await;
}

#[tokio::test]
async fn another_organization_finds_no_call() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    let elsewhere = world.other_org().await;
    assert_eq!(
        flow::conversation(&world.core, &elsewhere, placed.id).await,
        Err(Error::NotFound)
    );
    assert_eq!(
        flow::stop(&world.core, &elsewhere, placed.id).await,
        Err(Error::NotFound)
    );
    assert!(matches!(
        recording::hear(&world.core, &elsewhere, placed.id).await.map(drop),
        Err(Error::NotFound)
    ));
    assert!(
        flow::list(&world.core, &elsewhere, &Default::default(), &Page::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    world.stop().await;
}

#[tokio::test]
async fn an_attempt_that_is_made_again_is_the_same_call_and_one_that_was_refused_is_made_anew() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let attempt = |name: &str| {
        flow::place_once(
            &world.core,
            &world.caller,
            phone(&agent, "+14155550100"),
            name.to_owned(),
        )
    };
    let first = attempt("one").await.unwrap();
    assert_eq!(attempt("one").await.unwrap().id, first.id);
    assert_eq!(world.calls_there().await, 1);
    let other = flow::place_once(
        &world.core,
        &world.caller,
        phone(&agent, "+14155550110"),
        "one".to_owned(),
    )
    .await;
    assert_eq!(other.unwrap_err().fields()[0].field, "Idempotency-Key");
    assert_ne!(attempt("two").await.unwrap().id, first.id);

    // The provider has no room: nobody was rung, and the same attempt may be made again.
    world
        .fault(&json!({ "kind": "status", "status": 402, "method": "POST", "path": "/api/agents/" }))
        .await;
    attempt("three").await.unwrap_err();
    world.no_faults().await;
    let third = attempt("three").await.unwrap();
    assert_eq!(attempt("three").await.unwrap().id, third.id);
    assert_eq!(world.calls_there().await, 3);
    world.stop().await;
}
