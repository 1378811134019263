//! A provider that does not say what became of a call: no call goes on for ever, none ends for a reason that nobody gave, and
//! all of it is set right when the provider speaks.

use serde_json::{Value, json};
use switchboard::calls::{Billing, Call, EndReason, Status, flow};

use super::support::{World, phone};

/// Longer than an agent of these tests lets a call ring and talk, and not yet the margin on top of that.
const LIMIT: i32 = 30 + 600;
const MARGIN: i32 = 70;

fn unreadable() -> [Value; 4] {
    [
        json!({ "kind": "status", "status": 500, "method": "GET", "path": "/api/calls", "count": null }),
        json!({ "kind": "status", "status": 401, "method": "GET", "path": "/api/calls", "count": null }),
        json!({ "kind": "garbage", "method": "GET", "path": "/api/calls", "count": null }),
        json!({ "kind": "omit", "member": "ended", "method": "GET", "path": "/api/calls", "count": null }),
    ]
}

async fn get(world: &World, call: &Call) -> Call {
    flow::get(&world.core, &world.caller, call.id).await.unwrap()
}

async fn kinds(world: &World, call: &Call) -> Vec<String> {
    let talk = flow::conversation(&world.core, &world.caller, call.id).await.unwrap();
    talk.events.into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn a_call_past_its_own_limit_is_over_and_is_set_right_when_the_provider_speaks() {
    for fault in unreadable() {
        let world = World::new().await;
        let agent = world.agent("Front desk").await;
        world.fault(&fault).await;
        let draft = phone(&agent, "+14155550100");
        let placed = flow::place(&world.core, &world.caller, draft).await.unwrap();
        world.billed(1).await;
        world.age(placed.id, LIMIT).await;
        world.look_now().await;
        assert!(
            get(&world, &placed).await.status.is_live(),
            "{fault}: it may still go on"
        );

        world.age(placed.id, MARGIN).await;
        world.look_now().await;
        let silent = get(&world, &placed).await;
        assert_eq!(
            (silent.status, silent.end_reason, silent.ended_at, silent.billing),
            (Status::Failed, Some(EndReason::ProviderSilent), None, Billing::Pending),
            "{fault}"
        );
        assert!(silent.end_detail.contains("not known yet"), "{}", silent.end_detail);
        world.look_now().await;
        assert_eq!(get(&world, &placed).await, silent, "{fault}: it is said once");

        world.no_faults().await;
        world.look_now().await;
        world.look_now().await;
        let call = get(&world, &placed).await;
        assert_eq!(
            (call.status, call.end_reason, call.billing),
            (Status::Completed, Some(EndReason::CallerHangup), Billing::Billed),
            "{fault}: {}",
            call.end_detail
        );
        assert!(call.ended_at.is_some());
        let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
        assert!(!talk.messages.is_empty(), "{fault}");
        assert_eq!(
            kinds(&world, &placed)
                .await
                .iter()
                .filter(|kind| *kind == "corrected")
                .count(),
            1
        );
        assert_eq!(world.ledger().await.len(), 1);
        world.stop().await;
    }
}

#[tokio::test]
async fn a_call_whose_placing_was_not_answered_does_not_wait_for_ever_either() {
    let lost = json!({ "kind": "lost_answer", "method": "POST", "path": "/api/agents/" });
    let failed = json!({ "kind": "status", "status": 500, "method": "POST", "path": "/api/agents/" });
    for (placing, dialed) in [(lost, true), (failed, false)] {
        let world = World::new().await;
        let agent = world.agent("Front desk").await;
        world.fault(&placing).await;
        world.fault(&unreadable()[0]).await;
        let draft = phone(&agent, "+14155550100");
        let placed = flow::place(&world.core, &world.caller, draft).await.unwrap();
        world.age(placed.id, LIMIT + MARGIN).await;
        world.look_now().await;
        let silent = get(&world, &placed).await;
        assert_eq!(silent.end_reason, Some(EndReason::ProviderSilent), "{placing}");
        assert!(
            silent.end_detail.contains("Whether it was dialed"),
            "{}",
            silent.end_detail
        );

        world.no_faults().await;
        if dialed {
            world.billed(1).await;
        }
        world.look_now().await;
        let call = get(&world, &placed).await;
        let (reason, billing) = match dialed {
            true => (EndReason::CallerHangup, Billing::Billed),
            false => (EndReason::ProviderError, Billing::None),
        };
        assert_eq!((call.end_reason, call.billing), (Some(reason), billing), "{placing}");
        assert_eq!(world.calls_there().await, usize::from(dialed));
        world.stop().await;
    }
}

#[tokio::test]
async fn an_end_without_its_reason_is_waited_for_and_then_corrected() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let draft = || phone(&agent, "+14155550100");
    let omit = json!({ "kind": "omit", "member": "endReason", "method": "GET", "path": "/api/calls", "count": null });
    world.fault(&omit).await;
    let soon = flow::place(&world.core, &world.caller, draft()).await.unwrap();
    let late = flow::place(&world.core, &world.caller, draft()).await.unwrap();
    world.billed(2).await;
    world.look_now().await;
    for call in [&soon, &late] {
        let waits = get(&world, call).await;
        assert_eq!((waits.status, waits.end_reason), (Status::Processing, None));
    }
    world.age_end(late.id, 180).await;
    world.look_now().await;
    let decided = get(&world, &late).await;
    assert_eq!(
        (decided.status, decided.end_reason),
        (Status::Failed, Some(EndReason::Unknown))
    );
    assert_eq!(get(&world, &soon).await.status, Status::Processing);

    world.no_faults().await;
    world.look_now().await;
    for call in [&soon, &late] {
        let call = get(&world, call).await;
        assert_eq!(
            (call.status, call.end_reason),
            (Status::Completed, Some(EndReason::CallerHangup))
        );
    }
    assert!(!kinds(&world, &soon).await.contains(&"corrected".to_owned()));
    assert!(kinds(&world, &late).await.contains(&"corrected".to_owned()));
    assert_eq!(world.ledger().await.len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn a_box_says_by_what_it_was_known() {
    let world = World::new().await;
    let agent = world.agent("Front desk").await;
    let draft = phone(&agent, "+14155550130");
    let placed = flow::place(&world.core, &world.caller, draft).await.unwrap();
    world.billed(1).await;
    world.look_now().await;
    let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
    assert_eq!(talk.call.end_reason, Some(EndReason::Voicemail));
    let ended = talk.events.iter().find(|event| event.kind == "ended").unwrap();
    assert!(ended.note.contains("leave a message after the tone"), "{}", ended.note);
    world.stop().await;
}

/// U+0000 and half a surrogate, in every text that the provider sends of a call: the rest of it is taken over.
#[tokio::test]
async fn what_cannot_be_stored_keeps_nothing_else_away() {
    for member in [
        "text",
        "summary",
        "shortSummary",
        "endReason",
        "billedDuration",
        "metadata",
        "systemPrompt",
    ] {
        let world = World::new().await;
        let agent = world.agent("Front desk").await;
        let spoil = json!({ "kind": "spoil", "member": member, "path": "/api/calls", "count": null });
        world.fault(&spoil).await;
        let draft = phone(&agent, "+14155550100");
        let placed = flow::place(&world.core, &world.caller, draft).await.unwrap();
        world.billed(1).await;
        world.look_now().await;
        let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
        assert_eq!(
            (talk.call.status, talk.call.end_reason, talk.call.billing),
            (Status::Completed, Some(EndReason::CallerHangup), Billing::Billed),
            "{member}: {}",
            talk.call.end_detail
        );
        assert!(talk.messages.len() > 2, "{member}");
        assert!(!talk.call.summary.is_empty(), "{member}");
        world.stop().await;
    }
}
