//! The statements of `app.provider_links`, each of which says what is about to happen at a provider or what is known of it.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{LEASE, RECHECK_INTERVAL};
use crate::{db::OrgTx, error::Result};

/// What is due sooner than this is worth waking somebody for.
const SOON: TimeDelta = TimeDelta::seconds(5);

/// Has copies published once more, soon: what they refer to is another thing than it was.
pub(crate) async fn republish(tx: &mut OrgTx, kind: &str, object_ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update app.provider_links set due_at = now(), note = 'updating', attempts = 0
         where org_id = $1 and kind = $2 and object_id = any($3) and state = 'live'",
        tx.org() as _,
        kind,
        object_ids,
    )
    .execute(tx.conn())
    .await?;
    tx.wake(kind);
    Ok(())
}

/// Whether a copy is being changed, or may have been without anybody here knowing.
pub(crate) async fn is_changing(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from app.provider_links l
                          where l.org_id = $1 and l.kind = $2 and l.object_id = $3 and l.note = 'updating') as "changing!""#,
        tx.org() as _,
        kind,
        object_id,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What is about to be made at the provider.
pub(crate) async fn intend(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into app.provider_links (org_id, kind, object_id, state, due_at, differs_since)
         values ($1, $2, $3, 'creating', now() + make_interval(secs => $4), now())",
        tx.org() as _,
        kind,
        object_id,
        LEASE.num_seconds() as f64,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the intent was still ours; then the copy is known and its next round is set.
pub(crate) async fn confirm(
    tx: &mut OrgTx,
    kind: &str,
    object_id: Uuid,
    provider_id: &str,
    from: &str,
) -> Result<bool> {
    let confirmed = sqlx::query!(
        "update app.provider_links set provider_id = $4, state = 'live', note = '', attempts = 0, due_at = now() + make_interval(secs => $6),
                differs_since = null, difference = '', failure = ''
         where org_id = $1 and kind = $2 and object_id = $3 and state = $5",
        tx.org() as _,
        kind,
        object_id,
        provider_id,
        from,
        RECHECK_INTERVAL.num_seconds() as f64,
    )
    .execute(tx.conn())
    .await?;
    Ok(confirmed.rows_affected() == 1)
}

pub(crate) async fn schedule_check(
    tx: &mut OrgTx,
    kind: &str,
    object_id: Uuid,
    after: TimeDelta,
    note: &str,
) -> Result<()> {
    sqlx::query!(
        "update app.provider_links set due_at = now() + make_interval(secs => $4), note = $5, attempts = 0,
                state = case when state = 'deleting' then 'live' else state end,
                differs_since = case when $5 <> '' then coalesce(differs_since, now()) else differs_since end
         where org_id = $1 and kind = $2 and object_id = $3",
        tx.org() as _,
        kind,
        object_id,
        after.num_seconds() as f64,
        note,
    )
    .execute(tx.conn())
    .await?;
    // Later ones are found in time by looking.
    if after < SOON {
        tx.wake(kind);
    }
    Ok(())
}

pub(super) async fn mark_deleting(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<()> {
    sqlx::query!(
        "update app.provider_links set state = 'deleting', due_at = now() + make_interval(secs => $4), differs_since = coalesce(differs_since, now())
         where org_id = $1 and kind = $2 and object_id = $3",
        tx.org() as _,
        kind,
        object_id,
        LEASE.num_seconds() as f64,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn drop_link(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<()> {
    sqlx::query!(
        "delete from app.provider_links where org_id = $1 and kind = $2 and object_id = $3",
        tx.org() as _,
        kind,
        object_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
