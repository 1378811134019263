//! Progress: what a call becomes when the provider is seen to say something about it.
//!
//! Pure, and only ever forward: the same sight twice, or an older one after a newer, changes nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Billing, Call, EndReason, Message, Recording, Status, outcome, store::LockedCall};
use crate::{
    money::Micros,
    providers::ultravox::{RecordingState, shape},
};

/// How long after its end the rest of a call may take to appear before we go on without it.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);
/// When a bill that never came is given up; an event about it would still be heard.
const LAST_LOOK: TimeDelta = TimeDelta::days(7);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(6);
const SHORTEST_PAUSE: TimeDelta = TimeDelta::seconds(1);
/// A call that was just placed may not be readable at once.
pub(crate) const FINAL_AFTER: TimeDelta = TimeDelta::minutes(2);

/// The provider's side of a call at one moment.
pub(crate) struct Sight<'a> {
    pub seen: &'a shape::Call,
    /// Everything said; absent where it could not be fetched.
    pub said: Option<&'a [Message]>,
    pub recording: Option<RecordingState>,
    pub now: DateTime<Utc>,
}

/// What a call has become, and what happened to it on the way.
#[derive(Debug, PartialEq)]
pub(crate) struct Transition {
    pub call: Call,
    pub happened: Vec<(&'static str, String)>,
    /// What to take from the client, where the bill has just come.
    pub charge: Option<Micros>,
}

pub(crate) fn advance(held: &LockedCall, sight: &Sight<'_>) -> Transition {
    let seen = sight.seen;
    let mut step = Transition {
        call: held.call.clone(),
        happened: Vec::new(),
        charge: None,
    };
    let call = &mut step.call;
    if !call.status.is_over() {
        call.joined_at = call.joined_at.or(seen.joined);
        call.ended_at = call.ended_at.or(seen.ended);
        if call.status < Status::InProgress && seen.joined.is_some() {
            call.status = Status::InProgress;
            step.happened.push(("answered", String::new()));
        } else if call.status == Status::Queued {
            call.status = Status::Ringing;
        }
    }
    let Some(ended) = call.ended_at else { return step };
    if !call.status.is_over() {
        end(held, sight, ended, &mut step);
    }
    let call = &mut step.call;
    if call.recording == Recording::Pending {
        call.recording = match sight.recording {
            Some(RecordingState::Ready) => Recording::Ready,
            _ if sight.now - ended > PATIENCE => Recording::Failed,
            _ => Recording::Pending,
        };
    }
    if call.summary.is_empty() {
        call.summary = outcome::summary(seen).unwrap_or_default();
    }
    if call.billing == Billing::Pending
        && let Some((billing, billed_ms, price)) = outcome::bill(seen)
    {
        (call.billing, call.billed_ms, call.price) = (billing, Some(billed_ms), Some(price));
        step.charge = Some(price).filter(|price| *price > Micros(0));
        step.happened.push(("billed", price.to_string()));
    }
    step
}

fn end(held: &LockedCall, sight: &Sight<'_>, ended: DateTime<Utc>, step: &mut Transition) {
    let call = &mut step.call;
    let answered = call.joined_at.is_some();
    // What nobody joined, nobody spoke in.
    let said = if answered { sight.said } else { Some(&[][..]) };
    let said = match said {
        Some(said) => said,
        None if sight.now - ended > PATIENCE => {
            step.happened.push((
                "transcript_missing",
                "The provider did not hand out what was said.".to_owned(),
            ));
            &[]
        }
        None => {
            call.status = Status::Processing;
            return;
        }
    };
    let (reason, detail) = outcome::ending(call, held.stop_asked, sight.seen, said);
    call.status = outcome::final_status(reason, answered);
    call.end_reason = Some(reason);
    call.end_detail = detail;
    if answered && sight.seen.recording_enabled == Some(true) {
        call.recording = Recording::Pending;
    }
    step.happened.push(("ended", reason.label().to_owned()));
}

/// The provider knows nothing of a call that it had accepted.
pub(crate) fn mark_missing(held: &LockedCall, now: DateTime<Utc>) -> Transition {
    let mut step = Transition {
        call: held.call.clone(),
        happened: Vec::new(),
        charge: None,
    };
    let call = &mut step.call;
    if !call.status.is_over() {
        call.status = Status::Failed;
        call.end_reason = Some(EndReason::ProviderError);
        call.ended_at = call.ended_at.or(Some(now));
        "The provider no longer knows this call.".clone_into(&mut call.end_detail);
        step.happened.push(("ended", call.end_detail.clone()));
    }
    if call.recording == Recording::Pending {
        call.recording = Recording::Failed;
    }
    if call.billing == Billing::Pending {
        call.billing = Billing::None;
    }
    step
}

/// A call that never reached the provider ends here.
pub(crate) fn give_up(held: &LockedCall, reason: EndReason, detail: &str, now: DateTime<Utc>) -> Transition {
    let reason = if held.stop_asked {
        EndReason::ManuallyStopped
    } else {
        reason
    };
    let mut call = held.call.clone();
    call.status = outcome::final_status(reason, false);
    call.end_reason = Some(reason);
    detail.clone_into(&mut call.end_detail);
    call.ended_at = Some(now);
    call.billing = Billing::None;
    Transition {
        call,
        happened: vec![("ended", reason.label().to_owned())],
        charge: None,
    }
}

/// When to look at the provider's side again; `None` when nothing more is expected of it.
pub(crate) fn again(call: &Call, now: DateTime<Utc>) -> Option<TimeDelta> {
    let Some(ended) = call.ended_at else {
        return Some(SHORTEST_PAUSE);
    };
    let age = now - ended;
    let no_summary = call.summary.is_empty() && call.joined_at.is_some() && age < PATIENCE;
    let unfinished = !call.status.is_over()
        || call.billing == Billing::Pending
        || call.recording == Recording::Pending
        || no_summary;
    (unfinished && age < LAST_LOOK).then(|| (age / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
