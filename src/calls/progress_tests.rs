use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::{
    calls::{Medium, Speaker},
    id::Id,
};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_770_000_000 + seconds, 0).unwrap()
}

fn held() -> LockedCall {
    let call = Call {
        id: Id::new(),
        agent_id: None,
        agent_name: "Front desk".into(),
        agent_version: None,
        medium: Medium::Phone,
        status: Status::Ringing,
        end_reason: None,
        disposition: None,
        end_detail: String::new(),
        to_number: Some("+14155550100".into()),
        from_number: None,
        contact_id: None,
        contact_name: None,
        variables: BTreeMap::new(),
        tags: Vec::new(),
        metadata: BTreeMap::new(),
        placed_by: "user_1".into(),
        provider_id: Some("p".into()),
        created_at: at(0),
        joined_at: None,
        ended_at: None,
        billed_ms: None,
        price: None,
        billing: Billing::Pending,
        recording: Recording::None,
        recording_until: None,
        transcript_until: None,
        transcript_deleted_at: None,
        summary: String::new(),
        updated_at: at(0),
    };
    of(call)
}

fn of(call: Call) -> LockedCall {
    LockedCall {
        call,
        stop_asked: false,
        longest: TimeDelta::seconds(60),
    }
}

/// The provider's call with these fields on top of a fresh one.
fn seen(fields: Value) -> shape::Call {
    let mut call =
        json!({ "callId": "p", "created": at(0), "billingStatus": "BILLING_STATUS_PENDING", "recordingEnabled": true });
    call.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    serde_json::from_value(call).unwrap()
}

fn ended(reason: &str) -> shape::Call {
    seen(
        json!({ "joined": at(5), "ended": at(42), "endReason": reason, "sipDetails": { "terminationReason": "SIP_TERMINATION_NORMAL" } }),
    )
}

fn billed() -> shape::Call {
    let mut call = ended("hangup");
    call.billing_status = Some("BILLING_STATUS_BILLED".into());
    call.billed_duration = Some("42s".into());
    call
}

fn words() -> Vec<Message> {
    vec![Message {
        seq: 0,
        role: Speaker::Agent,
        text: "Hello.".into(),
        tool: String::new(),
        failed: false,
        start_ms: Some(0),
        end_ms: Some(800),
    }]
}

fn go(held: &LockedCall, seen: &shape::Call, said: Option<&[Message]>, now: DateTime<Utc>) -> Transition {
    advance(
        held,
        &Sight {
            seen,
            said,
            recording: Some(RecordingState::Ready),
            now,
        },
    )
}

#[test]
fn a_call_goes_through_its_states_in_order() {
    let mut held = held();
    held.call.status = Status::Queued;
    let sights = [
        seen(json!({})),
        seen(json!({ "joined": at(5) })),
        ended("hangup"),
        billed(),
    ];
    let mut states = Vec::new();
    let mut charges = Vec::new();
    for sight in &sights {
        let step = go(&held, sight, Some(&words()), at(50));
        states.push(step.call.status);
        charges.extend(step.charge);
        held.call = step.call;
    }
    assert_eq!(
        states,
        [
            Status::Ringing,
            Status::InProgress,
            Status::Completed,
            Status::Completed
        ]
    );
    assert_eq!(charges, [Micros(35_000)]);
    assert_eq!(
        (held.call.billing, held.call.billed_ms, held.call.price),
        (Billing::Billed, Some(42_000), Some(Micros(35_000)))
    );
    assert_eq!(
        (held.call.end_reason, held.call.recording),
        (Some(EndReason::CallerHangup), Recording::Ready)
    );
}

#[test]
fn sights_in_any_order_and_number_end_in_the_same_call() {
    let sights = [
        seen(json!({})),
        seen(json!({ "joined": at(5) })),
        ended("hangup"),
        billed(),
    ];
    let in_order = [0, 1, 2, 3];
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 2, 0, 3], [3, 3, 3, 3], [1, 3, 0, 2]];
    let run = |order: [usize; 4]| {
        let mut held = held();
        let fixed = held.call.id;
        let mut charges = 0;
        for place in order {
            let step = go(&held, &sights[place], Some(&words()), at(50));
            charges += usize::from(step.charge.is_some());
            held.call = step.call;
        }
        held.call.id = fixed;
        (held.call, charges)
    };
    let (mut expected, _) = run(in_order);
    for order in orders {
        let (call, charges) = run(order);
        expected.id = call.id;
        assert_eq!(call, expected, "{order:?}");
        assert_eq!(charges, 1, "{order:?}");
    }
}

