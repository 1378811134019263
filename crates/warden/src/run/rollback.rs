//! The way back: the same steps from the last to the first.

use super::{Event, Options, Watch, locks, people, run_outside_transaction};
use crate::{
    error::WardenError,
    journal::{self, Noted},
    plan::Frozen,
    session::Session,
    steps::{Done, Phase, Step, Work, held, steps},
};

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To where this phase is done, and nothing after it.
    After(Phase),
    /// To the database as it was found. The journal stays.
    Start,
}

impl Target {
    /// The phases that are undone, the last one first. *Contract* is none of them.
    fn back(self) -> impl Iterator<Item = Phase> {
        let after = move |phase: &Phase| match self {
            Self::After(last) => *phase > last,
            Self::Start => true,
        };
        Phase::ALL
            .into_iter()
            .rev()
            .filter(|phase| *phase != Phase::Contract)
            .filter(after)
    }
}

/// Whether a step is noted as begun, and whether what it makes is there: what was done just before a crash may not be noted.
async fn stands(
    session: &mut Session,
    frozen: &Frozen,
    noted: &[Noted],
    step: &Step,
) -> Result<(bool, bool), WardenError> {
    let begun = noted.iter().any(|noted| noted.id == step.id && noted.state != "undone");
    let there = match &step.done {
        Done::Catalog(_) => super::is_done(session, frozen, step).await?,
        Done::Always | Done::Journal => false,
    };
    Ok((begun, there))
}

fn drops_index(statements: &[String]) -> bool {
    statements
        .iter()
        .all(|statement| statement.starts_with("drop index if exists"))
}

fn one_way(noted: &[Noted]) -> Result<(), WardenError> {
    let contracted = noted
        .iter()
        .any(|noted| noted.phase == Phase::Contract.word() && noted.state != "undone");
    if contracted { Err(WardenError::OneWay) } else { Ok(()) }
}

/// A delete of ours must set off no rule of the application: said before anything is undone.
async fn check_quarantine_is_free(session: &mut Session, frozen: &Frozen, target: Target) -> Result<(), WardenError> {
    let made: bool = sqlx::query_scalar("select exists (select from warden.made where what = 'quarantine')")
        .fetch_one(&mut session.connection)
        .await?;
    if target != Target::Start || !made {
        return Ok(());
    }
    let mut found = Vec::new();
    for held in held(&frozen.plan, &frozen.catalog) {
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) {}", held.from)))
            .fetch_one(&mut session.connection)
            .await?;
        if rows > 0 {
            let rule = held.on_delete.to_uppercase();
            found.push(format!(
                "{}: {rows} rows, by {} (ON DELETE {rule})",
                held.table, held.key
            ));
        }
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(WardenError::Held(found))
    }
}

/// The steps that [`rollback`] would undo now, in its order.
///
/// # Errors
/// [`WardenError::OneWay`] or [`WardenError::Held`] as there, or when the database cannot be asked.
pub async fn would_undo(session: &mut Session, frozen: &Frozen, target: Target) -> Result<Vec<Step>, WardenError> {
    let noted = journal::noted(&mut session.connection, frozen).await?;
    one_way(&noted)?;
    check_quarantine_is_free(session, frozen, target).await?;
    let mut undone = Vec::new();
    for phase in target.back() {
        if phase == Phase::Claims && people::begun(&noted) {
            undone.push(people::step());
        }
        for step in steps(frozen, phase).into_iter().rev() {
            let (begun, there) = stands(session, frozen, &noted, &step).await?;
            if begun || there {
                undone.push(step);
            }
        }
    }
    Ok(undone)
}

/// Undoes whatever comes after the target, from wherever it stands; also half a phase.
///
/// # Errors
/// [`WardenError::OneWay`] once *contract* has begun, [`WardenError::Held`] when rows of the application would go as well; else whatever stops it, and the next run goes on from there.
pub async fn rollback(
    session: &mut Session,
    frozen: &Frozen,
    target: Target,
    options: &Options,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    let noted = journal::noted(&mut session.connection, frozen).await?;
    one_way(&noted)?;
    check_quarantine_is_free(session, frozen, target).await?;
    for phase in target.back() {
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
            let (begun, there) = stands(session, frozen, &noted, step).await?;
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
                // Begun, noted and not there: a crash on the way back was faster than its note. An index that is not valid is
                // not there either, and goes.
                Work::Together(statements)
                    if matches!(step.done, Done::Catalog(_)) && !there && !drops_index(statements) =>
                {
                    journal::note(&mut session.connection, frozen, n, step, "undone", 1).await?;
                }
                Work::Together(statements) => {
                    locks::together(session, frozen, n, step, statements, "undone", options, watch).await?;
                }
                Work::Apart { clear, build } => {
                    run_outside_transaction(session, step, clear, build).await?;
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
