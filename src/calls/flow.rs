//! What people do with calls: place, list, read, speak into and stop them.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use url::Url;

use super::{
    Billing, Call, CallDraft, CallFacets, CallFilter, CallRow, Conversation, Destination, EndReason, Medium, Recording,
    Status, check_variables, dial, finding, notes, progress,
    store::{self, LockedCall},
    watch::{self, AdoptOutcome, LINK, Lookup},
};
use crate::{
    agents::{self, Agent, AgentDraft},
    analysis, audit,
    auth::Caller,
    check::Check,
    contacts,
    core::Core,
    crud::Rows,
    db::OrgTx,
    error::{Error, Fault, Result},
    id::Id,
    idempotency::{self, Claim, Keyed},
    knowledge,
    listing::{Listing, Page, Position},
    provider_sync::{self, ProviderBacked, RemoteState},
    providers::Failure,
    reconciliation,
    resource::{Action, Kind},
    tools::{self, Tool},
};

/// How long a call whose answer was lost is left alone: the provider may still be acting on it.
const GRACE: TimeDelta = TimeDelta::seconds(5);
/// Characters of what is said in a written conversation.
pub const LONGEST_MESSAGE: usize = 4000;

pub async fn list(core: &Core, caller: &Caller, filter: &CallFilter, page: &Page) -> Result<Listing<CallRow>> {
    let window = core.cursors.window(caller.org(), Kind::Call.word(), filter, page)?;
    let mut tx = if filter.is_empty() {
        caller.begin(&core.db, Action::Read, Kind::Call).await?
    } else {
        caller.begin_search(&core.db, Kind::Call).await?
    };
    let rows = finding::page(&mut tx, filter, window).await?;
    tx.commit().await?;
    let position = |row: &CallRow| Position {
        at: row.created_at,
        id: row.id.uuid(),
    };
    Ok(core
        .cursors
        .listing(caller.org(), Kind::Call.word(), filter, window, rows, position))
}

/// What the list's filters offer.
pub async fn facets(core: &Core, caller: &Caller) -> Result<CallFacets> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    let facets = finding::facets(&mut tx).await?;
    tx.commit().await?;
    Ok(facets)
}

pub async fn get(core: &Core, caller: &Caller, id: Id<Call>) -> Result<Call> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    let held = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(held.call)
}

/// A call with everything said and everything that happened so far.
pub async fn conversation(core: &Core, caller: &Caller, id: Id<Call>) -> Result<Conversation> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    let conversation = Conversation {
        call: store::find(&mut tx, id).await?.call,
        messages: store::messages(&mut tx, id).await?,
        events: store::events(&mut tx, id).await?,
        notes: notes::all(&mut tx, id).await?,
        analysis: analysis::store::find(&mut tx, id).await?,
    };
    tx.commit().await?;
    Ok(conversation)
}

/// Places a call. The intent is written before the provider is asked, so that a call is never dialed twice and never
/// forgotten; where no answer comes the call stays queued, and the worker finds out what became of it.
pub async fn place(core: &Core, caller: &Caller, draft: CallDraft) -> Result<Call> {
    place_with(core, caller, draft, None).await
}

/// As [`place`], for a request with an idempotency key: whoever repeats it is led to the call, whatever became of the answer.
pub async fn place_keyed(core: &Core, caller: &Caller, draft: CallDraft, keyed: &Keyed) -> Result<Call> {
    place_with(core, caller, draft, Some(keyed)).await
}

/// As [`place`], for one attempt of a person: whoever asks again because no answer came is led to the same call. An attempt that
/// was refused may be made anew.
pub async fn place_once(core: &Core, caller: &Caller, draft: CallDraft, attempt: String) -> Result<Call> {
    let body = serde_json::to_vec(&draft).map_err(Error::internal)?;
    let mut keyed = Keyed::new("place_call".to_owned(), attempt, &body, (Action::Create, Kind::Call))?;
    match idempotency::claim(core, caller, &mut keyed).await? {
        Claim::First => {
            let placed = place_keyed(core, caller, draft, &keyed).await;
            if placed.is_err() {
                idempotency::free(core, caller, &keyed).await?;
            }
            placed
        }
        Claim::Placed(call) => placed_before(core, caller, Id::from_uuid(call))
            .await?
            .ok_or_else(idempotency::unfinished),
        Claim::Answered { .. } => Err(idempotency::unfinished()),
    }
}

