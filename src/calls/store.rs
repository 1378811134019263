//! The statements of calls.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Billing, Call, EndReason, Event, Medium, Message, Recording, Speaker, Status};
use crate::{
    agents::{Agent, AgentDraft},
    contacts::Contact,
    db::OrgTx,
    error::Result,
    id::Id,
    metadata::Metadata,
    money::Micros,
    resource::Kind,
};

/// A call and what only its keepers need to know.
pub(crate) struct LockedCall {
    pub call: Call,
    pub stop_asked: bool,
    /// How long it may last at most, its ringing included.
    pub longest: TimeDelta,
}

/// One row of app.calls.
struct CallRecord {
    id: Id<Call>,
    agent_id: Option<Id<Agent>>,
    agent_name: String,
    agent_version: Option<i32>,
    medium: Medium,
    status: Status,
    end_reason: Option<EndReason>,
    disposition: Option<String>,
    end_detail: String,
    to_number: Option<String>,
    from_number: Option<String>,
    contact_id: Option<Id<Contact>>,
    contact_name: Option<String>,
    variables: Json<BTreeMap<String, Value>>,
    metadata: Json<Metadata>,
    tags: Vec<String>,
    placed_by: String,
    stop_asked_at: Option<DateTime<Utc>>,
    provider_id: Option<String>,
    created_at: DateTime<Utc>,
    joined_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    billed_ms: Option<i64>,
    price: Option<Micros>,
    billing: Billing,
    recording: Recording,
    recording_until: Option<DateTime<Utc>>,
    transcript_until: Option<DateTime<Utc>>,
    transcript_deleted_at: Option<DateTime<Utc>>,
    summary: String,
    updated_at: DateTime<Utc>,
    longest_s: i32,
}

impl From<CallRecord> for LockedCall {
    fn from(row: CallRecord) -> Self {
        Self {
            stop_asked: row.stop_asked_at.is_some(),
            longest: TimeDelta::seconds(row.longest_s.into()),
            call: Call {
                id: row.id,
                agent_id: row.agent_id,
                agent_name: row.agent_name,
                agent_version: row.agent_version,
                medium: row.medium,
                status: row.status,
                end_reason: row.end_reason,
                disposition: row.disposition,
                end_detail: row.end_detail,
                to_number: row.to_number,
                from_number: row.from_number,
                contact_id: row.contact_id,
                contact_name: row.contact_name,
                variables: row.variables.0,
                metadata: row.metadata.0,
                tags: row.tags,
                placed_by: row.placed_by,
                provider_id: row.provider_id,
                created_at: row.created_at,
                joined_at: row.joined_at,
                ended_at: row.ended_at,
                billed_ms: row.billed_ms,
                price: row.price,
                billing: row.billing,
                recording: row.recording,
                recording_until: row.recording_until,
                transcript_until: row.transcript_until,
                transcript_deleted_at: row.transcript_deleted_at,
                summary: row.summary,
                updated_at: row.updated_at,
            },
        }
    }
}

/// `NotFound` for what is not there and for what is not theirs.
pub(crate) async fn find(tx: &mut OrgTx, id: Id<Call>) -> Result<LockedCall> {
    let row = sqlx::query_as!(
        CallRecord,
        r#"select c.id, c.agent_id, c.agent_name, c.agent_version, c.medium, c.status, c.end_reason, d.name as "disposition?", c.end_detail, c.to_number,
                c.from_number, c.contact_id, coalesce(nullif(p.name, ''), p.phone) as contact_name, c.variables, c.metadata,
                array(select t.tag from app.call_tags t where t.org_id = c.org_id and t.call_id = c.id order by t.tag) as "tags!",
                c.placed_by, c.stop_asked_at,
                c.provider_id, c.created_at, c.joined_at, c.ended_at, c.billed_ms, c.price_micros as price, c.billing, c.recording,
                c.recording_until, c.transcript_until, c.transcript_deleted_at, c.summary, c.updated_at, c.longest_s
         from app.calls c
           left join app.contacts p on p.org_id = c.org_id and p.id = c.contact_id
           left join app.dispositions d on d.org_id = c.org_id and d.end_reason = c.end_reason
         where c.org_id = $1 and c.id = $2"#,
        tx.org() as _,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row.into())
}

/// As [`find`], and nobody else changes it until the transaction ends.
pub(crate) async fn lock(tx: &mut OrgTx, id: Id<Call>) -> Result<LockedCall> {
    sqlx::query!(
        "select 1 as one from app.calls c where c.org_id = $1 and c.id = $2 for update",
        tx.org() as _,
        id.uuid()
    )
    .fetch_one(tx.conn())
    .await?;
    find(tx, id).await
}

