//! Removal: deletes calls here at once, with all that was said and written about them, and then at the provider.
//!
//! What was paid for them stays in the ledger.

use uuid::Uuid;

use super::{
    Call, DeleteCalls, Status,
    marks::tags::{lock_all, record},
    recording, store,
    watch::LINK,
    words,
};
use crate::{
    auth::Caller,
    core::Core,
    crud,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    reconciliation::{self, MendedOutcome},
    resource::{Action, Kind},
};

pub async fn delete(core: &Core, caller: &Caller, id: Id<Call>) -> Result<()> {
    delete_all(core, caller, DeleteCalls { ids: vec![id] }).await
}

/// All of them, or none where one is not there or somebody is still on the line.
pub async fn delete_all(core: &Core, caller: &Caller, what: DeleteCalls) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Delete, Kind::Call).await?;
    let ids = lock_all(&mut tx, &what.ids).await?;
    if is_any_under_way(&mut tx, &ids).await? {
        let told = if ids.len() == 1 {
            "This call is not over yet. End it first, then delete it."
        } else {
            "One of these calls is not over yet. End it first, then delete them."
        };
        return Err(Error::Conflict(told.to_owned()));
    }
    record(&mut tx, Action::Delete, &ids, None).await?;
    words::forget(&mut tx, &ids).await?;
    sqlx::query!(
        "delete from app.calls where org_id = $1 and id = any($2)",
        tx.org() as _,
        &ids
    )
    .execute(tx.conn())
    .await?;
    forget_links(&mut tx, &ids).await?;
    tx.changed(Kind::Call);
    crud::commit(core, tx).await
}

async fn is_any_under_way(tx: &mut OrgTx, ids: &[Uuid]) -> Result<bool> {
    let over: Vec<&str> = Status::ALL
        .iter()
        .filter(|status| status.is_over())
        .map(|status| status.word())
        .collect();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from app.calls c where c.org_id = $1 and c.id = any($2) and c.status <> all($3)) as "any!""#,
        tx.org() as _,
        ids,
        &over as _,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What the provider has of them is deleted by the worker; of what it never had, nothing is left to do.
pub(super) async fn forget_links(tx: &mut OrgTx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "delete from app.provider_links where org_id = $1 and kind = 'call' and object_id = any($2) and provider_id is null",
        tx.org() as _,
        ids,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update app.provider_links set state = 'deleting', due_at = now(), note = '', attempts = 0
         where org_id = $1 and kind = 'call' and object_id = any($2)",
        tx.org() as _,
        ids,
    )
    .execute(tx.conn())
    .await?;
    tx.wake(LINK);
    Ok(())
}

/// Deletes what the provider still has of a call that is gone here, or of which something was kept long enough.
pub(crate) async fn finish(core: &Core, worker: &Caller, id: Id<Call>) -> Result<()> {
    let mut tx = worker.begin(&core.db, Action::Delete, Kind::Call).await?;
    let is_heard = store::stored_recording(&mut tx, id).await?.is_some();
    let provider_id = sqlx::query_scalar!(
        "select l.provider_id from app.provider_links l where l.org_id = $1 and l.kind = 'call' and l.object_id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?
    .flatten();
    tx.commit().await?;
    if !is_heard {
        recording::forget(core, worker.org(), id).await?;
    }
    if let Some(provider_id) = provider_id {
        core.ultravox.delete_call(&provider_id).await?;
    }
    let mut tx = worker.begin(&core.db, Action::Delete, Kind::Call).await?;
    reconciliation::mended(&mut tx, (LINK, id.uuid()), "", MendedOutcome::Deleted).await?;
    sqlx::query!(
        "delete from app.provider_links where org_id = $1 and kind = 'call' and object_id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}
