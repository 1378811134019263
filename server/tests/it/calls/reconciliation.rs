//! What differs at the provider is listed while it does, mends itself where it can, and is reconciled at once where somebody asks.

use serde_json::json;
use switchboard::{
    Error,
    agents::Agent,
    calls::flow,
    crud,
    reconciliation::{self, Difference, DifferenceState, MendedOutcome, Overview},
    resource::Kind,
};

use super::support::{World, die_after, phone};
use crate::common::draft;

async fn overview(world: &World) -> Overview {
    reconciliation::overview(&world.core, &world.caller, &Default::default(), &Default::default())
        .await
        .unwrap()
}

/// The one thing that differs.
async fn difference(world: &World) -> Difference {
    let found = overview(world).await;
    assert_eq!((found.differences.items.len(), found.differing), (1, 1), "{found:?}");
    found.differences.items[0].clone()
}

async fn mended(world: &World) -> Vec<(Kind, String, MendedOutcome)> {
    let found = overview(world).await;
    assert_eq!(found.mended.len() as i64, found.mended_lately);
    let each = found.mended.into_iter();
    each.map(|one| (one.kind, one.name, one.outcome)).collect()
}

#[tokio::test]
async fn where_both_sides_agree_nothing_is_listed() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world.billed(1).await;
    world.look_now().await;
    world.publish(&agent, draft("Front desk")).await.unwrap();
    world.look_now().await;
    let found = overview(&world).await;
    assert_eq!((found.differing, found.mended_lately), (0, 0), "{found:?}");
    reconciliation::one(&world.core, &world.caller, agent.id.uuid())
        .await
        .unwrap();
    assert_eq!(overview(&world).await.differing, 0);
    world.stop().await;
}

#[tokio::test]
async fn what_a_lost_answer_left_is_listed_and_removed_by_itself() {
    let world = World::new().await;
    world.lose_answer("/api/agents").await;
    crud::create::<Agent>(&world.core, &world.caller, draft("Front desk"))
        .await
        .unwrap_err();
    let differs = difference(&world).await;
    assert_eq!(
        (differs.kind, differs.state, differs.name.as_str()),
        (Kind::Agent, DifferenceState::Creating, "")
    );
    // It may still be on its way: nobody hurries it.
    let hurried = reconciliation::one(&world.core, &world.caller, differs.object_id).await;
    assert!(matches!(hurried, Err(Error::Conflict(_))), "{hurried:?}");
    world.look_now().await;
    assert_eq!(
        mended(&world).await,
        [(Kind::Agent, String::new(), MendedOutcome::Removed)]
    );
    assert_eq!(overview(&world).await.differing, 0);
    world.stop().await;
}

#[tokio::test]
async fn a_delete_and_a_change_that_were_cut_short_are_listed_and_finished_by_themselves() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .fault(&json!({ "kind": "lost_answer", "method": "PATCH", "count": 3 }))
        .await;
    world.publish(&agent, draft("Front office")).await.unwrap_err();
    assert_eq!(difference(&world).await.state, DifferenceState::Updating);
    world.look_now().await;
    world.fault(&json!({ "kind": "timeout", "method": "DELETE" })).await;
    let deleting = crud::delete::<Agent>(&world.core, &world.caller, agent.id);
    die_after(deleting, world.until(async || world.deleting().await == 1)).await;
    assert_eq!(difference(&world).await.state, DifferenceState::Deleting);
    world.look_now().await;
    assert_eq!(
        mended(&world).await,
        [
            (Kind::Agent, "Front office".to_owned(), MendedOutcome::Deleted),
            (Kind::Agent, "Front office".to_owned(), MendedOutcome::Published),
        ]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_copy_that_was_changed_there_stays_until_somebody_reconciles_it() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .change_agent(&agent, &json!({ "callTemplate": { "systemPrompt": "Sell!" } }))
        .await;
    world.look_now().await;
    let first = difference(&world).await;
    assert_eq!(
        (first.state, first.note.as_str(), first.name.as_str()),
        (
            DifferenceState::Differs,
            "Changed at the provider: instructions.",
            "Front desk"
        )
    );
    world.look_now().await;
    assert_eq!(difference(&world).await.since, first.since, "it differs since then");
    assert_eq!(world.agent_there(&agent).await["callTemplate"]["systemPrompt"], "Sell!");

    // A save that the provider refuses changes nothing of that.
    world
        .fault(&json!({ "kind": "status", "status": 400, "method": "PATCH", "path": "/api/agents/" }))
        .await;
    world.publish(&agent, agent.draft.clone()).await.unwrap_err();
    world.no_faults().await;
    let still = difference(&world).await;
    assert_eq!((still.state, still.since), (DifferenceState::Differs, first.since));

    let other = world.other_org().await;
    let stranger = reconciliation::one(&world.core, &other, agent.id.uuid()).await;
    assert!(matches!(stranger, Err(Error::NotFound)), "{stranger:?}");
    assert_eq!(reconciliation::all(&world.core, &other).await.unwrap().started, 0);
    world.look_now().await;
    assert_eq!(difference(&world).await.state, DifferenceState::Differs);

    assert_eq!(
        reconciliation::all(&world.core, &world.caller).await.unwrap().started,
        1
    );
    assert_eq!(difference(&world).await.state, DifferenceState::Updating);
    world.look_now().await;
    assert_eq!(
        world.agent_there(&agent).await["callTemplate"]["systemPrompt"],
        "Answer politely."
    );
    assert_eq!(overview(&world).await.differing, 0);
    world.stop().await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_listed_with_its_failure_and_found_again() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .fault(&json!({ "kind": "status", "status": 503, "method": "GET", "path": "/api/agents/", "count": 9 }))
        .await;
    world.look_now().await;
    let differs = difference(&world).await;
    assert_eq!(
        (differs.state, differs.object_id),
        (DifferenceState::Unanswered, agent.id.uuid())
    );
    assert!(differs.note.contains("Ultravox"), "{differs:?}");
    assert!(differs.due_at.is_some() && differs.attempts == 1, "{differs:?}");
    world.no_faults().await;
    reconciliation::one(&world.core, &world.caller, agent.id.uuid())
        .await
        .unwrap();
    world.look_now().await;
    assert_eq!(
        mended(&world).await,
        [(Kind::Agent, "Front desk".to_owned(), MendedOutcome::Agreed)]
    );
    world.stop().await;
}

#[tokio::test]
async fn calls_whose_placing_was_not_answered_are_listed_until_it_is_known_what_became_of_them() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world.lose_answer("/api/agents/").await;
    let found = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    let differs = difference(&world).await;
    assert_eq!(
        (differs.kind, differs.state, differs.name.as_str()),
        (Kind::Call, DifferenceState::Creating, "+14155550100")
    );
    world.look_now().await;
    world.billed(1).await;
    world.look_now().await;
    world
        .fault(&json!({ "kind": "status", "status": 500, "method": "POST", "path": "/api/agents/" }))
        .await;
    let lost = flow::place(&world.core, &world.caller, phone(&agent, "+14155550101"))
        .await
        .unwrap();
    world.age(lost.id, 180).await;
    world.look_now().await;
    assert_eq!(
        mended(&world).await,
        [
            (Kind::Call, "+14155550101".to_owned(), MendedOutcome::NothingThere),
            (Kind::Call, "+14155550100".to_owned(), MendedOutcome::Found),
        ]
    );
    assert_eq!(overview(&world).await.differing, 0);
    assert_ne!(found.id, lost.id);
    world.stop().await;
}
