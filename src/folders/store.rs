//! The statements of folders.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{DEEPEST, Folder, FolderColor, FolderDraft, FolderFilter, FolderRow, MOST};
use crate::{
    crud::{Local, Rows},
    db::OrgTx,
    error::{Error, Result, ResultExt},
    export::{CsvRow, api_word, timestamp},
    id::Id,
    listing::{Position, Window},
    resource::Kind,
};

/// One row of app.contact_folders.
struct FolderRecord {
    id: Id<Folder>,
    name: String,
    parent_id: Option<Id<Folder>>,
    color: FolderColor,
    revision: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    updated_by: String,
}

impl From<FolderRecord> for Folder {
    fn from(row: FolderRecord) -> Self {
        Self {
            id: row.id,
            draft: FolderDraft {
                name: row.name,
                parent_id: row.parent_id,
                color: row.color,
            },
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        }
    }
}

impl CsvRow for FolderRow {
    const HEADERS: &'static [&'static str] = &["id", "name", "parent_id", "color", "created_at", "changed_at"];

    fn cells(self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name,
            self.parent_id.map(|id| id.to_string()).unwrap_or_default(),
            api_word(self.color),
            timestamp(self.created_at),
            timestamp(self.updated_at),
        ]
    }
}

impl Rows for Folder {
    type Writes = Local;
    const TABLE: &'static str = "app.contact_folders";

    async fn page(tx: &mut OrgTx, filter: &FolderFilter, window: Window) -> Result<Vec<FolderRow>> {
        Ok(sqlx::query_as!(
            FolderRow,
            "select f.id, f.name, f.parent_id, f.color, f.revision, f.created_at, f.updated_at
             from app.contact_folders f
             where f.org_id = $1 and (f.created_at, f.id) < ($2, $3)
               and ($4::text is null or position(lower($4) in f.name_norm) > 0)
             order by f.created_at desc, f.id desc
             limit $5",
            tx.org() as _,
            window.after.at,
            window.after.id,
            filter.q.as_deref().filter(|q| !q.is_empty()),
            window.fetch(),
        )
        .fetch_all(tx.conn())
        .await?)
    }

    fn position(row: &FolderRow) -> Position {
        Position {
            at: row.created_at,
            id: row.id.uuid(),
        }
    }

    async fn facets(_: &mut OrgTx) -> Result<()> {
        Ok(())
    }

