//! Recordings: brought into our own storage, heard in parts, by those who may and for as long as they may.

use std::ops::Range;

use chrono::{TimeDelta, Utc};
use futures_util::TryStreamExt;
use switchboard::{
    Error,
    auth::Caller,
    calls::{
        Call, Recording, flow,
        recording::{self, FetchRecording},
        removal,
    },
    jobs::{self, Jobs},
    storage::Stored,
};

use crate::calls::support::{World, phone};

async fn recorded(world: &World) -> Call {
    let agent = world.agent(&format!("Front desk {}", crate::common::serial())).await;
    let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
        .await
        .unwrap();
    world.billed(1).await;
    world.work().await;
    let call = flow::get(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(call.recording, Recording::Ready);
    call
}

async fn bring(world: &World) {
    world.make_due().await;
    jobs::run_due(&world.core, &Jobs::<FetchRecording>::default())
        .await
        .unwrap();
}

async fn bytes(stored: Stored) -> Vec<u8> {
    let pieces: Vec<_> = stored.body.try_collect().await.unwrap();
    pieces.concat()
}

async fn heard(world: &World, caller: &Caller, call: &Call, range: Option<Range<u64>>) -> Vec<u8> {
    let heard = recording::hear(&world.core, caller, call.id).await.unwrap();
    assert_eq!(heard.content_type, "audio/wav");
    bytes(heard.read(&world.core, range).await.unwrap()).await
}

#[tokio::test]
async fn a_recording_is_heard_before_and_after_it_is_here_and_without_the_provider() {
    let world = World::new().await;
    let call = recorded(&world).await;
    let before = heard(&world, &world.caller, &call, None).await;
    assert_eq!(&before[..4], b"RIFF");
    bring(&world).await;
    world.lose_everything().await;
    assert_eq!(heard(&world, &world.caller, &call, None).await, before);
    let part = heard(&world, &world.caller, &call, Some(8..12)).await;
    assert_eq!((part.as_slice(), part.as_slice()), (&before[8..12], &b"WAVE"[..]));
    let theirs = world.other_org().await;
    assert!(matches!(
        recording::hear(&world.core, &theirs, call.id).await,
        Err(Error::NotFound)
    ));
    world.stop().await;
}

#[tokio::test]
async fn a_signed_address_is_good_for_its_time_and_for_nothing_else() {
    let world = World::new().await;
    let call = recorded(&world).await;
    let (core, caller) = (&world.core, &world.caller);
    let theirs = world.other_org().await;
    assert!(matches!(
        recording::link(core, &theirs, call.id).await,
        Err(Error::NotFound)
    ));
    let link = recording::link(core, caller, call.id).await.unwrap();
    let token = link.url.rsplit('/').next().unwrap();
    let now = Utc::now();
    let sound = recording::hear_linked(core, token, now).await.unwrap();
    assert_eq!(&bytes(sound.read(core, None).await.unwrap()).await[..4], b"RIFF");
    let late = now + TimeDelta::minutes(16);
    assert!(matches!(
        recording::hear_linked(core, token, late).await,
        Err(Error::Forbidden)
    ));
    for at in 0..token.len() {
        let mut forged = token.as_bytes().to_vec();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        // The last letter of base64 has bits that nobody reads.
        let heard = recording::hear_linked(core, &forged, now).await.map(drop);
        assert!(
            heard.is_err() || at + 1 == token.len() || token.as_bytes()[at + 1] == b'.',
            "{at}"
        );
    }
    removal::delete(core, caller, call.id).await.unwrap();
    assert!(matches!(
        recording::hear_linked(core, token, now).await,
        Err(Error::NotFound)
    ));
    world.stop().await;
}

#[tokio::test]
async fn the_file_of_a_deleted_call_goes_with_it() {
    let world = World::new().await;
    let call = recorded(&world).await;
    bring(&world).await;
    assert_eq!(world.files(), 1);
    removal::delete(&world.core, &world.caller, call.id).await.unwrap();
    world.look_now().await;
    assert_eq!(world.files(), 0);

    // Also where it is brought here while it is deleted.
    let call = recorded(&world).await;
    removal::delete(&world.core, &world.caller, call.id).await.unwrap();
    bring(&world).await;
    assert_eq!(world.files(), 0);
    world.stop().await;
}

#[tokio::test]
async fn a_recording_that_cannot_be_brought_here_is_tried_again() {
    let world = World::new().await;
    let call = recorded(&world).await;
    let fault =
        serde_json::json!({ "kind": "status", "status": 500, "method": "GET", "path": "/recording", "count": 100 });
    world.fault(&fault).await;
    bring(&world).await;
    assert_eq!(world.files(), 0);
    world.no_faults().await;
    bring(&world).await;
    assert_eq!(world.files(), 1);
    assert_eq!(&heard(&world, &world.caller, &call, None).await[..4], b"RIFF");
    world.stop().await;
}
