//! The statements of sources, of the files they are read from, and of checks.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{
    FetchedPage, KnowledgeBase, KnowledgeCheck, KnowledgeCheckDraft, KnowledgeSource, SourceDraft, SourceKind,
    SourceState, crawl::Site,
};
use crate::{
    db::OrgTx,
    error::{Error, Result},
    id::Id,
};

/// As many sources as a knowledge base may have.
pub(super) const MOST_SOURCES: i64 = 200;
/// As many checks.
pub(super) const MOST_CHECKS: i64 = 20;
/// As many passages.
pub(super) const MOST_PASSAGES: i64 = 20_000;
/// As many as are listed where none is asked for.
const LISTED: i64 = 500;

/// One row of app.knowledge_sources.
struct SourceRecord {
    id: Id<KnowledgeSource>,
    base_id: Id<KnowledgeBase>,
    kind: SourceKind,
    name: String,
    enabled: bool,
    state: SourceState,
    note: String,
    content_type: String,
    bytes: i32,
    pages: Option<i32>,
    passages: i32,
    created_at: DateTime<Utc>,
    created_by: String,
    read_at: Option<DateTime<Utc>>,
    url: String,
    depth: i32,
    page_limit: i32,
    every_days: i32,
    due_at: Option<DateTime<Utc>>,
    fetched: Json<Vec<FetchedPage>>,
}

impl From<SourceRecord> for KnowledgeSource {
    fn from(row: SourceRecord) -> Self {
        Self {
            id: row.id,
            base_id: row.base_id,
            kind: row.kind,
            name: row.name,
            enabled: row.enabled,
            state: row.state,
            note: row.note,
            content_type: row.content_type,
            bytes: row.bytes,
            pages: row.pages,
            passages: row.passages,
            created_at: row.created_at,
            created_by: row.created_by,
            read_at: row.read_at,
            url: row.url,
            depth: row.depth,
            page_limit: row.page_limit,
            every_days: row.every_days,
            due_at: row.due_at,
            fetched: row.fetched.0,
        }
    }
}

