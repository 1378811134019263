//! The statements of tools.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{
    Facets, Method, Parameter, SecretValue, Tool, ToolDraft, ToolFilter, ToolRow, ToolSecret, ToolUse, bindings,
    origin, publish::RepublishAgents, secret,
};
use crate::{
    crud::Rows,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    jobs,
    listing::{Position, Window},
    provider_sync::{ProviderFirst, RemoteState},
    sync::{SyncState, SyncStatus},
};

/// One row of app.tools.
struct ToolRecord {
    id: Id<Tool>,
    name: String,
    model_name: String,
    description: String,
    method: Method,
    url: String,
    parameters: Json<Vec<Parameter>>,
    secret_header: String,
    secret_ends: String,
    secret_set_at: Option<DateTime<Utc>>,
    timeout_s: i32,
    tags: Vec<String>,
    revision: i64,
    provider_id: String,
    sync: SyncState,
    sync_note: String,
    sync_checked_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    updated_by: String,
}

impl From<ToolRecord> for Tool {
    fn from(row: ToolRecord) -> Self {
        Self {
            id: row.id,
            draft: ToolDraft {
                name: row.name,
                model_name: row.model_name,
                description: row.description,
                method: row.method,
                url: row.url,
                parameters: row.parameters.0,
                secret: ToolSecret {
                    header: row.secret_header,
                    ends_with: row.secret_ends,
                    set_at: row.secret_set_at,
                    ..ToolSecret::default()
                },
                timeout_s: row.timeout_s,
                tags: row.tags,
            },
            revision: row.revision,
            provider_id: row.provider_id,
            sync: SyncStatus {
                state: row.sync,
                note: row.sync_note,
                checked_at: row.sync_checked_at,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        }
    }
}

impl Rows for Tool {
    type Writes = ProviderFirst;
    const TABLE: &'static str = "app.tools";

    async fn page(tx: &mut OrgTx, filter: &ToolFilter, window: Window) -> Result<Vec<ToolRow>> {
        Ok(sqlx::query_as!(
            ToolRow,
            r#"select t.id, t.name, t.model_name, t.description, t.method, t.url,
                    (select count(distinct b.agent_id) from app.agent_tools b where b.org_id = t.org_id and b.tool_id = t.id) as "agents!",
                    t.tags, t.sync, t.created_at, t.updated_at
             from app.tools t
             where t.org_id = $1 and (t.created_at, t.id) < ($2, $3)
               and ($4::text is null
                 or position(lower($4) in lower(concat_ws(' ', t.name, t.model_name, t.description, t.url))) > 0)
               and ($5::text is null or t.method = $5)
               and ($6::text is null or $6 = any(t.tags))
               and ($7::text is null or t.sync = $7)
             order by t.created_at desc, t.id desc
             limit $8"#,
            tx.org() as _,
            window.after.at,
            window.after.id,
            filter.q.as_deref().filter(|q| !q.is_empty()),
            filter.method.map(Method::word),
            filter.tag.as_deref().filter(|tag| !tag.is_empty()),
            filter.sync.map(SyncState::word),
            window.fetch(),
        )
        .fetch_all(tx.conn())
        .await?)
    }

    fn position(row: &ToolRow) -> Position {
        Position {
            at: row.created_at,
            id: row.id.uuid(),
        }
    }