/// `runs` are the settings that it runs, a version's or the draft's.
pub(crate) async fn insert(tx: &mut OrgTx, held: &LockedCall, runs: &AgentDraft) -> Result<()> {
    let call = &held.call;
    let tried = call.agent_version.is_none().then_some(runs);
    sqlx::query!(
        "insert into app.calls (org_id, id, agent_id, agent_name, medium, status, to_number, from_number, variables, placed_by, contact_id,
                longest_s, metadata, agent_version, tried_draft, recording_days, transcript_days)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        tx.org() as _,
        call.id.uuid(),
        call.agent_id.map(Id::uuid),
        call.agent_name,
        call.medium as _,
        call.status as _,
        call.to_number,
        call.from_number,
        Json(&call.variables) as _,
        call.placed_by,
        call.contact_id.map(Id::uuid),
        i32::try_from(held.longest.num_seconds()).unwrap_or(i32::MAX),
        Json(&call.metadata) as _,
        call.agent_version,
        tried.map(Json) as _,
        runs.recording_days,
        runs.transcript_days,
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::Call);
    Ok(())
}

/// Saves what a call has become.
pub(crate) async fn save(tx: &mut OrgTx, call: &Call) -> Result<()> {
    sqlx::query!(
        "update app.calls set status = $3, end_reason = $4, end_detail = $5, provider_id = $6, joined_at = $7, ended_at = $8,
                billed_ms = $9, price_micros = $10, billing = $11, recording = $12, summary = $13, updated_at = now()
         where org_id = $1 and id = $2",
        tx.org() as _,
        call.id.uuid(),
        call.status as _,
        call.end_reason as _,
        call.end_detail,
        call.provider_id,
        call.joined_at,
        call.ended_at,
        call.billed_ms,
        call.price.map(|price| price.0),
        call.billing as _,
        call.recording as _,
        call.summary,
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::Call);
    Ok(())
}