#[test]
fn a_call_waits_for_its_transcript_but_not_for_ever() {
    let early = go(&held(), &ended("hangup"), None, at(60));
    assert_eq!(early.call.status, Status::Processing);
    assert_eq!(early.call.end_reason, None);
    let waiting = of(early.call);
    assert_eq!(
        go(&waiting, &ended("hangup"), Some(&words()), at(61)).call.status,
        Status::Completed
    );
    let late = go(
        &waiting,
        &ended("hangup"),
        None,
        at(42) + PATIENCE + TimeDelta::seconds(1),
    );
    assert_eq!(late.call.status, Status::Completed);
    assert_eq!(late.happened[0].0, "transcript_missing");
}

#[test]
fn a_bill_may_come_before_the_transcript() {
    let step = go(&held(), &billed(), None, at(60));
    assert_eq!(
        (step.call.status, step.call.billing),
        (Status::Processing, Billing::Billed)
    );
    let then = of(step.call);
    let step = go(&then, &billed(), Some(&words()), at(61));
    assert_eq!((step.call.status, step.charge), (Status::Completed, None));
}

#[test]
fn a_recording_that_never_comes_is_given_up() {
    let sight = |now| {
        advance(
            &held(),
            &Sight {
                seen: &ended("hangup"),
                said: Some(&[]),
                recording: Some(RecordingState::NotYet),
                now,
            },
        )
        .call
        .recording
    };
    assert_eq!(sight(at(50)), Recording::Pending);
    assert_eq!(sight(at(42) + PATIENCE + TimeDelta::seconds(1)), Recording::Failed);
    let unjoined = seen(json!({ "ended": at(30), "endReason": "unjoined" }));
    assert_eq!(go(&held(), &unjoined, None, at(31)).call.recording, Recording::None);
}

#[test]
fn every_end_has_its_reason() {
    let unanswered = |sip: &str| {
        seen(json!({ "ended": at(30), "endReason": "unjoined", "sipDetails": { "terminationReason": sip } }))
    };
    let cases = [
        (ended("hangup"), EndReason::CallerHangup, Status::Completed),
        (ended("agent_hangup"), EndReason::AgentHangup, Status::Completed),
        (ended("timeout"), EndReason::MaxDuration, Status::Completed),
        (ended("connection_error"), EndReason::TelephonyFailed, Status::Failed),
        (ended("system_error"), EndReason::ProviderError, Status::Failed),
        (ended("sunspots"), EndReason::Unknown, Status::Failed),
        (
            unanswered("SIP_TERMINATION_TIMEOUT"),
            EndReason::NoAnswer,
            Status::NotConnected,
        ),
        (
            unanswered("SIP_TERMINATION_BUSY"),
            EndReason::Busy,
            Status::NotConnected,
        ),
        (
            unanswered("SIP_TERMINATION_REJECTED"),
            EndReason::Declined,
            Status::NotConnected,
        ),
        (
            unanswered("SIP_TERMINATION_INVALID_NUMBER"),
            EndReason::InvalidNumber,
            Status::NotConnected,
        ),
        (
            unanswered("SIP_TERMINATION_DESTINATION_UNAVAILABLE"),
            EndReason::Unreachable,
            Status::NotConnected,
        ),
        (
            unanswered("SIP_TERMINATION_CANCELED"),
            EndReason::CanceledElsewhere,
            Status::Canceled,
        ),
        (
            unanswered("SIP_TERMINATION_UNKNOWN"),
            EndReason::TelephonyFailed,
            Status::Failed,
        ),
        (
            seen(json!({ "ended": at(30), "endReason": "unjoined" })),
            EndReason::NoAnswer,
            Status::NotConnected,
        ),
    ];
    for (sight, reason, status) in cases {
        let call = go(&held(), &sight, Some(&words()), at(60)).call;
        assert_eq!(
            (call.end_reason, call.status),
            (Some(reason), status),
            "{:?}",
            sight.end_reason
        );
    }
}