pub(super) async fn find(tx: &mut OrgTx, id: Id<KnowledgeSource>) -> Result<KnowledgeSource> {
    let found = sqlx::query_as!(
        SourceRecord,
        "select s.id, s.base_id, s.kind, s.name, s.enabled, s.state, s.note, s.content_type, s.bytes, s.pages, s.passages,
                s.created_at, s.created_by, s.read_at, s.url, s.depth, s.page_limit, s.every_days, s.due_at, s.fetched
         from app.knowledge_sources s where s.org_id = $1 and s.id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(found.into())
}

/// The newest first.
pub(super) async fn list(tx: &mut OrgTx, base: Option<Id<KnowledgeBase>>) -> Result<Vec<KnowledgeSource>> {
    let found = sqlx::query_as!(
        SourceRecord,
        "select s.id, s.base_id, s.kind, s.name, s.enabled, s.state, s.note, s.content_type, s.bytes, s.pages, s.passages,
                s.created_at, s.created_by, s.read_at, s.url, s.depth, s.page_limit, s.every_days, s.due_at, s.fetched
         from app.knowledge_sources s where s.org_id = $1 and ($2::uuid is null or s.base_id = $2)
         order by s.created_at desc, s.id desc limit $3",
        tx.org() as _,
        base.map(Id::uuid),
        LISTED,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(KnowledgeSource::from).collect())
}

/// Keeps others from adding to a base until the transaction ends; `NotFound` where there is none.
pub(super) async fn lock_base(tx: &mut OrgTx, base: Id<KnowledgeBase>) -> Result<()> {
    sqlx::query_scalar!(
        "select b.id from app.knowledge_bases b where b.org_id = $1 and b.id = $2 for no key update",
        tx.org() as _,
        base.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

/// The source of this name, and how many the base has.
pub(super) async fn named(
    tx: &mut OrgTx,
    base: Id<KnowledgeBase>,
    name: &str,
) -> Result<(Option<Id<KnowledgeSource>>, i64)> {
    let there = sqlx::query!(
        r#"select count(*) as "all!", min(s.id::text) filter (where s.name = $3 and s.kind = 'file') as named
           from app.knowledge_sources s where s.org_id = $1 and s.base_id = $2"#,
        tx.org() as _,
        base.uuid(),
        name,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((there.named.and_then(|id| id.parse().ok()), there.all))
}

/// What a source is made of.
pub(super) struct Content<'a> {
    pub name: &'a str,
    pub content_type: &'a str,
    pub bytes: &'a [u8],
    pub sha256: String,
}

impl Content<'_> {
    fn length(&self) -> i32 {
        i32::try_from(self.bytes.len()).unwrap_or(i32::MAX)
    }
}

pub(super) async fn insert(
    tx: &mut OrgTx,
    id: Id<KnowledgeSource>,
    base: Id<KnowledgeBase>,
    kind: SourceKind,
    content: &Content<'_>,
) -> Result<()> {
    sqlx::query!(
        "insert into app.knowledge_sources (org_id, id, base_id, kind, name, content_type, bytes, sha256, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tx.org() as _,
        id.uuid(),
        base.uuid(),
        kind as _,
        content.name,
        content.content_type,
        content.length(),
        content.sha256,
        tx.actor().0,
    )
    .execute(tx.conn())
    .await?;
    store_file(tx, id, content.bytes).await
}

/// A website, of which nothing is here yet.
pub(super) async fn insert_site(tx: &mut OrgTx, id: Id<KnowledgeSource>, draft: &SourceDraft) -> Result<()> {
    sqlx::query!(
        "insert into app.knowledge_sources (org_id, id, base_id, kind, name, url, depth, page_limit, every_days, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tx.org() as _,
        id.uuid(),
        draft.base_id.uuid(),
        draft.kind as _,
        draft.name.trim(),
        draft.url.trim(),
        draft.depth,
        draft.page_limit,
        draft.every_days,
        tx.actor().0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// As [`begin`], for a website.
pub(super) async fn begin_site(tx: &mut OrgTx, id: Id<KnowledgeSource>) -> Result<Option<Site>> {
    Ok(sqlx::query_as!(
        Site,
        "update app.knowledge_sources s set state = 'reading'
         where s.org_id = $1 and s.id = $2 and s.state in ('waiting', 'reading') and s.kind in ('address', 'sitemap')
         returning s.kind, s.url, s.depth, s.page_limit",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// What became of each page, and when they are looked at again.
pub(super) async fn note_pages(
    tx: &mut OrgTx,
    id: Id<KnowledgeSource>,
    pages: &[FetchedPage],
    due_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "update app.knowledge_sources set fetched = $3, due_at = $4 where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
        Json(pages) as _,
        due_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn store_file(tx: &mut OrgTx, id: Id<KnowledgeSource>, bytes: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into app.knowledge_files (org_id, source_id, content) values ($1, $2, $3)
         on conflict (org_id, source_id) do update set content = excluded.content",
        tx.org() as _,
        id.uuid(),
        bytes,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts another content in place of the one before; what was read of that is found until this one is read.
pub(super) async fn refill(tx: &mut OrgTx, id: Id<KnowledgeSource>, content: &Content<'_>) -> Result<()> {
    sqlx::query!(
        "update app.knowledge_sources set state = 'waiting', note = '', content_type = $3, bytes = $4, sha256 = $5
         where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
        content.content_type,
        content.length(),
        content.sha256,
    )
    .execute(tx.conn())
    .await?;
    store_file(tx, id, content.bytes).await
}

/// Has it read once more. False where that is on its way.
pub(super) async fn read_again(tx: &mut OrgTx, id: Id<KnowledgeSource>) -> Result<bool> {
    let again = sqlx::query!(
        "update app.knowledge_sources set state = 'waiting', note = ''
         where org_id = $1 and id = $2 and state in ('ready', 'empty', 'failed')",
        tx.org() as _,
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(again.rows_affected() == 1)
}

pub(super) async fn enable(tx: &mut OrgTx, id: Id<KnowledgeSource>, enabled: bool) -> Result<()> {
    sqlx::query!(
        "update app.knowledge_sources set enabled = $3 where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
        enabled,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Its file and its passages go with it.
pub(super) async fn delete(tx: &mut OrgTx, id: Id<KnowledgeSource>) -> Result<()> {
    let gone = sqlx::query!(
        "delete from app.knowledge_sources where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    if gone.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    Ok(())
}

/// What is to be read, and what tells it from what comes after.
pub(super) struct Reading {
    pub content_type: String,
    pub sha256: String,
    pub content: Vec<u8>,
}

/// Notes that a source is being read, and gives what it is read from. None where it is not waiting for that any more.
pub(super) async fn begin(tx: &mut OrgTx, id: Id<KnowledgeSource>) -> Result<Option<Reading>> {
    Ok(sqlx::query_as!(
        Reading,
        "update app.knowledge_sources s set state = 'reading'
         from app.knowledge_files f
         where s.org_id = $1 and s.id = $2 and s.state in ('waiting', 'reading')
           and f.org_id = s.org_id and f.source_id = s.id
         returning s.content_type, s.sha256, f.content",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// How many passages the base would have without those of this source.
pub(super) async fn others(tx: &mut OrgTx, base: Id<KnowledgeBase>, id: Id<KnowledgeSource>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(s.passages), 0) as "passages!" from app.knowledge_sources s
           where s.org_id = $1 and s.base_id = $2 and s.id <> $3"#,
        tx.org() as _,
        base.uuid(),
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What came of reading. Without `passages` those from before stay.
pub(super) struct Outcome<'a> {
    pub state: SourceState,
    pub note: &'a str,
    pub pages: Option<i32>,
    pub passages: Option<i32>,
}

/// False where it is not being read any more, or another content than this.
pub(super) async fn settle(
    tx: &mut OrgTx,
    id: Id<KnowledgeSource>,
    sha256: Option<&str>,
    outcome: &Outcome<'_>,
) -> Result<bool> {
    let settled = sqlx::query!(
        "update app.knowledge_sources set state = $3, note = $4, pages = coalesce($5, pages), passages = coalesce($6, passages), read_at = now()
         where org_id = $1 and id = $2 and state = 'reading' and ($7::text is null or sha256 = $7)",
        tx.org() as _,
        id.uuid(),
        outcome.state as _,
        outcome.note,
        outcome.pages,
        outcome.passages,
        sha256,
    )
    .execute(tx.conn())
    .await?;
    Ok(settled.rows_affected() == 1)
}

pub(super) async fn checks(tx: &mut OrgTx, base: Option<Id<KnowledgeBase>>) -> Result<Vec<KnowledgeCheck>> {
    Ok(sqlx::query_as!(
        KnowledgeCheck,
        "select c.id, c.base_id, c.query, c.expected, c.within, c.created_at, c.created_by
         from app.knowledge_checks c where c.org_id = $1 and ($2::uuid is null or c.base_id = $2)
         order by c.created_at, c.id limit $3",
        tx.org() as _,
        base.map(Id::uuid),
        LISTED,
    )
    .fetch_all(tx.conn())
    .await?)
}

pub(super) async fn insert_check(tx: &mut OrgTx, id: Id<KnowledgeCheck>, draft: &KnowledgeCheckDraft) -> Result<()> {
    sqlx::query!(
        "insert into app.knowledge_checks (org_id, id, base_id, query, expected, within, created_by) values ($1, $2, $3, $4, $5, $6, $7)",
        tx.org() as _,
        id.uuid(),
        draft.base_id.uuid(),
        draft.query.trim(),
        draft.expected.trim(),
        draft.within,
        tx.actor().0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The base it was of; `NotFound` where there is no such check.
pub(super) async fn delete_check(tx: &mut OrgTx, id: Id<KnowledgeCheck>) -> Result<Id<KnowledgeBase>> {
    let gone = sqlx::query!(
        "delete from app.knowledge_checks where org_id = $1 and id = $2 returning base_id",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(gone.base_id)
}
