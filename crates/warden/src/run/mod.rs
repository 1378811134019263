//! Carrying out: phase by phase, step by step, each noted in the transaction that does it.

mod backfill;
mod locks;
mod people;
mod rollback;

use std::time::Duration;

use serde::Serialize;

use crate::{
    catalog::Catalog,
    claims,
    error::{WardenError, describe},
    hazards::hazards,
    journal,
    plan::Frozen,
    session::Session,
    steps::{Done, Phase, Step, Work, steps},
    throttle::Limits,
};
pub use backfill::{Filled, batches};
pub use locks::Patience;
pub use rollback::{Target, rollback, would_undo};

/// How a run behaves beside others.
#[derive(Clone, Debug)]
pub struct Options {
    pub patience: Patience,
    /// How long a batch should hold its rows.
    pub batch: Duration,
    /// What the database may be put to between batches.
    pub limits: Limits,
    /// For the phase that talks to an identity provider.
    pub claims: claims::Options,
    /// Ends *seal* when so many tables are closed, to look at what programs make of it.
    pub first: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            patience: Patience::default(),
            batch: Duration::from_millis(200),
            limits: Limits::default(),
            claims: claims::Options::default(),
            first: None,
        }
    }
}

/// What a run tells whoever watches.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Phase {
        phase: Phase,
        steps: usize,
    },
    Step {
        id: String,
        what: String,
        n: usize,
        of: usize,
        skipped: bool,
    },
    Waiting {
        id: String,
        attempt: u32,
        blockers: Vec<String>,
    },
    Braking {
        table: String,
        reason: String,
        ms: u64,
    },
    People {
        examined: u64,
        users: u64,
        written: u64,
    },
    Batch {
        table: String,
        examined: i64,
        changed: i64,
        held: i64,
        rows: i64,
        ms: u64,
    },
}

impl Event {
    pub const fn people(progress: claims::Progress) -> Self {
        Self::People {
            examined: progress.examined,
            users: progress.users,
            written: progress.written,
        }
    }
}

pub type Watch<'a> = &'a (dyn Fn(&Event) + Sync);

/// Carries out one phase, from wherever it stands.
///
/// # Errors
/// Whatever stops it. What is done is noted, and the next run goes on from there.
pub async fn phase(
    session: &mut Session,
    frozen: &Frozen,
    phase: Phase,
    options: &Options,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    if !ready(session, frozen, phase).await? {
        return Ok(());
    }
    let all = steps(frozen, phase);
    watch(&Event::Phase {
        phase,
        steps: all.len(),
    });
    if phase == Phase::Claims {
        return people::write(session, frozen, options, watch).await;
    }
    let of = all.len();
    let done = completed_prefix(session, frozen, &all).await?;
    let noted = journal::noted(&mut session.connection, frozen).await?;
    let mut closed = 0;
    for (n, step) in all.iter().enumerate() {
        let closes = step.closes();
        if closes && options.first.is_some_and(|first| closed >= first) {
            return Ok(());
        }
        closed += usize::from(closes);
        // Beyond the first step that is not done, a name may still be that of what a step before it replaces.
        let skipped = n < done || is_done(session, frozen, step).await?;
        watch(&Event::Step {
            id: step.id.clone(),
            what: step.what.clone(),
            n: n + 1,
            of,
            skipped,
        });
        if !skipped {
            execute_step(session, frozen, n, step, options, watch).await?;
        } else if !noted.iter().any(|noted| noted.id == step.id && noted.state == "done") {
            // Done just before a crash, or by somebody's own hand.
            journal::note(&mut session.connection, frozen, n, step, "done", 1).await?;
        }
        if !skipped && journal::paused(&mut session.connection).await? {
            return Err(WardenError::Paused);
        }
    }
    Ok(())
}

/// Everything before is done, nothing has drifted, and this role sees and may do what is needed. False where *contract* has
/// begun: what it drops, earlier phases would build again.
async fn ready(session: &mut Session, frozen: &Frozen, phase: Phase) -> Result<bool, WardenError> {
    let noted = journal::noted(&mut session.connection, frozen).await?;
    for needs in Phase::ALL.into_iter().take_while(|before| *before < phase) {
        if !journal::complete(frozen, &noted, needs) {
            return Err(WardenError::Order { wanted: phase, needs });
        }
    }
    let now = Catalog::read(&mut session.connection).await?;
    let contracting = noted
        .iter()
        .any(|noted| noted.phase == Phase::Contract.word() && noted.state != "undone");
    let mut drift = frozen.drift(&now);
    if phase <= Phase::Seal && !journal::complete(frozen, &noted, Phase::Seal) {
        drift.extend(frozen.parts_drift(&now));
    }
    if contracting && phase != Phase::Contract {
        return Ok(false);
    }
    if !drift.is_empty() && !contracting {
        return Err(WardenError::Drifted(drift));
    }
    session.check_preconditions(&frozen.plan, &now).await?;
    // What came since the plan was frozen is as dangerous as what was there.
    if phase == Phase::Add && noted.iter().all(|noted| noted.state == "undone") {
        let hazards = hazards(&mut session.connection, &frozen.plan, &now).await?;
        if !hazards.is_empty() {
            return Err(WardenError::Flawed(hazards));
        }
    }
    if phase == Phase::Constrain {
        check_cross_org_references(session, frozen).await?;
    }
    if phase == Phase::Contract {
        check_dependent_objects(session, frozen).await?;
    }
    // Once it is closed, an owner that row security binds could neither check nor undo what it has done.
    if phase == Phase::Seal && !session.sees_all {
        return Err(WardenError::Blind {
            role: session.role.clone(),
            table: "every table it seals".to_owned(),
        });
    }
    Ok(true)
}

