//! Voices of an organization's own: cloned from a sample, had by agents, and removed on both sides.

use serde_json::json;
use switchboard::{
    Error, Result,
    agents::{Agent, AgentDraft},
    auth::Caller,
    crud,
    id::Id,
    jobs::{self, Jobs},
    voices::{
        AvailableFilter, AvailableVoice, Voice, VoiceDraft, VoiceSource, VoiceState, available,
        clone::{CloneVoice, RemoveClone},
        flow, tone,
    },
};

use super::{support::World, world};
use crate::common::draft;

fn voice(name: &str) -> VoiceDraft {
    VoiceDraft {
        name: name.to_owned(),
        language: "en-US".to_owned(),
        speaker: "Ada Okafor".to_owned(),
        agreed: true,
        ..VoiceDraft::default()
    }
}

async fn with_sample(world: &World, name: &str) -> Voice {
    let made = crud::create::<Voice>(&world.core, &world.caller, voice(name))
        .await
        .unwrap();
    assert_eq!((made.state, &made.sample), (VoiceState::Waiting, &None));
    let given = flow::give_sample(&world.core, &world.caller, made.id, tone(20, 0.3).into())
        .await
        .unwrap();
    assert_eq!(given.state, VoiceState::Cloning);
    assert_eq!(given.sample.as_ref().unwrap().duration_ms, 20_000);
    given
}

/// Clones and removes whatever is due, or has failed before.
async fn work(world: &World) {
    world.make_due().await;
    jobs::run_due(&world.core, &Jobs::<CloneVoice>::default())
        .await
        .unwrap();
    jobs::run_due(&world.core, &Jobs::<RemoveClone>::default())
        .await
        .unwrap();
}

async fn now(world: &World, id: Id<Voice>) -> Voice {
    crud::get(&world.core, &world.caller, id).await.unwrap()
}

async fn cloned(world: &World, name: &str) -> Voice {
    let voice = with_sample(world, name).await;
    work(world).await;
    let voice = now(world, voice.id).await;
    assert_eq!((voice.state, voice.note.as_str()), (VoiceState::Ready, ""));
    voice
}

async fn own(world: &World, caller: &Caller) -> Vec<AvailableVoice> {
    let filter = AvailableFilter {
        source: Some(VoiceSource::Cloned),
        ..AvailableFilter::default()
    };
    available::list(&world.core, caller, &filter).await.unwrap()
}

fn speaking_with(voice_id: &str) -> AgentDraft {
    AgentDraft {
        voice_id: voice_id.to_owned(),
        voice_name: String::new(),
        ..draft("Front desk")
    }
}

