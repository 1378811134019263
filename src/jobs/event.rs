//! Events of providers: recorded in `ops.inbox` the moment they arrive, and applied by a job.
//!
//! An event only says where to look. What it says of the thing itself is not recorded: that is read afresh, inside the
//! organization it belongs to, so events may come twice, late, in any order, or not at all.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Backoff, Context, Failure, Job, Limits, Outcome, store};
use crate::{
    auth::Caller,
    calls::watch,
    core::Core,
    error::{Error, Result},
    id::Id,
    org::OrgId,
    providers::json,
};

/// Applies one event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApplyEvent {
    pub event: Uuid,
}

#[derive(Deserialize)]
struct Envelope {
    event: String,
    call: Named,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    call_id: String,
}

/// Records what Ultravox posted, its signature having been verified; what is known already is fine. Events have no id of
/// their own: a call begins, is joined, ends and is billed once.
pub async fn receive_ultravox(core: &Core, body: &[u8]) -> Result<()> {
    let envelope: Envelope = json::read(body).map_err(|_| Error::invalid("body", "This is no event of Ultravox."))?;
    let (event, subject) = (envelope.event.as_str(), envelope.call.call_id.as_str());
    if event.len() > 100 || subject.len() > 100 {
        return Err(Error::invalid("body", "This is no event of Ultravox."));
    }
    let job = ApplyEvent { event: Uuid::now_v7() };
    // The organization is what the job counts as, so that many events of one do not keep the others waiting; the job looks
    // it up again. Where the answer that tells us whose call it is has not come yet, it is nobody's.
    let recorded = sqlx::query!(
        "with recorded as (
           insert into ops.inbox (id, provider, dedupe_key, event, subject, body) values ($1, 'ultravox', $2, $3, $4, '{}')
           on conflict (provider, dedupe_key) do nothing returning id)
         select ops.enqueue($5, $6, coalesce(
             (select m.org_id from app.provider_links m where m.kind = 'call' and m.provider_id = $4 limit 1), ''), $7, null, 0)
         from recorded",
        job.event,
        format!("{subject}:{event}"),
        event,
        subject,
        Uuid::now_v7(),
        ApplyEvent::NAME,
        store::payload(&job),
    )
    .execute(core.db.worker.queue())
    .await?;
    let word = if recorded.rows_affected() == 1 { "new" } else { "known" };
    metrics::counter!("switchboard_events_in_total", "provider" => "ultravox", "event" => word).increment(1);
    Ok(())
}

impl Job for ApplyEvent {
    const NAME: &'static str = "event";
    /// Ten attempts are half an hour in all.
    const LIMITS: Limits = Limits {
        attempts: 10,
        backoff: Backoff {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(1024),
        },
        ..Limits::USUAL
    };

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let core = &context.core;
        let Some(subject) = subject(core, self.event).await? else {
            return Ok(Outcome::Done);
        };
        let Some((org, call)) = whose(core, &subject).await? else {
            // It may come before the answer that tells us whose call it is about, and after a call of some other program
            // that shares the account. After the last attempt it is the latter, and nothing is wrong.
            if context.attempt < Self::LIMITS.attempts {
                return Err(Failure::Retry("No call of ours has this id.".into()));
            }
            settled(core, self.event, Some("no call of ours has this id")).await?;
            return Ok(Outcome::Done);
        };
        match watch::refresh_from_provider(core, &Caller::system(org), Id::from_uuid(call)).await {
            // It has been deleted here, and soon will be there.
            Err(Error::NotFound) => {}
            looked => looked?,
        }
        settled(core, self.event, None).await?;
        Ok(Outcome::Done)
    }

    async fn given_up(self, context: Context, reason: &str) -> Result<()> {
        settled(&context.core, self.event, Some(reason)).await
    }
}

/// What an event is about, unless it is settled or gone.
async fn subject(core: &Core, event: Uuid) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "select i.subject from ops.inbox i where i.id = $1 and i.settled_at is null",
        event,
    )
    .fetch_optional(core.db.worker.queue())
    .await?)
}

/// The organization of a call, from what we wrote down when it was placed: never from the event.
async fn whose(core: &Core, provider_id: &str) -> Result<Option<(OrgId, Uuid)>> {
    let row = sqlx::query!(
        "select m.org_id, m.object_id from app.provider_links m where m.kind = 'call' and m.provider_id = $1",
        provider_id,
    )
    .fetch_optional(core.db.worker.queue())
    .await?;
    Ok(row.map(|row| (row.org_id, row.object_id)))
}

/// Applied, or given up for a reason.
async fn settled(core: &Core, event: Uuid, reason: Option<&str>) -> Result<()> {
    if let Some(reason) = reason {
        tracing::info!(%event, reason, "an event is given up");
        metrics::counter!("switchboard_events_dead_total").increment(1);
    }
    sqlx::query!(
        "update ops.inbox set settled_at = now(), error = $2 where id = $1",
        event,
        reason
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(())
}

/// Forgets events that no provider repeats any more; those that were given up stay longer, for whoever looks into it.
pub(super) async fn purge(core: &Core) -> Result<()> {
    sqlx::query!(
        "delete from ops.inbox where settled_at < now() - case when error is null then interval '7 days' else interval '30 days' end"
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(())
}
