//! Marks: what people put on calls: tags to find them by, and notes to each other.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Call;
use crate::{
    check::{Check, Checked},
    contacts::check_tags,
    id::Id,
    metadata::Metadata,
};

/// How many calls are changed at once.
pub const MOST_AT_ONCE: usize = 1_000;
const LONGEST_NOTE: usize = 4_000;

/// Tags for many calls at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TagCalls {
    #[cfg_attr(feature = "ssr", schema(min_items = 1, max_items = 1000))]
    pub ids: Vec<Id<Call>>,
    #[serde(default)]
    pub add: Vec<String>,
    #[serde(default)]
    pub remove: Vec<String>,
}

impl Checked for TagCalls {
    fn check(&self, check: &mut Check) {
        check_tags(check, "add", &self.add);
        if self.add.is_empty() && self.remove.is_empty() {
            check.fail("add", "Name a tag.");
        }
        check.beyond("add", "no tag is named, or a call would have more than it may");
    }
}

/// Calls to delete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeleteCalls {
    #[cfg_attr(feature = "ssr", schema(min_items = 1, max_items = 1000))]
    pub ids: Vec<Id<Call>>,
}

/// What of a call may be changed afterwards. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CallChange {
    /// All of them: what is not said is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// All of it: what is not said is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

impl Checked for CallChange {
    fn check(&self, check: &mut Check) {
        check_tags(check, "tags", self.tags.as_deref().unwrap_or_default());
        if let Some(metadata) = &self.metadata {
            crate::metadata::check(check, metadata);
        }
    }
}

/// What somebody wrote beside a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Note {
    pub id: Uuid,
    pub text: String,
    /// A person or an API key.
    pub written_by: String,
    /// Empty where it is not known any more.
    pub author: String,
    pub written_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    pub text: String,
}

impl Checked for NewNote {
    fn check(&self, check: &mut Check) {
        check.text("text", &self.text, 1..=LONGEST_NOTE);
    }
}

#[cfg(feature = "ssr")]
pub mod tags {
    //! Tags of calls.

    use uuid::Uuid;

    use super::{Call, CallChange, Check, Id, MOST_AT_ONCE, Metadata, TagCalls};
    use crate::{
        audit,
        auth::Caller,
        calls::store,
        contacts::TAGS,
        core::Core,
        crud,
        db::OrgTx,
        error::{Error, Result},
        resource::{Action, Kind},
    };

    /// Tags many calls, or none where one of them is not there.
    pub async fn tag(core: &Core, caller: &Caller, what: TagCalls) -> Result<()> {
        Check::run(&what)?;
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        let ids = lock_all(&mut tx, &what.ids).await?;
        remove(&mut tx, &ids, &what.remove).await?;
        add(&mut tx, &ids, &what.add, "add").await?;
        record(&mut tx, Action::Update, &ids, Some("tags")).await?;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await
    }

    /// Changes tags and metadata of one call.
    pub async fn change(core: &Core, caller: &Caller, id: Id<Call>, patch: CallChange) -> Result<Call> {
        Check::run(&patch)?;
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        let before = store::lock(&mut tx, id).await?.call;
        let ids = [id.uuid()];
        if let Some(tags) = &patch.tags {
            remove(&mut tx, &ids, &before.tags).await?;
            add(&mut tx, &ids, tags, "tags").await?;
        }
        if let Some(metadata) = &patch.metadata {
            write_metadata(&mut tx, id, metadata).await?;
        }
        for (field, changed) in [("tags", patch.tags.is_some()), ("metadata", patch.metadata.is_some())] {
            if changed {
                record(&mut tx, Action::Update, &ids, Some(field)).await?;
            }
        }
        let call = store::find(&mut tx, id).await?.call;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await?;
        Ok(call)
    }