/// Notes that somebody wants the call to end; false if somebody did before.
pub(crate) async fn ask_to_stop(tx: &mut OrgTx, id: Id<Call>) -> Result<bool> {
    let asked = sqlx::query!(
        "update app.calls set stop_asked_at = now(), updated_at = now() where org_id = $1 and id = $2 and stop_asked_at is null",
        tx.org() as _,
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    let first = asked.rows_affected() == 1;
    if first {
        tx.changed(Kind::Call);
    }
    Ok(first)
}

/// Notes that the recording is in our storage; false where the call is gone.
pub(crate) async fn recording_stored(tx: &mut OrgTx, id: Id<Call>, content_type: &str, size: u64) -> Result<bool> {
    let noted = sqlx::query!(
        "update app.calls set recording_type = $3, recording_bytes = $4 where org_id = $1 and id = $2 and recording = 'ready'",
        tx.org() as _,
        id.uuid(),
        content_type,
        i64::try_from(size).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// The type and the size of the recording in our storage.
pub(crate) async fn stored_recording(tx: &mut OrgTx, id: Id<Call>) -> Result<Option<(String, u64)>> {
    let stored = sqlx::query!(
        "select c.recording_type, c.recording_bytes from app.calls c where c.org_id = $1 and c.id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(stored.and_then(|row| row.recording_type.zip(row.recording_bytes?.try_into().ok())))
}

pub(crate) async fn messages(tx: &mut OrgTx, id: Id<Call>) -> Result<Vec<Message>> {
    Ok(sqlx::query_as!(
        Message,
        "select m.seq, m.role, m.text, m.tool, m.failed, m.start_ms, m.end_ms
         from app.call_messages m where m.org_id = $1 and m.call_id = $2 order by m.seq",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes what was said. Nothing is touched, and no page woken, where all of it is known already.
pub(crate) async fn write_messages(tx: &mut OrgTx, id: Id<Call>, said: &[Message]) -> Result<()> {
    let column = |read: fn(&Message) -> Option<i32>| said.iter().map(read).collect::<Vec<_>>();
    let roles: Vec<&str> = said.iter().map(|message| message.role.word()).collect();
    let texts: Vec<&str> = said.iter().map(|message| message.text.as_str()).collect();
    let tools: Vec<&str> = said.iter().map(|message| message.tool.as_str()).collect();
    let written = sqlx::query!(
        "insert into app.call_messages as m (org_id, call_id, seq, role, text, tool, failed, start_ms, end_ms)
         select $1, $2, said.* from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::int[], $9::int[]) said
         on conflict (org_id, call_id, seq) do update
           set role = excluded.role, text = excluded.text, tool = excluded.tool, failed = excluded.failed, start_ms = excluded.start_ms,
             end_ms = excluded.end_ms
           where (m.role, m.text, m.tool, m.failed, m.start_ms, m.end_ms)
             is distinct from (excluded.role, excluded.text, excluded.tool, excluded.failed, excluded.start_ms, excluded.end_ms)",
        tx.org() as _,
        id.uuid(),
        &said.iter().map(|message| message.seq).collect::<Vec<_>>(),
        &roles as _,
        &texts as _,
        &tools as _,
        &said.iter().map(|message| message.failed).collect::<Vec<_>>(),
        &column(|message| message.start_ms) as _,
        &column(|message| message.end_ms) as _,
    )
    .execute(tx.conn())
    .await?;
    if written.rows_affected() > 0 {
        tx.changed(Kind::Call);
    }
    Ok(())
}

/// Removes what turned out not to have been said: while people talk, the provider may still join two messages into one.
pub(crate) async fn drop_other_messages(tx: &mut OrgTx, id: Id<Call>, said: &[Message]) -> Result<()> {
    sqlx::query!(
        "delete from app.call_messages where org_id = $1 and call_id = $2 and seq <> all($3)",
        tx.org() as _,
        id.uuid(),
        &said.iter().map(|message| message.seq).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(crate) async fn events(tx: &mut OrgTx, id: Id<Call>) -> Result<Vec<Event>> {
    Ok(sqlx::query_as!(
        Event,
        "select e.id, e.at, e.kind, e.note from app.call_events e where e.org_id = $1 and e.call_id = $2 order by e.at, e.id",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The call that the provider knows by this id, if it is going on or has ended just now.
pub(crate) async fn talking(tx: &mut OrgTx, provider_id: &str) -> Result<Option<Id<Call>>> {
    Ok(sqlx::query_scalar!(
        "select c.id from app.calls c
         where c.org_id = $1 and c.provider_id = $2 and (c.ended_at is null or c.ended_at > now() - interval '5 minutes')",
        tx.org() as _,
        provider_id,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Writes down that something happened to a call.
pub(crate) async fn add_event(tx: &mut OrgTx, id: Id<Call>, kind: &str, note: &str) -> Result<()> {
    sqlx::query!(
        "insert into app.call_events (org_id, call_id, id, kind, note, at) values ($1, $2, $3, $4, $5, clock_timestamp())",
        tx.org() as _,
        id.uuid(),
        Uuid::now_v7(),
        kind,
        note,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Charges the organization for a call, once however often it is told to: the ledger takes one entry per call.
pub(crate) async fn charge(tx: &mut OrgTx, call: &Call, price: Micros) -> Result<()> {
    let note = match &call.to_number {
        Some(number) => format!("{} to {number}", call.agent_name),
        None => format!("{}, written conversation", call.agent_name),
    };
    let entered = sqlx::query!(
        "insert into app.credit_transactions (org_id, client_id, id, kind, amount_micros, call_id, note)
         select c.org_id, c.id, $2, 'call', $3, $4, $5 from app.clients c where c.org_id = $1
         on conflict (org_id, call_id) do nothing",
        tx.org() as _,
        Uuid::now_v7(),
        -price.0,
        call.id.uuid(),
        note,
    )
    .execute(tx.conn())
    .await?;
    if entered.rows_affected() == 1 {
        sqlx::query!(
            "update app.clients set balance_micros = balance_micros - $2 where org_id = $1",
            tx.org() as _,
            price.0,
        )
        .execute(tx.conn())
        .await?;
        tx.changed(Kind::Credit);
    }
    Ok(())
}

/// Takes an agent that goes out of its calls, which keep its name.
pub(crate) async fn forget_agent(tx: &mut OrgTx, agent: Id<Agent>) -> Result<()> {
    let emptied = sqlx::query!(
        "update app.calls set agent_id = null where org_id = $1 and agent_id = $2",
        tx.org() as _,
        agent.uuid(),
    )
    .execute(tx.conn())
    .await?;
    if emptied.rows_affected() > 0 {
        tx.changed(Kind::Call);
    }
    Ok(())
}

/// Nothing more is expected of the provider: the row stays, because a late event still has to find its organization.
pub(crate) async fn stop_watching(tx: &mut OrgTx, id: Id<Call>) -> Result<()> {
    sqlx::query!(
        "update app.provider_links set due_at = 'infinity', attempts = 0 where org_id = $1 and kind = 'call' and object_id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

impl Speaker {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Person => "person",
            Self::ToolCall => "tool_call",
            Self::ToolResult => "tool_result",
        }
    }
}
