//! Tests of agents: a scripted caller talks to the draft, the language model speaks for both, tools answer what the test says, and
//! the talk is judged by success criteria. Nobody is dialed, and no tool is really used.

#[cfg(feature = "ssr")]
pub mod flow;
#[cfg(feature = "ssr")]
mod rehearsal;
#[cfg(feature = "ssr")]
mod run;
#[cfg(feature = "ssr")]
pub(crate) mod store;
#[cfg(feature = "ssr")]
mod suggested;

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    agents::Agent,
    analysis::{Criterion, CriterionResult, MOST_CRITERIA},
    calls::Message,
    check::{Check, Checked},
    id::Id,
};
#[cfg(feature = "ssr")]
pub use run::RunAgentTest;
#[cfg(feature = "ssr")]
pub use suggested::suggested;

/// How many tests an agent may have.
pub const MOST_TESTS: usize = 30;
const MOST_MOCKS: usize = 20;
const LONGEST_CALLER: usize = 4_000;
const LONGEST_ANSWER: usize = 4_000;

/// A test of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentTest {
    pub id: Uuid,
    pub agent_id: Id<Agent>,
    #[serde(flatten)]
    pub draft: AgentTestDraft,
    /// The newest run; absent where there was none.
    pub last_run: Option<AgentTestRun>,
    /// Whether the newest run was of what is saved now, agent and test.
    pub is_current: bool,
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl AgentTest {
    /// Whether what is saved now has passed it.
    pub fn passes(&self) -> bool {
        self.is_current && self.last_run.as_ref().is_some_and(|run| run.state == RunState::Passed)
    }
}

/// What a person decides about a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AgentTestDraft {
    /// 1 to 80 characters, unique in the agent.
    pub name: String,
    /// Who calls and what they want. What they have to say word by word stands on lines that begin with `- `.
    pub caller: String,
    /// After so many words of the agent the talk is over, 2 to 20.
    pub max_turns: i16,
    /// All of them have to be met.
    #[cfg_attr(feature = "ssr", schema(min_items = 1, max_items = 10))]
    pub criteria: Vec<Criterion>,
    /// What tools answer. One that is not here answers that it is not available.
    #[cfg_attr(feature = "ssr", schema(max_items = 20))]
    pub mocks: Vec<ToolMock>,
    /// The agent's variables, as a call would bring them.
    #[cfg_attr(feature = "ssr", schema(example = json!({"first_name": "Ann"})))]
    pub variables: BTreeMap<String, String>,
}

impl Default for AgentTestDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            caller: String::new(),
            max_turns: 8,
            criteria: Vec::new(),
            mocks: Vec::new(),
            variables: BTreeMap::new(),
        }
    }
}

/// What a tool answers in a test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ToolMock {
    /// As the model calls it, such as `book_visit`.
    pub tool: String,
    pub answer: String,
}

impl Checked for AgentTestDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=80);
        check.text("caller", &self.caller, 1..=LONGEST_CALLER);
        check.number("max_turns", self.max_turns.into(), 2..=20, "turns");
        check.count("criteria", self.criteria.len(), MOST_CRITERIA, "criteria");
        if self.criteria.is_empty() {
            check.fail("criteria", "Say what has to happen for the test to pass.");
        }
        let mut names = HashSet::new();
        for (i, criterion) in self.criteria.iter().enumerate() {
            let field = format!("criteria[{i}].name");
            check.text(field.clone(), &criterion.name, 1..=80);
            check.text(format!("criteria[{i}].description"), &criterion.description, 0..=500);
            if !criterion.name.trim().is_empty() && !names.insert(criterion.name.trim()) {
                check.fail(field, "Another criterion already has this name.");
            }
        }
        check.count("mocks", self.mocks.len(), MOST_MOCKS, "tools");
        let mut tools = HashSet::new();
        for (i, mock) in self.mocks.iter().enumerate() {
            let field = format!("mocks[{i}].tool");
            check.text(field.clone(), &mock.tool, 1..=64);
            check.text(format!("mocks[{i}].answer"), &mock.answer, 0..=LONGEST_ANSWER);
            if !mock.tool.is_empty() && !tools.insert(mock.tool.as_str()) {
                check.fail(field, "This tool has an answer already.");
            }
        }
        check.count("variables", self.variables.len(), 50, "variables");
        for (name, value) in &self.variables {
            check.text(format!("variables.{name}"), value, 0..=500);
        }
        check.beyond("name", "another test of the agent has it");
        check.beyond("criteria", "there is none");
        check.beyond("criteria[].name", "another criterion has it");
        check.beyond("mocks[].tool", "the tool has an answer already");
    }
}

/// How one run of a test went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentTestRun {
    pub id: Uuid,
    pub state: RunState,
    /// Why it was stopped, or why it is tried again.
    pub note: String,
    pub criteria: Vec<CriterionResult>,
    /// The whole talk, with the tools that were asked for.
    pub said: Vec<Message>,
    /// The language model that spoke.
    pub model: String,
    pub tokens_read: i64,
    pub tokens_written: i64,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It runs, or its turn comes.
    Waiting,
    Passed,
    /// A criterion is not met.
    Failed,
    /// The language model could not be asked: nothing is known of the agent.
    Stopped,
}

impl RunState {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Running",
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::Stopped => "Did not run",
        }
    }
}

/// How many tests are run now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TestsStarted {
    pub started: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn wrong(draft: &AgentTestDraft) -> Vec<String> {
        match Check::run(draft) {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(fields)) => fields.into_iter().map(|field| field.field).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_test_says_who_calls_and_what_has_to_happen() {
        let criterion = |name: &str| Criterion {
            name: name.to_owned(),
            description: String::new(),
        };
        let good = AgentTestDraft {
            name: "Books a visit".to_owned(),
            caller: "Ann wants a visit.".to_owned(),
            criteria: vec![criterion("Visit booked")],
            ..AgentTestDraft::default()
        };
        assert_eq!(wrong(&good), [""; 0]);
        assert_eq!(wrong(&AgentTestDraft::default()), ["name", "caller", "criteria"]);
        let mock = |tool: &str| ToolMock {
            tool: tool.to_owned(),
            answer: String::new(),
        };
        let bad = AgentTestDraft {
            max_turns: 1,
            criteria: vec![criterion("Same"), criterion("Same ")],
            mocks: vec![mock("hours"), mock("hours"), mock("")],
            ..good
        };
        assert_eq!(wrong(&bad), ["max_turns", "criteria[1].name", "mocks[1].tool", "mocks[2].tool"]);
    }
}
