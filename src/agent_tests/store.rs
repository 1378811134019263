//! The statements of tests of agents.

use std::collections::BTreeMap;

use sqlx::types::Json;
use uuid::Uuid;

use super::{
    AgentTest, AgentTestDraft, AgentTestRun, RunState, ToolMock,
    rehearsal::ToolKnown,
    run::End,
};
use crate::{
    agents::{Agent, AgentDraft},
    analysis::{Criterion, CriterionResult},
    calls::Message,
    crud::Rows,
    db::OrgTx,
    error::{Error, Result, ResultExt},
    id::{Id, uuids},
    providers::language_model::Usage,
};

/// Of each test so many runs are kept.
const KEPT_RUNS: i64 = 20;

/// What a run is made of.
pub(super) struct Material {
    pub draft: AgentDraft,
    pub test: AgentTestDraft,
    pub tools: Vec<ToolKnown>,
}

/// Tokens of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub read: i64,
    pub written: i64,
}

impl Cost {
    pub fn add(&mut self, usage: Usage) {
        self.read += usage.prompt_tokens;
        self.written += usage.completion_tokens;
    }
}

/// Of an agent, by name; or the one with this id.
pub(super) async fn list(tx: &mut OrgTx, agent: Id<Agent>, only: Option<Uuid>) -> Result<Vec<AgentTest>> {
    let draft = Agent::find(tx, agent).await?.draft;
    let rows = sqlx::query!(
        r#"select t.id, t.agent_id, t.name, t.caller, t.max_turns, t.criteria as "criteria: Json<Vec<Criterion>>",
                t.mocks as "mocks: Json<Vec<ToolMock>>", t.variables as "variables: Json<BTreeMap<String, String>>", t.revision,
                t.created_at, t.updated_at,
                r.id as "run_id?", r.state as "state?: RunState", r.note as "note?", r.criteria as "results?: Json<Vec<CriterionResult>>",
                r.said as "said?: Json<Vec<Message>>", r.fingerprint as "fingerprint?", r.model as "model?", r.tokens_read as "tokens_read?",
                r.tokens_written as "tokens_written?", r.created_at as "run_at?", r.ended_at
         from app.agent_tests t
         left join lateral (
           select r.* from app.agent_test_runs r where r.org_id = t.org_id and r.test_id = t.id
           order by r.created_at desc, r.id desc limit 1) r on true
         where t.org_id = $1 and t.agent_id = $2 and ($3::uuid is null or t.id = $3)
         order by lower(t.name), t.id"#,
        tx.org() as _,
        agent.uuid(),
        only,
    )
    .fetch_all(tx.conn())
    .await?;
    let tests = rows.into_iter().map(|row| {
        let test = AgentTestDraft {
            name: row.name,
            caller: row.caller,
            max_turns: row.max_turns,
            criteria: row.criteria.0,
            mocks: row.mocks.0,
            variables: row.variables.0,
        };
        let is_current = row
            .fingerprint
            .is_some_and(|ran| ran == super::flow::fingerprint(&draft, &test));
        let last_run = row.run_id.map(|id| AgentTestRun {
            id,
            state: row.state.unwrap_or(RunState::Stopped),
            note: row.note.unwrap_or_default(),
            criteria: row.results.map(|Json(results)| results).unwrap_or_default(),
            said: row.said.map(|Json(said)| said).unwrap_or_default(),
            model: row.model.unwrap_or_default(),
            tokens_read: row.tokens_read.unwrap_or_default(),
            tokens_written: row.tokens_written.unwrap_or_default(),
            created_at: row.run_at.unwrap_or(row.created_at),
            ended_at: row.ended_at,
        });
        AgentTest {
            id: row.id,
            agent_id: agent,
            draft: test,
            last_run,
            is_current,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    });
    Ok(tests.collect())
}

pub(super) async fn find(tx: &mut OrgTx, agent: Id<Agent>, id: Uuid) -> Result<AgentTest> {
    list(tx, agent, Some(id)).await?.pop().ok_or(Error::NotFound)
}

/// How many there are of the agent, which is locked so that they do not become more meanwhile.
pub(super) async fn count(tx: &mut OrgTx, agent: Id<Agent>) -> Result<i64> {
    sqlx::query_scalar!(
        "select a.id from app.agents a where a.org_id = $1 and a.id = $2 for update",
        tx.org() as _,
        agent.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound)?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from app.agent_tests t where t.org_id = $1 and t.agent_id = $2"#,
        tx.org() as _,
        agent.uuid(),
    )
    .fetch_one(tx.conn())
    .await?)
}

