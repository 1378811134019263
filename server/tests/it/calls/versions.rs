//! Versions of agents: what is saved waits until it is published, and a call runs the version it names.

use serde_json::json;
use switchboard::{
    Error,
    agents::{self, Agent, AgentDraft, Publication, SyncState},
    calls::{Call, CallDraft, flow},
    crud,
    tools::Tool,
};

use super::{
    support::{World, phone, text, with},
    tools::{NOWHERE, create, tool_draft},
};

async fn save(world: &World, agent: &Agent, change: impl FnOnce(&mut AgentDraft)) -> Agent {
    let mut draft = agent.draft.clone();
    change(&mut draft);
    crud::update(&world.core, &world.caller, agent.id, draft, agent.revision)
        .await
        .unwrap()
}

async fn publish(world: &World, agent: &Agent, note: &str) -> Result<Agent, Error> {
    let publication = Publication { note: note.to_owned() };
    agents::publish(&world.core, &world.caller, agent.id, publication, Some(agent.revision)).await
}

async fn prompt_there(world: &World, agent: &Agent) -> String {
    let there = world.agent_there(agent).await;
    there["callTemplate"]["systemPrompt"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_saved_reaches_callers_once_it_is_published() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    assert_eq!((agent.live_version, agent.unpublished), (1, false));
    let saved = save(&world, &agent, |draft| draft.prompt = "Be brief.".into()).await;
    assert_eq!((saved.live_version, saved.unpublished), (1, true));
    assert_eq!(prompt_there(&world, &agent).await, "Answer politely.");
    // The copy is compared with what was published, not with what is saved.
    world.look_now().await;
    let looked_at = world.reread(&agent).await;
    assert_eq!(looked_at.sync.state, SyncState::Synced, "{}", looked_at.sync.note);

    let published = publish(&world, &saved, " Shorter. ").await.unwrap();
    assert_eq!((published.live_version, published.unpublished), (2, false));
    assert_eq!(prompt_there(&world, &agent).await, "Be brief.");
    let versions = agents::versions(&world.core, &world.caller, agent.id).await.unwrap();
    let listed: Vec<_> = versions
        .iter()
        .map(|version| (version.number, version.note.as_str()))
        .collect();
    assert_eq!(listed, [(2, "Shorter."), (1, "")]);
    let first = agents::version(&world.core, &world.caller, agent.id, 1).await.unwrap();
    assert_eq!(first.draft, agent.draft);

    // What only the team sees is no difference.
    let renamed = save(&world, &published, |draft| draft.name = "Night desk".into()).await;
    assert!(!renamed.unpublished);
    // Typed back by hand.
    let changed = save(&world, &renamed, |draft| draft.prompt = "Be long.".into()).await;
    assert!(changed.unpublished);
    let back = save(&world, &changed, |draft| draft.prompt = "Be brief.".into()).await;
    assert!(!back.unpublished);
    world.stop().await;
}

#[tokio::test]
async fn what_the_provider_refuses_stays_a_draft() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let saved = save(&world, &agent, |draft| draft.first_message = "Two.".into()).await;
    world
        .fault(&json!({ "kind": "status", "status": 400, "method": "PATCH", "path": "/api/agents/" }))
        .await;
    let refused = publish(&world, &saved, "").await.unwrap_err();
    assert!(refused.to_string().contains("did not accept this"), "{refused}");
    let kept = world.reread(&agent).await;
    assert_eq!(
        (kept.live_version, kept.unpublished, kept.revision),
        (1, true, saved.revision)
    );
    assert_eq!(
        agents::versions(&world.core, &world.caller, agent.id)
            .await
            .unwrap()
            .len(),
        1
    );
    world.stop().await;
}

#[tokio::test]
async fn of_two_who_publish_at_once_one_is_refused() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let saved = save(&world, &agent, |draft| draft.prompt = "Be brief.".into()).await;
    let (one, two) = tokio::join!(publish(&world, &saved, "one"), publish(&world, &saved, "two"));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let kept = world.reread(&agent).await;
    assert_eq!((kept.live_version, kept.unpublished), (2, false));
    world.stop().await;
}

#[tokio::test]
async fn what_is_saved_while_one_publishes_is_not_taken_for_published() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let saved = save(&world, &agent, |draft| draft.prompt = "Be brief.".into()).await;
    world
        .fault(&json!({ "kind": "slow", "ms": 1500, "method": "PATCH", "path": "/api/agents/" }))
        .await;
    let saving = async {
        world.until(async || world.publishing().await == 1).await;
        save(&world, &saved, |draft| draft.prompt = "Be long.".into()).await
    };
    let (published, later) = tokio::join!(publish(&world, &saved, ""), saving);
    assert!(matches!(published, Err(Error::Conflict(_))), "{published:?}");
    let kept = world.reread(&agent).await;
    assert_eq!(
        (kept.live_version, kept.unpublished, kept.revision),
        (1, true, later.revision)
    );
    // What lies there was published by nobody.
    world.look_now().await;
    assert_eq!(prompt_there(&world, &agent).await, "Answer politely.");
    world.stop().await;
}

/// What the agent says first on a call, and which version that was.
async fn heard(world: &World, draft: CallDraft) -> (Option<i32>, String) {
    let placed: Call = flow::place(&world.core, &world.caller, draft).await.unwrap();
    world.billed(1).await;
    world.work().await;
    let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
    (talk.call.agent_version, talk.messages[0].text.clone())
}

