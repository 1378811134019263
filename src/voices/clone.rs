//! Cloning: the provider makes a voice of the sample, and unmakes it. Its copy carries our id and the sample's fingerprint as its
//! name, so that a process that dies in between leaves nothing that is not found again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Voice, VoiceState, store};
use crate::{
    audit,
    core::Core,
    crud::{self, Rows},
    error::{Error, Fault, Result},
    id::Id,
    jobs::{Backoff, Context, Failure, Job, Limits, Outcome},
    providers,
    resource::{Action, Kind},
};

/// How the names of a voice's copies at the provider begin. Names are seen by everybody who shares the account, so they are nobody's
/// words.
fn mark(voice: Id<Voice>) -> String {
    format!("{}-", voice.uuid().simple())
}

/// How the copy is called that is made of this sample. The provider takes 40 characters.
fn name_there(voice: &Voice) -> String {
    let sample = voice.sample.as_ref().map_or("", |sample| sample.sha256.as_str());
    format!("{}{}", mark(voice.id), sample.get(..7).unwrap_or_default())
}

/// Has a voice made of its sample.
#[derive(Serialize, Deserialize)]
pub struct CloneVoice {
    pub voice: Id<Voice>,
}

impl Job for CloneVoice {
    const NAME: &'static str = "clone_voice";
    const LIMITS: Limits = Limits {
        attempts: 6,
        backoff: Backoff {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
        },
        ..Limits::USUAL
    };

    fn dedup_key(&self) -> Option<String> {
        Some(self.voice.to_string())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let (core, worker) = (&context.core, context.caller()?);
        let mut tx = worker.begin(&core.db, Action::Read, Kind::Voice).await?;
        let voice = match Voice::find(&mut tx, self.voice).await {
            Ok(voice) if voice.state == VoiceState::Cloning => Some((voice, store::sample(&mut tx, self.voice).await?)),
            // It was deleted meanwhile; a copy of it may be there.
            Err(Error::NotFound) => None,
            Ok(_) => return Ok(Outcome::Done),
            Err(error) => return Err(error.into()),
        };
        tx.commit().await?;
        let Some((voice, sound)) = voice else {
            remove(core, self.voice).await?;
            return Ok(Outcome::Done);
        };

        let name = name_there(&voice);
        let there = core
            .ultravox
            .voices_marked(&mark(self.voice))
            .await
            .map_err(Error::from)?;
        let (mut same, others): (Vec<_>, Vec<_>) = there.into_iter().partition(|copy| copy.name == name);
        // Of a sample before, whose answer was lost.
        for other in others {
            core.ultravox.delete_voice(&other.voice_id).await.map_err(Error::from)?;
        }
        let made = match same.pop() {
            Some(copy) => Ok(copy),
            None => {
                let draft = &voice.draft;
                core.ultravox
                    .clone_voice(&name, &draft.description, &draft.language, &sound)
                    .await
            }
        };
        match made {
            Ok(copy) => {
                if !settle(&context, self.voice, Ok(&copy.voice_id)).await? {
                    remove(core, self.voice).await?;
                }
                Ok(Outcome::Done)
            }
            Err(failure) if is_final(&failure) => {
                settle(&context, self.voice, Err(&Error::from(failure).to_string())).await?;
                Ok(Outcome::Done)
            }
            Err(failure) => Err(Error::from(failure).into()),
        }
    }

    async fn given_up(self, context: Context, reason: &str) -> Result<()> {
        settle(&context, self.voice, Err(reason)).await.map(drop)
    }
}

fn is_final(failure: &providers::Failure) -> bool {
    matches!(failure.fault(), Fault::Rejected | Fault::Account)
}

/// False where the voice is not waiting for it any more.
async fn settle(context: &Context, id: Id<Voice>, outcome: Result<&str, &str>) -> Result<bool> {
    let (core, worker) = (&context.core, context.caller()?);
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Voice).await?;
    context.lease.hold(tx.conn()).await?;
    let settled = store::settle(&mut tx, id, outcome).await?;
    if settled {
        let voice = Voice::find(&mut tx, id).await?;
        let verb = if outcome.is_ok() { "clone" } else { "fail" };
        audit::record_verb(&mut tx, verb, Kind::Voice, &id.to_string(), &voice.draft.name).await?;
        tx.changed(Kind::Voice);
    }
    crud::commit(core, tx).await?;
    Ok(settled)
}

/// Removes what the provider has of a voice that is deleted here.
#[derive(Serialize, Deserialize)]
pub struct RemoveClone {
    pub voice: Id<Voice>,
}

impl Job for RemoveClone {
    const NAME: &'static str = "remove_clone";
    const LIMITS: Limits = Limits::UNTIL_DONE;

    fn dedup_key(&self) -> Option<String> {
        Some(self.voice.to_string())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        remove(&context.core, self.voice).await?;
        Ok(Outcome::Done)
    }
}

async fn remove(core: &Core, voice: Id<Voice>) -> Result<()> {
    for copy in core.ultravox.voices_marked(&mark(voice)).await? {
        core.ultravox.delete_voice(&copy.voice_id).await?;
    }
    Ok(())
}