#[test]
fn an_agent_that_hangs_up_says_why_by_what_it_did_last() {
    let mut sight = ended("agent_hangup");
    sight.inactivity_messages = serde_json::from_value(json!([
        { "message": "Are you there?" },
        { "message": "Goodbye then.", "endBehavior": "END_BEHAVIOR_HANG_UP_SOFT" },
    ]))
    .unwrap();
    let last = |text: &str| {
        vec![Message {
            text: text.into(),
            ..words()[0].clone()
        }]
    };
    assert_eq!(
        go(&held(), &sight, Some(&last("Goodbye then.")), at(60))
            .call
            .end_reason,
        Some(EndReason::Inactivity)
    );
    assert_eq!(
        go(&held(), &sight, Some(&last("Are you there?")), at(60))
            .call
            .end_reason,
        Some(EndReason::AgentHangup)
    );
    let voicemail = [
        words(),
        vec![Message {
            seq: 1,
            role: Speaker::ToolCall,
            tool: "leaveVoicemail".into(),
            failed: false,
            ..words()[0].clone()
        }],
    ]
    .concat();
    let call = go(&held(), &sight, Some(&voicemail), at(60)).call;
    assert_eq!(
        (call.end_reason, call.status),
        (Some(EndReason::Voicemail), Status::NotConnected)
    );
}

#[test]
fn what_a_person_stopped_is_no_fault() {
    let stopped = LockedCall {
        stop_asked: true,
        ..held()
    };
    let talked = go(&stopped, &ended("agent_hangup"), Some(&words()), at(60)).call;
    assert_eq!(
        (talked.end_reason, talked.status),
        (Some(EndReason::ManuallyStopped), Status::Completed)
    );
    let rang = go(
        &stopped,
        &seen(json!({ "ended": at(30), "endReason": "unjoined" })),
        None,
        at(60),
    )
    .call;
    assert_eq!(
        (rang.end_reason, rang.status),
        (Some(EndReason::ManuallyStopped), Status::Canceled)
    );
    // What broke, broke: the wish to stop did not do it.
    let broke = go(&stopped, &ended("system_error"), Some(&words()), at(60)).call;
    assert_eq!(broke.end_reason, Some(EndReason::ProviderError));
}

#[test]
fn a_written_conversation_that_loses_its_line_is_our_fault() {
    let mut text = held();
    text.call.medium = Medium::Text;
    for word in ["hangup", "connection_error"] {
        let call = go(&text, &ended(word), Some(&words()), at(60)).call;
        assert_eq!(
            (call.end_reason, call.status),
            (Some(EndReason::PlatformError), Status::Failed),
            "{word}"
        );
    }
}

#[test]
fn free_calls_cost_nothing_and_pending_bills_are_waited_for() {
    for status in [
        "BILLING_STATUS_FREE_MINUTES",
        "BILLING_STATUS_FREE_ZERO_EFFECTIVE_DURATION",
        "BILLING_STATUS_REFUNDED",
    ] {
        let mut sight = billed();
        sight.billing_status = Some(status.into());
        let step = go(&held(), &sight, Some(&words()), at(60));
        assert_eq!(
            (step.call.billing, step.call.price, step.charge),
            (Billing::Free, Some(Micros(0)), None),
            "{status}"
        );
    }
    for status in ["BILLING_STATUS_PENDING", "BILLING_STATUS_UNSPECIFIED", "SOMETHING_NEW"] {
        let mut sight = billed();
        sight.billing_status = Some(status.into());
        assert_eq!(
            go(&held(), &sight, Some(&words()), at(60)).call.billing,
            Billing::Pending,
            "{status}"
        );
    }
    let mut sight = billed();
    sight.billed_duration = None;
    assert_eq!(
        go(&held(), &sight, Some(&words()), at(60)).call.billing,
        Billing::Pending
    );
}

#[test]
fn a_call_that_is_gone_at_the_provider_ends_and_costs_nothing() {
    let call = mark_missing(&held(), at(300)).call;
    assert_eq!(
        (call.status, call.end_reason, call.billing),
        (Status::Failed, Some(EndReason::ProviderError), Billing::None)
    );
    let over = of(go(&held(), &billed(), Some(&words()), at(60)).call);
    assert_eq!(mark_missing(&over, at(300)).call, over.call);
}

#[test]
fn looks_become_rarer_and_stop() {
    let mut call = held().call;
    assert_eq!(again(&call, at(500)), Some(SHORTEST_PAUSE));
    call.ended_at = Some(at(0));
    call.status = Status::Processing;
    assert_eq!(again(&call, at(2)), Some(SHORTEST_PAUSE));
    call.status = Status::Completed;
    assert_eq!(again(&call, at(400)), Some(TimeDelta::seconds(100)));
    assert_eq!(again(&call, at(0) + TimeDelta::days(2)), Some(LONGEST_PAUSE));
    assert_eq!(again(&call, at(0) + TimeDelta::days(8)), None);
    call.billing = Billing::Free;
    assert_eq!(again(&call, at(400)), None);
}

#[path = "silence_tests.rs"]
mod silence;
