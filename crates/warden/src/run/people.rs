//! Phase *claims*: the organization of each person, where their tokens are made.

use super::{Event, Options, Watch};
use crate::{
    claims::{self, ClaimsError, Progress},
    error::WardenError,
    journal::{self, Noted},
    plan::Frozen,
    session::Session,
    steps::{Done, Phase, Step, Work},
};

/// What the journal says of the phase as a whole; each person stands in `warden.claim`.
pub(super) fn step() -> Step {
    Step {
        id: "claims people".to_owned(),
        phase: Phase::Claims,
        table: None,
        what: "writes the organization of everybody who has one".to_owned(),
        lock: "",
        work: Work::Nothing,
        done: Done::Journal,
        undo: Work::Nothing,
        beside: Vec::new(),
        makes: Vec::new(),
    }
}

pub(super) async fn write(
    session: &mut Session,
    frozen: &Frozen,
    options: &Options,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    if frozen.plan.claims.is_none() {
        return Ok(());
    }
    journal::note(&mut session.connection, frozen, 0, &step(), "running", 1).await?;
    let outcome = claims::run(&mut session.connection, &frozen.plan, &options.claims, &|progress| {
        told(progress, watch)
    })
    .await?;
    if let Some(stop) = &outcome.stopped {
        return Err(WardenError::Stopped(stop.to_string()));
    }
    if !outcome.is_complete() {
        let Progress {
            users,
            mismatch,
            failed,
            ..
        } = outcome.progress;
        return Err(WardenError::People {
            users,
            mismatch,
            failed,
        });
    }
    Ok(journal::note(&mut session.connection, frozen, 0, &step(), "done", 1).await?)
}

pub(super) fn begun(noted: &[Noted]) -> bool {
    let step = step();
    noted.iter().any(|noted| noted.id == step.id && noted.state != "undone")
}

pub(super) async fn take_back(
    session: &mut Session,
    frozen: &Frozen,
    options: &Options,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    let noted = journal::noted(&mut session.connection, frozen).await?;
    if !begun(&noted) {
        return Ok(());
    }
    let outcome = claims::rollback(&mut session.connection, &frozen.plan, &options.claims, &|progress| {
        told(progress, watch)
    })
    .await?;
    if let Some(stop) = &outcome.stopped {
        return Err(WardenError::Stopped(stop.to_string()));
    }
    Ok(journal::note(&mut session.connection, frozen, 0, &step(), "undone", 1).await?)
}

fn told(progress: Progress, watch: Watch<'_>) {
    watch(&Event::people(progress));
}

impl From<ClaimsError> for WardenError {
    fn from(error: ClaimsError) -> Self {
        match error {
            ClaimsError::Database(error) => error.into(),
            other => Self::Claims(other.to_string()),
        }
    }
}