    async fn find(tx: &mut OrgTx, id: Id<Folder>) -> Result<Folder> {
        let row = sqlx::query_as!(
            FolderRecord,
            "select f.id, f.name, f.parent_id, f.color, f.revision, f.created_at, f.updated_at, f.updated_by
             from app.contact_folders f where f.org_id = $1 and f.id = $2",
            tx.org() as _,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(row.into())
    }

    /// A folder lies in one that is there, not in itself or below, and not too deep.
    async fn check(tx: &mut OrgTx, id: Id<Folder>, draft: &FolderDraft) -> Result<()> {
        // Whoever moves folders takes turns: two moves at once could put each of two folders inside the other.
        let others = sqlx::query!(
            "select f.id from app.contact_folders f where f.org_id = $1 and f.id <> $2 order by f.id for update",
            tx.org() as _,
            id.uuid(),
        )
        .fetch_all(tx.conn())
        .await?;
        if others.len() >= MOST {
            return Err(Error::invalid(
                "name",
                format!("There are {MOST} folders already. Delete one first."),
            ));
        }
        let Some(parent) = draft.parent_id else {
            return Ok(());
        };
        let above = sqlx::query!(
            r#"with recursive above as (
                 select f.id, f.parent_id, 1 as depth from app.contact_folders f where f.org_id = $1 and f.id = $2
                 union all
                 select f.id, f.parent_id, a.depth + 1 from above a
                   join app.contact_folders f on f.org_id = $1 and f.id = a.parent_id where a.depth < 50)
               select count(*) as "depth!", coalesce(bool_or(a.id = $3), false) as "inside_itself!" from above a"#,
            tx.org() as _,
            parent.uuid(),
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        let below = sqlx::query_scalar!(
            r#"with recursive below as (
                 select f.id, 1 as depth from app.contact_folders f where f.org_id = $1 and f.id = $2
                 union all
                 select f.id, b.depth + 1 from below b
                   join app.contact_folders f on f.org_id = $1 and f.parent_id = b.id where b.depth < 50)
               select coalesce(max(b.depth), 1) as "levels!" from below b"#,
            tx.org() as _,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        let levels = above.depth + i64::from(below);
        match above.depth {
            0 => Err(Error::invalid("parent_id", "This folder is gone. Choose another.")),
            _ if above.inside_itself => Err(Error::invalid("parent_id", "A folder cannot lie inside itself.")),
            _ if levels > DEEPEST as i64 => Err(Error::invalid(
                "parent_id",
                format!("Folders lie at most {DEEPEST} deep; this would be {levels}."),
            )),
            _ => Ok(()),
        }
    }

    async fn insert(tx: &mut OrgTx, id: Id<Folder>, draft: &FolderDraft) -> Result<()> {
        sqlx::query!(
            "insert into app.contact_folders (org_id, id, name, parent_id, color, updated_by) values ($1, $2, $3, $4, $5, $6)",
            tx.org() as _,
            id.uuid(),
            draft.name.trim(),
            draft.parent_id.map(Id::uuid),
            draft.color as _,
            tx.actor().0,
        )
        .execute(tx.conn())
        .await
        .on_constraint("contact_folders_name_unique", || Error::taken("name"))?;
        Ok(())
    }

    async fn update(tx: &mut OrgTx, id: Id<Folder>, draft: &FolderDraft, revision: i64) -> Result<bool> {
        let saved = sqlx::query!(
            "update app.contact_folders set name = $3, parent_id = $4, color = $5, revision = revision + 1, updated_at = now(),
                    updated_by = $6
             where org_id = $1 and id = $2 and revision = $7",
            tx.org() as _,
            id.uuid(),
            draft.name.trim(),
            draft.parent_id.map(Id::uuid),
            draft.color as _,
            tx.actor().0,
            revision,
        )
        .execute(tx.conn())
        .await
        .on_constraint("contact_folders_name_unique", || Error::taken("name"))?;
        Ok(saved.rows_affected() == 1)
    }

    /// What lies in the folder moves to where the folder was.
    async fn delete(tx: &mut OrgTx, id: Id<Folder>) -> Result<bool> {
        sqlx::query!(
            "update app.contacts c set folder_id = g.parent_id
             from app.contact_folders g
             where c.org_id = $1 and c.folder_id = $2 and g.org_id = $1 and g.id = $2",
            tx.org() as _,
            id.uuid(),
        )
        .execute(tx.conn())
        .await?;
        tx.changed(Kind::Contact);
        // A folder inside may be called like this one, which is about to make room for it.
        sqlx::query!(
            "update app.contact_folders set name = id::text where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid(),
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "update app.contact_folders f set parent_id = g.parent_id
             from app.contact_folders g
             where f.org_id = $1 and f.parent_id = $2 and g.org_id = $1 and g.id = $2",
            tx.org() as _,
            id.uuid(),
        )
        .execute(tx.conn())
        .await
        .on_constraint("contact_folders_name_unique", || {
            Error::Conflict("A folder inside is called like one beside. Rename one of them first.".into())
        })?;
        let gone = sqlx::query!(
            "delete from app.contact_folders where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid()
        )
        .execute(tx.conn())
        .await?;
        Ok(gone.rows_affected() == 1)
    }
}

/// The folder and all inside it; `NotFound` where it is not there.
pub(crate) async fn within(tx: &mut OrgTx, id: Id<Folder>) -> Result<Vec<Uuid>> {
    let within = sqlx::query_scalar!(
        r#"with recursive within as (
             select f.id, 1 as depth from app.contact_folders f where f.org_id = $1 and f.id = $2
             union all
             select f.id, w.depth + 1 from within w
               join app.contact_folders f on f.org_id = $1 and f.parent_id = w.id where w.depth < 50)
           select w.id as "id!: Uuid" from within w"#,
        tx.org() as _,
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    if within.is_empty() {
        Err(Error::NotFound)
    } else {
        Ok(within)
    }
}

/// Says beside the field that the folder is gone; until the transaction ends, it is not.
pub(crate) async fn must_exist(tx: &mut OrgTx, id: Id<Folder>) -> Result<()> {
    let there = sqlx::query!(
        "select f.id from app.contact_folders f where f.org_id = $1 and f.id = $2 for key share",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    match there {
        Some(_) => Ok(()),
        None => Err(Error::invalid("folder_id", "This folder is gone. Choose another.")),
    }
}

/// All of them, by name: what a tree is drawn of.
pub(crate) async fn all(tx: &mut OrgTx) -> Result<Vec<FolderRow>> {
    Ok(sqlx::query_as!(
        FolderRow,
        "select f.id, f.name, f.parent_id, f.color, f.revision, f.created_at, f.updated_at
         from app.contact_folders f where f.org_id = $1 order by f.name_norm, f.id",
        tx.org() as _,
    )
    .fetch_all(tx.conn())
    .await?)
}
