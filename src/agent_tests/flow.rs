//! What people do with tests of agents, and the gate before publishing.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{AgentTest, AgentTestDraft, AgentTestRun, MOST_TESTS, RunAgentTest, TestsStarted, ToolMock, store, suggested};
use crate::{
    agents::{Agent, AgentDraft},
    analysis::Criterion,
    audit,
    auth::Caller,
    calls::{self, Call, Message, Speaker},
    check::Check,
    core::Core,
    crud::{self, Rows},
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    jobs,
    resource::{Action, Kind},
};

/// What a run was of: another prompt, another setting or another test, and it says nothing of them. Names and labels do not count.
pub(super) fn fingerprint(draft: &AgentDraft, test: &AgentTestDraft) -> String {
    let draft = AgentDraft {
        publish_needs_tests: false,
        ..draft.clone().labeled_as(&AgentDraft::default())
    };
    let test = AgentTestDraft {
        name: String::new(),
        ..test.clone()
    };
    let whole = serde_json::to_vec(&(draft, test)).expect("drafts are JSON");
    hex::encode(Sha256::digest(whole))
}

pub async fn list(core: &Core, caller: &Caller, agent: Id<Agent>) -> Result<Vec<AgentTest>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Agent).await?;
    let tests = store::list(&mut tx, agent, None).await?;
    tx.commit().await?;
    Ok(tests)
}

pub async fn get(core: &Core, caller: &Caller, agent: Id<Agent>, id: Uuid) -> Result<AgentTest> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Agent).await?;
    let test = store::find(&mut tx, agent, id).await?;
    tx.commit().await?;
    Ok(test)
}

pub async fn create(core: &Core, caller: &Caller, agent: Id<Agent>, draft: AgentTestDraft) -> Result<AgentTest> {
    Check::run(&draft)?;
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Agent).await?;
    let id = add(&mut tx, agent, &draft).await?;
    let test = store::find(&mut tx, agent, id).await?;
    crud::commit(core, tx).await?;
    Ok(test)
}

async fn add(tx: &mut OrgTx, agent: Id<Agent>, draft: &AgentTestDraft) -> Result<Uuid> {
    if store::count(tx, agent).await? >= MOST_TESTS as i64 {
        return Err(Error::Conflict(format!("An agent has at most {MOST_TESTS} tests.")));
    }
    let id = store::insert(tx, agent, draft).await?;
    record(tx, "test", agent, &draft.name).await?;
    Ok(id)
}

async fn record(tx: &mut OrgTx, verb: &str, agent: Id<Agent>, name: &str) -> Result<()> {
    tx.changed(Kind::Agent);
    audit::record_verb(tx, verb, Kind::Agent, &agent.to_string(), name).await
}

pub async fn update(
    core: &Core,
    caller: &Caller,
    agent: Id<Agent>,
    id: Uuid,
    (draft, revision): (AgentTestDraft, Option<i64>),
) -> Result<AgentTest> {
    Check::run(&draft)?;
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Agent).await?;
    let before = store::find(&mut tx, agent, id).await?;
    if !store::update(&mut tx, agent, id, &draft, revision.unwrap_or(before.revision)).await? {
        let told = "Somebody saved this test while you were typing. Load it again to see what they changed.";
        return Err(Error::Conflict(told.into()));
    }
    record(&mut tx, "change_test", agent, &draft.name).await?;
    let test = store::find(&mut tx, agent, id).await?;
    crud::commit(core, tx).await?;
    Ok(test)
}

pub async fn delete(core: &Core, caller: &Caller, agent: Id<Agent>, id: Uuid) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Agent).await?;
    let name = store::delete(&mut tx, agent, id).await?;
    record(&mut tx, "delete_test", agent, &name).await?;
    crud::commit(core, tx).await
}

pub async fn runs(core: &Core, caller: &Caller, agent: Id<Agent>, id: Uuid) -> Result<Vec<AgentTestRun>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Agent).await?;
    store::find(&mut tx, agent, id).await?;
    let runs = store::runs(&mut tx, agent, id).await?;
    tx.commit().await?;
    Ok(runs)
}

/// Has one test run against the draft as it is saved, or all of them.
pub async fn run(core: &Core, caller: &Caller, agent: Id<Agent>, only: Option<Uuid>) -> Result<TestsStarted> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Agent).await?;
    let name = Agent::find(&mut tx, agent).await?.draft.name;
    if core.language_model.is_none() {
        return Err(Error::Conflict(NO_MODEL.into()));
    }
    let runs = store::ask(&mut tx, agent, only).await?;
    for run in &runs {
        jobs::enqueue(&mut tx, &RunAgentTest { run: *run }).await?;
    }
    record(&mut tx, "run_tests", agent, &name).await?;
    crud::commit(core, tx).await?;
    Ok(TestsStarted {
        started: runs.len() as i64,
    })
}

const NO_MODEL: &str = "This installation has no language model that could speak in tests. An operator has to set LLM_URL, LLM_KEY and LLM_MODEL.";

