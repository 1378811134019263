//! Which agents have which tools.

use std::collections::HashSet;

use sqlx::types::Json;
use uuid::Uuid;

use super::{Parameter, SecretValue, Tool, ToolAgent, ToolDraft, draft::variables, secret};
use crate::{
    agents::{Agent, Variable},
    db::OrgTx,
    error::{Error, Result},
    id::{Id, uuids},
};

/// What of an agent has a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Draft,
    /// The version that answers the phone.
    Live,
}

/// The agents that use a tool in their draft or their live version, by name.
pub(crate) async fn agents(tx: &mut OrgTx, id: Id<Tool>) -> Result<Vec<ToolAgent>> {
    Ok(sqlx::query_as!(
        ToolAgent,
        "select a.id, a.name from app.agents a
         where a.org_id = $1 and exists (
           select from app.agent_tools b where b.org_id = a.org_id and b.agent_id = a.id and b.tool_id = $2)
         order by a.name_norm",
        tx.org() as _,
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?)
}
/// The first few names, as they stand in a sentence.
pub(super) fn named(agents: &[ToolAgent]) -> String {
    let names: Vec<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
    match names.as_slice() {
        [only] => (*only).to_owned(),
        [first @ .., last] if names.len() <= 3 => format!("{} and {last}", first.join(", ")),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more agents", rest.len()),
        [] => String::new(),
    }
}

/// A tool as it is given to an agent.
#[derive(Clone, PartialEq)]
pub struct BoundTool {
    pub id: Id<Tool>,
    pub name: String,
    pub provider_id: String,
    /// What signs in at its server; absent where nothing does.
    pub secret: Option<SecretValue>,
    /// The variables it mentions.
    pub variables: Vec<String>,
}

/// These tools, in this order. One that is not there is said beside the field.
pub(crate) async fn bound(tx: &mut OrgTx, ids: &[Id<Tool>]) -> Result<Vec<BoundTool>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = sqlx::query!(
        r#"select t.id, t.name, t.description, t.parameters as "parameters: Json<Vec<Parameter>>", t.provider_id, t.secret_sealed
           from app.tools t where t.org_id = $1 and t.id = any($2)"#,
        tx.org() as _,
        &uuids(ids),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut bound = Vec::with_capacity(ids.len());
    for (i, id) in ids.iter().enumerate() {
        let Some(at) = rows.iter().position(|row| row.id == *id) else {
            return Err(gone(i));
        };
        let row = rows.swap_remove(at);
        let secret = match row.secret_sealed {
            None => None,
            Some(sealed) => Some(secret::open(tx, *id, sealed).ok_or_else(|| {
                Error::invalid(
                    format!("tool_ids[{i}]"),
                    format!("The secret of {} cannot be read any more. Enter it again.", row.name),
                )
            })?),
        };
        let mut variables: Vec<String> = variables(&row.description, &row.parameters)
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        variables.dedup();
        bound.push(BoundTool {
            id: *id,
            name: row.name,
            provider_id: row.provider_id,
            secret,
            variables,
        });
    }
    Ok(bound)
}

/// Those of them that there still are, in the same order.
pub(crate) async fn still_there(tx: &mut OrgTx, ids: &[Id<Tool>]) -> Result<Vec<Id<Tool>>> {
    let there: HashSet<Id<Tool>> = sqlx::query_scalar!(
        "select t.id from app.tools t where t.org_id = $1 and t.id = any($2)",
        tx.org() as _,
        &uuids(ids),
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .collect();
    Ok(ids.iter().copied().filter(|id| there.contains(id)).collect())
}

/// Which of these are another thing at the provider than here, by name.
pub(crate) async fn unsynced(tx: &mut OrgTx, ids: &[Id<Tool>]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select t.name from app.tools t where t.org_id = $1 and t.id = any($2) and t.sync <> 'synced' order by t.name_norm",
        tx.org() as _,
        &uuids(ids),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// As [`bound`], and they stay as they are until the transaction ends.
pub(crate) async fn locked(tx: &mut OrgTx, ids: &[Id<Tool>]) -> Result<Vec<BoundTool>> {
    if !ids.is_empty() {
        lock_bindable(tx, ids).await?;
    }
    bound(tx, ids).await
}

fn gone(i: usize) -> Error {
    Error::invalid(format!("tool_ids[{i}]"), "This tool is gone. Take it off the list.")
}

/// Gives an agent exactly these tools; whether they are others than before.
pub(crate) async fn bind(tx: &mut OrgTx, agent: Id<Agent>, ids: &[Id<Tool>], to: Bound) -> Result<bool> {
    let live = to == Bound::Live;
    let before = sqlx::query_scalar!(
        "select b.tool_id from app.agent_tools b where b.org_id = $1 and b.agent_id = $2 and b.live = $3 order by b.position",
        tx.org() as _,
        agent.uuid(),
        live,
    )
    .fetch_all(tx.conn())
    .await?;
    if !ids.is_empty() {
        lock_bindable(tx, ids).await?;
    }
    if before == ids {
        return Ok(false);
    }
    sqlx::query!(
        "delete from app.agent_tools where org_id = $1 and agent_id = $2 and live = $3",
        tx.org() as _,
        agent.uuid(),
        live,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into app.agent_tools (org_id, agent_id, tool_id, position, live)
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

/// Until the transaction ends the tools stay as they are: one that is being deleted is not given away, and one whose secret
/// changes meanwhile waits.
async fn lock_bindable(tx: &mut OrgTx, ids: &[Id<Tool>]) -> Result<()> {
    let there: HashSet<Id<Tool>> = sqlx::query_scalar!(
        "select t.id from app.tools t where t.org_id = $1 and t.id = any($2) for share",
        tx.org() as _,
        &uuids(ids),
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .collect();
    let leaving: Vec<Uuid> = sqlx::query_scalar!(
        "select l.object_id from app.provider_links l
         where l.org_id = $1 and l.kind = 'tool' and l.state = 'deleting' and l.object_id = any($2)",
        tx.org() as _,
        &uuids(ids),
    )
    .fetch_all(tx.conn())
    .await?;
    match ids
        .iter()
        .position(|id| !there.contains(id) || leaving.contains(&id.uuid()))
    {
        Some(i) => Err(gone(i)),
        None => Ok(()),
    }
}
/// Refuses a draft that mentions variables which an agent with this tool does not have.
pub(super) async fn variables_are_declared(tx: &mut OrgTx, id: Id<Tool>, draft: &ToolDraft) -> Result<()> {
    let wanted = draft.variables();
    if wanted.is_empty() {
        return Ok(());
    }
    let agents = sqlx::query!(
        r#"select a.name, case when b.live then v.draft -> 'variables' else a.variables end as "variables!: Json<Vec<Variable>>"
           from app.agent_tools b
           join app.agents a on a.org_id = b.org_id and a.id = b.agent_id
           join app.agent_versions v on v.org_id = a.org_id and v.agent_id = a.id and v.number = a.live_version
           where b.org_id = $1 and b.tool_id = $2 order by a.name, b.live"#,
        tx.org() as _,
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    for agent in agents {
        for (field, name) in &wanted {
            if !agent.variables.iter().any(|variable| variable.name == *name) {
                return Err(Error::invalid(
                    field.clone(),
                    format!(
                        "{} uses this tool and has no variable {name}. Declare it there, and publish it.",
                        agent.name
                    ),
                ));
            }
        }
    }
    Ok(())
}
