//! The statements of versions.

use sqlx::types::Json;

use super::{Agent, AgentDraft, AgentVersion, AgentVersionRow};
use crate::{db::OrgTx, error::Result, id::Id};

/// As many as are listed: an agent that is published every day has them for half a year.
const LISTED: i64 = 200;

pub(super) async fn insert(
    tx: &mut OrgTx,
    agent: Id<Agent>,
    number: i32,
    draft: &AgentDraft,
    note: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into app.agent_versions (org_id, agent_id, number, draft, note, published_by) values ($1, $2, $3, $4, $5, $6)",
        tx.org() as _,
        agent.uuid(),
        number,
        Json(draft) as _,
        note,
        tx.actor().0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The newest first.
pub(super) async fn list(tx: &mut OrgTx, agent: Id<Agent>) -> Result<Vec<AgentVersionRow>> {
    Ok(sqlx::query_as!(
        AgentVersionRow,
        r#"select v.number, v.note, v.published_by, v.published_at, coalesce(u.name, k.name) as "publisher"
           from app.agent_versions v
           left join app.users u on u.org_id = v.org_id and u.user_id = v.published_by
           left join app.api_keys k on k.org_id = v.org_id and k.id::text = v.published_by
           where v.org_id = $1 and v.agent_id = $2 order by v.number desc limit $3"#,
        tx.org() as _,
        agent.uuid(),
        LISTED,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The version of this number; without one, the one that answers the phone. `NotFound` where the agent has no such version.
pub(crate) async fn find(tx: &mut OrgTx, agent: Id<Agent>, number: Option<i32>) -> Result<AgentVersion> {
    let version = sqlx::query!(
        r#"select v.number, v.note, v.published_by, v.published_at, v.draft as "draft: Json<AgentDraft>"
           from app.agents a
           join app.agent_versions v on v.org_id = a.org_id and v.agent_id = a.id and v.number = coalesce($3, a.live_version)
           where a.org_id = $1 and a.id = $2"#,
        tx.org() as _,
        agent.uuid(),
        number,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(AgentVersion {
        number: version.number,
        note: version.note,
        published_by: version.published_by,
        published_at: version.published_at,
        draft: version.draft.0,
    })
}
