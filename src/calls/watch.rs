//! Watching: brings what the provider knows of a call here. Events, the clock and a page that was just used all end in
//! the same look, so it does not matter which of them comes first, twice, or never.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Call, EndReason, Medium, Message, Recording, Speaker, Status,
    dial::MARK,
    expiry, outcome,
    progress::{self, Sight, Transition},
    recording::FetchRecording,
    removal, socket,
    store::{self, LockedCall},
    words,
};
use crate::{
    analysis,
    auth::Caller,
    core::Core,
    db::OrgTx,
    error::Result,
    id::Id,
    jobs,
    provider_sync::{self, Due, LEASE},
    providers::{Failure, ultravox::shape},
    reconciliation::{self, MendedOutcome},
    resource::{Action, Kind},
    tools::{self, secret::mask},
};

/// The word of `app.provider_links.kind`.
pub(crate) const LINK: &str = "call";
/// How long until a call whose answer was lost is looked for again.
const SEARCH_AGAIN: TimeDelta = TimeDelta::seconds(5);

/// Attends to one call whose turn has come.
pub(crate) async fn attend(core: &Core, worker: &Caller, due: &Due) -> Result<()> {
    let id = Id::from_uuid(due.object_id);
    match due.state.as_str() {
        "deleting" => removal::finish(core, worker, id).await,
        "creating" => resolve_unknown_outcome(core, worker, id).await,
        _ => {
            refresh_from_provider(core, worker, id).await?;
            if due.differs {
                agree_again(core, worker, id).await
            } else {
                Ok(())
            }
        }
    }
}

/// The provider answers again.
async fn agree_again(core: &Core, worker: &Caller, id: Id<Call>) -> Result<()> {
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Call).await?;
    let call = store::find(&mut tx, id).await?.call;
    mended(&mut tx, &call, MendedOutcome::Agreed).await?;
    tx.commit().await
}

/// Notes that both sides of a call agree, and that they did not.
async fn mended(tx: &mut OrgTx, call: &Call, outcome: MendedOutcome) -> Result<()> {
    let name = call.to_number.as_deref().unwrap_or(&call.agent_name);
    reconciliation::mended(tx, (LINK, call.id.uuid()), name, outcome).await?;
    reconciliation::agree(tx, LINK, call.id.uuid()).await
}

/// What became of a call whose placing was never answered: it is looked up by our id, and never dialed again.
async fn resolve_unknown_outcome(core: &Core, worker: &Caller, id: Id<Call>) -> Result<()> {
    let call = read(core, worker, id).await?.call;
    let found = core.ultravox.calls_marked(MARK, &id.to_string(), call.created_at).await;
    let mut copies = match found {
        Ok(copies) => copies,
        Err(failure) => return go_unasked(core, worker, id, failure).await,
    };
    if copies.is_empty() {
        return continue_search(core, worker, id).await;
    }
    let found = copies.remove(0);
    if adopt(core, worker, id, &found, Lookup::Later).await? == AdoptOutcome::Now {
        open_text_socket(core, worker, id, call.medium, &found);
    }
    refresh_from_provider(core, worker, id).await
}

/// Nothing there yet. As long as the question may still be on its way there is nothing to conclude from that.
async fn continue_search(core: &Core, worker: &Caller, id: Id<Call>) -> Result<()> {
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Call).await?;
    let held = store::lock(&mut tx, id).await?;
    let now = Utc::now();
    if now - held.call.created_at < LEASE {
        provider_sync::schedule_check(&mut tx, LINK, id.uuid(), SEARCH_AGAIN, "").await?;
        return tx.commit().await;
    }
    if held.call.provider_id.is_none() && is_open(&held.call) {
        let told = "The provider did not answer, and has no such call: nothing was dialed.";
        write(
            &mut tx,
            &held,
            &progress::give_up(&held, EndReason::ProviderError, told, now),
        )
        .await?;
    }
    mended(&mut tx, &held.call, MendedOutcome::NothingThere).await?;
    store::stop_watching(&mut tx, id).await?;
    tx.commit().await
}

