//! The way back: the same steps from the last to the first.

use super::{Event, Options, Watch, apart, locks, people};
use crate::{
    error::WardenError,
    journal,
    plan::Frozen,
    session::Session,
    steps::{Done, Phase, Work, steps},
};

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To where this phase is done, and nothing after it.
    After(Phase),
    /// To the database as it was found. The journal stays.
    Start,
}

/// Undoes whatever comes after the target, from wherever it stands; also half a phase.
///
/// # Errors
/// [`WardenError::OneWay`] once *contract* has begun; else whatever stops it, and the next run goes on from there.
pub async fn rollback(
    session: &mut Session,
    frozen: &Frozen,
    target: Target,
    options: &Options,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    let noted = journal::noted(&mut session.connection, frozen).await?;
    if noted
        .iter()
        .any(|noted| noted.phase == Phase::Contract.word() && noted.state != "undone")
    {
        return Err(WardenError::OneWay);
    }
    let back = Phase::ALL.into_iter().rev().filter(|phase| match target {
        Target::After(last) => *phase > last,
        Target::Start => true,
    });
    for phase in back {
        let all = steps(frozen, phase);
        watch(&Event::Phase {
            phase,
            steps: all.len(),
        });
        if phase == Phase::Claims {
            people::take_back(session, frozen, options, watch).await?;
            continue;
        }
        let of = all.len();
        for (n, step) in all.iter().enumerate().rev() {
            let begun = noted.iter().any(|noted| noted.id == step.id && noted.state != "undone");
            // What was done just before a crash may not be noted.
            let there = match &step.done {
                Done::Catalog(_) => super::is_done(session, frozen, step).await?,
                Done::Always | Done::Journal => false,
            };
            let skipped = !begun && !there;
            watch(&Event::Step {
                id: step.id.clone(),
                what: format!("undoes: {}", step.what),
                n: of - n,
                of,
                skipped,
            });
            if skipped {
                continue;
            }
            match &step.undo {
                Work::Nothing | Work::Fill(_) => {
                    journal::note(&mut session.connection, frozen, n, step, "undone", 1).await?
                }
                // Begun, noted and not there: a crash on the way back was faster than its note.
                Work::Together(_) if matches!(step.done, Done::Catalog(_)) && !there => {
                    journal::note(&mut session.connection, frozen, n, step, "undone", 1).await?;
                }
                Work::Together(statements) => {
                    locks::together(session, frozen, n, step, statements, "undone", options, watch).await?;
                }
                Work::Apart { clear, build } => {
                    apart(session, step, clear, build).await?;
                    journal::note(&mut session.connection, frozen, n, step, "undone", 1).await?;
                }
            }
            if phase == Phase::Backfill {
                // Somebody who fills again looks at every row again.
                sqlx::query("delete from warden.batch where plan_id = $1 and step_id = $2")
                    .bind(&frozen.id)
                    .bind(&step.id)
                    .execute(&mut session.connection)
                    .await?;
            }
        }
    }
    if target == Target::Start {
        sqlx::query("delete from warden.quarantine")
            .execute(&mut session.connection)
            .await?;
    }
    Ok(())
}
