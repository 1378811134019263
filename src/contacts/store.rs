//! The statements of contacts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use super::{Contact, ContactDraft, ContactFacets, ContactFilter, ContactRow};
use crate::{
    crud::{Local, Rows},
    db::OrgTx,
    error::{Error, Result, ResultExt},
    folders::{self, Folder},
    id::Id,
    listing::{Position, Window},
    phone::PhoneNumber,
    resource::Kind,
};

/// One row of app.contacts.
struct ContactRecord {
    id: Id<Contact>,
    name: String,
    phone: Option<String>,
    email: String,
    company: String,
    language: String,
    time_zone: String,
    folder_id: Option<Id<Folder>>,
    tags: Vec<String>,
    custom: Json<BTreeMap<String, String>>,
    notes: String,
    revision: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    updated_by: String,
}

impl From<ContactRecord> for Contact {
    fn from(row: ContactRecord) -> Self {
        Self {
            id: row.id,
            draft: ContactDraft {
                name: row.name,
                phone: row.phone.unwrap_or_default(),
                email: row.email,
                company: row.company,
                language: row.language,
                time_zone: row.time_zone,
                folder_id: row.folder_id,
                tags: row.tags,
                custom: row.custom.0,
                notes: row.notes,
            },
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        }
    }
}

/// The draft's number as it is dialed, if it has one.
pub(super) fn phone(draft: &ContactDraft) -> Result<Option<PhoneNumber>, String> {
    match draft.phone.trim() {
        "" => Ok(None),
        text => PhoneNumber::parse(text).map(Some),
    }
}

fn dialed(draft: &ContactDraft) -> Result<Option<String>> {
    let phone = phone(draft).map_err(|says| Error::invalid("phone", says))?;
    Ok(phone.map(|phone| phone.e164().to_owned()))
}

fn taken() -> Error {
    Error::invalid("phone", "Another contact has this number.")
}

impl Rows for Contact {
    type Writes = Local;
    const TABLE: &'static str = "app.contacts";

    async fn page(tx: &mut OrgTx, filter: &ContactFilter, window: Window) -> Result<Vec<ContactRow>> {
        if let Some(folder) = filter.folder_id {
            let folders = folders::within(tx, folder).await?;
            return page_of_folders(tx, &folders, filter, window).await;
        }
        Ok(sqlx::query_as!(
            ContactRow,
            r#"select c.id, c.name, coalesce(c.phone, '') as "phone!", c.email, c.company, c.language, c.time_zone, c.folder_id, c.tags,
                      c.created_at, c.updated_at
               from app.contacts c
               where c.org_id = $1 and (c.created_at, c.id) < ($2, $3)
                 and ($4::text is null or position(lower($4) in lower(concat_ws(' ', c.name, c.phone, c.email, c.company,
                   array_to_string(c.tags, ' '), c.notes))) > 0)
                 and ($5::bool is null or (c.folder_id is null) = $5)
                 and ($6::text is null or $6 = any(c.tags))
                 and ($7::text is null or c.language = $7)
               order by c.created_at desc, c.id desc
               limit $8"#,
            tx.org() as _,
            window.after.at,
            window.after.id,
            filter.q.as_deref().filter(|q| !q.is_empty()),
            filter.unfiled,
            filter.tag.as_deref().filter(|tag| !tag.is_empty()),
            filter.language.as_deref().filter(|language| !language.is_empty()),
            window.fetch(),
        )
        .fetch_all(tx.conn())
        .await?)
    }

    fn position(row: &ContactRow) -> Position {
        Position {
            at: row.created_at,
            id: row.id.uuid(),
        }
    }

