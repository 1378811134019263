//! The backfill: batches in the order of the key, each noted in the transaction that fills it.
//!
//! What programs write meanwhile is filled by their own triggers, so one look at every row that was there is enough; except
//! where rows lead over rows of their own table or of a ring of tables, which are looked at until nothing more is found.

mod statement;

use std::time::{Duration, Instant};

use sqlx::{Connection, FromRow, types::Json};

use super::{Event, Options, Watch, failed};
use crate::{
    catalog::Table,
    error::{WardenError, code},
    name::{Name, quoted},
    plan::{Frozen, TablePlan},
    session::Session,
    steps::{Step, groups},
    throttle::{Reason, Throttle, Verdict},
};
pub use statement::batches;

/// How long others are left alone after a batch that did not get its rows.
const AFTER: Duration = Duration::from_millis(50);
const SMALLEST: i64 = 50;
const FIRST: i64 = 1_000;
const LARGEST: i64 = 20_000;

/// What a fill has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    pub examined: i64,
    pub changed: i64,
    /// Rows that went to quarantine, or to the first of several answers: each stands in the journal with its reason.
    pub held: i64,
}

/// Fills the tables of one step, from wherever an earlier run has stopped.
pub(super) async fn fill(
    session: &mut Session,
    frozen: &Frozen,
    step: &Step,
    tables: &[Name],
    options: &Options,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    let looped = groups(&frozen.plan)
        .iter()
        .any(|group| group.looped && group.tables.iter().any(|table| tables.contains(&table.name)));
    let mut pass = Passed::last(session, frozen, step).await?;
    if !looped {
        for table in tables {
            Fill::of(frozen, step, table, 0, &[])?
                .run(session, options, watch)
                .await?;
        }
        return left(session, frozen, tables).await;
    }
    // Answers spread from row to row: whoever leads over a row without one waits. When a pass finds no more, what is left
    // leads in circles, and the last pass decides about it.
    loop {
        let last = pass.finishing;
        for table in tables {
            Fill::of(frozen, step, table, pass.number, if last { &[] } else { tables })?
                .run(session, options, watch)
                .await?;
        }
        if last {
            return left(session, frozen, tables).await;
        }
        let changed: Option<i64> = sqlx::query_scalar(
            "select sum(changed)::bigint from warden.batch where plan_id = $1 and step_id = $2 and pass = $3",
        )
        .bind(&frozen.id)
        .bind(&step.id)
        .bind(pass.number)
        .fetch_one(&mut session.connection)
        .await?;
        pass = Passed {
            finishing: changed.unwrap_or_default() == 0,
            number: if changed.unwrap_or_default() == 0 {
                Passed::LAST
            } else {
                pass.number + 1
            },
        };
    }
}

/// How often a group has been looked at.
struct Passed {
    number: i32,
    finishing: bool,
}

impl Passed {
    /// The number of the pass that decides.
    const LAST: i32 = i32::MAX;

    async fn last(session: &mut Session, frozen: &Frozen, step: &Step) -> Result<Self, WardenError> {
        let number: Option<i32> =
            sqlx::query_scalar("select max(pass) from warden.batch where plan_id = $1 and step_id = $2")
                .bind(&frozen.id)
                .bind(&step.id)
                .fetch_one(&mut session.connection)
                .await?;
        let number = number.unwrap_or_default();
        Ok(Self {
            number,
            finishing: number == Self::LAST,
        })
    }
}

/// No row may be left without: later it could not be said whether it was overlooked.
async fn left(session: &mut Session, frozen: &Frozen, tables: &[Name]) -> Result<(), WardenError> {
    for name in tables {
        let Some(table) = frozen.plan.table(name) else { continue };
        let own = quoted(frozen.plan.column(table));
        let (examined, left): (i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "select count(*), count(*) filter (where {own} is null) from {}",
            name.sql()
        )))
        .fetch_one(&mut session.connection)
        .await?;
        if left > 0 {
            return Err(WardenError::Left {
                table: name.to_string(),
                examined,
                left,
            });
        }
    }
    Ok(())
}

struct Fill<'a> {
    frozen: &'a Frozen,
    step: &'a Step,
    planned: &'a TablePlan,
    found: &'a Table,
    pass: i32,
    /// Tables whose rows are waited for.
    together: &'a [Name],
}

#[derive(FromRow)]
struct Batch {
    examined: i64,
    changed: i64,
    held: i64,
    last: Option<Json<Vec<Option<String>>>>,
    wal: i64,
}

