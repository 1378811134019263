//! One run of a test: the talk, and what the criteria say of it.

use std::time::Duration;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use super::{
    AgentTestDraft, RunState,
    rehearsal::{AgentTurn, CallerTurn, MOST_TOKENS, Next, Talk},
    store::{self, Cost, Material},
};
use crate::{
    analysis::{self, Verdict},
    core::Core,
    crud,
    error::{Error, Result},
    jobs::{Backoff, Context, Failure, Job, Limits, Outcome},
    providers::language_model::{Answered, LanguageModel, ModelFailure},
    resource::{Action, Kind},
};

/// Runs one test.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunAgentTest {
    pub run: Uuid,
}

impl Job for RunAgentTest {
    const NAME: &'static str = "run_agent_test";
    /// Somebody waits: three attempts are half a minute beside the talks themselves.
    const LIMITS: Limits = Limits {
        slots: 4,
        per_org: 2,
        attempts: 3,
        timeout: Duration::from_secs(900),
        backoff: Backoff {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(60),
        },
        ..Limits::USUAL
    };

    fn dedup_key(&self) -> Option<String> {
        Some(self.run.to_string())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let core = &context.core;
        let Some(material) = material(&context, self.run).await? else {
            return Ok(Outcome::Done);
        };
        let Some(model) = &core.language_model else {
            let told = "This installation has no language model any more.";
            settle(&context, self.run, End::stopped(told, "", Cost::default())).await?;
            return Ok(Outcome::Done);
        };
        let mut cost = Cost::default();
        let failure = match rehearse(model, &material, &mut cost).await {
            Ok(end) => {
                let end = End { cost, ..end };
                settle(&context, self.run, End { model: model.name(), ..end }).await?;
                return Ok(Outcome::Done);
            }
            Err(failure) => failure,
        };
        let (is_final, pause) = (failure.is_final(), failure.pause());
        let told = Error::from(failure).to_string();
        if is_final {
            settle(&context, self.run, End::stopped(&told, model.name(), cost)).await?;
            return Ok(Outcome::Done);
        }
        note(&context, self.run, &told, cost).await?;
        match pause {
            Some(pause) if context.attempt < Self::LIMITS.attempts => Ok(Outcome::Again(pause)),
            _ => Err(Failure::Retry(told)),
        }
    }

    async fn given_up(self, context: Context, reason: &str) -> Result<()> {
        let (core, worker) = (&context.core, context.caller()?);
        let mut tx = worker.begin(&core.db, Action::Update, Kind::Agent).await?;
        store::settle(&mut tx, self.run, &End::stopped(reason, "", Cost::default())).await?;
        tx.changed(Kind::Agent);
        crud::commit(core, tx).await
    }
}

/// How a run ended.
pub(super) struct End<'a> {
    pub state: RunState,
    pub note: &'a str,
    pub criteria: Vec<analysis::CriterionResult>,
    pub said: Vec<crate::calls::Message>,
    pub fingerprint: String,
    pub model: &'a str,
    pub cost: Cost,
}

impl<'a> End<'a> {
    fn stopped(note: &'a str, model: &'a str, cost: Cost) -> Self {
        Self {
            state: RunState::Stopped,
            note,
            criteria: Vec::new(),
            said: Vec::new(),
            fingerprint: String::new(),
            model,
            cost,
        }
    }
}

/// The whole talk, and then the judgment.
async fn rehearse(
    model: &LanguageModel,
    material: &Material,
    cost: &mut Cost,
) -> std::result::Result<End<'static>, ModelFailure> {
    let Material {
        draft, test, tools, ..
    } = material;
    let mut talk = Talk::new(draft, test, tools);
    loop {
        match talk.next {
            Next::Agent => {
                let turn = ask::<AgentTurn>(model, &talk, cost).await?;
                talk.take_agent(&turn);
            }
            Next::Caller => {
                let turn = ask::<CallerTurn>(model, &talk, cost).await?;
                talk.take_caller(&turn);
            }
            Next::Nobody => break,
        }
    }
    let said = talk.said;
    let (criteria, verdict) = judge(model, test, &said, cost).await?;
    Ok(End {
        state: if verdict == Some(Verdict::Success) {
            RunState::Passed
        } else {
            RunState::Failed
        },
        note: "",
        criteria,
        said,
        fingerprint: super::flow::fingerprint(draft, test),
        model: "",
        cost: Cost::default(),
    })
}

async fn ask<T: DeserializeOwned>(
    model: &LanguageModel,
    talk: &Talk<'_>,
    cost: &mut Cost,
) -> std::result::Result<T, ModelFailure> {
    let Answered { value, usage } = model
        .complete_json(&talk.messages(), &talk.answer(), MOST_TOKENS)
        .await?;
    cost.add(usage);
    Ok(value)
}

async fn judge(
    model: &LanguageModel,
    test: &AgentTestDraft,
    said: &[crate::calls::Message],
    cost: &mut Cost,
) -> std::result::Result<(Vec<analysis::CriterionResult>, Option<Verdict>), ModelFailure> {
    let questions = analysis::judgment(&test.criteria, said);
    let Answered { value, usage } = model
        .complete_json::<Value>(&questions.messages, &questions.answer, analysis::MOST_TOKENS)
        .await?;
    cost.add(usage);
    analysis::judged(&test.criteria, &value)
}

/// What is to be run; nothing where it is gone or nobody waits for it.
async fn material(context: &Context, run: Uuid) -> Result<Option<Material>> {
    let worker = context.caller()?;
    let mut tx = worker.begin(&context.core.db, Action::Read, Kind::Agent).await?;
    let material = store::material(&mut tx, run).await?;
    tx.commit().await?;
    Ok(material)
}

async fn settle(context: &Context, run: Uuid, end: End<'_>) -> Result<()> {
    let (core, worker): (&Core, _) = (&context.core, context.caller()?);
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Agent).await?;
    context.lease.hold(tx.conn()).await?;
    store::settle(&mut tx, run, &end).await?;
    tx.changed(Kind::Agent);
    crud::commit(core, tx).await
}

/// It is tried again, and says why.
async fn note(context: &Context, run: Uuid, told: &str, cost: Cost) -> Result<()> {
    let (core, worker): (&Core, _) = (&context.core, context.caller()?);
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Agent).await?;
    context.lease.hold(tx.conn()).await?;
    store::note(&mut tx, run, told, cost).await?;
    tx.changed(Kind::Agent);
    crud::commit(core, tx).await
}
