//! Agents and their copies: drift, repair, duplicates; and the voices they choose from.

use serde_json::json;
use switchboard::{
    Error,
    agents::{self, Agent, AgentDraft, SyncState},
    crud, provider_sync,
    voices::{AvailableFilter, AvailableVoice, available},
};

use super::support::World;
use crate::common::draft;

#[tokio::test]
async fn what_is_changed_at_the_provider_is_seen_and_can_be_undone() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world.look_now().await;
    assert_eq!(world.reread(&agent).await.sync.state, SyncState::Synced);
    world
        .change_agent(
            &agent,
            &json!({ "callTemplate": { "systemPrompt": "Sell!", "maxDuration": "60s" } }),
        )
        .await;
    world.look_now().await;
    let sync = world.reread(&agent).await.sync;
    assert_eq!(
        (sync.state, sync.note.as_str()),
        (
            SyncState::Drifted,
            "Changed at the provider: instructions and longest call."
        )
    );
    let synced = provider_sync::sync::<Agent>(&world.core, &world.caller, agent.id)
        .await
        .unwrap();
    assert_eq!(
        (synced.sync.state, &synced.provider_id),
        (SyncState::Synced, &agent.provider_id)
    );
    world.look_now().await;
    assert_eq!(world.reread(&agent).await.sync.state, SyncState::Synced);
    world.stop().await;
}

#[tokio::test]
async fn what_is_removed_at_the_provider_is_published_again() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world.remove_agent(&agent).await;
    world.look_now().await;
    assert_eq!(world.reread(&agent).await.sync.state, SyncState::Drifted);
    // Even where the answer is lost, bringing it back makes one copy.
    world.lose_answer("/api/agents").await;
    assert!(
        provider_sync::sync::<Agent>(&world.core, &world.caller, agent.id)
            .await
            .is_err()
    );
    assert_eq!(world.reread(&agent).await.sync.state, SyncState::Failed);
    let synced = provider_sync::sync::<Agent>(&world.core, &world.caller, agent.id)
        .await
        .unwrap();
    assert_ne!(synced.provider_id, agent.provider_id);
    assert_eq!(world.agents_there().await, 1);
    world.stop().await;
}

#[tokio::test]
async fn tools_that_somebody_added_there_survive_publishing() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    world
        .change_agent(
            &agent,
            &json!({ "callTemplate": { "selectedTools": [{ "toolName": "hangUp" }] } }),
        )
        .await;
    let mut changed = agent.draft.clone();
    changed.prompt = "Be brief.".into();
    world.publish(&agent, changed).await.unwrap();
    let there = world.agent_there(&agent).await;
    assert_eq!(
        there["callTemplate"]["selectedTools"],
        json!([{ "toolName": "hangUp" }])
    );
    assert_eq!(there["callTemplate"]["systemPrompt"], "Be brief.");
    world.stop().await;
}

#[tokio::test]
async fn a_duplicate_takes_the_next_free_name() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let first = agents::duplicate(&world.core, &world.caller, agent.id).await.unwrap();
    let second = agents::duplicate(&world.core, &world.caller, first.id).await.unwrap();
    assert_eq!(
        (first.draft.name.as_str(), second.draft.name.as_str()),
        ("Front desk copy", "Front desk copy 2")
    );
    assert_eq!(second.draft.prompt, agent.draft.prompt);
    assert_eq!(world.agents_there().await, 3);
    let facets = crud::facets::<Agent>(&world.core, &world.caller).await.unwrap();
    assert_eq!((facets.all, facets.live), (3, 3));
    world.stop().await;
}

#[tokio::test]
async fn a_draft_that_the_provider_refuses_is_saved_nowhere() {
    let world = World::new().await;
    world
        .fault(&json!({ "kind": "status", "status": 400, "method": "POST", "path": "/api/agents" }))
        .await;
    let error = crud::create::<Agent>(&world.core, &world.caller, draft("Front desk"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("did not accept this"), "{error}");
    assert_eq!(
        (
            world.agents_there().await,
            world.agents_here().await,
            world.intents().await
        ),
        (0, 0, 0)
    );
    world.stop().await;
}

#[tokio::test]
async fn the_library_has_all_public_voices_and_plays_them() {
    let world = World::new().await;
    world.add_private_voice().await;
    let all = available::list(&world.core, &world.caller, &AvailableFilter::default())
        .await
        .unwrap();
    assert!(all.len() > 20);
    assert!(all.iter().all(|voice| voice.name != "Secret"));
    let german = AvailableFilter {
        language: Some("de".into()),
        ..AvailableFilter::default()
    };
    let german = available::list(&world.core, &world.caller, &german).await.unwrap();
    assert_eq!(german.len(), 3);
    let sound = available::preview(&world.core, &world.caller, &german[0].id)
        .await
        .unwrap();
    assert_eq!(&sound.bytes[..4], b"RIFF");
    assert!(matches!(
        available::preview(&world.core, &world.caller, "3c90c3cc-0d44-4b50-8888-8dd25736052a").await,
        Err(Error::NotFound)
    ));
    world.stop().await;
}

#[tokio::test]
async fn a_voice_that_is_chosen_by_its_id_alone_has_its_name() {
    let world = World::new().await;
    let voices = available::list(&world.core, &world.caller, &AvailableFilter::default())
        .await
        .unwrap();
    let [one, other] = [&voices[0], &voices[1]];
    let by_id = |voice: &AvailableVoice, named: &str| AgentDraft {
        voice_id: voice.id.clone(),
        voice_name: named.to_owned(),
        ..draft("Front desk")
    };
    let agent = crud::create::<Agent>(&world.core, &world.caller, by_id(one, ""))
        .await
        .unwrap();
    assert_eq!(agent.draft.voice_name, one.name);
    // As a change of the id alone arrives: with the name of the voice before.
    let change = async |revision, draft| {
        crud::update::<Agent>(&world.core, &world.caller, agent.id, draft, revision)
            .await
            .unwrap()
    };
    let changed = change(agent.revision, by_id(other, &one.name)).await;
    assert_eq!(changed.draft.voice_name, other.name);
    // What somebody calls it stays.
    let changed = change(changed.revision, by_id(other, "The calm one")).await;
    assert_eq!(changed.draft.voice_name, "The calm one");
    world.stop().await;
}
