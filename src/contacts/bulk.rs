//! What is done with many contacts at once: all of it, or nothing where one of them is gone.

use uuid::Uuid;

use super::{Contact, DeleteContacts, MoveContacts, TAGS, TagContacts, store};
use crate::{
    audit,
    auth::Caller,
    check::Check,
    core::Core,
    crud,
    db::OrgTx,
    error::{Error, Result},
    folders,
    id::Id,
    resource::{Action, Kind},
};

/// How many at once.
const MOST: usize = 1_000;

pub async fn move_to(core: &Core, caller: &Caller, what: MoveContacts) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Contact).await?;
    let ids = lock(&mut tx, &what.ids).await?;
    if let Some(folder) = what.folder_id {
        folders::must_exist(&mut tx, folder).await?;
    }
    sqlx::query!(
        "update app.contacts set folder_id = $3, revision = revision + 1, updated_at = now(), updated_by = $4
         where org_id = $1 and id = any($2)",
        tx.org() as _,
        &ids,
        what.folder_id.map(Id::uuid),
        tx.actor().0,
    )
    .execute(tx.conn())
    .await?;
    done(core, tx, Action::Update, &ids, "folder_id").await
}

pub async fn tag(core: &Core, caller: &Caller, what: TagContacts) -> Result<()> {
    Check::run(&what)?;
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Contact).await?;
    let ids = lock(&mut tx, &what.ids).await?;
    sqlx::query!(
        "update app.contacts c set revision = revision + 1, updated_at = now(), updated_by = $5,
                tags = (select coalesce(array_agg(t.tag order by t.at), '{}')
                        from (select u.tag, min(u.at) as at from unnest(c.tags || $3::text[]) with ordinality u (tag, at)
                              where u.tag <> all($4::text[]) group by u.tag) t)
         where c.org_id = $1 and c.id = any($2)",
        tx.org() as _,
        &ids,
        &what.add,
        &what.remove,
        tx.actor().0,
    )
    .execute(tx.conn())
    .await?;
    let full = sqlx::query_scalar!(
        r#"select coalesce(max(cardinality(c.tags)), 0) as "most!" from app.contacts c where c.org_id = $1 and c.id = any($2)"#,
        tx.org() as _,
        &ids,
    )
    .fetch_one(tx.conn())
    .await?;
    if usize::try_from(full).is_ok_and(|most| most > TAGS) {
        return Err(Error::invalid(
            "add",
            format!("A contact has at most {TAGS} tags, and one of these has as many."),
        ));
    }
    done(core, tx, Action::Update, &ids, "tags").await
}

pub async fn delete(core: &Core, caller: &Caller, what: DeleteContacts) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Delete, Kind::Contact).await?;
    let ids = lock(&mut tx, &what.ids).await?;
    delete_rows(&mut tx, &ids).await?;
    crud::commit(core, tx).await
}

/// Deletes all contacts of these folders.
pub(crate) async fn delete_in(tx: &mut OrgTx, folders: &[Uuid]) -> Result<()> {
    let ids: Vec<Uuid> = sqlx::query!(
        "select c.id from app.contacts c where c.org_id = $1 and c.folder_id = any($2) order by c.id for update",
        tx.org() as _,
        folders,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(|row| row.id.uuid())
    .collect();
    delete_rows(tx, &ids).await
}

async fn delete_rows(tx: &mut OrgTx, ids: &[Uuid]) -> Result<()> {
    record(tx, Action::Delete, ids, None).await?;
    store::unlink_calls(tx, ids).await?;
    sqlx::query!(
        "delete from app.contacts where org_id = $1 and id = any($2)",
        tx.org() as _,
        ids,
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::Contact);
    Ok(())
}

/// Locks them in one order, whoever else does the same; nothing is done where one is not there.
async fn lock(tx: &mut OrgTx, ids: &[Id<Contact>]) -> Result<Vec<Uuid>> {
    let mut ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() > MOST {
        return Err(Error::invalid("ids", format!("Choose 1 to {MOST} contacts.")));
    }
    let there = sqlx::query!(
        "select c.id from app.contacts c where c.org_id = $1 and c.id = any($2) order by c.id for update",
        tx.org() as _,
        &ids,
    )
    .fetch_all(tx.conn())
    .await?;
    if there.len() == ids.len() {
        Ok(ids)
    } else {
        Err(Error::NotFound)
    }
}

async fn done(core: &Core, mut tx: OrgTx, action: Action, ids: &[Uuid], field: &str) -> Result<()> {
    record(&mut tx, action, ids, Some(field)).await?;
    tx.changed(Kind::Contact);
    crud::commit(core, tx).await
}

/// An entry of the log for each, so that the history of every one of them is whole.
async fn record(tx: &mut OrgTx, action: Action, ids: &[Uuid], field: Option<&str>) -> Result<()> {
    let names = sqlx::query!(
        "select c.id, coalesce(nullif(c.name, ''), c.phone) as name from app.contacts c where c.org_id = $1 and c.id = any($2)",
        tx.org() as _,
        ids,
    )
    .fetch_all(tx.conn())
    .await?;
    let objects: Vec<_> = names
        .into_iter()
        .map(|row| (row.id.to_string(), row.name.unwrap_or_default()))
        .collect();
    audit::record_many(tx, action, Kind::Contact, &objects, field).await
}