/// The call that a request of before has placed; `None` while it may still be at it.
pub async fn placed_before(core: &Core, caller: &Caller, id: Id<Call>) -> Result<Option<Call>> {
    let call = get_placed(core, caller, id).await?;
    let settled =
        call.provider_id.is_some() || call.status.is_over() || Utc::now() - call.created_at > provider_sync::LEASE;
    Ok(settled.then_some(call))
}

async fn place_with(core: &Core, caller: &Caller, draft: CallDraft, keyed: Option<&Keyed>) -> Result<Call> {
    Check::run(&draft)?;
    let draft = CallDraft {
        to: draft.to.dialed()?,
        ..draft
    };
    let (held, request) = intend(core, caller, draft, keyed).await?;
    let id = held.call.id;
    match core.ultravox.place_call(request.copy.as_deref(), &request.body).await {
        Ok(accepted) => {
            match watch::adopt(core, caller, id, &accepted, Lookup::Answered).await? {
                AdoptOutcome::Now => watch::open_text_socket(core, caller, id, held.call.medium, &accepted),
                AdoptOutcome::Before => {}
                // This process slept past its lease, and the call has been given up: nobody is to be rung for it.
                AdoptOutcome::Never => drop(core.ultravox.hang_up(&accepted.call_id).await?),
            }
        }
        Err(failure) if failure.may_have_acted() => wait(core, caller, id, &failure).await?,
        Err(failure) => {
            refuse(core, caller, &held, &failure, request.copy.is_some()).await?;
            return Err(failure.into());
        }
    }
    get_placed(core, caller, id).await
}

/// What the provider is asked.
struct Request {
    /// The agent's copy there, where it is to be called.
    copy: Option<String>,
    body: Value,
}

/// What of an agent a call runs, and which version that is.
async fn running(tx: &mut OrgTx, agent: &Agent, draft: &CallDraft) -> Result<(AgentDraft, Option<i32>)> {
    if draft.draft {
        return Ok((agent.draft.clone(), None));
    }
    match agents::version_store::find(tx, agent.id, draft.version).await {
        Ok(version) => Ok((version.draft, Some(version.number))),
        Err(Error::NotFound) => Err(Error::invalid("version", "The agent has no such version.")),
        Err(error) => Err(error),
    }
}

/// The tools of what is not the live version, as a call brings them along: whole, because the provider fills placeholders in for calls
/// of a copy alone. They stay as they are meanwhile, so that no secret leaves for where another one belongs.
async fn brought(tx: &mut OrgTx, installation: &Url, config: &AgentDraft, field: &str) -> Result<Vec<Value>> {
    let bound = tools::bindings::locked(tx, &config.tool_ids)
        .await
        .map_err(|error| match error {
            Error::Invalid(wrong) => {
                let says = wrong.into_iter().next().map(|wrong| wrong.message);
                Error::invalid(field, says.unwrap_or_default())
            }
            other => other,
        })?;
    let mut selected = Vec::with_capacity(bound.len());
    for tool in &bound {
        let whole = Tool::find(tx, tool.id).await?;
        selected.push(tools::publish::inline(&whole.draft, tool.secret.as_ref()));
    }
    let bases = knowledge::bindings::still_there(tx, &config.knowledge_base_ids).await?;
    if let Some(lookup) = knowledge::runtime::lookup(tx, &bases).await? {
        selected.push(knowledge::runtime::tool(&lookup, installation));
    }
    Ok(selected)
}