    async fn find(tx: &mut OrgTx, id: Id<Tool>) -> Result<Tool> {
        let row = sqlx::query_as!(
            ToolRecord,
            "select t.id, t.name, t.model_name, t.description, t.method, t.url, t.parameters, t.secret_header, t.secret_ends,
                    t.secret_set_at, t.timeout_s, t.tags, t.revision, t.provider_id, t.sync, t.sync_note, t.sync_checked_at,
                    t.created_at, t.updated_at, t.updated_by
             from app.tools t where t.org_id = $1 and t.id = $2",
            tx.org() as _,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(row.into())
    }

    /// Refuses names that other tools have, a secret that would go to another server than it was meant for, and variables
    /// that an agent with this tool does not have.
    async fn check(tx: &mut OrgTx, id: Id<Tool>, draft: &ToolDraft) -> Result<()> {
        let taken = sqlx::query!(
            r#"select coalesce(bool_or(t.name_norm = lower($2::text)), false) as "name!",
                      coalesce(bool_or(t.model_name_norm = lower($3::text)), false) as "model_name!"
               from app.tools t where t.org_id = $1 and t.id <> $4"#,
            tx.org() as _,
            draft.name,
            draft.model_name,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        if taken.name {
            return Err(Error::taken("name"));
        }
        if taken.model_name {
            return Err(Error::taken("model_name"));
        }
        secret_fits(tx, id, draft).await?;
        bindings::variables_are_declared(tx, id, draft).await
    }

    /// What agents use stays until they do not.
    async fn check_delete(tx: &mut OrgTx, id: Id<Tool>) -> Result<()> {
        // Whoever gives the tool to an agent locks it too, and sees afterwards that it is being deleted.
        sqlx::query!(
            "select t.id from app.tools t where t.org_id = $1 and t.id = $2 for update",
            tx.org() as _,
            id.uuid(),
        )
        .fetch_optional(tx.conn())
        .await?;
        let agents = bindings::agents(tx, id).await?;
        if agents.is_empty() {
            return Ok(());
        }
        Err(Error::Conflict(format!(
            "{} {} this tool. Take it away from {} and publish that first.",
            bindings::named(&agents),
            if agents.len() == 1 { "uses" } else { "use" },
            if agents.len() == 1 { "it" } else { "them" },
        )))
    }

    async fn insert(tx: &mut OrgTx, id: Id<Tool>, draft: &ToolDraft) -> Result<()> {
        let sealed = secret::seal(tx, id, &draft.secret)?;
        sqlx::query!(
            "insert into app.tools (org_id, id, name, model_name, description, method, url, parameters, secret_header, secret_sealed,
                    secret_ends, secret_set_at, timeout_s, tags, provider_id, sync, updated_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, case when $10::bytea is null then null else now() end, $12, $13,
                    '', 'synced', $14)",
            tx.org() as _,
            id.uuid(),
            draft.name,
            draft.model_name,
            draft.description,
            draft.method as _,
            draft.url,
            Json(&draft.parameters) as _,
            draft.secret.header,
            sealed,
            secret::ending(&draft.secret.value),
            draft.timeout_s,
            &draft.tags,
            tx.actor().0,
        )
        .execute(tx.conn())
        .await
        .map_err(taken)?;
        Ok(())
    }

    async fn update(tx: &mut OrgTx, id: Id<Tool>, draft: &ToolDraft, revision: i64) -> Result<bool> {
        let sealed = secret::seal(tx, id, &draft.secret)?;
        let had = sqlx::query_scalar!(
            r#"select t.secret_sealed is not null as "had!" from app.tools t where t.org_id = $1 and t.id = $2"#,
            tx.org() as _,
            id.uuid(),
        )
        .fetch_optional(tx.conn())
        .await?;
        let given = sealed.is_some();
        let saved = sqlx::query!(
            "update app.tools set name = $3, model_name = $4, description = $5, method = $6, url = $7, parameters = $8,
                    secret_header = $9,
                    secret_sealed = case when $9 = '' then null when $10::bytea is null then secret_sealed else $10 end,
                    secret_ends = case when $9 = '' then '' when $10::bytea is null then secret_ends else $11 end,
                    secret_set_at = case when $9 = '' then null when $10::bytea is null then secret_set_at else $16 end,
                    timeout_s = $12, tags = $13, revision = revision + 1, updated_at = now(), updated_by = $15
             where org_id = $1 and id = $2 and revision = $14",
            tx.org() as _,
            id.uuid(),
            draft.name,
            draft.model_name,
            draft.description,
            draft.method as _,
            draft.url,
            Json(&draft.parameters) as _,
            draft.secret.header,
            sealed,
            secret::ending(&draft.secret.value),
            draft.timeout_s,
            &draft.tags,
            revision,
            tx.actor().0,
            Utc::now(),
        )
        .execute(tx.conn())
        .await
        .map_err(taken)?;
        if saved.rows_affected() == 0 {
            return Ok(false);
        }
        if given || had.unwrap_or_default() == draft.secret.header.is_empty() {
            jobs::enqueue(tx, &RepublishAgents { tool: id }).await?;
        }
        Ok(true)
    }

    async fn delete(tx: &mut OrgTx, id: Id<Tool>) -> Result<bool> {
        let gone = sqlx::query!(
            "delete from app.tools where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid()
        )
        .execute(tx.conn())
        .await?;
        Ok(gone.rows_affected() == 1)
    }

    async fn facets(tx: &mut OrgTx) -> Result<Facets> {
        let counts = sqlx::query!(
            r#"select count(*) as "all!", count(*) filter (where t.sync = 'synced') as "live!"
               from app.tools t where t.org_id = $1"#,
            tx.org() as _,
        )
        .fetch_one(tx.conn())
        .await?;
        let tags = sqlx::query_scalar!(
            r#"select distinct tag as "tag!" from app.tools t, unnest(t.tags) tag where t.org_id = $1 order by 1 limit 100"#,
            tx.org() as _,
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(Facets {
            all: counts.all,
            live: counts.live,
            tags,
        })
    }
}

/// Names are checked before; somebody may have taken one since.
fn taken(cause: sqlx::Error) -> Error {
    let field = match &cause {
        sqlx::Error::Database(db) => match db.constraint() {
            Some("tools_name_unique") => "name",
            Some("tools_model_name_unique") => "model_name",
            _ => return cause.into(),
        },
        _ => return cause.into(),
    };
    Error::taken(field)
}

/// A stored secret is kept only where it goes to the server it was entered for: otherwise whoever may change an address
/// could have it sent to themselves.
async fn secret_fits(tx: &mut OrgTx, id: Id<Tool>, draft: &ToolDraft) -> Result<()> {
    if draft.secret.header.is_empty() || !draft.secret.value.is_empty() {
        return Ok(());
    }
    let stored = sqlx::query!(
        r#"select t.url, t.secret_sealed is not null as "is_set!" from app.tools t where t.org_id = $1 and t.id = $2"#,
        tx.org() as _,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    match stored.filter(|stored| stored.is_set) {
        None => Err(Error::invalid("secret.value", "Fill this in.")),
        Some(stored) if origin(&stored.url) != origin(&draft.url) => Err(Error::invalid(
            "secret.value",
            "The address is on another server now. Enter the secret for that one.",
        )),
        Some(_) => Ok(()),
    }
}
/// The last uses of what the model calls so.
pub(crate) async fn uses(tx: &mut OrgTx, model_name: &str) -> Result<Vec<ToolUse>> {
    Ok(sqlx::query_as!(
        ToolUse,
        r#"select m.call_id, c.agent_name, c.created_at as placed_at, m.start_ms, m.text as arguments, r.text as "result?",
                coalesce(r.failed, false) as "failed!", r.end_ms - m.start_ms as took_ms
         from app.call_messages m
           join app.calls c on c.org_id = m.org_id and c.id = m.call_id
           left join lateral (
             select n.text, n.failed, n.end_ms from app.call_messages n
             where n.org_id = m.org_id and n.call_id = m.call_id and n.seq > m.seq and n.role = 'tool_result' and n.tool = m.tool
             order by n.seq limit 1) r on true
         where m.org_id = $1 and m.tool = $2 and m.role = 'tool_call'
         order by m.call_id desc, m.seq desc
         limit 50"#,
        tx.org() as _,
        model_name,
    )
    .fetch_all(tx.conn())
    .await?)
}
/// Notes where the copy is. Agents know it by this id, so another one is told to them.
pub(crate) async fn mark_published(tx: &mut OrgTx, id: Id<Tool>, provider_id: &str) -> Result<()> {
    let moved = sqlx::query_scalar!(
        r#"select t.provider_id <> '' and t.provider_id <> $3 as "moved!" from app.tools t where t.org_id = $1 and t.id = $2"#,
        tx.org() as _,
        id.uuid(),
        provider_id,
    )
    .fetch_optional(tx.conn())
    .await?;
    sqlx::query!(
        "update app.tools set provider_id = $3, sync = 'synced', sync_note = '', sync_checked_at = now()
         where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
        provider_id,
    )
    .execute(tx.conn())
    .await?;
    if moved.unwrap_or_default() {
        jobs::enqueue(tx, &RepublishAgents { tool: id }).await?;
    }
    Ok(())
}

pub(crate) async fn mark_state(tx: &mut OrgTx, id: Id<Tool>, state: &RemoteState) -> Result<()> {
    let missing = "It was deleted at the provider. Calls of agents with it fail until you choose Sync now.";
    let (sync, note) = state.told(missing);
    sqlx::query!(
        "update app.tools set sync = $3, sync_note = $4, sync_checked_at = now() where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
        sync as _,
        note,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// All secrets of the organization that can be opened: what a text that comes from elsewhere must not show.
pub(crate) async fn secrets(tx: &mut OrgTx) -> Result<Vec<SecretValue>> {
    let rows = sqlx::query!(
        r#"select t.id, t.secret_sealed as "secret_sealed!" from app.tools t where t.org_id = $1 and t.secret_sealed is not null"#,
        tx.org() as _,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| secret::open(tx, row.id, row.secret_sealed))
        .collect())
}

/// The secret of a tool, opened; `None` where it has none. One that does not open any more is said beside its field.
pub(crate) async fn stored_secret(tx: &mut OrgTx, id: Id<Tool>) -> Result<Option<SecretValue>> {
    let sealed = sqlx::query_scalar!(
        "select t.secret_sealed from app.tools t where t.org_id = $1 and t.id = $2",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    match sealed {
        None => Ok(None),
        Some(sealed) => match secret::open(tx, id, sealed) {
            Some(secret) => Ok(Some(secret)),
            None => Err(Error::invalid(
                "secret.value",
                "The stored secret cannot be read any more. Enter it again.",
            )),
        },
    }
}
