//! What the provider does not say, or says late.

use super::*;

#[test]
fn a_call_past_its_limit_is_over_and_what_the_provider_says_later_counts() {
    let mut ringing = held();
    let limit = ringing.longest + MARGIN;
    assert!(!is_overdue(&ringing, at(0) + limit));
    assert!(is_overdue(&ringing, at(1) + limit));
    ringing.call = end_unasked(&ringing).call;
    assert_eq!(
        (ringing.call.status, ringing.call.end_reason, ringing.call.ended_at),
        (Status::Failed, Some(EndReason::ProviderSilent), None)
    );
    assert!(!is_overdue(&ringing, at(1) + limit), "it is over");
    assert!(again(&ringing.call, at(500)).is_some());
    // Still no end: nothing to correct, and nothing that is said twice.
    let same = go(&ringing, &seen(json!({ "joined": at(5) })), Some(&words()), at(500));
    assert_eq!((same.call, same.happened), (ringing.call.clone(), vec![]));
    let step = go(&ringing, &billed(), Some(&words()), at(500));
    assert_eq!(
        (
            step.call.status,
            step.call.end_reason,
            step.call.ended_at,
            step.call.price
        ),
        (
            Status::Completed,
            Some(EndReason::CallerHangup),
            Some(at(42)),
            Some(Micros(35_000))
        )
    );
    assert_eq!(step.happened[0].0, "corrected");
}

#[test]
fn a_call_that_the_provider_shows_without_an_end_for_too_long_is_over() {
    let live = seen(json!({ "joined": at(5) }));
    assert_eq!(
        go(&held(), &live, Some(&words()), at(100)).call.status,
        Status::InProgress
    );
    let late = go(&held(), &live, Some(&words()), at(200)).call;
    assert_eq!(
        (late.status, late.end_reason),
        (Status::Failed, Some(EndReason::ProviderSilent))
    );
    assert_eq!(late.joined_at, Some(at(5)));
}

#[test]
fn an_ended_call_whose_rest_cannot_be_asked_for_does_not_wait_for_ever() {
    let mut waiting = held();
    waiting.call = go(&held(), &ended("hangup"), None, at(60)).call;
    assert!(!is_overdue(&waiting, at(42) + PATIENCE));
    assert!(is_overdue(&waiting, at(43) + PATIENCE));
    waiting.call = end_unasked(&waiting).call;
    let call = go(&waiting, &billed(), Some(&words()), at(5000)).call;
    assert_eq!(
        (call.status, call.end_reason),
        (Status::Completed, Some(EndReason::CallerHangup))
    );
}

#[test]
fn a_reason_that_is_missing_is_waited_for_and_corrects_what_was_decided_without_it() {
    let mut sight = ended("hangup");
    (sight.end_reason, sight.sip_details) = (None, None);
    let early = go(&held(), &sight, Some(&words()), at(60));
    assert_eq!((early.call.status, early.call.end_reason), (Status::Processing, None));
    let late = go(&of(early.call), &sight, Some(&words()), at(43) + REASON_PATIENCE);
    assert_eq!(
        (late.call.status, late.call.end_reason),
        (Status::Failed, Some(EndReason::Unknown))
    );
    assert!(again(&late.call, at(500)).is_some());
    let decided = of(late.call);
    assert_eq!(go(&decided, &sight, Some(&words()), at(500)).happened, []);
    let right = go(&decided, &ended("hangup"), Some(&words()), at(500));
    assert_eq!(
        (right.call.status, right.call.end_reason, right.happened[0].0),
        (Status::Completed, Some(EndReason::CallerHangup), "corrected")
    );
    // An older sight changes nothing.
    assert_eq!(
        go(&of(right.call.clone()), &sight, Some(&words()), at(501)).call,
        right.call
    );
}

#[test]
fn what_the_telephone_network_says_later_corrects_why_nobody_answered() {
    let bare = seen(json!({ "ended": at(30), "endReason": "unjoined" }));
    let busy = seen(
        json!({ "ended": at(30), "endReason": "unjoined", "sipDetails": { "terminationReason": "SIP_TERMINATION_BUSY" } }),
    );
    let first = go(&held(), &bare, None, at(31)).call;
    assert_eq!(first.end_reason, Some(EndReason::NoAnswer));
    let then = go(&of(first), &busy, None, at(60)).call;
    assert_eq!(then.end_reason, Some(EndReason::Busy));
    assert_eq!(go(&of(then.clone()), &bare, None, at(61)).call, then);
}

#[test]
fn a_call_that_is_known_again_is_set_right() {
    let gone = mark_missing(&held(), at(300)).call;
    let call = go(&of(gone), &billed(), Some(&words()), at(400)).call;
    assert_eq!(
        (call.end_reason, call.ended_at, call.billing),
        (Some(EndReason::CallerHangup), Some(at(42)), Billing::Billed)
    );
}

#[test]
fn a_box_is_voicemail_whichever_side_hangs_up() {
    let machine = [Message {
        role: Speaker::Person,
        text: "Please leave a message after the tone.".into(),
        ..words()[0].clone()
    }];
    for word in ["hangup", "agent_hangup", "timeout"] {
        let step = go(&held(), &ended(word), Some(&machine), at(60));
        assert_eq!(
            (step.call.end_reason, step.call.status),
            (Some(EndReason::Voicemail), Status::NotConnected),
            "{word}"
        );
        let (_, told) = step.happened.iter().find(|(kind, _)| *kind == "ended").unwrap();
        assert!(told.contains("after the tone"));
    }
    assert_eq!(
        go(&held(), &ended("connection_error"), Some(&machine), at(60))
            .call
            .end_reason,
        Some(EndReason::TelephonyFailed)
    );
}
