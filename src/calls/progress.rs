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
/// How long an end may stand there without its reason.
const REASON_PATIENCE: TimeDelta = TimeDelta::minutes(2);
/// How long a call that shows no end may go on beyond its own limit: the provider dials, and says its last sentence.
const MARGIN: TimeDelta = TimeDelta::minutes(1);
/// What is said of a call that the provider had accepted and then did not know.
const MISSING: &str = "The provider no longer knows this call.";
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
    let mut step = unchanged(held);
    let call = &mut step.call;
    let correcting = may_be_corrected(call, seen);
    if correcting {
        call.joined_at = call.joined_at.or(seen.joined);
        call.ended_at = seen.ended;
    } else if !call.status.is_over() {
        call.joined_at = call.joined_at.or(seen.joined);
        call.ended_at = call.ended_at.or(seen.ended);
        if call.status < Status::InProgress && seen.joined.is_some() {
            call.status = Status::InProgress;
            step.happened.push(("answered", String::new()));
        } else if call.status == Status::Queued {
            call.status = Status::Ringing;
        }
    }
    let Some(ended) = call.ended_at else {
        if is_overdue(held, sight.now) {
            end_unheard(
                &mut step,
                "The provider shows no end of this call, which is past its longest duration.",
            );
        }
        return step;
    };
    if correcting {
        correct(held, sight, ended, &mut step);
    } else if !call.status.is_over() {
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

fn unchanged(held: &LockedCall) -> Transition {
    Transition {
        call: held.call.clone(),
        happened: Vec::new(),
        charge: None,
    }
}

/// Whether an end was decided with less than the provider says of it now.
pub(crate) fn may_be_corrected(call: &Call, seen: &shape::Call) -> bool {
    if !call.status.is_over() || seen.ended.is_none() {
        return false;
    }
    let (known, says) = (&call.end_detail, outcome::detail(seen));
    let more = || {
        says.strip_prefix(known.as_str())
            .is_some_and(|more| more.starts_with(", "))
    };
    match call.end_reason {
        Some(EndReason::ProviderSilent) => true,
        Some(EndReason::Unknown) => says != *known && !outcome::word(seen).is_empty(),
        Some(EndReason::ProviderError) if known == MISSING => true,
        _ => !known.is_empty() && more(),
    }
}

/// Whether a call must be over though nothing was heard of that: past its own limit, or past the time that the rest of an
/// ended one may take.
pub(crate) fn is_overdue(held: &LockedCall, now: DateTime<Utc>) -> bool {
    let call = &held.call;
    !call.status.is_over()
        && match call.ended_at {
            Some(ended) => now - ended > PATIENCE,
            None => now - call.created_at > held.longest + MARGIN,
        }
}

/// The provider cannot be asked about a call that must be over.
pub(crate) fn end_unasked(held: &LockedCall) -> Transition {
    let mut step = unchanged(held);
    end_unheard(&mut step, "The provider could not be asked what became of this call.");
    step
}

/// Over here, with what is not known of it; the provider is asked on, and what it says then counts.
fn end_unheard(step: &mut Transition, why: &str) {
    let call = &mut step.call;
    let unknown = match (
        call.provider_id.is_some(),
        call.joined_at.is_some(),
        call.ended_at.is_some(),
    ) {
        (false, ..) => "Whether it was dialed",
        (_, false, false) => "Whether it was answered, when it ended",
        (_, true, false) => "It was answered; when it ended",
        (.., true) => "Why it ended, what was said",
    };
    call.status = Status::Failed;
    call.end_reason = Some(EndReason::ProviderSilent);
    call.end_detail = format!("{why} {unknown} and what it costs is not known yet.");
    step.happened.push(("ended", call.end_detail.clone()));
}

/// What an end says once all is there that it says; `None` while a part of it is to be waited for.
fn decided<'a>(
    sight: &Sight<'a>,
    answered: bool,
    ended: DateTime<Utc>,
    step: &mut Transition,
) -> Option<&'a [Message]> {
    let age = sight.now - ended;
    if outcome::word(sight.seen).is_empty() && age <= REASON_PATIENCE {
        return None;
    }
    // What nobody joined, nobody spoke in.
    let said = if answered { sight.said } else { Some(&[][..]) };
    if said.is_none() && age > PATIENCE {
        let told = "The provider did not hand out what was said.";
        step.happened.push(("transcript_missing", told.to_owned()));
        return Some(&[]);
    }
    said
}

fn end(held: &LockedCall, sight: &Sight<'_>, ended: DateTime<Utc>, step: &mut Transition) {
    let answered = step.call.joined_at.is_some();
    let Some(said) = decided(sight, answered, ended, step) else {
        step.call.status = Status::Processing;
        return;
    };
    conclude(held, sight, said, step);
    step.happened
        .push(("ended", outcome::ground(reason_of(&step.call), said)));
}

/// Takes an end back that was decided too early, and decides again.
fn correct(held: &LockedCall, sight: &Sight<'_>, ended: DateTime<Utc>, step: &mut Transition) {
    let answered = step.call.joined_at.is_some();
    let Some(said) = decided(sight, answered, ended, step) else {
        step.call = held.call.clone();
        return;
    };
    if step.call.billing == Billing::None {
        step.call.billing = Billing::Pending;
    }
    conclude(held, sight, said, step);
    step.happened
        .push(("corrected", outcome::ground(reason_of(&step.call), said)));
}

fn conclude(held: &LockedCall, sight: &Sight<'_>, said: &[Message], step: &mut Transition) {
    let call = &mut step.call;
    let answered = call.joined_at.is_some();
    let reason = outcome::reason(call, held.stop_asked, sight.seen, said);
    call.status = outcome::final_status(reason, answered);
    call.end_reason = Some(reason);
    call.end_detail = outcome::detail(sight.seen);
    if answered && sight.seen.recording_enabled == Some(true) && call.recording == Recording::None {
        call.recording = Recording::Pending;
    }
}

fn reason_of(call: &Call) -> EndReason {
    call.end_reason.unwrap_or(EndReason::Unknown)
}

/// The provider knows nothing of a call that it had accepted.
pub(crate) fn mark_missing(held: &LockedCall, now: DateTime<Utc>) -> Transition {
    let mut step = unchanged(held);
    let call = &mut step.call;
    if !call.status.is_over() || call.end_reason == Some(EndReason::ProviderSilent) {
        call.status = Status::Failed;
        call.end_reason = Some(EndReason::ProviderError);
        call.ended_at = call.ended_at.or(Some(now));
        MISSING.clone_into(&mut call.end_detail);
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
    let ended = match call.ended_at {
        Some(ended) => ended,
        // When it ended is not known.
        None if call.status.is_over() => call.created_at,
        None => return Some(SHORTEST_PAUSE),
    };
    let age = now - ended;
    let undecided = matches!(call.end_reason, Some(EndReason::ProviderSilent | EndReason::Unknown));
    let no_summary = call.summary.is_empty() && call.joined_at.is_some() && age < PATIENCE;
    let unfinished = !call.status.is_over()
        || undecided
        || call.billing == Billing::Pending
        || call.recording == Recording::Pending
        || no_summary;
    (unfinished && age < LAST_LOOK).then(|| (age / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