/// Checks everything and writes the intent: from here on the call exists.
async fn intend(
    core: &Core,
    caller: &Caller,
    draft: CallDraft,
    keyed: Option<&Keyed>,
) -> Result<(LockedCall, Request)> {
    let mut tx = caller.begin(&core.db, Action::Create, Kind::Call).await?;
    let agent = match Agent::find(&mut tx, draft.agent_id).await {
        Err(Error::NotFound) => return Err(Error::invalid("agent_id", "This agent does not exist here.")),
        found => found?,
    };
    let (config, agent_version) = running(&mut tx, &agent, &draft).await?;
    let mut check = Check::default();
    check_variables(&config.variables, &draft.variables, &mut check);
    check.finish()?;
    let mut call = Call {
        metadata: draft.metadata,
        agent_version,
        ..fresh(core, &tx, &agent, &draft.to, draft.variables)
    };
    if let Some(number) = &call.to_number
        && let Some((id, name)) = contacts::store::by_phone(&mut tx, number).await?
    {
        (call.contact_id, call.contact_name) = (Some(id), Some(name));
    }
    // While it is being published the copy there may be the next version already.
    let is_live = agent_version == Some(agent.live_version)
        && !provider_sync::is_changing(&mut tx, Agent::LINK, agent.id.uuid()).await?;
    let copy = is_live.then(|| agent.provider_id.clone());
    let body = if copy.is_some() {
        dial::request(&core.ultravox, call.id, &draft.to, &config, &call.variables)
    } else {
        let field = if draft.version.is_some() { "version" } else { "agent_id" };
        let tools = brought(&mut tx, &core.public_url, &config, field).await?;
        dial::whole(&core.ultravox, call.id, &draft.to, &config, tools, &call.variables)
    };
    let body = body.ok_or_else(|| {
        Error::Conflict(
            "This installation has no line for phone calls. An operator has to set ULTRAVOX_FROM, and ULTRAVOX_SIP_HOST for SIP.".into(),
        )
    })?;
    let limits = i64::from(config.join_timeout_s) + i64::from(config.max_duration_s);
    let held = LockedCall {
        call,
        stop_asked: false,
        longest: TimeDelta::seconds(limits),
    };
    let call = &held.call;
    store::insert(&mut tx, &held, &config).await?;
    if let Some(keyed) = keyed {
        idempotency::link(&mut tx, keyed, call.id.uuid()).await?;
    }
    store::add_event(&mut tx, call.id, "placed", "").await?;
    provider_sync::intend(&mut tx, LINK, call.id.uuid()).await?;
    audit::record(
        &mut tx,
        Action::Create,
        Kind::Call,
        &call.id.to_string(),
        &agent.draft.name,
    )
    .await?;
    tx.commit().await?;
    Ok((held, Request { copy, body }))
}

fn fresh(core: &Core, tx: &OrgTx, agent: &Agent, to: &Destination, variables: BTreeMap<String, Value>) -> Call {
    let (medium, to_number, from_number) = match to {
        Destination::Phone { number } => (
            Medium::Phone,
            Some(number.clone()),
            Some(core.ultravox.phone_from().to_owned()),
        ),
        Destination::Text {} => (Medium::Text, None, None),
    };
    let now = Utc::now();
    Call {
        id: Id::new(),
        agent_id: Some(agent.id),
        agent_name: agent.draft.name.clone(),
        agent_version: None,
        medium,
        status: Status::Queued,
        end_reason: None,
        disposition: None,
        end_detail: String::new(),
        to_number,
        from_number,
        contact_id: None,
        contact_name: None,
        variables,
        metadata: BTreeMap::new(),
        tags: Vec::new(),
        placed_by: tx.actor().0,
        provider_id: None,
        created_at: now,
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
        updated_at: now,
    }
}

/// No answer: the provider may have acted, and only it can tell.
async fn wait(core: &Core, caller: &Caller, id: Id<Call>, failure: &Failure) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Create, Kind::Call).await?;
    let told = match failure.fault() {
        Fault::NoAnswer => "The provider did not answer in time. Whether it dialed is being found out.",
        _ => "The provider answered with an error of its own. Whether it dialed is being found out.",
    };
    store::add_event(&mut tx, id, "unanswered_by_provider", told).await?;
    provider_sync::schedule_check(&mut tx, LINK, id.uuid(), GRACE, "").await?;
    tx.commit().await
}

