//! The inbox: events of providers, kept the moment they arrive and applied when they can be.
//!
//! An event only says where to look. What it says of the thing itself is not kept: that is read afresh, inside the
//! organization it belongs to, so events may come twice, late, in any order, or not at all.

use chrono::TimeDelta;
use serde::Deserialize;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    auth::Caller,
    calls::watch,
    core::Core,
    error::{Error, Result},
    id::Id,
    org::OrgId,
};

const BATCH: i64 = 50;
/// How long an event is worked on before another worker takes it up.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// An event may come before the answer that tells us whose call it is about, and after a call of some other program
/// that shares the account. After so many attempts, half an hour in all, it is the latter.
const ATTEMPTS: i32 = 10;

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

/// Keeps what Ultravox posted, its signature having been verified; what is known already is fine. Events have no id of
/// their own: a call begins, is joined, ends and is billed once.
pub async fn receive_ultravox(core: &Core, body: &[u8]) -> Result<()> {
    let envelope: Envelope =
        serde_json::from_slice(body).map_err(|_| Error::invalid("body", "This is no event of Ultravox."))?;
    let (event, subject) = (envelope.event.as_str(), envelope.call.call_id.as_str());
    if event.len() > 100 || subject.len() > 100 {
        return Err(Error::invalid("body", "This is no event of Ultravox."));
    }
    let kept = sqlx::query!(
        "insert into ops.inbox (id, provider, dedupe_key, event, subject, body) values ($1, 'ultravox', $2, $3, $4, '{}')
         on conflict (provider, dedupe_key) do nothing",
        Uuid::now_v7(),
        format!("{subject}:{event}"),
        event,
        subject,
    )
    .execute(core.db.worker.queue())
    .await?;
    let word = if kept.rows_affected() == 1 { "new" } else { "known" };
    metrics::counter!("switchboard_events_in_total", "provider" => "ultravox", "event" => word).increment(1);
    Ok(())
}

struct Pending {
    id: Uuid,
    event: String,
    subject: String,
    attempts: i32,
}

/// Applies the events that are due; answers how many there were.
pub async fn apply_due(core: &Core) -> Result<usize> {
    let pending = sqlx::query_as!(
        Pending,
        "update ops.inbox i set attempts = i.attempts + 1, next_at = now() + make_interval(secs => $2)
         from (select d.id from ops.inbox d
               where d.done_at is null and d.next_at <= now() and d.provider = 'ultravox'
               order by d.next_at limit $1 for update skip locked) due
         where i.id = due.id
         returning i.id, i.event, i.subject, i.attempts",
        BATCH,
        LEASE.num_seconds() as f64,
    )
    .fetch_all(core.db.worker.queue())
    .await?;
    let count = pending.len();
    let mut tasks = JoinSet::new();
    for event in pending {
        let core = core.clone();
        tasks.spawn(async move {
            let closed = match apply(&core, &event).await {
                Ok(()) => done(&core, event.id, None).await,
                Err(error) => put_off(&core, &event, &error).await,
            };
            if let Err(error) = closed {
                tracing::warn!(%error, "an event stays until its lease ends");
            }
        });
    }
    while let Some(joined) = tasks.join_next().await {
        if let Err(panic) = joined {
            tracing::error!(%panic, "applying an event panicked; its lease brings it back");
        }
    }
    Ok(count)
}

async fn apply(core: &Core, event: &Pending) -> Result<()> {
    let (org, call) = whose(core, &event.subject).await?.ok_or(Error::NotFound)?;
    watch::look(core, &Caller::system(org), Id::from_uuid(call)).await
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

/// Closes an event: applied, or dead for a reason.
async fn done(core: &Core, id: Uuid, reason: Option<&str>) -> Result<()> {
    sqlx::query!(
        "update ops.inbox set done_at = now(), error = $2 where id = $1",
        id,
        reason
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(())
}

async fn put_off(core: &Core, event: &Pending, error: &Error) -> Result<()> {
    let reason = match error {
        Error::NotFound => "no call of ours has this id".to_owned(),
        other => other.to_string(),
    };
    if event.attempts >= ATTEMPTS {
        tracing::info!(
            event = event.event,
            subject = event.subject,
            reason,
            "an event is given up"
        );
        metrics::counter!("switchboard_events_dead_total").increment(1);
        return done(core, event.id, Some(&reason)).await;
    }
    sqlx::query!(
        "update ops.inbox set next_at = now() + make_interval(secs => $2), error = $3 where id = $1",
        event.id,
        f64::from(2_i32.pow(event.attempts.clamp(0, 10).cast_unsigned())),
        reason,
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(())
}

/// Forgets events that no provider repeats any more; those that were given up stay longer, for whoever looks into it.
pub async fn purge(core: &Core) -> Result<usize> {
    let purged = sqlx::query!(
        "delete from ops.inbox where done_at < now() - case when error is null then interval '7 days' else interval '30 days' end"
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(usize::try_from(purged.rows_affected()).unwrap_or(usize::MAX))
}
