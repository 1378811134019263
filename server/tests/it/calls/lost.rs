//! Lost answers and dead processes: what the provider did is found out, and nothing is done twice.

use serde_json::json;
use switchboard::{
    Error,
    agents::{Agent, AgentDraft},
    calls::{Billing, EndReason, Status, flow},
    crud,
};

use super::support::{World, die_after, phone};
use crate::common::draft;

#[tokio::test]
async fn a_call_whose_answer_was_lost_is_found_and_not_dialed_again() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world.lose_answer("/api/agents/").await;
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    assert_eq!(placed.status, Status::Queued);
    let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(talk.events.last().unwrap().kind, "unanswered_by_provider");
    world.look_now().await;
    world.billed(1).await;
    world.look_now().await;
    let call = flow::get(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!((call.status, call.billing), (Status::Completed, Billing::Billed));
    assert_eq!(world.calls_there().await, 1);
    assert_eq!(world.ledger().await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_call_that_never_reached_the_provider_is_given_up_only_after_a_while() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .fault(&json!({ "kind": "status", "status": 500, "method": "POST", "path": "/api/agents/" }))
        .await;
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world.look_now().await;
    assert_eq!(
        flow::get(&world.core, &world.caller, placed.id).await.unwrap().status,
        Status::Queued,
        "it may still arrive"
    );
    world.age(placed.id, 180).await;
    world.look_now().await;
    let call = flow::get(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(
        (call.status, call.end_reason, call.billing),
        (Status::Failed, Some(EndReason::ProviderError), Billing::None)
    );
    assert_eq!(world.calls_there().await, 0);
    // It is never looked for, and never dialed, again.
    world.look_now().await;
    assert_eq!(flow::get(&world.core, &world.caller, placed.id).await.unwrap(), call);
    world.stop().await;
}

#[tokio::test]
async fn a_process_that_dies_while_it_dials_leaves_an_intent_that_is_followed_up() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .fault(&json!({ "kind": "timeout", "method": "POST", "path": "/api/agents/" }))
        .await;
    let placing = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"));
    die_after(placing, world.until(async || world.intents().await == 1)).await;
    let listing = flow::list(&world.core, &world.caller, &Default::default(), &Default::default())
        .await
        .unwrap();
    assert_eq!(listing.items[0].status, Status::Queued);
    world.age(listing.items[0].id, 180).await;
    world.look_now().await;
    let call = flow::get(&world.core, &world.caller, listing.items[0].id)
        .await
        .unwrap();
    assert_eq!(call.status, Status::Failed);
    assert_eq!(world.calls_there().await, 0);
    world.stop().await;
}

#[tokio::test]
async fn a_queued_call_that_is_stopped_is_canceled() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .fault(&json!({ "kind": "status", "status": 500, "method": "POST", "path": "/api/agents/" }))
        .await;
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    flow::stop(&world.core, &world.caller, placed.id).await.unwrap();
    world.age(placed.id, 180).await;
    world.look_now().await;
    let call = flow::get(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(
        (call.status, call.end_reason),
        (Status::Canceled, Some(EndReason::ManuallyStopped))
    );
    world.stop().await;
}

#[tokio::test]
async fn an_agent_whose_answer_was_lost_is_removed_there_and_can_be_made_again() {
    let world = World::new().await;
    world.lose_answer("/api/agents").await;
    let error = crud::create::<Agent>(&world.core, &world.caller, draft("Front desk"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Upstream(_)), "{error:?}");
    assert_eq!((world.agents_there().await, world.agents_here().await), (1, 0));
    world.look_now().await;
    assert_eq!((world.agents_there().await, world.agents_here().await), (0, 0));
    assert_eq!(world.intents().await, 0);
    world.agent("Front desk").await;
    assert_eq!((world.agents_there().await, world.agents_here().await), (1, 1));
    world.stop().await;
}

#[tokio::test]
async fn a_delete_that_was_cut_short_is_finished() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world.fault(&json!({ "kind": "timeout", "method": "DELETE" })).await;
    let deleting = crud::delete::<Agent>(&world.core, &world.caller, agent.id);
    die_after(deleting, world.until(async || world.deleting().await == 1)).await;
    assert_eq!((world.agents_there().await, world.agents_here().await), (1, 1));
    world.look_now().await;
    assert_eq!((world.agents_there().await, world.agents_here().await), (0, 0));
    world.stop().await;
}

#[tokio::test]
async fn a_publishing_that_was_cut_short_leaves_the_version_before() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let mut changed = agent.draft.clone();
    changed.prompt = "Be brief.".into();
    // The provider has the change, and the process never learns of it.
    world
        .fault(&json!({ "kind": "lost_answer", "method": "PATCH", "count": 3 }))
        .await;
    assert!(world.publish(&agent, changed.clone()).await.is_err());
    assert_eq!(
        world.agent_there(&agent).await["callTemplate"]["systemPrompt"],
        "Be brief."
    );
    world.look_now().await;
    assert_eq!(
        world.agent_there(&agent).await["callTemplate"]["systemPrompt"],
        "Answer politely."
    );
    let kept = world.reread(&agent).await;
    assert_eq!(
        (kept.draft, kept.revision, kept.live_version),
        (changed, agent.revision + 1, 1),
        "who edits it meanwhile is not disturbed"
    );
    world.stop().await;
}

#[tokio::test]
async fn of_two_saves_at_once_one_is_refused_and_the_other_can_be_published() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let prompted = |prompt: &str| AgentDraft {
        prompt: prompt.into(),
        ..agent.draft.clone()
    };
    let save = |prompt| world.publish(&agent, prompted(prompt));
    let (one, two) = tokio::join!(save("One."), save("Two."));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    world.look_now().await;
    let kept = world.reread(&agent).await.draft.prompt;
    assert_eq!(
        world.agent_there(&agent).await["callTemplate"]["systemPrompt"],
        json!(kept)
    );
    world.stop().await;
}

/// The provider takes three seconds to answer, in which the call grows too old and another process gives it up.
#[tokio::test]
async fn c5_a_process_that_sleeps_past_its_lease_saves_nothing() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .fault(&json!({ "kind": "slow", "ms": 3000, "method": "POST", "path": "/api/agents/" }))
        .await;
    let placing = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"));
    let giving_up = async {
        world.until(async || world.intents().await == 1).await;
        let listing = flow::list(&world.core, &world.caller, &Default::default(), &Default::default())
            .await
            .unwrap();
        world.age(listing.items[0].id, 180).await;
        world.look_now().await;
        let given_up = flow::get(&world.core, &world.caller, listing.items[0].id)
            .await
            .unwrap();
        assert_eq!(
            (given_up.status, given_up.end_reason),
            (Status::Failed, Some(EndReason::ProviderError))
        );
        given_up
    };
    let (placed, given_up) = tokio::join!(placing, giving_up);
    // The answer came after all, and changes nothing: nobody is rung for a call that is over.
    assert_eq!(placed.unwrap(), given_up);
    world.look_now().await;
    assert_eq!(
        flow::get(&world.core, &world.caller, given_up.id).await.unwrap(),
        given_up
    );
    assert_eq!(world.ledger().await.len(), 0);
    world.stop().await;
}
