//! A tool's secret: on its way to agents, and worth nothing elsewhere.

use serde_json::json;
use switchboard::{
    agents::{Agent, AgentDraft},
    audit::{self, EntryFilter},
    crud,
    listing::Page,
    tools::{self, TestRequest, Tool, ToolDraft, ToolSecret},
};

use super::{NOWHERE, SECRET, agent_with, create, selected, tool_draft, with_secret};
use crate::{calls::support::World, common::draft};

#[tokio::test]
async fn an_agent_brings_the_secret_and_hears_of_another_one() {
    let world = World::new().await;
    let tool = create(&world, with_secret(NOWHERE, SECRET)).await;
    assert_eq!(tool.draft.secret.ends_with, "cdef");
    assert!(tool.draft.secret.value.is_empty() && tool.draft.secret.set_at.is_some());
    assert!(!json!(tool).to_string().contains("tok_"));
    let agent = agent_with(&world, &[&tool]).await;
    let bound = |token: &str| json!([{ "toolId": tool.provider_id, "authTokens": { "secret": token } }]);
    assert_eq!(selected(&world, &agent).await, bound(SECRET));
    // A save that says nothing of the secret keeps it.
    let kept = ToolDraft {
        timeout_s: 20,
        ..tool.draft.clone()
    };
    let kept = crud::update(&world.core, &world.caller, tool.id, kept, tool.revision)
        .await
        .unwrap();
    assert_eq!(kept.draft.secret, tool.draft.secret);
    // Another one reaches the agents.
    let another = with_secret(NOWHERE, "Bearer another_0123456789");
    let another = crud::update(&world.core, &world.caller, tool.id, another, kept.revision)
        .await
        .unwrap();
    world.look_now().await;
    assert_eq!(selected(&world, &agent).await, bound("Bearer another_0123456789"));
    // None does too.
    let none = crud::update(
        &world.core,
        &world.caller,
        tool.id,
        tool_draft(NOWHERE),
        another.revision,
    )
    .await
    .unwrap();
    assert_eq!(none.draft.secret, ToolSecret::default());
    world.look_now().await;
    assert_eq!(selected(&world, &agent).await, json!([{ "toolId": tool.provider_id }]));
    // The log knows that it changed, and not what it is.
    let log = audit::list(&world.core, &world.caller, &EntryFilter::default(), &Page::default())
        .await
        .unwrap();
    let told = json!(log.items).to_string();
    assert!(
        told.contains("\"secret\"") && !told.contains("tok_") && !told.contains("another_"),
        "{told}"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_secret_that_changes_while_its_agent_is_published_reaches_it() {
    let world = World::new().await;
    let tool = create(&world, with_secret(NOWHERE, SECRET)).await;
    world
        .fault(&json!({ "kind": "slow", "ms": 1500, "method": "POST", "path": "/api/agents" }))
        .await;
    let another = with_secret(NOWHERE, "Bearer another_0123456789");
    let tools = [&tool];
    let (agent, changed) = tokio::join!(
        agent_with(&world, &tools),
        crud::update(&world.core, &world.caller, tool.id, another, tool.revision)
    );
    changed.unwrap();
    world.look_now().await;
    assert_eq!(
        selected(&world, &agent).await,
        json!([{ "toolId": tool.provider_id, "authTokens": { "secret": "Bearer another_0123456789" } }])
    );
    world.stop().await;
}

#[tokio::test]
async fn a_sealed_secret_is_worth_nothing_in_another_row() {
    let world = World::new().await;
    let tool = create(&world, with_secret(NOWHERE, SECRET)).await;
    let other = ToolDraft {
        name: "Another".into(),
        model_name: "another".into(),
        ..tool_draft(NOWHERE)
    };
    let beside = create(&world, other).await;
    let theirs = world.other_org().await;
    let foreign: Tool = crud::create(&world.core, &theirs, tool_draft(NOWHERE)).await.unwrap();
    for (caller, copy) in [(&world.caller, beside), (&theirs, foreign)] {
        world.copy_secret(&tool, &copy).await;
        let draft = AgentDraft {
            tool_ids: vec![copy.id],
            ..draft("Front desk")
        };
        let error = crud::create::<Agent>(&world.core, caller, draft).await.unwrap_err();
        assert_eq!(error.fields()[0].field, "tool_ids[0]");
        assert!(
            error.fields()[0].message.contains("cannot be read any more"),
            "{error:?}"
        );
        let tested = tools::test(&world.core, caller, copy.id, TestRequest::default())
            .await
            .unwrap_err();
        assert_eq!(tested.fields()[0].field, "secret.value");
    }
    world.stop().await;
}