/// Keys that will hold the organization must hold for the rows of today: better said before anything is built on them.
async fn check_cross_org_references(session: &mut Session, frozen: &Frozen) -> Result<(), WardenError> {
    let mut found = Vec::new();
    for edge in crate::verify::edges(&frozen.plan, &frozen.catalog) {
        if !edge.loose {
            let (_, crossing) = edge.count(&mut session.connection).await?;
            if crossing > 0 {
                found.push(format!("{}: {crossing} rows, by {}", edge.table, edge.key));
            }
        }
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(WardenError::Crossing(found))
    }
}

/// Views, triggers and the like that ask for a column keep it from being dropped: better said before anything is.
async fn check_dependent_objects(session: &mut Session, frozen: &Frozen) -> Result<(), WardenError> {
    let mut found = Vec::new();
    for planned in frozen.plan.tables.iter().filter(|table| !table.drop_columns.is_empty()) {
        let by: Vec<String> = sqlx::query_scalar(
            "select distinct a.attname || ': ' || coalesce(pg_describe_object('pg_class'::regclass, r.ev_class, 0), pg_describe_object(d.classid, d.objid, 0))
             from pg_attribute a
             join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype = 'n'
             left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
             where a.attrelid = to_regclass($1) and a.attname = any($2) order by 1",
        )
        .bind(planned.name.sql())
        .bind(&planned.drop_columns)
        .fetch_all(&mut session.connection)
        .await?;
        found.extend(by.into_iter().map(|line| format!("{}.{line}", planned.name)));
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(WardenError::Needed(found))
    }
}

/// How many steps are done before the first that is not, in as few questions as the catalog takes.
async fn completed_prefix(session: &mut Session, frozen: &Frozen, all: &[Step]) -> Result<usize, WardenError> {
    let noted = journal::noted(&mut session.connection, frozen).await?;
    let mut done = 0;
    for some in all.chunks(100) {
        let questions = some.iter().map(|step| match &step.done {
            Done::Always => "true".to_owned(),
            Done::Catalog(there) => there.clone(),
            Done::Journal => noted
                .iter()
                .any(|noted| noted.id == step.id && noted.state == "done")
                .to_string(),
        });
        let text = format!("select array[{}]::boolean[]", questions.collect::<Vec<_>>().join(", "));
        let answers: Vec<bool> = sqlx::query_scalar(sqlx::AssertSqlSafe(text))
            .fetch_one(&mut session.connection)
            .await?;
        done += answers.iter().take_while(|there| **there).count();
        if answers.contains(&false) {
            break;
        }
    }
    Ok(done)
}

/// Asks the catalog, or the journal where the catalog cannot know.
async fn is_done(session: &mut Session, frozen: &Frozen, step: &Step) -> Result<bool, WardenError> {
    match &step.done {
        Done::Always => Ok(true),
        Done::Catalog(there) => Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select {there}")))
            .fetch_one(&mut session.connection)
            .await?),
        Done::Journal => Ok(sqlx::query_scalar(
            "select exists (select from warden.step where plan_id = $1 and id = $2 and state = 'done')",
        )
        .bind(&frozen.id)
        .bind(&step.id)
        .fetch_one(&mut session.connection)
        .await?),
    }
}

async fn execute_step(
    session: &mut Session,
    frozen: &Frozen,
    n: usize,
    step: &Step,
    options: &Options,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    match &step.work {
        Work::Nothing => Ok(journal::note(&mut session.connection, frozen, n, step, "done", 1).await?),
        Work::Together(statements) => {
            locks::together(session, frozen, n, step, statements, "done", options, watch).await
        }
        Work::Apart { clear, build } => {
            // The intent comes first: should we be killed, the next one finds it and what is left of the work.
            journal::note(&mut session.connection, frozen, n, step, "running", 1).await?;
            run_outside_transaction(session, step, clear, build).await?;
            Ok(journal::note(&mut session.connection, frozen, n, step, "done", 1).await?)
        }
        Work::Fill(tables) => {
            journal::note(&mut session.connection, frozen, n, step, "running", 1).await?;
            backfill::fill(session, frozen, step, tables, options, watch).await?;
            Ok(journal::note(&mut session.connection, frozen, n, step, "done", 1).await?)
        }
    }
}

/// Statements that Postgres runs outside of transactions. What a broken try has left is cleared away first.
async fn run_outside_transaction(
    session: &mut Session,
    step: &Step,
    clear: &str,
    build: &str,
) -> Result<(), WardenError> {
    for statement in [clear, build].into_iter().filter(|statement| !statement.is_empty()) {
        let run = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&mut session.connection)
            .await;
        run.map_err(|error| failed(step, &error))?;
    }
    Ok(())
}

fn failed(step: &Step, error: &sqlx::Error) -> WardenError {
    match describe(error) {
        (reason, true) => WardenError::Unreachable(reason),
        (reason, false) => WardenError::Step {
            step: step.id.clone(),
            reason,
        },
    }
}
