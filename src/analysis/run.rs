//! One analysis: reads what was asked and said, asks the language model, and writes what of its answer was understood.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AnalysisState, prompt, reading,
    store::{self, Cost, Waiting},
};
use crate::{
    calls::{self, Call, Message},
    core::Core,
    crud,
    error::{Error, Result},
    id::Id,
    jobs::{Backoff, Context, Failure, Job, Limits, Outcome},
    providers::language_model::{Answered, ModelFailure, Unusable},
    resource::{Action, Kind},
};

/// Room for twenty long values and ten reasons, and for a model that thinks first.
pub(crate) const MOST_TOKENS: u32 = 8_000;
/// How often the model may ask to be left alone before that counts as a failure.
const MOST_PAUSES: i32 = 20;

const NO_MODEL: &str = "This installation has no language model any more.";

/// Analyzes one call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnalyzeCall {
    pub call: Id<Call>,
}

impl Job for AnalyzeCall {
    const NAME: &'static str = "analyze_call";
    /// Six attempts are a quarter of an hour.
    const LIMITS: Limits = Limits {
        slots: 8,
        per_org: 4,
        attempts: 6,
        backoff: Backoff {
            first: Duration::from_secs(10),
            longest: Duration::from_secs(600),
        },
        ..Limits::USUAL
    };

    fn dedup_key(&self) -> Option<String> {
        Some(self.call.to_string())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let core = &context.core;
        let Some((waiting, said)) = material(&context, self.call).await? else {
            return Ok(Outcome::Done);
        };
        let Some(model) = &core.language_model else {
            settle(
                &context,
                self.call,
                &waiting,
                Attempt::Final(NO_MODEL, "", Cost::default()),
            )
            .await?;
            return Ok(Outcome::Done);
        };
        let day = waiting.placed_at.format("%A, %Y-%m-%d").to_string();
        let questions = prompt::questions(&waiting.settings, &said, &day);
        let answer = model
            .complete_json::<Value>(&questions.messages, &questions.answer, MOST_TOKENS)
            .await;
        let (failure, cost) = match answer {
            Ok(Answered { value, usage }) => {
                let cost = Cost {
                    read: usage.prompt_tokens,
                    written: usage.completion_tokens,
                };
                match reading::read(&waiting.settings, &value) {
                    Some(found) => {
                        let attempt = Attempt::Read(&found, questions.shortened, model.name(), cost);
                        settle(&context, self.call, &waiting, attempt).await?;
                        return Ok(Outcome::Done);
                    }
                    None => (ModelFailure::Unusable(Unusable::NotJson), cost),
                }
            }
            Err(failure) => (failure, Cost::default()),
        };
        let (pause, is_final) = (failure.pause(), failure.is_final());
        let told = Error::from(failure).to_string();
        let attempt = if is_final {
            Attempt::Final(&told, model.name(), cost)
        } else {
            Attempt::Failed(&told, model.name(), cost)
        };
        settle(&context, self.call, &waiting, attempt).await?;
        match pause {
            _ if is_final => Ok(Outcome::Done),
            Some(pause) if waiting.attempts < MOST_PAUSES => Ok(Outcome::Again(pause)),
            _ => Err(Failure::Retry(told)),
        }
    }

    async fn given_up(self, context: Context, reason: &str) -> Result<()> {
        let (core, worker) = (&context.core, context.caller()?);
        let mut tx = worker.begin(&core.db, Action::Update, Kind::Call).await?;
        store::give_up(&mut tx, self.call, reason).await?;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await
    }
}

/// What is to be analyzed; nothing where the call is gone or nobody waits for it.
async fn material(context: &Context, id: Id<Call>) -> Result<Option<(Waiting, Vec<Message>)>> {
    let worker = context.caller()?;
    let mut tx = worker.begin(&context.core.db, Action::Read, Kind::Call).await?;
    let waiting = store::waiting(&mut tx, id).await?;
    let said = calls::store::messages(&mut tx, id).await?;
    tx.commit().await?;
    Ok(waiting.map(|waiting| (waiting, said)))
}

/// What an attempt has come to, with the model that was asked and what it cost.
enum Attempt<'a> {
    Read(&'a reading::Findings, bool, &'a str, Cost),
    /// It is tried again.
    Failed(&'a str, &'a str, Cost),
    Final(&'a str, &'a str, Cost),
}

async fn settle(context: &Context, id: Id<Call>, waiting: &Waiting, attempt: Attempt<'_>) -> Result<()> {
    let (core, worker): (&Core, _) = (&context.core, context.caller()?);
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Call).await?;
    context.lease.hold(tx.conn()).await?;
    let asked_at = waiting.asked_at;
    match attempt {
        Attempt::Read(found, shortened, model, cost) => {
            store::settle(&mut tx, id, asked_at, found, shortened, (model, cost)).await?;
        }
        Attempt::Failed(told, model, cost) => {
            store::note(&mut tx, id, asked_at, AnalysisState::Waiting, told, (model, cost)).await?;
        }
        Attempt::Final(told, model, cost) => {
            store::note(&mut tx, id, asked_at, AnalysisState::Failed, told, (model, cost)).await?;
        }
    }
    tx.changed(Kind::Call);
    crud::commit(core, tx).await
}