/// The provider cannot be asked. A call that must be over by now is over here all the same, and says what is not known of
/// it; the failure makes the worker ask again.
async fn go_unasked(core: &Core, worker: &Caller, id: Id<Call>, failure: Failure) -> Result<()> {
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Call).await?;
    let held = store::lock(&mut tx, id).await?;
    let now = Utc::now();
    if progress::is_overdue(&held, now) {
        write(&mut tx, &held, &progress::end_unasked(&held)).await?;
        tx.commit().await?;
    } else if progress::again(&held.call, now).is_none() {
        store::stop_watching(&mut tx, id).await?;
        return tx.commit().await;
    }
    Err(failure.into())
}

/// Whether what became of a call is still to be found out.
fn is_open(call: &Call) -> bool {
    !call.status.is_over() || call.end_reason == Some(EndReason::ProviderSilent)
}

/// Whether a call of the provider has become ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdoptOutcome {
    Now,
    /// Somebody else was quicker.
    Before,
    /// The call had been given up.
    Never,
}

/// How a call of the provider came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// The provider answered who asked for it.
    Answered,
    /// The answer was lost, and it was looked for.
    Later,
}

/// Takes a call of the provider for ours.
pub(crate) async fn adopt(
    core: &Core,
    caller: &Caller,
    id: Id<Call>,
    found: &shape::Call,
    lookup: Lookup,
) -> Result<AdoptOutcome> {
    let mut tx = caller.begin(&core.db, Action::Create, Kind::Call).await?;
    let held = store::lock(&mut tx, id).await?;
    if lookup == Lookup::Later {
        mended(&mut tx, &held.call, MendedOutcome::Found).await?;
    }
    let ours = provider_sync::confirm(&mut tx, LINK, id.uuid(), &found.call_id, "creating").await?;
    if held.call.provider_id.as_ref() == Some(&found.call_id) {
        return Ok(AdoptOutcome::Before);
    }
    if !ours || !is_open(&held.call) {
        return Ok(AdoptOutcome::Never);
    }
    let mut call = held.call;
    call.provider_id = Some(found.call_id.clone());
    call.status = call.status.max(Status::Ringing);
    store::save(&mut tx, &call).await?;
    store::add_event(&mut tx, id, "accepted", "").await?;
    provider_sync::schedule_check(&mut tx, LINK, id.uuid(), TimeDelta::seconds(1), "").await?;
    tx.commit().await?;
    Ok(AdoptOutcome::Now)
}

/// A written conversation has nobody else to join it.
pub(crate) fn open_text_socket(core: &Core, caller: &Caller, id: Id<Call>, medium: Medium, found: &shape::Call) {
    let waiting = found.joined.is_none() && found.ended.is_none();
    if let Some(url) = found.join_url.as_deref().filter(|_| medium == Medium::Text && waiting) {
        socket::hold(core.clone(), Caller::system(caller.org().clone()), id, url.to_owned());
    }
}

async fn read(core: &Core, worker: &Caller, id: Id<Call>) -> Result<LockedCall> {
    let mut tx = worker.begin(&core.db, Action::Read, Kind::Call).await?;
    let held = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(held)
}

/// Looks at the provider's side of one call and takes over what is new.
pub(crate) async fn refresh_from_provider(core: &Core, worker: &Caller, id: Id<Call>) -> Result<()> {
    let held = read(core, worker, id).await?;
    let Some(provider_id) = held.call.provider_id.as_deref() else {
        return Ok(());
    };
    let seen = match core.ultravox.call(provider_id).await {
        Ok(seen) => seen,
        Err(failure) if failure.is_gone() && Utc::now() - held.call.created_at > progress::FINAL_AFTER => {
            return save_transition(core, worker, id, progress::mark_missing, None).await;
        }
        Err(failure) => return go_unasked(core, worker, id, failure).await,
    };
    // Past its own limit nobody is to pay for it any more.
    let too_long = progress::is_overdue(&held, Utc::now()) || held.call.end_reason == Some(EndReason::ProviderSilent);
    if (held.stop_asked || too_long)
        && seen.is_live()
        && let Err(failure) = core.ultravox.hang_up(provider_id).await
    {
        // Every look repeats it, and what this one saw counts all the same.
        tracing::debug!(call = %id, %failure, "the provider did not hang up");
    }
    let said = said_so_far(core, &held, &seen, provider_id).await;
    let recording = match &seen.ended {
        Some(_)
            if held.call.recording != Recording::Ready
                && seen.recording_enabled == Some(true)
                && seen.joined.is_some() =>
        {
            core.ultravox.recording_state(provider_id).await.ok()
        }
        _ => None,
    };
    let step = |held: &LockedCall, now: DateTime<Utc>| {
        progress::advance(
            held,
            &Sight {
                seen: &seen,
                said: said.as_deref(),
                recording,
                now,
            },
        )
    };
    save_transition(core, worker, id, step, said.as_deref()).await
}