    async fn facets(tx: &mut OrgTx) -> Result<ContactFacets> {
        let counts = sqlx::query!(
            r#"select c.folder_id, count(*) as "count!" from app.contacts c where c.org_id = $1 group by c.folder_id"#,
            tx.org() as _,
        )
        .fetch_all(tx.conn())
        .await?;
        let tags = sqlx::query_scalar!(
            r#"select distinct tag as "tag!" from app.contacts c, unnest(c.tags) tag where c.org_id = $1 order by 1 limit 100"#,
            tx.org() as _,
        )
        .fetch_all(tx.conn())
        .await?;
        let languages = sqlx::query_scalar!(
            "select distinct c.language from app.contacts c where c.org_id = $1 and c.language <> '' order by 1",
            tx.org() as _,
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(ContactFacets {
            all: counts.iter().map(|row| row.count).sum(),
            folders: counts
                .iter()
                .filter_map(|row| Some((row.folder_id?, row.count)))
                .collect(),
            tags,
            languages,
        })
    }

    async fn find(tx: &mut OrgTx, id: Id<Contact>) -> Result<Contact> {
        let row = sqlx::query_as!(
            ContactRecord,
            "select c.id, c.name, c.phone, c.email, c.company, c.language, c.time_zone, c.folder_id, c.tags, c.custom, c.notes,
                    c.revision, c.created_at, c.updated_at, c.updated_by
             from app.contacts c where c.org_id = $1 and c.id = $2",
            tx.org() as _,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(row.into())
    }

    /// Refuses a number that another contact has, with the way there, and a folder that is gone.
    async fn check(tx: &mut OrgTx, id: Id<Contact>, draft: &ContactDraft) -> Result<()> {
        if let Some(folder) = draft.folder_id {
            folders::must_exist(tx, folder).await?;
        }
        let Some(phone) = dialed(draft)? else {
            return Ok(());
        };
        let other = sqlx::query!(
            "select c.id, c.name from app.contacts c where c.org_id = $1 and c.phone = $2 and c.id <> $3",
            tx.org() as _,
            phone,
            id.uuid(),
        )
        .fetch_optional(tx.conn())
        .await?;
        match other {
            None => Ok(()),
            Some(other) => {
                let name = if other.name.is_empty() {
                    "A contact without a name"
                } else {
                    &other.name
                };
                let says = format!("{name} already has this number.");
                Err(Error::invalid_with_link(
                    "phone",
                    says,
                    format!("/contacts/{}", other.id),
                ))
            }
        }
    }

    async fn insert(tx: &mut OrgTx, id: Id<Contact>, draft: &ContactDraft) -> Result<()> {
        let phone = dialed(draft)?;
        sqlx::query!(
            "insert into app.contacts (org_id, id, name, phone, email, company, language, time_zone, folder_id, tags, custom, notes, updated_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            tx.org() as _,
            id.uuid(),
            draft.name.trim(),
            phone,
            draft.email.trim(),
            draft.company.trim(),
            draft.language,
            draft.time_zone,
            draft.folder_id.map(Id::uuid),
            &draft.tags,
            Json(&draft.custom) as _,
            draft.notes,
            tx.actor().0,
        )
        .execute(tx.conn())
        .await
        .on_constraint("contacts_phone_unique", taken)?;
        link_calls(tx, id, phone.as_deref()).await
    }

    async fn update(tx: &mut OrgTx, id: Id<Contact>, draft: &ContactDraft, revision: i64) -> Result<bool> {
        let phone = dialed(draft)?;
        let saved = sqlx::query!(
            "update app.contacts set name = $3, phone = $4, email = $5, company = $6, language = $7, time_zone = $8, folder_id = $9,
                    tags = $10, custom = $11, notes = $12, revision = revision + 1, updated_at = now(), updated_by = $13
             where org_id = $1 and id = $2 and revision = $14",
            tx.org() as _,
            id.uuid(),
            draft.name.trim(),
            phone,
            draft.email.trim(),
            draft.company.trim(),
            draft.language,
            draft.time_zone,
            draft.folder_id.map(Id::uuid),
            &draft.tags,
            Json(&draft.custom) as _,
            draft.notes,
            tx.actor().0,
            revision,
        )
        .execute(tx.conn())
        .await
        .on_constraint("contacts_phone_unique", taken)?;
        link_calls(tx, id, phone.as_deref()).await?;
        Ok(saved.rows_affected() == 1)
    }

    /// The calls with this person stay, with nobody's name.
    async fn delete(tx: &mut OrgTx, id: Id<Contact>) -> Result<bool> {
        unlink_calls(tx, &[id.uuid()]).await?;
        let gone = sqlx::query!(
            "delete from app.contacts where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid()
        )
        .execute(tx.conn())
        .await?;
        Ok(gone.rows_affected() == 1)
    }
}

/// The same page, of these folders: each is read along its own index, however many contacts there are beside. Its columns and
/// its search are those of `page`, and change with them.
async fn page_of_folders(
    tx: &mut OrgTx,
    folders: &[Uuid],
    filter: &ContactFilter,
    window: Window,
) -> Result<Vec<ContactRow>> {
    Ok(sqlx::query_as!(
        ContactRow,
        r#"select c.id as "id!: Id<Contact>", c.name as "name!", coalesce(c.phone, '') as "phone!", c.email as "email!", c.company as "company!",
                  c.language as "language!", c.time_zone as "time_zone!", c.folder_id as "folder_id: Id<Folder>", c.tags as "tags!",
                  c.created_at as "created_at!", c.updated_at as "updated_at!"
           from unnest($9::uuid[]) f (id)
             cross join lateral (
               select * from app.contacts c
               where c.org_id = $1 and c.folder_id = f.id and (c.created_at, c.id) < ($2, $3)
                 and ($4::text is null or position(lower($4) in lower(concat_ws(' ', c.name, c.phone, c.email, c.company,
                   array_to_string(c.tags, ' '), c.notes))) > 0)
                 and ($5::bool is null or not $5)
                 and ($6::text is null or $6 = any(c.tags))
                 and ($7::text is null or c.language = $7)
               order by c.created_at desc, c.id desc
               limit $8) c
           order by c.created_at desc, c.id desc
           limit $8"#,
        tx.org() as _,
        window.after.at,
        window.after.id,
        filter.q.as_deref().filter(|q| !q.is_empty()),
        filter.unfiled,
        filter.tag.as_deref().filter(|tag| !tag.is_empty()),
        filter.language.as_deref().filter(|language| !language.is_empty()),
        window.fetch(),
        folders,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Who has this number; until the transaction ends, they do.
pub(crate) async fn by_phone(tx: &mut OrgTx, phone: &str) -> Result<Option<(Id<Contact>, String)>> {
    let found = sqlx::query!(
        "select c.id, coalesce(nullif(c.name, ''), c.phone) as name from app.contacts c
         where c.org_id = $1 and c.phone = $2 for key share",
        tx.org() as _,
        phone,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|row| (row.id, row.name.unwrap_or_default())))
}

/// `NotFound` where it is not.
pub(crate) async fn must_exist(tx: &mut OrgTx, id: Id<Contact>) -> Result<()> {
    sqlx::query!(
        "select c.id from app.contacts c where c.org_id = $1 and c.id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

/// Calls with a number before anybody had it.
async fn link_calls(tx: &mut OrgTx, id: Id<Contact>, phone: Option<&str>) -> Result<()> {
    let Some(phone) = phone else {
        return Ok(());
    };
    let linked = sqlx::query!(
        "update app.calls set contact_id = $2 where org_id = $1 and contact_id is null and to_number = $3",
        tx.org() as _,
        id.uuid(),
        phone,
    )
    .execute(tx.conn())
    .await?;
    if linked.rows_affected() > 0 {
        tx.changed(Kind::Call);
    }
    Ok(())
}

pub(super) async fn unlink_calls(tx: &mut OrgTx, ids: &[Uuid]) -> Result<()> {
    let unlinked = sqlx::query!(
        "update app.calls set contact_id = null where org_id = $1 and contact_id = any($2)",
        tx.org() as _,
        ids,
    )
    .execute(tx.conn())
    .await?;
    if unlinked.rows_affected() > 0 {
        tx.changed(Kind::Call);
    }
    Ok(())
}