fn refused(answer: Result<Agent>) -> String {
    match answer {
        Err(Error::Invalid(wrong)) => format!("{}: {}", wrong[0].field, wrong[0].message),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_voice_is_cloned_had_by_an_agent_and_removed() {
    let world = World::new().await;
    let voice = cloned(&world, "Dr. Okafor").await;
    let provider_id = voice.provider_id.clone().unwrap();
    assert_eq!(own(&world, &world.caller).await[0].id, provider_id);
    let there = world.private_voices_there().await;
    assert_eq!(there.len(), 1);
    // Whoever shares the account reads nobody's words in it.
    assert!(!there[0]["name"].as_str().unwrap().contains("Okafor"));
    assert_eq!(
        &available::preview(&world.core, &world.caller, &voice.id.to_string())
            .await
            .unwrap()
            .bytes[..4],
        b"RIFF"
    );

    let agent = crud::create::<Agent>(&world.core, &world.caller, speaking_with(&provider_id))
        .await
        .unwrap();
    assert_eq!(agent.draft.voice_name, "Dr. Okafor");
    assert_eq!(
        world.agent_there(&agent).await["callTemplate"]["voice"],
        json!(provider_id)
    );
    let deleted = crud::delete::<Voice>(&world.core, &world.caller, voice.id).await;
    assert_eq!(
        deleted,
        Err(Error::Conflict(
            "Front desk speaks with this voice. Give it another and publish that first.".into()
        ))
    );
    // The draft alone is not enough: callers still hear it.
    let library = available::list(&world.core, &world.caller, &AvailableFilter::default())
        .await
        .unwrap();
    let other = library
        .iter()
        .find(|voice| voice.source == VoiceSource::Library)
        .unwrap();
    let saved = crud::update::<Agent>(
        &world.core,
        &world.caller,
        agent.id,
        speaking_with(&other.id),
        agent.revision,
    )
    .await
    .unwrap();
    let deleted = crud::delete::<Voice>(&world.core, &world.caller, voice.id).await;
    assert!(matches!(deleted, Err(Error::Conflict(_))), "{deleted:?}");
    switchboard::agents::publish(
        &world.core,
        &world.caller,
        agent.id,
        Default::default(),
        Some(saved.revision),
    )
    .await
    .unwrap();
    crud::delete::<Voice>(&world.core, &world.caller, voice.id)
        .await
        .unwrap();
    work(&world).await;
    assert_eq!(world.private_voices_there().await.len(), 0);

    // Going back to the version that spoke with it keeps the voice that is there.
    let restored = switchboard::agents::restore(&world.core, &world.caller, agent.id, 1, None)
        .await
        .unwrap();
    assert_eq!(restored.draft.voice_id, other.id);
    world.stop().await;
}

#[tokio::test]
async fn a_voice_of_another_organization_is_as_one_that_nobody_has() {
    let world = World::new().await;
    let theirs = world::org(&world.core, "Theirs").await;
    let voice = cloned(&world, "Dr. Okafor").await;
    let provider_id = voice.provider_id.unwrap();
    let nobody = "3c90c3cc-0d44-4b50-8888-8dd25736052a";
    assert_eq!(own(&world, &theirs).await, []);
    for id in [&*provider_id, &voice.id.to_string(), nobody] {
        let made = crud::create::<Agent>(&world.core, &theirs, speaking_with(id)).await;
        assert_eq!(refused(made), "voice_id: This voice is gone. Choose another.");
        let heard = available::preview(&world.core, &theirs, id).await;
        assert!(matches!(heard, Err(Error::NotFound)), "{heard:?}");
    }
    let sample = flow::sample(&world.core, &theirs, voice.id).await;
    assert!(matches!(sample, Err(Error::NotFound)), "{sample:?}");
    let given = flow::give_sample(&world.core, &theirs, voice.id, tone(20, 0.3).into()).await;
    assert_eq!(given, Err(Error::NotFound));
    // By the name that it has at the provider, too, under which the provider itself would find it.
    let name = world.private_voices_there().await[0]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let made = crud::create::<Agent>(&world.core, &theirs, speaking_with(&name)).await;
    assert_eq!(refused(made), "voice_id: This voice is gone. Choose another.");
    world.stop().await;
}

#[tokio::test]
async fn what_the_provider_refuses_is_said_and_can_be_tried_again() {
    let world = World::new().await;
    let voice = with_sample(&world, "Dr. Okafor").await;
    world
        .fault(&json!({ "kind": "status", "status": 400, "method": "POST", "path": "/api/voices" }))
        .await;
    work(&world).await;
    let failed = now(&world, voice.id).await;
    assert_eq!(failed.state, VoiceState::Failed);
    assert!(failed.note.contains("Ultravox did not accept this"), "{}", failed.note);
    assert_eq!(own(&world, &world.caller).await, []);
    let again = flow::retry(&world.core, &world.caller, voice.id).await.unwrap();
    assert_eq!((again.state, again.note.as_str()), (VoiceState::Cloning, ""));
    work(&world).await;
    assert_eq!(now(&world, voice.id).await.state, VoiceState::Ready);
    let again = flow::retry(&world.core, &world.caller, voice.id).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_clone_whose_answer_was_lost_is_found_again_and_not_made_twice() {
    let world = World::new().await;
    let voice = with_sample(&world, "Dr. Okafor").await;
    world.lose_answer("/api/voices").await;
    work(&world).await;
    assert_eq!(now(&world, voice.id).await.state, VoiceState::Cloning);
    assert_eq!(world.private_voices_there().await.len(), 1);
    work(&world).await;
    assert_eq!(now(&world, voice.id).await.state, VoiceState::Ready);
    assert_eq!(world.private_voices_there().await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn what_is_deleted_while_it_is_cloned_is_gone_on_both_sides() {
    let world = World::new().await;
    let voice = with_sample(&world, "Dr. Okafor").await;
    world.lose_answer("/api/voices").await;
    work(&world).await;
    assert_eq!(world.private_voices_there().await.len(), 1);
    crud::delete::<Voice>(&world.core, &world.caller, voice.id)
        .await
        .unwrap();
    work(&world).await;
    assert_eq!(world.private_voices_there().await.len(), 0);
    world.stop().await;
}

#[tokio::test]
async fn a_sample_that_cannot_be_cloned_leaves_the_voice_as_it_was() {
    let world = World::new().await;
    let made = crud::create::<Voice>(&world.core, &world.caller, voice("Dr. Okafor"))
        .await
        .unwrap();
    let given = flow::give_sample(&world.core, &world.caller, made.id, tone(3, 0.3).into()).await;
    assert_eq!(
        given,
        Err(Error::invalid(
            "sample",
            "The recording has 3 s. It takes at least 10, and 30 to 60 are best."
        ))
    );
    assert_eq!(now(&world, made.id).await, made);
    // Whose voice it is may be set right until there is something to have agreed to.
    let renamed = VoiceDraft {
        speaker: "Grace Hopper".to_owned(),
        ..voice("Dr. Okafor")
    };
    let renamed = crud::update::<Voice>(&world.core, &world.caller, made.id, renamed, made.revision)
        .await
        .unwrap();
    assert!(renamed.consent.statement.contains("Grace Hopper"));
    flow::give_sample(&world.core, &world.caller, made.id, tone(20, 0.3).into())
        .await
        .unwrap();
    let now = now(&world, made.id).await;
    let other = crud::update::<Voice>(&world.core, &world.caller, made.id, voice("Dr. Okafor"), now.revision).await;
    assert!(
        matches!(&other, Err(Error::Invalid(wrong)) if wrong[0].field == "speaker"),
        "{other:?}"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_provider_that_goes_on_failing_is_given_up_and_another_sample_is_not_mistaken_for_the_one_before() {
    let world = World::new().await;
    let voice = with_sample(&world, "Dr. Okafor").await;
    world.lose_answer("/api/voices").await;
    work(&world).await;
    let before = world.private_voices_there().await;
    assert_eq!(before.len(), 1);
    world
        .fault(&json!({ "kind": "status", "status": 500, "method": "GET", "path": "/api/voices", "count": 100 }))
        .await;
    for _ in 0..6 {
        work(&world).await;
    }
    let failed = now(&world, voice.id).await;
    assert_eq!(failed.state, VoiceState::Failed);
    assert!(
        failed.note.contains("Ultravox answered with an error"),
        "{}",
        failed.note
    );
    world.no_faults().await;

    flow::give_sample(&world.core, &world.caller, voice.id, tone(30, 0.3).into())
        .await
        .unwrap();
    work(&world).await;
    assert_eq!(now(&world, voice.id).await.state, VoiceState::Ready);
    let there = world.private_voices_there().await;
    assert_eq!(there.len(), 1);
    assert_ne!(there[0]["voiceId"], before[0]["voiceId"]);
    world.stop().await;
}

#[tokio::test]
async fn a_library_that_is_down_keeps_nobody_from_their_own_voices_and_no_agent_from_being_saved() {
    let world = World::new().await;
    let voice = cloned(&world, "Dr. Okafor").await;
    // Nothing has asked for the library yet, so nothing of it is remembered.
    world
        .fault(&json!({ "kind": "status", "status": 500, "method": "GET", "path": "/api/voices", "count": 100 }))
        .await;
    let mine = speaking_with(&voice.provider_id.unwrap());
    let agent = crud::create::<Agent>(&world.core, &world.caller, mine.clone())
        .await
        .unwrap();
    let found = available::overview(&world.core, &world.caller, &AvailableFilter::default())
        .await
        .unwrap();
    assert_eq!((found.own.len(), found.library.len()), (1, 0));
    assert!(found.trouble.is_some());
    let other = crud::update::<Agent>(
        &world.core,
        &world.caller,
        agent.id,
        speaking_with("Mark"),
        agent.revision,
    )
    .await;
    assert!(matches!(other, Err(Error::Upstream(_))), "{other:?}");
    let greeting = AgentDraft {
        first_message: "Good morning.".into(),
        ..agent.draft.clone()
    };
    let saved = crud::update::<Agent>(&world.core, &world.caller, agent.id, greeting, agent.revision)
        .await
        .unwrap();
    assert_eq!(saved.draft.voice_name, "Dr. Okafor");
    world.stop().await;
}