/// A refusal: nothing was dialed, and the call says why. Where the agent's copy was called, it may be that which is missing.
async fn refuse(core: &Core, caller: &Caller, held: &LockedCall, failure: &Failure, of_copy: bool) -> Result<()> {
    let id = held.call.id;
    let reason = match (failure.status(), failure.fault()) {
        (Some(404), _) if of_copy => EndReason::AgentMissing,
        (_, Fault::Busy) => EndReason::ConcurrencyLimit,
        (_, Fault::Unreachable) => EndReason::ProviderError,
        _ => EndReason::ProviderRefused,
    };
    let mut tx = caller.begin(&core.db, Action::Create, Kind::Call).await?;
    let held = store::lock(&mut tx, id).await?;
    if !held.call.status.is_over() {
        let told = Error::from(failure.clone()).to_string();
        watch::write(&mut tx, &held, &progress::give_up(&held, reason, &told, Utc::now())).await?;
    }
    if let (EndReason::AgentMissing, Some(agent_id)) = (reason, held.call.agent_id) {
        provider_sync::mark_state::<Agent>(&mut tx, agent_id, &RemoteState::Missing).await?;
        tx.changed(Kind::Agent);
    }
    store::stop_watching(&mut tx, id).await?;
    reconciliation::agree(&mut tx, LINK, id.uuid()).await?;
    tx.commit().await
}

/// Who may place calls may see the one they have just placed.
async fn get_placed(core: &Core, caller: &Caller, id: Id<Call>) -> Result<Call> {
    let mut tx = caller.begin(&core.db, Action::Create, Kind::Call).await?;
    let held = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(held.call)
}

/// Says something in a written conversation. Works from any process.
pub async fn say(core: &Core, caller: &Caller, id: Id<Call>, text: &str) -> Result<()> {
    let mut check = Check::default();
    check.text("text", text, 1..=LONGEST_MESSAGE);
    check.finish()?;
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
    let call = store::find(&mut tx, id).await?.call;
    tx.commit().await?;
    let over = || Error::Conflict("This conversation is over. Start another one.".into());
    match (call.medium, call.status, call.provider_id) {
        (Medium::Phone, ..) => Err(Error::Conflict("Only the agent speaks on a phone call.".into())),
        (_, Status::Queued | Status::Ringing, _) => Err(Error::Conflict(
            "The conversation is just beginning. Try again in a second.".into(),
        )),
        (_, Status::InProgress, Some(provider_id)) => {
            let heard = core.ultravox.say(&provider_id, text).await?;
            heard.then_some(()).ok_or_else(over)
        }
        _ => Err(over()),
    }
}

/// Ends a call. One that is not answered yet takes no message, so it is ended the moment it is answered; until then it
/// may ring on, and its events say so. Stopping a call that is over changes nothing.
pub async fn stop(core: &Core, caller: &Caller, id: Id<Call>) -> Result<Call> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
    let held = store::lock(&mut tx, id).await?;
    let name = held.call.agent_name.clone();
    if held.call.status.is_live() && store::ask_to_stop(&mut tx, id).await? {
        store::add_event(&mut tx, id, "stop_asked", "").await?;
        audit::record_verb(&mut tx, "stop", Kind::Call, &id.to_string(), &name).await?;
    }
    tx.commit().await?;
    if let (true, Some(provider_id)) = (held.call.status.is_live(), &held.call.provider_id) {
        hang_up(core, caller, &held.call, provider_id).await?;
    }
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
    let held = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(held.call)
}

/// Asks the provider to end a call. Where that fails now the watcher asks again each second: the wish is written down.
async fn hang_up(core: &Core, caller: &Caller, call: &Call, provider_id: &str) -> Result<()> {
    let waits = match core.ultravox.hang_up(provider_id).await {
        Ok(true) => None,
        Ok(false) if call.status == Status::InProgress => None,
        Ok(false) => Some("The provider cannot take back a call that rings. It ends as soon as it is answered."),
        Err(_) => Some("The provider did not take the request. It is asked again until the call ends."),
    };
    if let Some(told) = waits {
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        store::add_event(&mut tx, call.id, "stop_waits", told).await?;
        tx.commit().await?;
    }
    if let Err(error) = watch::refresh_from_provider(core, &Caller::system(caller.org().clone()), call.id).await {
        tracing::debug!(call = %call.id, %error, "an early look failed");
    }
    Ok(())
}