impl<'a> Fill<'a> {
    fn of(
        frozen: &'a Frozen,
        step: &'a Step,
        name: &Name,
        pass: i32,
        together: &'a [Name],
    ) -> Result<Self, WardenError> {
        let planned = frozen.plan.table(name);
        let (planned, found) = planned.zip(frozen.catalog.table(name)).ok_or(WardenError::NotFrozen)?;
        Ok(Self {
            frozen,
            step,
            planned,
            found,
            pass,
            together,
        })
    }

    async fn run(&self, session: &mut Session, options: &Options, watch: Watch<'_>) -> Result<Filled, WardenError> {
        if self.planned.paths.is_empty() && self.planned.column.is_some() {
            return Ok(Filled::default());
        }
        match self.found.row_key() {
            Some(key) => self.by_key(session, key, options, watch).await,
            None => self.by_place(session, options, watch).await,
        }
    }

    /// Where the last batch of this table and pass has ended; `None` inside when that was the end of the table.
    async fn reached(&self, session: &mut Session) -> Result<Option<Option<Vec<Option<String>>>>, WardenError> {
        let last: Option<Option<Json<Vec<Option<String>>>>> = sqlx::query_scalar(
            "select to_key from warden.batch where plan_id = $1 and step_id = $2 and pass = $3 and tab = $4 order by n desc limit 1",
        )
        .bind(&self.frozen.id)
        .bind(&self.step.id)
        .bind(self.pass)
        .bind(self.planned.name.to_string())
        .fetch_optional(&mut session.connection)
        .await?;
        Ok(last.map(|key| key.map(|Json(key)| key)))
    }

    async fn by_key(
        &self,
        session: &mut Session,
        key: &[String],
        options: &Options,
        watch: Watch<'_>,
    ) -> Result<Filled, WardenError> {
        let mut after = match self.reached(session).await? {
            None => None,
            Some(Some(key)) => Some(key),
            Some(None) => return Ok(Filled::default()),
        };
        let rows = self.found.rows.max(0);
        let mut size = FIRST;
        let mut throttle = Throttle::new(options.limits.clone(), tokio::time::Instant::now());
        let mut filled = Filled::default();
        loop {
            wait(session, &mut throttle, &self.planned.name, watch).await?;
            let text = self.keyed(key, after.is_some());
            let began = Instant::now();
            let batch = match self
                .one(session, &text, after.as_deref().unwrap_or_default(), size, |batch| {
                    batch.last.clone()
                })
                .await
            {
                Ok(batch) => batch,
                // Somebody holds a row for long, or waits for one of ours: a smaller batch the next time.
                Err(error) if is_passing(&error) => {
                    size = (size / 2).max(SMALLEST);
                    tokio::time::sleep(AFTER).await;
                    continue;
                }
                Err(error) => return Err(failed(self.step, &error)),
            };
            let took = began.elapsed();
            filled.add(&batch);
            watch(&self.event(&batch, rows, took));
            after = batch.last.map(|Json(key)| key);
            if after.is_none() {
                return Ok(filled);
            }
            throttle.record(u32::try_from(batch.examined).unwrap_or(u32::MAX));
            size = next(size, took, options.batch);
        }
    }

    /// Tables whose rows nothing names, page by page. A row that is changed meanwhile moves to another page, and its trigger
    /// fills it on the way.
    async fn by_place(
        &self,
        session: &mut Session,
        options: &Options,
        watch: Watch<'_>,
    ) -> Result<Filled, WardenError> {
        let mut filled = Filled::default();
        let mut throttle = Throttle::new(options.limits.clone(), tokio::time::Instant::now());
        let leaves = self.frozen.catalog.leaves(&self.planned.name);
        let places: Vec<&Name> = if leaves.is_empty() {
            vec![&self.planned.name]
        } else {
            leaves.iter().map(|leaf| &leaf.name).collect()
        };
        for place in places {
            let pages: i64 =
                sqlx::query_scalar("select pg_relation_size(to_regclass($1)) / current_setting('block_size')::bigint")
                    .bind(place.sql())
                    .fetch_one(&mut session.connection)
                    .await?;
            let mut page = 0;
            let mut size = 64;
            while page <= pages {
                wait(session, &mut throttle, place, watch).await?;
                let text = self.placed(place);
                let began = Instant::now();
                let ends = vec![Some(format!("({page},0)")), Some(format!("({},0)", page + size))];
                let batch = match self.one(session, &text, &ends, 0, |_| None).await {
                    Ok(batch) => batch,
                    Err(error) if is_passing(&error) => {
                        size = (size / 2).max(1);
                        tokio::time::sleep(AFTER).await;
                        continue;
                    }
                    Err(error) => return Err(failed(self.step, &error)),
                };
                let took = began.elapsed();
                filled.add(&batch);
                watch(&self.event(&batch, self.found.rows.max(0), took));
                throttle.record(u32::try_from(batch.examined).unwrap_or(u32::MAX));
                page += size;
                size = next(size, took, options.batch).clamp(8, 4096);
            }
        }
        Ok(filled)
    }

