//! Expiry: what an agent keeps for some days only is gone afterwards, here, in our storage and at the provider.

use chrono::{DateTime, TimeDelta, Utc};
use switchboard::{
    Error,
    agents::{Agent, AgentDraft},
    calls::{
        Call, CallFilter, Conversation, Recording, expiry, expiry::ExpireCalls, flow, recording,
        recording::FetchRecording,
    },
    crud,
    id::Id,
    jobs::{self, Jobs},
    listing::Page,
};

use crate::{
    calls::support::{World, phone},
    common::draft,
};

const DAY: i32 = 86_400;

/// A call with a recording in our storage and words in the index, of an agent that keeps them for so many days.
async fn kept_for(world: &World, recording_days: Option<i16>, transcript_days: Option<i16>) -> Call {
    let draft = AgentDraft {
        recording_days,
        transcript_days,
        ..draft(&format!("Front desk {}", crate::common::serial()))
    };
    let agent = crud::create(&world.core, &world.caller, draft).await.unwrap();
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world.billed(1).await;
    world.work().await;
    world.make_due().await;
    jobs::run_due(&world.core, &Jobs::<FetchRecording>::default())
        .await
        .unwrap();
    world.index_words().await;
    talk(world, placed.id).await.call
}

async fn talk(world: &World, id: Id<Call>) -> Conversation {
    flow::conversation(&world.core, &world.caller, id).await.unwrap()
}

async fn found(world: &World, words: &str) -> usize {
    let filter = CallFilter {
        said: Some(words.to_owned()),
        ..CallFilter::default()
    };
    let page = flow::list(&world.core, &world.caller, &filter, &Page::default()).await;
    page.unwrap().items.len()
}

/// The midnight after so many whole days.
fn midnight_after(ended: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    let day = ended.date_naive() + TimeDelta::days(days + 1);
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

#[tokio::test]
async fn a_recording_is_deleted_after_its_days_and_the_transcript_stays() {
    let world = World::new().await;
    let call = kept_for(&world, Some(30), None).await;
    let until = midnight_after(call.ended_at.unwrap(), 30);
    assert_eq!((call.recording_until, call.transcript_until), (Some(until), None));
    assert_eq!((world.files(), world.calls_there().await), (1, 1));

    expiry::expire(&world.core, &world.caller, until - TimeDelta::seconds(1))
        .await
        .unwrap();
    assert_eq!(talk(&world, call.id).await.call.recording, Recording::Ready);

    // The day comes: the job that the call left behind does it.
    world.age_end(call.id, 32 * DAY).await;
    world.make_due().await;
    assert_eq!(
        jobs::run_due(&world.core, &Jobs::<ExpireCalls>::default())
            .await
            .unwrap(),
        1
    );
    world.look_now().await;
    let after = talk(&world, call.id).await;
    assert_eq!(after.call.recording, Recording::Deleted);
    assert!(!after.messages.is_empty());
    assert_eq!(after.events.last().unwrap().kind, "recording_deleted");
    assert_eq!(
        (world.files(), world.calls_there().await, world.deleting().await),
        (0, 0, 0)
    );
    for answer in [
        recording::hear(&world.core, &world.caller, call.id).await.map(drop),
        recording::link(&world.core, &world.caller, call.id).await.map(drop),
    ] {
        assert!(matches!(answer, Err(Error::NotFound)));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_transcript_is_deleted_after_its_days_with_all_that_was_made_of_it() {
    let world = World::new().await;
    let call = kept_for(&world, None, Some(7)).await;
    let other = kept_for(&world, None, None).await;
    let before = talk(&world, call.id).await;
    let word = before.messages[0]
        .text
        .split_whitespace()
        .find(|word| word.len() > 3)
        .unwrap()
        .to_owned();
    assert_eq!(found(&world, &word).await, 2);

    world.age_end(call.id, 9 * DAY).await;
    expiry::expire(&world.core, &world.caller, Utc::now()).await.unwrap();
    world.look_now().await;
    let after = talk(&world, call.id).await;
    assert!(after.messages.is_empty());
    assert!(after.call.transcript_deleted_at.is_some());
    assert_eq!(after.call.summary, "");
    assert_eq!(found(&world, &word).await, 1);
    assert_eq!(after.events.last().unwrap().kind, "transcript_deleted");
    // The recording is kept for good, and here; the provider has nothing more of this call.
    assert_eq!((world.files(), world.calls_there().await), (2, 1));
    let heard = recording::hear(&world.core, &world.caller, call.id).await.unwrap();
    assert!(heard.size > 44);
    assert!(!talk(&world, other.id).await.messages.is_empty());

    // An event that comes once more brings nothing back.
    world.replay().await;
    assert!(talk(&world, call.id).await.messages.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn both_are_deleted_on_one_day_and_a_change_of_the_agent_touches_no_earlier_call() {
    let world = World::new().await;
    let call = kept_for(&world, Some(1), Some(1)).await;
    let agent = crud::get::<Agent>(&world.core, &world.caller, call.agent_id.unwrap())
        .await
        .unwrap();
    let draft = AgentDraft {
        recording_days: None,
        transcript_days: None,
        ..agent.draft.clone()
    };
    world.publish(&agent, draft).await.unwrap();
    world.age_end(call.id, 3 * DAY).await;

    // Another organization's turn deletes nothing here, however much is due.
    let theirs = world.other_org().await;
    expiry::expire(&world.core, &theirs, Utc::now()).await.unwrap();
    let before = talk(&world, call.id).await;
    assert_eq!(before.call.recording, Recording::Ready);
    assert!(!before.messages.is_empty());

    expiry::expire(&world.core, &world.caller, Utc::now()).await.unwrap();
    world.look_now().await;
    let after = talk(&world, call.id).await;
    assert_eq!(after.call.recording, Recording::Deleted);
    assert!(after.messages.is_empty() && after.call.transcript_deleted_at.is_some());
    assert_eq!((world.files(), world.calls_there().await), (0, 0));
    world.stop().await;
}