/// Everything said on a call that is not finished here. Its absence is no reason to miss that the call has ended.
async fn said_so_far(core: &Core, held: &LockedCall, seen: &shape::Call, provider_id: &str) -> Option<Vec<Message>> {
    let open = !held.call.status.is_over() || progress::may_be_corrected(&held.call, seen);
    if seen.joined.is_none() || !open {
        return None;
    }
    // A failure is logged where it happens; `progress` decides how long to wait.
    core.ultravox
        .messages(provider_id)
        .await
        .ok()
        .map(|messages| outcome::said(&messages))
}

/// Writes a step, taken from the row as it is now: others may have looked meanwhile.
async fn save_transition(
    core: &Core,
    worker: &Caller,
    id: Id<Call>,
    step: impl Fn(&LockedCall, DateTime<Utc>) -> Transition,
    said: Option<&[Message]>,
) -> Result<()> {
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Call).await?;
    let held = store::lock(&mut tx, id).await?;
    let now = Utc::now();
    let step = step(&held, now);
    // Whoever finished the transcript saw all of it.
    let decides = !held.call.status.is_over() || step.call.end_reason != held.call.end_reason;
    if let Some(said) = said.filter(|_| decides) {
        let said = without_secrets(&mut tx, said).await?;
        store::write_messages(&mut tx, id, &said).await?;
        if step.call.status.is_over() {
            store::drop_other_messages(&mut tx, id, &said).await?;
            words::write(&mut tx, id).await?;
            analysis::flow::request(core, &mut tx, id).await?;
        }
    }
    write(&mut tx, &held, &step).await?;
    match progress::again(&step.call, now) {
        Some(pause) => provider_sync::schedule_check(&mut tx, LINK, id.uuid(), pause, "").await?,
        None => store::stop_watching(&mut tx, id).await?,
    }
    tx.commit().await
}

/// What was said, without what signs in at the servers of tools: one that fails may answer with all it was asked.
async fn without_secrets<'a>(tx: &mut OrgTx, said: &'a [Message]) -> Result<Cow<'a, [Message]>> {
    if !said.iter().any(|message| message.role == Speaker::ToolResult) {
        return Ok(Cow::Borrowed(said));
    }
    let secrets = tools::store::secrets(tx).await?;
    let mut said = said.to_vec();
    for message in said.iter_mut().filter(|message| message.role == Speaker::ToolResult) {
        for secret in &secrets {
            message.text = mask(&message.text, Some(secret));
        }
    }
    Ok(Cow::Owned(said))
}

/// Saves a step in full: the call, what happened, and the charge.
pub(crate) async fn write(tx: &mut OrgTx, held: &LockedCall, step: &Transition) -> Result<()> {
    if step.call != held.call {
        store::save(tx, &step.call).await?;
    }
    let same_end = held.call.status.is_over() && step.call.ended_at == held.call.ended_at;
    if step.call.status.is_over() && !same_end {
        expiry::schedule(tx, step.call.id).await?;
    }
    for (kind, note) in &step.happened {
        store::add_event(tx, step.call.id, kind, note).await?;
    }
    if step.call.recording == Recording::Ready && held.call.recording != Recording::Ready {
        jobs::enqueue(tx, &FetchRecording { call: step.call.id }).await?;
    }
    if let Some(price) = step.charge {
        store::charge(tx, &step.call, price).await?;
    }
    Ok(())
}
