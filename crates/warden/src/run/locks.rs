//! Locks: short tries, with room for others in between, and never a last one that waits for ever.
//!
//! Whoever waits for a table's strongest lock keeps everybody behind it waiting, so a try's length is what a program may be
//! held up for. GitLab and the strong_migrations library go the same way.
//!
//! A vacuum holds a lock that keeps only the likes of us away, and gives way to whoever has waited for longer than
//! `deadlock_timeout`. No short try does, so a step first takes the vacuum's own lock, behind which no reader or writer waits.

use std::time::{Duration, Instant};

use rand::Rng;
use sqlx::{Connection, PgConnection};

use super::{Event, Options, Watch, failed};
use crate::{
    error::{WardenError, code},
    journal,
    name::Name,
    plan::Frozen,
    session::Session,
    steps::Step,
};

/// How long a lock is waited for that keeps no reader or writer waiting: longer than `deadlock_timeout`, a second unless it is set.
const GENTLE: Duration = Duration::from_secs(5);
/// What a vacuum takes.
const VACUUM: &str = "SHARE UPDATE EXCLUSIVE";

#[derive(Clone, Debug)]
pub struct Patience {
    /// The longest single try, and so the longest that others wait because of us.
    pub longest_try: Duration,
    /// When to give up, resumably.
    pub in_all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            longest_try: Duration::from_millis(800),
            in_all: Duration::from_secs(600),
        }
    }
}

impl Patience {
    /// How long the `n`th try waits for its lock: 100 ms, then twice as long each time.
    fn one_try(&self, n: u32) -> Duration {
        (Duration::from_millis(100) * 2_u32.saturating_pow(n.min(10))).min(self.longest_try)
    }

    /// How long to leave others alone after it: from 50 ms to a minute, never the same twice.
    fn rest(n: u32) -> Duration {
        let most = Duration::from_millis(100 * 2_u64.saturating_pow(n.min(10))).min(Duration::from_secs(60));
        most.mul_f64(rand::rng().random_range(0.5..1.0))
    }
}

/// Runs statements in one transaction and notes the step in it.
#[expect(clippy::too_many_arguments, reason = "a step, where it stands, and how to run it")]
pub(super) async fn together(
    session: &mut Session,
    frozen: &Frozen,
    n: usize,
    step: &Step,
    statements: &[String],
    state: &str,
    options: &Options,
    watch: Watch<'_>,
) -> Result<(), WardenError> {
    let began = Instant::now();
    for attempt in 1.. {
        let limit = options.patience.one_try(attempt - 1);
        let tried = transaction(
            &mut session.connection,
            frozen,
            n,
            step,
            statements,
            state,
            limit,
            attempt,
        )
        .await;
        let Err(error) = tried else { return Ok(()) };
        // Somebody else's lock, or two who waited for one another, or several locks that took too long together.
        if !matches!(code(&error).as_deref(), Some("55P03" | "40P01" | "57014")) {
            return Err(failed(step, &error));
        }
        let blockers = blockers(&mut session.connection, step).await?;
        if began.elapsed() > options.patience.in_all {
            return Err(WardenError::Locked {
                step: step.id.clone(),
                seconds: began.elapsed().as_secs(),
                blockers,
            });
        }
        watch(&Event::Waiting {
            id: step.id.clone(),
            attempt,
            blockers,
        });
        tokio::time::sleep(Patience::rest(attempt - 1)).await;
    }
    unreachable!("attempts do not end")
}

#[expect(clippy::too_many_arguments, reason = "as its caller")]
async fn transaction(
    connection: &mut PgConnection,
    frozen: &Frozen,
    n: usize,
    step: &Step,
    statements: &[String],
    state: &str,
    limit: Duration,
    attempt: u32,
) -> sqlx::Result<()> {
    let mut tx = connection.begin().await?;
    // One round trip: the locks are held for as long as the statements take, not for as long as the way to them.
    let text = [locks(step, limit), statements.to_vec()].concat().join(";\n");
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut *tx).await?;
    journal::note(&mut tx, frozen, n, step, state, attempt).await?;
    tx.commit().await
}

/// How a step comes to its locks: all of them within one try, however many tables they are on.
fn locks(step: &Step, limit: Duration) -> Vec<String> {
    let within = |limit: Duration| format!("set local lock_timeout = {}", limit.as_millis());
    let Some(table) = step.table.as_ref().filter(|_| !step.lock.is_empty()) else {
        return vec![within(limit)];
    };
    if step.lock == VACUUM {
        return vec![within(GENTLE.max(limit))];
    }
    let tables: Vec<String> = std::iter::once(table).chain(&step.beside).map(Name::sql).collect();
    let lock = |mode: &str| format!("lock table {} in {mode} mode", tables.join(", "));
    // A lock's limit counts for each table anew; a statement's, from Postgres 13 on, for each statement.
    let mode = if step.lock.starts_with("ACCESS EXCLUSIVE") {
        "access exclusive"
    } else {
        "share row exclusive"
    };
    vec![
        within(GENTLE.max(limit)),
        lock("share update exclusive"),
        within(limit),
        format!("set local statement_timeout = {}", limit.as_millis()),
        lock(mode),
        "set local statement_timeout = 0".to_owned(),
    ]
}

/// Who stands on the table now: what programs call themselves and how long they have been at it, never what they say.
async fn blockers(connection: &mut PgConnection, step: &Step) -> Result<Vec<String>, WardenError> {
    let Some(table) = &step.table else {
        return Ok(Vec::new());
    };
    Ok(sqlx::query_scalar(
        "select distinct format('%s (pid %s, %s for %s s)', coalesce(nullif(a.application_name, ''), 'a program without a name'), a.pid,
                 a.state, round(extract(epoch from now() - a.xact_start)))
         from pg_locks l join pg_stat_activity a using (pid)
         where l.relation = to_regclass($1) and l.granted and l.pid <> pg_backend_pid() limit 5",
    )
    .bind(table.sql())
    .fetch_all(connection)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_and_never_pass_what_others_may_wait() {
        let patience = Patience::default();
        let tries: Vec<_> = (0..6).map(|n| patience.one_try(n).as_millis()).collect();
        assert_eq!(tries, [100, 200, 400, 800, 800, 800]);
    }

    #[test]
    fn rests_grow_to_a_minute_and_differ() {
        for n in 0..40 {
            let rest = Patience::rest(n);
            assert!(rest >= Duration::from_millis(50) && rest <= Duration::from_secs(60));
        }
    }
}
