//! The statements of analyses.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::{AnalysisSettings, AnalysisState, CallAnalysis, CriterionResult, FieldValue, Sentiment, Verdict, reading};
use crate::{calls::Call, db::OrgTx, error::Result, id::Id};

/// An analysis that is to be made.
pub(super) struct Waiting {
    pub settings: AnalysisSettings,
    pub attempts: i32,
    /// By this it is told apart from one that was asked for later.
    pub asked_at: DateTime<Utc>,
    pub placed_at: DateTime<Utc>,
}

/// What the questions of one attempt cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub read: i64,
    pub written: i64,
}

pub(crate) async fn find(tx: &mut OrgTx, id: Id<Call>) -> Result<Option<CallAnalysis>> {
    Ok(sqlx::query!(
        r#"select a.state as "state: AnalysisState", a.verdict as "verdict: Verdict", a.sentiment as "sentiment: Sentiment", a.summary,
                a.criteria as "criteria: Json<Vec<CriterionResult>>", a.fields as "fields: Json<Vec<FieldValue>>", a.note, a.model,
                a.agent_version, a.shortened, a.attempts, a.tokens_read, a.tokens_written, a.asked_at, a.analyzed_at
         from app.call_analyses a where a.org_id = $1 and a.call_id = $2"#,
        tx.org() as _,
        id.uuid(),
    )
    .map(|row| CallAnalysis {
        state: row.state,
        verdict: row.verdict,
        sentiment: row.sentiment,
        summary: row.summary,
        criteria: row.criteria.0,
        fields: row.fields.0,
        note: row.note,
        model: row.model,
        agent_version: row.agent_version,
        shortened: row.shortened,
        attempts: row.attempts,
        tokens_read: row.tokens_read,
        tokens_written: row.tokens_written,
        asked_at: row.asked_at,
        analyzed_at: row.analyzed_at,
    })
    .fetch_optional(tx.conn())
    .await?)
}