#[tokio::test]
async fn a_call_runs_the_version_it_names_the_draft_or_what_is_live() {
    let world = World::new().await;
    let agent = world.agent_with_name("Front desk").await;
    let second = save(&world, &agent, |draft| {
        draft.first_message = "Two.".into();
        draft.variables.clear();
    })
    .await;
    let second = publish(&world, &second, "").await.unwrap();
    save(&world, &second, |draft| draft.first_message = "Three.".into()).await;

    let call = phone(&agent, "+14155550100");
    assert_eq!(heard(&world, call.clone()).await, (Some(2), "Two.".to_owned()));
    let pinned = CallDraft {
        version: Some(1),
        ..call.clone()
    };
    // It is held to the variables of its own version.
    let missing = flow::place(&world.core, &world.caller, pinned.clone())
        .await
        .unwrap_err();
    assert_eq!(missing.fields()[0].field, "variables.name");
    let pinned = with(pinned, "name", json!("Ann"));
    assert_eq!(heard(&world, pinned.clone()).await, (Some(1), "Hello Ann!".to_owned()));
    let draft = CallDraft {
        draft: true,
        ..call.clone()
    };
    assert_eq!(heard(&world, draft.clone()).await, (None, "Three.".to_owned()));

    let unknown = CallDraft {
        version: Some(9),
        ..call
    };
    let both = CallDraft {
        version: Some(1),
        ..draft
    };
    for wrong in [unknown, both] {
        let refused = flow::place(&world.core, &world.caller, wrong).await.unwrap_err();
        assert_eq!(refused.fields()[0].field, "version");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_call_that_is_placed_while_one_publishes_runs_the_version_it_is_said_to() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let saved = save(&world, &agent, |draft| draft.first_message = "Two.".into()).await;
    world
        .fault(&json!({ "kind": "slow", "ms": 1500, "method": "PATCH", "path": "/api/agents/" }))
        .await;
    let placing = async {
        world.until(async || world.publishing().await == 1).await;
        heard(&world, phone(&agent, "+14155550100")).await
    };
    let (published, heard) = tokio::join!(publish(&world, &saved, ""), placing);
    assert_eq!(published.unwrap().live_version, 2);
    assert_eq!(heard, (Some(1), "Hello, how can I help?".to_owned()));
    world.stop().await;
}

#[tokio::test]
async fn a_version_is_taken_back_into_the_draft_under_todays_name_and_without_tools_that_are_gone() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    let agent = world.agent("Front desk").await;
    let with_tool = save(&world, &agent, |draft| draft.tool_ids = vec![tool.id]).await;
    let with_tool = publish(&world, &with_tool, "with a tool").await.unwrap();
    let without = save(&world, &with_tool, |draft| {
        draft.name = "Night desk".into();
        draft.prompt = "Be brief.".into();
        draft.tool_ids.clear();
    })
    .await;
    // Callers are still given it.
    assert!(matches!(
        crud::delete::<Tool>(&world.core, &world.caller, tool.id).await,
        Err(Error::Conflict(_))
    ));
    let without = publish(&world, &without, "").await.unwrap();
    let restored = agents::restore(&world.core, &world.caller, agent.id, 2, Some(without.revision))
        .await
        .unwrap();
    assert_eq!(
        (restored.draft.tool_ids.as_slice(), restored.unpublished),
        ([tool.id].as_slice(), true)
    );
    assert_eq!(restored.draft.name, "Night desk");
    assert_eq!(
        (restored.live_version, restored.draft.prompt.as_str()),
        (3, "Answer politely.")
    );
    let stale = agents::restore(&world.core, &world.caller, agent.id, 1, Some(without.revision)).await;
    assert!(matches!(stale, Err(Error::Conflict(_))));

    let first = agents::restore(&world.core, &world.caller, agent.id, 1, None)
        .await
        .unwrap();
    let first = publish(&world, &first, "").await.unwrap();
    crud::delete::<Tool>(&world.core, &world.caller, tool.id).await.unwrap();
    let restored = agents::restore(&world.core, &world.caller, agent.id, 2, Some(first.revision))
        .await
        .unwrap();
    assert_eq!(restored.draft.tool_ids, []);
    // The version itself still names it, and a call of it says what is wrong.
    let pinned = CallDraft {
        version: Some(2),
        ..text(&agent)
    };
    let refused = flow::place(&world.core, &world.caller, pinned).await.unwrap_err();
    assert_eq!(refused.fields()[0].field, "version");
    world.stop().await;
}

#[tokio::test]
async fn versions_of_others_are_not_there() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let stranger = world.other_org().await;
    let core = &world.core;
    assert_eq!(agents::versions(core, &stranger, agent.id).await, Err(Error::NotFound));
    assert_eq!(
        agents::version(core, &stranger, agent.id, 1).await,
        Err(Error::NotFound)
    );
    assert_eq!(agents::findings(core, &stranger, agent.id).await, Err(Error::NotFound));
    assert_eq!(
        agents::restore(core, &stranger, agent.id, 1, None).await,
        Err(Error::NotFound)
    );
    let published = agents::publish(core, &stranger, agent.id, Publication::default(), None).await;
    assert_eq!(published, Err(Error::NotFound));
    world.stop().await;
}
