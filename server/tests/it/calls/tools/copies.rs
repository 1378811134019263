//! The copies of tools at the provider: drift, repair, and what was never answered.

use serde_json::json;
use switchboard::{
    Error,
    agents::{Agent, SyncState},
    crud, provider_sync,
    tools::Tool,
};

use super::{NOWHERE, agent_with, create, reread, selected, tool_draft};
use crate::calls::support::World;

#[tokio::test]
async fn what_is_changed_at_the_provider_is_seen_and_can_be_undone() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    world.look_now().await;
    assert_eq!(reread(&world, &tool).await.sync.state, SyncState::Synced);
    let mut there = world.tool_there(&tool).await;
    there["definition"]["description"] = json!("Sells.");
    there["definition"]["timeout"] = json!("1s");
    world.replace_tool(&tool, &there).await;
    world.look_now().await;
    let sync = reread(&world, &tool).await.sync;
    assert_eq!(
        (sync.state, sync.note.as_str()),
        (
            SyncState::Drifted,
            "Changed at the provider: description and time limit."
        )
    );
    let synced = provider_sync::sync::<Tool>(&world.core, &world.caller, tool.id)
        .await
        .unwrap();
    assert_eq!(
        (synced.sync.state, &synced.provider_id),
        (SyncState::Synced, &tool.provider_id)
    );
    world.look_now().await;
    assert_eq!(reread(&world, &tool).await.sync.state, SyncState::Synced);
    world.stop().await;
}

#[tokio::test]
async fn what_is_removed_at_the_provider_is_published_again_and_its_agents_know_the_new_copy() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    let agent = agent_with(&world, &[&tool]).await;
    world.remove_tool(&tool).await;
    world.look_now().await;
    assert_eq!(reread(&world, &tool).await.sync.state, SyncState::Drifted);
    // Even where the answer is lost, bringing it back makes one copy.
    world.lose_answer("/api/tools").await;
    let sync = async || provider_sync::sync::<Tool>(&world.core, &world.caller, tool.id).await;
    assert!(sync().await.is_err());
    assert_eq!(reread(&world, &tool).await.sync.state, SyncState::Failed);
    let synced = sync().await.unwrap();
    assert_ne!(synced.provider_id, tool.provider_id);
    assert_eq!(world.tools_there().await, 1);
    world.look_now().await;
    assert_eq!(
        selected(&world, &agent).await,
        json!([{ "toolId": synced.provider_id }])
    );
    world.stop().await;
}

#[tokio::test]
async fn a_tool_whose_creation_was_never_answered_is_gone_on_both_sides() {
    let world = World::new().await;
    world.lose_answer("/api/tools").await;
    let lost = crud::create::<Tool>(&world.core, &world.caller, tool_draft(NOWHERE)).await;
    assert!(matches!(lost, Err(Error::Upstream(_))), "{lost:?}");
    assert_eq!((world.tools_there().await, world.intents().await), (1, 1));
    world.look_now().await;
    assert_eq!((world.tools_there().await, world.intents().await), (0, 0));
    // A provider that fails or refuses leaves nothing either.
    for status in [500, 400] {
        world
            .fault(&json!({ "kind": "status", "status": status, "method": "POST", "path": "/api/tools" }))
            .await;
        assert!(
            crud::create::<Tool>(&world.core, &world.caller, tool_draft(NOWHERE))
                .await
                .is_err()
        );
        world.look_now().await;
        assert_eq!((world.tools_there().await, world.intents().await), (0, 0));
    }
    create(&world, tool_draft(NOWHERE)).await;
    // Names are taken within an organization, whatever is called so at the provider.
    let theirs = world.other_org().await;
    crud::create::<Tool>(&world.core, &theirs, tool_draft(NOWHERE))
        .await
        .unwrap();
    assert_eq!(world.tools_there().await, 2);
    world.stop().await;
}

#[tokio::test]
async fn what_others_select_there_is_told_apart_from_what_is_ours() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    let agent = agent_with(&world, &[&tool]).await;
    world.look_now().await;
    assert_eq!(world.reread(&agent).await.sync.state, SyncState::Synced);
    world
        .change_agent(
            &agent,
            &json!({ "callTemplate": { "selectedTools": [{ "toolName": "hangUp" }] } }),
        )
        .await;
    world.look_now().await;
    assert_eq!(world.reread(&agent).await.sync.note, "Changed at the provider: tools.");
    provider_sync::sync::<Agent>(&world.core, &world.caller, agent.id)
        .await
        .unwrap();
    assert_eq!(
        selected(&world, &agent).await,
        json!([{ "toolName": "hangUp" }, { "toolId": tool.provider_id }])
    );
    world.stop().await;
}