pub(super) async fn insert(tx: &mut OrgTx, agent: Id<Agent>, draft: &AgentTestDraft) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into app.agent_tests (org_id, id, agent_id, name, caller, max_turns, criteria, mocks, variables)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tx.org() as _,
        id,
        agent.uuid(),
        draft.name.trim(),
        draft.caller.trim(),
        draft.max_turns,
        Json(&draft.criteria) as _,
        Json(&draft.mocks) as _,
        Json(&draft.variables) as _,
    )
    .execute(tx.conn())
    .await
    .on_constraint("agent_tests_name_unique", || Error::taken("name"))?;
    Ok(id)
}

/// False where it has another revision by now.
pub(super) async fn update(
    tx: &mut OrgTx,
    agent: Id<Agent>,
    id: Uuid,
    draft: &AgentTestDraft,
    revision: i64,
) -> Result<bool> {
    let updated = sqlx::query!(
        "update app.agent_tests set name = $4, caller = $5, max_turns = $6, criteria = $7, mocks = $8, variables = $9,
                revision = revision + 1, updated_at = now()
         where org_id = $1 and agent_id = $2 and id = $3 and revision = $10",
        tx.org() as _,
        agent.uuid(),
        id,
        draft.name.trim(),
        draft.caller.trim(),
        draft.max_turns,
        Json(&draft.criteria) as _,
        Json(&draft.mocks) as _,
        Json(&draft.variables) as _,
        revision,
    )
    .execute(tx.conn())
    .await
    .on_constraint("agent_tests_name_unique", || Error::taken("name"))?;
    Ok(updated.rows_affected() == 1)
}

pub(super) async fn delete(tx: &mut OrgTx, agent: Id<Agent>, id: Uuid) -> Result<String> {
    sqlx::query_scalar!(
        "delete from app.agent_tests where org_id = $1 and agent_id = $2 and id = $3 returning name",
        tx.org() as _,
        agent.uuid(),
        id,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound)
}

/// A run for each of these tests, or for all of the agent's; one that waits already is not asked for twice. Answers the runs.
pub(super) async fn ask(tx: &mut OrgTx, agent: Id<Agent>, only: Option<Uuid>) -> Result<Vec<Uuid>> {
    let (actor, _) = tx.actor();
    let tests = sqlx::query_scalar!(
        "select t.id from app.agent_tests t where t.org_id = $1 and t.agent_id = $2 and ($3::uuid is null or t.id = $3) order by t.id",
        tx.org() as _,
        agent.uuid(),
        only,
    )
    .fetch_all(tx.conn())
    .await?;
    if only.is_some() && tests.is_empty() {
        return Err(Error::NotFound);
    }
    let runs: Vec<Uuid> = tests.iter().map(|_| Uuid::now_v7()).collect();
    let asked = sqlx::query_scalar!(
        "insert into app.agent_test_runs (org_id, id, test_id, agent_id, asked_by)
         select $1, r.id, r.test_id, $2, $3 from unnest($4::uuid[], $5::uuid[]) r (id, test_id)
         on conflict (org_id, test_id) where state = 'waiting' do nothing
         returning id",
        tx.org() as _,
        agent.uuid(),
        actor,
        &runs,
        &tests,
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!(
        "delete from app.agent_test_runs d using (
           select r.id, row_number() over (partition by r.test_id order by r.created_at desc, r.id desc) as place
           from app.agent_test_runs r where r.org_id = $1 and r.test_id = any($2)) old
         where d.org_id = $1 and d.id = old.id and old.place > $3",
        tx.org() as _,
        &tests,
        KEPT_RUNS,
    )
    .execute(tx.conn())
    .await?;
    Ok(asked)
}

