//! Verify: is the database as the plan says? Every answer says how many things it has looked at.

mod people;
mod readers;
mod rows;
mod seal;

use std::time::Instant;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use switchboard::report::{Figure, Level, NAMED, Outcome, Report, ReportKind, State, thousands};

use crate::{
    catalog::{Catalog, Table},
    claims,
    error::WardenError,
    journal,
    plan::{Frozen, TablePlan},
    session::Session,
    steps::Phase,
};
pub(crate) use rows::edges;

/// Asks everything that should hold after the phases that are done. People's claims are asked of their provider, where
/// `claims` has its key; else what the journal says of them counts.
///
/// # Errors
/// When the role cannot see every row, or the database or the provider cannot be asked.
pub async fn verify(session: &mut Session, frozen: &Frozen, claims: &claims::Options) -> Result<Report, WardenError> {
    let (began_at, began): (DateTime<Utc>, _) = (Utc::now(), Instant::now());
    let now = Catalog::read(&mut session.connection).await?;
    session.sees(&frozen.plan, &now)?;
    let noted = journal::noted(&mut session.connection, frozen).await?;
    let done = |phase: Phase| journal::complete(frozen, &noted, phase);
    let people = match &frozen.plan.claims {
        Some(_) if done(Phase::Claims) => Some(people::ask(&mut session.connection, frozen, claims).await?),
        _ => None,
    };
    let mut asked = Asked {
        frozen,
        now: &now,
        outcomes: Vec::new(),
    };
    let mut tx = session
        .connection
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    asked.work(&mut tx).await?;
    if done(Phase::Backfill) {
        asked.rows(&mut tx).await?;
        asked.edges(&mut tx).await?;
        asked.quarantine(&mut tx).await?;
    }
    if done(Phase::Constrain) {
        asked.keys();
    }
    if done(Phase::Seal) {
        asked.sealed();
        asked.roles();
        asked.probe(&mut tx).await?;
        asked.readers(&mut tx).await?;
    }
    asked.columns(done(Phase::Contract));
    tx.rollback().await?;
    asked.outcomes.extend(people);
    let server = format!("PostgreSQL {}.{}", now.server / 10_000, now.server % 10_000);
    Ok(Report::new(
        ReportKind::Warden,
        format!("Warden of {}", now.database),
        (now.database.clone(), server),
        (began_at, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)),
        asked.outcomes,
    ))
}

struct Asked<'a> {
    frozen: &'a Frozen,
    now: &'a Catalog,
    outcomes: Vec<Outcome>,
}

/// A question before it is answered.
struct Question {
    id: String,
    group: &'static str,
    question: &'static str,
    remedy: &'static str,
    level: Level,
}

impl Question {
    fn answer(self, examined: i64, violations: Vec<String>, violating: i64) -> Outcome {
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        let mut named = violations;
        let more = named.len().saturating_sub(NAMED);
        if more > 0 {
            named.truncate(NAMED);
            named.push(format!(
                "and {} more",
                thousands(u64::try_from(more).unwrap_or(u64::MAX))
            ));
        }
        Outcome {
            id: self.id,
            group: self.group.to_owned(),
            question: self.question.to_owned(),
            means: String::new(),
            remedy: self.remedy.to_owned(),
            level: self.level,
            state: match (examined, violating) {
                (_, 1..) => State::Broken,
                (0, _) => State::Empty,
                _ => State::Holds,
            },
            examined: count(examined),
            violating: count(violating),
            violations: named,
            empty: Vec::new(),
            figures: Vec::new(),
        }
    }
}

impl<'a> Asked<'a> {
    fn owned(&self) -> impl Iterator<Item = (&'a TablePlan, &'a Table)> + use<'a> {
        let (frozen, now) = (self.frozen, self.now);
        frozen
            .plan
            .owned()
            .filter_map(move |planned| now.table(&planned.name).map(|found| (planned, found)))
    }

    /// What was done, and what it took.
    async fn work(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        let phases: Vec<(String, i64, i64, i64)> = sqlx::query_as(
            "select phase, count(*) filter (where state = 'done'), max(attempts)::bigint, coalesce(max(ms), 0)::bigint
             from warden.step where plan_id = $1 group by phase order by min(n)",
        )
        .bind(&self.frozen.id)
        .fetch_all(&mut *connection)
        .await?;
        let (examined, changed, ms): (i64, i64, i64) = sqlx::query_as(
            "select coalesce(sum(examined), 0)::bigint, coalesce(sum(changed), 0)::bigint, coalesce(sum(ms), 0)::bigint
             from warden.batch where plan_id = $1",
        )
        .bind(&self.frozen.id)
        .fetch_one(connection)
        .await?;
        let amount = |n: i64| thousands(u64::try_from(n).unwrap_or_default());
        for (phase, steps, attempts, longest) in phases {
            let question = Question {
                id: phase.clone(),
                group: "phases",
                question: "Is every step of it done?",
                remedy: "Run `warden resume`.",
                level: Level::Advice,
            };
            let mut outcome = question.answer(steps, Vec::new(), 0);
            outcome
                .figures
                .push(Figure::new("longest step", format!("{} ms", amount(longest))));
            outcome
                .figures
                .push(Figure::new("most tries for a lock", amount(attempts)));
            if phase == Phase::Backfill.word() && ms > 0 {
                outcome.figures.push(Figure::new("rows examined", amount(examined)));
                outcome.figures.push(Figure::new("rows filled", amount(changed)));
                outcome
                    .figures
                    .push(Figure::new("rows a second", amount(examined * 1000 / ms)));
            }
            self.outcomes.push(outcome);
        }
        Ok(())
    }

    /// Columns that were to go, and columns that were to stay.
    fn columns(&mut self, contracted: bool) {
        let plan = &self.frozen.plan;
        let (mut kept, mut gone) = ((0, Vec::new()), (0, Vec::new()));
        for planned in &plan.tables {
            let has = |column: &String| {
                self.now
                    .table(&planned.name)
                    .is_some_and(|table| table.column(column).is_some())
            };
            kept.0 += i64::try_from(planned.keep_columns.len()).unwrap_or_default();
            kept.1.extend(
                planned
                    .keep_columns
                    .iter()
                    .filter(|column| !has(column))
                    .map(|column| format!("{}.{column} is gone", planned.name)),
            );
            gone.0 += i64::try_from(planned.drop_columns.len()).unwrap_or_default();
            gone.1.extend(
                planned
                    .drop_columns
                    .iter()
                    .filter(|column| has(column))
                    .map(|column| format!("{}.{column} is still there", planned.name)),
            );
        }
        for (id, question, remedy, level, (examined, lines)) in [
            (
                "kept",
                "Is every column still there that was to stay?",
                "Restore it from a backup.",
                Level::Fault,
                kept,
            ),
            (
                "dropped",
                "Is every column gone that was to go?",
                "Run `warden contract` when no program needs it any more.",
                if contracted { Level::Fault } else { Level::Advice },
                gone,
            ),
        ] {
            if examined > 0 {
                let violating = i64::try_from(lines.len()).unwrap_or(i64::MAX);
                let question = Question {
                    id: id.to_owned(),
                    group: "columns",
                    question,
                    remedy,
                    level,
                };
                self.outcomes.push(question.answer(examined, lines, violating));
            }
        }
    }
}