    async fn write_metadata(tx: &mut OrgTx, id: Id<Call>, metadata: &Metadata) -> Result<()> {
        sqlx::query!(
            "update app.calls set metadata = $3, updated_at = now() where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid(),
            sqlx::types::Json(metadata) as _,
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }

    async fn add(tx: &mut OrgTx, ids: &[Uuid], tags: &[String], field: &str) -> Result<()> {
        sqlx::query!(
            "insert into app.call_tags (org_id, call_id, tag, at)
             select c.org_id, c.id, t.tag, c.created_at from app.calls c cross join unnest($3::text[]) t (tag)
             where c.org_id = $1 and c.id = any($2)
             on conflict (org_id, call_id, tag) do nothing",
            tx.org() as _,
            ids,
            tags,
        )
        .execute(tx.conn())
        .await?;
        let most = sqlx::query_scalar!(
            r#"select coalesce(max(of_one.tags), 0) as "most!"
               from (select count(*) as tags from app.call_tags t where t.org_id = $1 and t.call_id = any($2) group by t.call_id) of_one"#,
            tx.org() as _,
            ids,
        )
        .fetch_one(tx.conn())
        .await?;
        if usize::try_from(most).is_ok_and(|most| most > TAGS) {
            return Err(Error::invalid(
                field,
                format!("A call has at most {TAGS} tags, and one of these would have more."),
            ));
        }
        Ok(())
    }

    async fn remove(tx: &mut OrgTx, ids: &[Uuid], tags: &[String]) -> Result<()> {
        sqlx::query!(
            "delete from app.call_tags where org_id = $1 and call_id = any($2) and tag = any($3)",
            tx.org() as _,
            ids,
            tags,
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }

    /// Locks them in one order, whoever else does the same; nothing is done where one is not there.
    pub(crate) async fn lock_all(tx: &mut OrgTx, ids: &[Id<Call>]) -> Result<Vec<Uuid>> {
        let mut ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() || ids.len() > MOST_AT_ONCE {
            return Err(Error::invalid("ids", format!("Choose 1 to {MOST_AT_ONCE} calls.")));
        }
        let there = sqlx::query!(
            "select c.id from app.calls c where c.org_id = $1 and c.id = any($2) order by c.id for update",
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

    /// An entry of the log for each, so that the history of every one of them is whole.
    pub(crate) async fn record(tx: &mut OrgTx, action: Action, ids: &[Uuid], field: Option<&str>) -> Result<()> {
        let names = sqlx::query!(
            "select c.id, c.agent_name from app.calls c where c.org_id = $1 and c.id = any($2) order by c.id",
            tx.org() as _,
            ids,
        )
        .fetch_all(tx.conn())
        .await?;
        let objects: Vec<_> = names
            .into_iter()
            .map(|row| (row.id.to_string(), row.agent_name))
            .collect();
        audit::record_many(tx, action, Kind::Call, &objects, field).await
    }
}

#[cfg(feature = "ssr")]
pub mod notes {
    //! Notes beside calls.

    use uuid::Uuid;

    use super::{Call, Check, Id, NewNote, Note};
    use crate::{
        audit,
        auth::Caller,
        calls::store,
        core::Core,
        crud,
        db::OrgTx,
        error::{Error, Result},
        resource::{Action, Kind},
    };

    /// Beyond so many somebody is writing a program, not notes.
    const MOST: i64 = 200;

    pub async fn list(core: &Core, caller: &Caller, id: Id<Call>) -> Result<Vec<Note>> {
        let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
        store::find(&mut tx, id).await?;
        let notes = all(&mut tx, id).await?;
        tx.commit().await?;
        Ok(notes)
    }

    pub async fn write(core: &Core, caller: &Caller, id: Id<Call>, note: NewNote) -> Result<Note> {
        Check::run(&note)?;
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        let call = store::lock(&mut tx, id).await?.call;
        let written = Uuid::now_v7();
        let author = tx.actor().0;
        let inserted = sqlx::query!(
            "insert into app.call_notes (org_id, call_id, id, text, written_by)
             select c.org_id, c.id, $3, $4, $5 from app.calls c
             where c.org_id = $1 and c.id = $2
               and (select count(*) from app.call_notes n where n.org_id = $1 and n.call_id = $2) < $6",
            tx.org() as _,
            id.uuid(),
            written,
            note.text.trim(),
            author,
            MOST,
        )
        .execute(tx.conn())
        .await?;
        if inserted.rows_affected() == 0 {
            return Err(Error::invalid(
                "text",
                format!("A call has at most {MOST} notes. Delete one first."),
            ));
        }
        audit::record_verb(&mut tx, "note", Kind::Call, &id.to_string(), &call.agent_name).await?;
        let notes = all(&mut tx, id).await?;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await?;
        notes.into_iter().find(|note| note.id == written).ok_or(Error::NotFound)
    }

    pub async fn delete(core: &Core, caller: &Caller, id: Id<Call>, note: Uuid) -> Result<()> {
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        let call = store::lock(&mut tx, id).await?.call;
        let deleted = sqlx::query!(
            "delete from app.call_notes where org_id = $1 and call_id = $2 and id = $3",
            tx.org() as _,
            id.uuid(),
            note,
        )
        .execute(tx.conn())
        .await?;
        if deleted.rows_affected() == 0 {
            return Err(Error::NotFound);
        }
        audit::record_verb(&mut tx, "delete_note", Kind::Call, &id.to_string(), &call.agent_name).await?;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await
    }

    pub(crate) async fn all(tx: &mut OrgTx, id: Id<Call>) -> Result<Vec<Note>> {
        Ok(sqlx::query_as!(
            Note,
            r#"select n.id, n.text, n.written_by, coalesce(u.name, k.name, '') as "author!", n.written_at
               from app.call_notes n
                 left join app.users u on u.org_id = n.org_id and u.user_id = n.written_by
                 left join app.api_keys k on k.org_id = n.org_id and k.id::text = n.written_by
               where n.org_id = $1 and n.call_id = $2 order by n.written_at, n.id"#,
            tx.org() as _,
            id.uuid(),
        )
        .fetch_all(tx.conn())
        .await?)
    }
}
