//! Expiry: deletes recordings and transcripts once the days are over that their agent keeps them, here and at the provider.
//!
//! How many days that are is the version's that a call ran, so that a change of the agent touches no earlier call.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Call, recording, removal::forget_links, store, words};
use crate::{
    analysis,
    auth::Caller,
    core::Core,
    crud,
    db::OrgTx,
    error::Result,
    id::{Id, uuids},
    jobs::{self, Context, Failure, Job, Limits, Outcome},
    resource::{Action, Kind},
};

/// Calls that lose something in one transaction.
const AT_ONCE: i64 = 100;

/// Deletes what is due in the organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExpireCalls {
    pub due: DateTime<Utc>,
}

impl Job for ExpireCalls {
    const NAME: &'static str = "expire_calls";
    const LIMITS: Limits = Limits {
        lease: Duration::from_secs(120),
        timeout: Duration::from_secs(600),
        ..Limits::USUAL
    };

    fn dedup_key(&self) -> Option<String> {
        Some(self.due.to_rfc3339())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        expire(&context.core, &context.caller()?, Utc::now()).await?;
        Ok(Outcome::Done)
    }
}

/// Sees to it that what a call leaves behind is deleted when its days are over.
pub(crate) async fn schedule(tx: &mut OrgTx, id: Id<Call>) -> Result<()> {
    let until = sqlx::query!(
        "select c.recording_until, c.transcript_until from app.calls c where c.org_id = $1 and c.id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    let days: BTreeSet<_> = [until.recording_until, until.transcript_until]
        .into_iter()
        .flatten()
        .collect();
    for due in days {
        let delay = (due - Utc::now()).to_std().unwrap_or_default();
        jobs::enqueue_after(tx, &ExpireCalls { due }, delay).await?;
    }
    Ok(())
}

/// Deletes everything whose days are over by then.
pub async fn expire(core: &Core, caller: &Caller, now: DateTime<Utc>) -> Result<()> {
    while expire_recordings(core, caller, now).await? {}
    while expire_transcripts(core, caller, now).await? {}
    Ok(())
}

/// False where none was left.
async fn expire_recordings(core: &Core, caller: &Caller, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    let due = sqlx::query_scalar!(
        r#"select c.id from app.calls c
           where c.org_id = $1 and c.recording_until <= $2 and c.recording in ('pending', 'ready', 'failed')
           order by c.recording_until limit $3"#,
        tx.org() as _,
        now,
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    tx.commit().await?;
    if due.is_empty() {
        return Ok(false);
    }
    // First the files: a call that says its recording is deleted has none.
    for id in &due {
        recording::forget(core, caller.org(), *id).await?;
    }
    let due = uuids(&due);
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
    let gone = sqlx::query_scalar!(
        "update app.calls set recording = 'deleted', recording_type = null, recording_bytes = null, updated_at = now()
         where org_id = $1 and id = any($2) and recording in ('pending', 'ready', 'failed') returning id",
        tx.org() as _,
        &due,
    )
    .fetch_all(tx.conn())
    .await?;
    finish(core, tx, &uuids(&gone), "recording_deleted").await?;
    Ok(true)
}

/// False where none was left.
async fn expire_transcripts(core: &Core, caller: &Caller, now: DateTime<Utc>) -> Result<bool> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
    let due = sqlx::query_scalar!(
        r#"select c.id from app.calls c
           where c.org_id = $1 and c.transcript_until <= $2 and c.transcript_deleted_at is null and c.joined_at is not null
           order by c.transcript_until limit $3"#,
        tx.org() as _,
        now,
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    if due.is_empty() {
        tx.commit().await?;
        return Ok(false);
    }
    let due = uuids(&due);
    // The provider keeps both or nothing: a recording that could not be brought here in time is lost.
    sqlx::query!(
        "update app.calls set transcript_deleted_at = now(), summary = '', updated_at = now(),
                recording = case when recording = 'pending' or (recording = 'ready' and recording_bytes is null) then 'failed' else recording end
         where org_id = $1 and id = any($2)",
        tx.org() as _,
        &due,
    )
    .execute(tx.conn())
    .await?;
    words::forget(&mut tx, &due).await?;
    analysis::store::forget(&mut tx, &due).await?;
    sqlx::query!(
        "delete from app.call_messages where org_id = $1 and call_id = any($2)",
        tx.org() as _,
        &due,
    )
    .execute(tx.conn())
    .await?;
    // Their notes say what was asked.
    sqlx::query!(
        "delete from app.call_events where org_id = $1 and call_id = any($2) and kind = 'looked_up'",
        tx.org() as _,
        &due,
    )
    .execute(tx.conn())
    .await?;
    finish(core, tx, &due, "transcript_deleted").await?;
    Ok(true)
}

/// Says so on each call, and has the provider's copy deleted.
async fn finish(core: &Core, mut tx: OrgTx, ids: &[Uuid], event: &str) -> Result<()> {
    for id in ids {
        store::add_event(&mut tx, Id::from_uuid(*id), event, "").await?;
    }
    forget_links(&mut tx, ids).await?;
    tx.changed(Kind::Call);
    crud::commit(core, tx).await
}