    /// One batch and its note, in one transaction.
    async fn one(
        &self,
        session: &mut Session,
        text: &str,
        binds: &[Option<String>],
        size: i64,
        reached: impl Fn(&Batch) -> Option<Json<Vec<Option<String>>>>,
    ) -> sqlx::Result<Batch> {
        let mut tx = session.connection.begin().await?;
        // A row lock is somebody's transaction; whoever keeps one for long makes us leave all of ours.
        sqlx::raw_sql(
            "set local lock_timeout = '500ms'; set local statement_timeout = '30s'; set local synchronous_commit = on;
             set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off",
        )
        .execute(&mut *tx)
        .await?;
        if session.can_disable_triggers {
            // Nobody has changed these rows: no trigger of the application runs, and no date is touched.
            sqlx::raw_sql("set local session_replication_role = replica")
                .execute(&mut *tx)
                .await?;
        }
        let began = Instant::now();
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(text.to_owned()));
        for bind in binds {
            query = query.bind(bind);
        }
        if size > 0 {
            query = query.bind(size);
        }
        let batch: Batch = query.fetch_one(&mut *tx).await?;
        sqlx::query(
            "insert into warden.batch (plan_id, step_id, pass, tab, to_key, examined, changed, held, ms, wal)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, pg_current_wal_insert_lsn() - '0/0' - $10::bigint)",
        )
        .bind(&self.frozen.id)
        .bind(&self.step.id)
        .bind(self.pass)
        .bind(self.planned.name.to_string())
        .bind(reached(&batch))
        .bind(batch.examined)
        .bind(batch.changed)
        .bind(batch.held)
        .bind(i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX))
        .bind(batch.wal)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(batch)
    }

    fn event(&self, batch: &Batch, rows: i64, took: Duration) -> Event {
        Event::Batch {
            table: self.planned.name.to_string(),
            examined: batch.examined,
            changed: batch.changed,
            held: batch.held,
            rows,
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Filled {
    fn add(&mut self, batch: &Batch) {
        self.examined += batch.examined;
        self.changed += batch.changed;
        self.held += batch.held;
    }
}

/// Locks that did not come in time, circles of them, and statements that took too long.
fn is_passing(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("55P03" | "40P01" | "57014"))
}

/// Towards the time a batch should take, at most twice as large at once.
fn next(size: i64, took: Duration, wanted: Duration) -> i64 {
    let factor = (wanted.as_secs_f64() / took.as_secs_f64().max(0.001)).clamp(0.5, 2.0);
    #[expect(clippy::cast_possible_truncation, reason = "between the two limits")]
    let next = (size as f64 * factor) as i64;
    next.clamp(SMALLEST, LARGEST)
}

/// Waits until the database has room for another batch.
async fn wait(
    session: &mut Session,
    throttle: &mut Throttle,
    table: &Name,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    loop {
        match throttle
            .ask(&mut session.connection, table, tokio::time::Instant::now())
            .await?
        {
            Verdict::Go => return Ok(()),
            Verdict::Wait {
                reason: Reason::Paused, ..
            } => return Err(WardenError::Paused),
            Verdict::Wait { reason, r#for } => {
                watch(&Event::Braking {
                    table: table.to_string(),
                    reason: reason.to_string(),
                    ms: u64::try_from(r#for.as_millis()).unwrap_or(u64::MAX),
                });
                tokio::time::sleep(r#for).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_towards_their_time_and_shrink_when_they_take_longer() {
        let wanted = Duration::from_millis(200);
        assert_eq!(next(1000, Duration::from_millis(20), wanted), 2000);
        assert_eq!(next(1000, Duration::from_millis(200), wanted), 1000);
        assert_eq!(next(1000, Duration::from_secs(9), wanted), 500);
        assert_eq!(next(SMALLEST, Duration::from_secs(9), wanted), SMALLEST);
        assert_eq!(next(LARGEST, Duration::from_millis(1), wanted), LARGEST);
    }
}