/// Takes the tests that belong to a template, except those whose name the agent has already. Answers all of the agent's.
pub async fn add_suggested(core: &Core, caller: &Caller, agent: Id<Agent>, template: &str) -> Result<Vec<AgentTest>> {
    let drafts = suggested(template);
    if drafts.is_empty() {
        return Err(Error::invalid("template", "There is no such template."));
    }
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Agent).await?;
    let there = store::list(&mut tx, agent, None).await?;
    for draft in drafts {
        if !there.iter().any(|test| test.draft.name == draft.name) {
            add(&mut tx, agent, &draft).await?;
        }
    }
    let tests = store::list(&mut tx, agent, None).await?;
    crud::commit(core, tx).await?;
    Ok(tests)
}

/// Makes a test of a call: the person says again what they said, tools answer as they did, and it is judged by what the agent asks of
/// its calls.
pub async fn from_call(core: &Core, caller: &Caller, id: Id<Call>) -> Result<AgentTest> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    let call = calls::store::find(&mut tx, id).await?.call;
    let said = calls::store::messages(&mut tx, id).await?;
    tx.commit().await?;
    let Some(agent_id) = call.agent_id else {
        return Err(Error::Conflict("The agent of this call is gone.".into()));
    };
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Agent).await?;
    let agent = Agent::find(&mut tx, agent_id).await?;
    let draft = of_call(&call, &said, &agent.draft)
        .ok_or_else(|| Error::Conflict("Nobody spoke to the agent on this call, so there is nothing to say again.".into()))?;
    Check::run(&draft)?;
    let id = add(&mut tx, agent_id, &draft).await?;
    let test = store::find(&mut tx, agent_id, id).await?;
    crud::commit(core, tx).await?;
    Ok(test)
}

/// Nothing where nobody spoke to the agent.
fn of_call(call: &Call, said: &[Message], agent: &AgentDraft) -> Option<AgentTestDraft> {
    let lines: Vec<String> = said
        .iter()
        .filter(|message| message.role == Speaker::Person && !message.text.trim().is_empty())
        .map(|message| format!("- {}", message.text.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect();
    if lines.is_empty() {
        return None;
    }
    let mut caller = "The person of an earlier call, who says the same again:".to_owned();
    for line in &lines {
        if caller.chars().count() + line.chars().count() < 3_900 {
            caller = format!("{caller}\n{line}");
        }
    }
    let mut mocks: Vec<ToolMock> = Vec::new();
    for message in said.iter().filter(|message| message.role == Speaker::ToolResult && !message.failed) {
        if !mocks.iter().any(|mock| mock.tool == message.tool) {
            mocks.push(ToolMock {
                tool: message.tool.clone(),
                answer: message.text.chars().take(4_000).collect(),
            });
        }
    }
    let criteria = if agent.analysis.criteria.is_empty() {
        vec![Criterion {
            name: "Helped".to_owned(),
            description: "The caller has what they asked for, or knows what happens next.".to_owned(),
        }]
    } else {
        agent.analysis.criteria.clone()
    };
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(AgentTestDraft {
        name: format!("Call of {}", call.created_at.format("%-d %b %Y, %H:%M:%S")),
        caller,
        max_turns: i16::try_from(lines.len() + 2).unwrap_or(20).clamp(4, 20),
        criteria,
        mocks,
        variables: call
            .variables
            .iter()
            .map(|(name, value)| (name.clone(), text(value).chars().take(500).collect()))
            .collect(),
    })
}

/// What keeps the draft from being published: the tests that it has not passed, by name. None where the agent does not ask for it.
pub(crate) async fn held_back(core: &Core, tx: &mut OrgTx, agent: &Agent) -> Result<Vec<String>> {
    if !agent.draft.publish_needs_tests {
        return Ok(Vec::new());
    }
    let tests = store::list(tx, agent.id, None).await?;
    if core.language_model.is_none() && !tests.is_empty() {
        return Ok(vec![NO_MODEL.to_owned()]);
    }
    let held = tests.iter().filter(|test| !test.passes()).map(|test| {
        let name = &test.draft.name;
        match &test.last_run {
            Some(run) if run.state == super::RunState::Waiting => format!("The test “{name}” is still running."),
            Some(run) if test.is_current && run.state == super::RunState::Failed => {
                let missed: Vec<&str> = run
                    .criteria
                    .iter()
                    .filter(|criterion| criterion.met != crate::analysis::Met::Yes)
                    .map(|criterion| criterion.name.as_str())
                    .collect();
                format!("The test “{name}” fails: {}.", missed.join(", "))
            }
            Some(run) if run.state == super::RunState::Stopped => format!("The test “{name}” did not run: {}", run.note),
            _ => format!("The test “{name}” has not been run on this draft."),
        }
    });
    Ok(held.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_of_one_draft_and_one_test_whatever_they_are_called() {
        let (draft, test) = (AgentDraft::default(), AgentTestDraft::default());
        let of = |change: &dyn Fn(&mut AgentDraft, &mut AgentTestDraft)| {
            let (mut draft, mut test) = (draft.clone(), test.clone());
            change(&mut draft, &mut test);
            fingerprint(&draft, &test)
        };
        let before = of(&|_, _| {});
        assert_eq!(before, of(&|draft, test| {
            draft.name = "Other".into();
            draft.publish_needs_tests = true;
            test.name = "Other".into();
        }));
        assert_ne!(before, of(&|draft, _| draft.prompt = "Other".into()));
        assert_ne!(before, of(&|_, test| test.caller = "Other".into()));
    }
}
