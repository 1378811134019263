//! The statements of knowledge bases.

use super::{KnowledgeBase, KnowledgeBaseDraft, KnowledgeBaseFilter, KnowledgeBaseRow, bindings};
use crate::{
    crud::{Local, Rows},
    db::OrgTx,
    error::{Error, Result, ResultExt},
    id::Id,
    listing::{Position, Window},
};

impl Rows for KnowledgeBase {
    type Writes = Local;
    const TABLE: &'static str = "app.knowledge_bases";

    async fn page(tx: &mut OrgTx, filter: &KnowledgeBaseFilter, window: Window) -> Result<Vec<KnowledgeBaseRow>> {
        Ok(sqlx::query_as!(
            KnowledgeBaseRow,
            r#"select b.id, b.name, b.description, s.sources as "sources!", s.troubled as "troubled!", s.reading as "reading!",
                    s.passages as "passages!",
                    (select count(distinct a.agent_id) from app.agent_knowledge a where a.org_id = b.org_id and a.base_id = b.id) as "agents!",
                    b.created_at, b.updated_at
             from app.knowledge_bases b
               cross join lateral (
                 select count(*) as sources, count(*) filter (where s.state in ('failed', 'empty')) as troubled,
                        count(*) filter (where s.state in ('waiting', 'reading')) as reading,
                        coalesce(sum(s.passages) filter (where s.enabled), 0) as passages
                 from app.knowledge_sources s where s.org_id = b.org_id and s.base_id = b.id) s
             where b.org_id = $1 and (b.created_at, b.id) < ($2, $3)
               and ($4::text is null or position(lower($4) in lower(concat_ws(' ', b.name, b.description))) > 0)
             order by b.created_at desc, b.id desc
             limit $5"#,
            tx.org() as _,
            window.after.at,
            window.after.id,
            filter.q.as_deref().filter(|q| !q.is_empty()),
            window.fetch(),
        )
        .fetch_all(tx.conn())
        .await?)
    }

    fn position(row: &KnowledgeBaseRow) -> Position {
        Position {
            at: row.created_at,
            id: row.id.uuid(),
        }
    }

    async fn find(tx: &mut OrgTx, id: Id<KnowledgeBase>) -> Result<KnowledgeBase> {
        let row = sqlx::query!(
            "select b.id, b.name, b.description, b.revision, b.created_at, b.updated_at, b.updated_by
             from app.knowledge_bases b where b.org_id = $1 and b.id = $2",
            tx.org() as _,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(KnowledgeBase {
            id: row.id,
            draft: KnowledgeBaseDraft {
                name: row.name,
                description: row.description,
            },
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        })
    }

    async fn check(tx: &mut OrgTx, id: Id<KnowledgeBase>, draft: &KnowledgeBaseDraft) -> Result<()> {
        let taken = sqlx::query_scalar!(
            r#"select exists (select from app.knowledge_bases b
                 where b.org_id = $1 and b.name_norm = lower($2::text) and b.id <> $3) as "taken!""#,
            tx.org() as _,
            draft.name,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        if taken { Err(Error::taken("name")) } else { Ok(()) }
    }

    /// What agents have stays until they do not.
    async fn check_delete(tx: &mut OrgTx, id: Id<KnowledgeBase>) -> Result<()> {
        // Whoever gives the base to an agent locks it too.
        sqlx::query!(
            "select b.id from app.knowledge_bases b where b.org_id = $1 and b.id = $2 for update",
            tx.org() as _,
            id.uuid(),
        )
        .fetch_optional(tx.conn())
        .await?;
        bindings::check_unused(tx, id).await
    }

    async fn insert(tx: &mut OrgTx, id: Id<KnowledgeBase>, draft: &KnowledgeBaseDraft) -> Result<()> {
        sqlx::query!(
            "insert into app.knowledge_bases (org_id, id, name, description, updated_by) values ($1, $2, $3, $4, $5)",
            tx.org() as _,
            id.uuid(),
            draft.name,
            draft.description,
            tx.actor().0,
        )
        .execute(tx.conn())
        .await
        .on_constraint("knowledge_bases_name_unique", || Error::taken("name"))?;
        Ok(())
    }

    async fn update(tx: &mut OrgTx, id: Id<KnowledgeBase>, draft: &KnowledgeBaseDraft, revision: i64) -> Result<bool> {
        let saved = sqlx::query!(
            "update app.knowledge_bases set name = $3, description = $4, revision = revision + 1, updated_at = now(), updated_by = $5
             where org_id = $1 and id = $2 and revision = $6",
            tx.org() as _,
            id.uuid(),
            draft.name,
            draft.description,
            tx.actor().0,
            revision,
        )
        .execute(tx.conn())
        .await
        .on_constraint("knowledge_bases_name_unique", || Error::taken("name"))?;
        Ok(saved.rows_affected() == 1)
    }

    /// Sources and passages go with it.
    async fn delete(tx: &mut OrgTx, id: Id<KnowledgeBase>) -> Result<bool> {
        let gone = sqlx::query!(
            "delete from app.knowledge_bases where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid()
        )
        .execute(tx.conn())
        .await?;
        Ok(gone.rows_affected() == 1)
    }

    async fn facets(tx: &mut OrgTx) -> Result<i64> {
        Ok(sqlx::query_scalar!(
            r#"select count(*) as "all!" from app.knowledge_bases b where b.org_id = $1"#,
            tx.org() as _,
        )
        .fetch_one(tx.conn())
        .await?)
    }
}