/// The newest first.
pub(super) async fn runs(tx: &mut OrgTx, agent: Id<Agent>, id: Uuid) -> Result<Vec<AgentTestRun>> {
    let runs = sqlx::query!(
        r#"select r.id, r.state as "state: RunState", r.note, r.criteria as "criteria: Json<Vec<CriterionResult>>",
                r.said as "said: Json<Vec<Message>>", r.model, r.tokens_read, r.tokens_written, r.created_at, r.ended_at
         from app.agent_test_runs r
         where r.org_id = $1 and r.agent_id = $2 and r.test_id = $3 order by r.created_at desc, r.id desc"#,
        tx.org() as _,
        agent.uuid(),
        id,
    )
    .fetch_all(tx.conn())
    .await?;
    let runs = runs.into_iter().map(|row| AgentTestRun {
        id: row.id,
        state: row.state,
        note: row.note,
        criteria: row.criteria.0,
        said: row.said.0,
        model: row.model,
        tokens_read: row.tokens_read,
        tokens_written: row.tokens_written,
        created_at: row.created_at,
        ended_at: row.ended_at,
    });
    Ok(runs.collect())
}

/// Nothing where the run is gone, or over.
pub(super) async fn material(tx: &mut OrgTx, run: Uuid) -> Result<Option<Material>> {
    let found = sqlx::query!(
        r#"select r.agent_id as "agent_id: Id<Agent>", t.name, t.caller, t.max_turns, t.criteria as "criteria: Json<Vec<Criterion>>",
                t.mocks as "mocks: Json<Vec<ToolMock>>", t.variables as "variables: Json<BTreeMap<String, String>>"
         from app.agent_test_runs r
         join app.agent_tests t on t.org_id = r.org_id and t.id = r.test_id
         where r.org_id = $1 and r.id = $2 and r.state = 'waiting'"#,
        tx.org() as _,
        run,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let draft = Agent::find(tx, found.agent_id).await?.draft;
    let tools = sqlx::query_as!(
        ToolKnown,
        "select t.model_name as name, t.description from app.tools t
         where t.org_id = $1 and t.id = any($2) order by t.model_name",
        tx.org() as _,
        &uuids(&draft.tool_ids),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Some(Material {
        draft,
        test: AgentTestDraft {
            name: found.name,
            caller: found.caller,
            max_turns: found.max_turns,
            criteria: found.criteria.0,
            mocks: found.mocks.0,
            variables: found.variables.0,
        },
        tools,
    }))
}

pub(super) async fn settle(tx: &mut OrgTx, run: Uuid, end: &End<'_>) -> Result<()> {
    sqlx::query!(
        "update app.agent_test_runs set state = $3, note = left($4, 1000), criteria = $5, said = $6, fingerprint = $7, model = $8,
                tokens_read = tokens_read + $9, tokens_written = tokens_written + $10, ended_at = now()
         where org_id = $1 and id = $2 and state = 'waiting'",
        tx.org() as _,
        run,
        end.state as _,
        end.note,
        Json(&end.criteria) as _,
        Json(&end.said) as _,
        end.fingerprint,
        end.model,
        end.cost.read,
        end.cost.written,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn note(tx: &mut OrgTx, run: Uuid, told: &str, cost: Cost) -> Result<()> {
    sqlx::query!(
        "update app.agent_test_runs set note = left($3, 1000), tokens_read = tokens_read + $4, tokens_written = tokens_written + $5
         where org_id = $1 and id = $2 and state = 'waiting'",
        tx.org() as _,
        run,
        told,
        cost.read,
        cost.written,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