/// Asks for an analysis of a call that is over, with what it ran; false where that asks for none, or one was asked for before.
pub(super) async fn ask_first(tx: &mut OrgTx, id: Id<Call>) -> Result<bool> {
    let asked = sqlx::query!(
        "insert into app.call_analyses (org_id, call_id, settings, agent_version, at)
         select c.org_id, c.id, s.settings, c.agent_version, c.created_at
         from app.calls c
         left join app.agent_versions v on v.org_id = c.org_id and v.agent_id = c.agent_id and v.number = c.agent_version
         cross join lateral (select coalesce(v.draft, c.tried_draft) -> 'analysis' as settings) s
         where c.org_id = $1 and c.id = $2
           and (s.settings ->> 'summary' = 'model' or s.settings ->> 'sentiment' = 'true'
             or jsonb_array_length(s.settings -> 'criteria') > 0 or jsonb_array_length(s.settings -> 'fields') > 0)
           and exists (select from app.call_messages m
             where m.org_id = c.org_id and m.call_id = c.id and m.role in ('agent', 'person'))
         on conflict (org_id, call_id) do nothing",
        tx.org() as _,
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(asked.rows_affected() == 1)
}

/// Asks for analyses anew, with what the agents ask for now: their live versions, or their drafts where a draft was tried. Answers
/// the calls that there is something to analyze of. What was found before stays until then.
pub(super) async fn ask_again(tx: &mut OrgTx, ids: &[Uuid], over: &[&str]) -> Result<Vec<Id<Call>>> {
    Ok(sqlx::query_scalar!(
        "insert into app.call_analyses as a (org_id, call_id, settings, agent_version, at)
         select c.org_id, c.id, s.settings, v.number, c.created_at
         from app.calls c
         join app.agents g on g.org_id = c.org_id and g.id = c.agent_id
         left join app.agent_versions v on v.org_id = g.org_id and v.agent_id = g.id and v.number = g.live_version
           and c.agent_version is not null
         cross join lateral (select case when c.agent_version is null then g.analysis else v.draft -> 'analysis' end as settings) s
         where c.org_id = $1 and c.id = any($2) and c.status = any($3)
           and (s.settings ->> 'summary' = 'model' or s.settings ->> 'sentiment' = 'true'
             or jsonb_array_length(s.settings -> 'criteria') > 0 or jsonb_array_length(s.settings -> 'fields') > 0)
           and exists (select from app.call_messages m
             where m.org_id = c.org_id and m.call_id = c.id and m.role in ('agent', 'person'))
         order by c.id
         on conflict (org_id, call_id) do update
           set state = 'waiting', note = '', attempts = 0, asked_at = excluded.asked_at, settings = excluded.settings,
             agent_version = excluded.agent_version
         returning a.call_id",
        tx.org() as _,
        ids,
        over as _,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Nothing where it is not waited for any more.
pub(super) async fn waiting(tx: &mut OrgTx, id: Id<Call>) -> Result<Option<Waiting>> {
    Ok(sqlx::query!(
        r#"select a.settings as "settings: Json<AnalysisSettings>", a.attempts, a.asked_at, a.at
           from app.call_analyses a where a.org_id = $1 and a.call_id = $2 and a.state = 'waiting'"#,
        tx.org() as _,
        id.uuid(),
    )
    .map(|row| Waiting {
        settings: row.settings.0,
        attempts: row.attempts,
        asked_at: row.asked_at,
        placed_at: row.at,
    })
    .fetch_optional(tx.conn())
    .await?)
}

/// An attempt that failed, and whether there will be others.
pub(super) async fn note(
    tx: &mut OrgTx,
    id: Id<Call>,
    asked_at: DateTime<Utc>,
    state: AnalysisState,
    note: &str,
    (model, cost): (&str, Cost),
) -> Result<()> {
    sqlx::query!(
        "update app.call_analyses set state = $4, note = $5, model = $6, attempts = attempts + 1,
                tokens_read = tokens_read + $7, tokens_written = tokens_written + $8
         where org_id = $1 and call_id = $2 and asked_at = $3 and state = 'waiting'",
        tx.org() as _,
        id.uuid(),
        asked_at,
        state as _,
        note,
        model,
        cost.read,
        cost.written,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It is given up: the last attempt has been noted already.
pub(super) async fn give_up(tx: &mut OrgTx, id: Id<Call>, note: &str) -> Result<()> {
    sqlx::query!(
        "update app.call_analyses set state = 'failed', note = $3 where org_id = $1 and call_id = $2 and state = 'waiting'",
        tx.org() as _,
        id.uuid(),
        note,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what was found, unless it was asked for anew meanwhile.
pub(super) async fn settle(
    tx: &mut OrgTx,
    id: Id<Call>,
    asked_at: DateTime<Utc>,
    found: &reading::Findings,
    shortened: bool,
    (model, cost): (&str, Cost),
) -> Result<()> {
    let settled = sqlx::query!(
        "update app.call_analyses set state = 'done', verdict = $4, sentiment = $5, summary = $6, criteria = $7, fields = $8,
                shortened = $9, model = $10, attempts = attempts + 1, tokens_read = tokens_read + $11, tokens_written = tokens_written + $12,
                note = '', analyzed_at = now()
         where org_id = $1 and call_id = $2 and asked_at = $3 and state = 'waiting'",
        tx.org() as _,
        id.uuid(),
        asked_at,
        found.verdict as _,
        found.sentiment as _,
        found.summary,
        Json(&found.criteria) as _,
        Json(&found.fields) as _,
        shortened,
        model,
        cost.read,
        cost.written,
    )
    .execute(tx.conn())
    .await?;
    if settled.rows_affected() == 0 {
        return Ok(());
    }
    let keyed = found
        .fields
        .iter()
        .filter_map(|field| Some((field.name.clone(), reading::key(&field.value)?)));
    let (names, values): (Vec<String>, Vec<String>) = keyed.unzip();
    sqlx::query!(
        "delete from app.call_fields where org_id = $1 and call_id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into app.call_fields (org_id, call_id, name, value, at)
         select a.org_id, a.call_id, f.name, f.value, a.at
         from app.call_analyses a cross join unnest($3::text[], $4::text[]) f (name, value)
         where a.org_id = $1 and a.call_id = $2",
        tx.org() as _,
        id.uuid(),
        &names,
        &values,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what was made of transcripts, which are deleted in the same transaction; values to find calls by go along.
pub(crate) async fn forget(tx: &mut OrgTx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "delete from app.call_analyses where org_id = $1 and call_id = any($2)",
        tx.org() as _,
        ids,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
