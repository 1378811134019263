//! Which agents look things up in which knowledge bases.

use std::collections::HashSet;

use super::{KnowledgeAgent, KnowledgeBase};
use crate::{
    agents::Agent,
    db::OrgTx,
    error::{Error, Result},
    id::{Id, uuids},
    tools::bindings::Bound,
};

/// The agents that have a base in their draft or their live version, by name.
pub(super) async fn agents(tx: &mut OrgTx, id: Id<KnowledgeBase>) -> Result<Vec<KnowledgeAgent>> {
    Ok(sqlx::query_as!(
        KnowledgeAgent,
        "select a.id, a.name from app.agents a
         where a.org_id = $1 and exists (
           select from app.agent_knowledge b where b.org_id = a.org_id and b.agent_id = a.id and b.base_id = $2)
         order by a.name_norm",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Refuses to delete what agents have.
pub(super) async fn check_unused(tx: &mut OrgTx, id: Id<KnowledgeBase>) -> Result<()> {
    let agents = agents(tx, id).await?;
    let words = match agents.as_slice() {
        [] => return Ok(()),
        [one] => format!(
            "{} looks things up here. Take it away there and publish that first.",
            one.name
        ),
        [one, rest @ ..] => format!(
            "{} and {} more look things up here. Take it away there and publish that first.",
            one.name,
            rest.len()
        ),
    };
    Err(Error::Conflict(words))
}

/// Those of them that there still are, in the same order.
pub(crate) async fn still_there(tx: &mut OrgTx, ids: &[Id<KnowledgeBase>]) -> Result<Vec<Id<KnowledgeBase>>> {
    let there: HashSet<Id<KnowledgeBase>> = sqlx::query_scalar!(
        "select b.id from app.knowledge_bases b where b.org_id = $1 and b.id = any($2)",
        tx.org() as _,
        &uuids(ids),
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .collect();
    Ok(ids.iter().copied().filter(|id| there.contains(id)).collect())
}

/// What is said of a base that is not there, beside the field.
pub(super) fn gone(i: usize) -> Error {
    Error::invalid(
        format!("knowledge_base_ids[{i}]"),
        "This knowledge base is gone. Take it off the list.",
    )
}

/// Gives an agent exactly these bases; whether they are others than before.
pub(crate) async fn bind(tx: &mut OrgTx, agent: Id<Agent>, ids: &[Id<KnowledgeBase>], to: Bound) -> Result<bool> {
    let live = to == Bound::Live;
    let before = sqlx::query_scalar!(
        "select b.base_id from app.agent_knowledge b where b.org_id = $1 and b.agent_id = $2 and b.live = $3 order by b.position",
        tx.org() as _,
        agent.uuid(),
        live,
    )
    .fetch_all(tx.conn())
    .await?;
    if !ids.is_empty() {
        lock(tx, ids).await?;
    }
    if before == ids {
        return Ok(false);
    }
    sqlx::query!(
        "delete from app.agent_knowledge where org_id = $1 and agent_id = $2 and live = $3",
        tx.org() as _,
        agent.uuid(),
        live,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into app.agent_knowledge (org_id, agent_id, base_id, position, live)
         select $1, $2, b.id, b.place, $5 from unnest($3::uuid[], $4::int[]) b (id, place)",
        tx.org() as _,
        agent.uuid(),
        &uuids(ids),
        &(0..).take(ids.len()).collect::<Vec<i32>>(),
        live,
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Until the transaction ends the bases stay: one that is being deleted is not given away.
async fn lock(tx: &mut OrgTx, ids: &[Id<KnowledgeBase>]) -> Result<()> {
    let there: HashSet<Id<KnowledgeBase>> = sqlx::query_scalar!(
        "select b.id from app.knowledge_bases b where b.org_id = $1 and b.id = any($2) for key share",
        tx.org() as _,
        &uuids(ids),
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .collect();
    match ids.iter().position(|id| !there.contains(id)) {
        Some(i) => Err(gone(i)),
        None => Ok(()),
    }
}
