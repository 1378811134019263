//! Reading the signals.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{Canary, ThrottleError};
use crate::name::{Name, literal};

pub const STANDBYS: &str = "pg_catalog.pg_stat_replication";

/// A canary that takes so many times its limit has said enough.
const ENOUGH: u32 = 10;

/// Whether somebody has asked to stop at the end of a batch. Where there is no switch, nobody has.
///
/// # Errors
/// When the database fails.
pub async fn is_paused(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let there: bool = sqlx::query_scalar("select to_regclass('warden.control') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        return Ok(false);
    }
    sqlx::query_scalar("select coalesce(bool_or(paused), false) from warden.control")
        .fetch_one(connection)
        .await
}

/// Where the WAL ends, in bytes since ever; also what a commit that does not wait has not written out yet.
pub async fn wal(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let bytes: i64 = sqlx::query_scalar("select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint")
        .fetch_one(connection)
        .await?;
    Ok(bytes.unsigned_abs())
}

#[derive(sqlx::FromRow)]
struct Standbys {
    /// To a role without pg_monitor a standby shows its process and nothing else.
    hidden: bool,
    lag: Option<f64>,
    bytes: Option<i64>,
}

/// How far behind the slowest standby is, in time and bytes; nothing where there is none. A receiver that stores WAL and
/// does not replay it is as far as what it has stored.
pub async fn lag(
    connection: &mut PgConnection,
    standbys: &'static str,
) -> Result<(Option<Duration>, Option<u64>), ThrottleError> {
    let question = format!(
        "select coalesce(bool_or(state is null), false) as hidden,
                max(extract(epoch from coalesce(replay_lag, '0')))::float8 as lag,
                max(greatest(pg_current_wal_lsn() - coalesce(replay_lsn, flush_lsn, write_lsn, sent_lsn), 0))::bigint as bytes
         from {standbys} where state is null or state in ('streaming', 'catchup')"
    );
    let found: Standbys = sqlx::query_as(AssertSqlSafe(question)).fetch_one(connection).await?;
    if found.hidden {
        return Err(ThrottleError::Blind);
    }
    let lag = found
        .lag
        .map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default());
    Ok((lag, found.bytes.map(i64::unsigned_abs)))
}

/// Whether the table, a partition of it or what they keep elsewhere is being vacuumed while it is old enough that it must
/// be. A vacuum whose table this role may not see could be that one.
pub async fn wraparound(connection: &mut PgConnection, table: &Name) -> sqlx::Result<bool> {
    let table = table.regclass();
    let question = format!(
        "with parts as (
             select c.oid, c.reltoastrelid, c.relfrozenxid, c.relminmxid,
                    (select option_value::bigint from pg_options_to_table(c.reloptions)
                      where option_name = 'autovacuum_freeze_max_age') as own
             from pg_class c
             where c.relkind = 'r' and (c.oid = {table} or c.oid in (select relid from pg_partition_tree({table})))
         )
         select exists (
             select from parts t
             join pg_stat_progress_vacuum v
               on v.datname = current_database() and (v.relid in (t.oid, t.reltoastrelid) or v.relid is null)
             where age(t.relfrozenxid) >= least(t.own, current_setting('autovacuum_freeze_max_age')::bigint)
                or mxid_age(t.relminmxid) >= current_setting('autovacuum_multixact_freeze_max_age')::bigint
         )"
    );
    sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(connection).await
}

/// How long the canary query takes, or how long it was waited for.
pub async fn canary(connection: &mut PgConnection, canary: &Canary) -> sqlx::Result<Duration> {
    let enough = canary.within.saturating_mul(ENOUGH);
    let mut transaction = connection.begin().await?;
    let limit = format!(
        "set transaction read only; set local statement_timeout = {}",
        literal(&enough.as_millis().clamp(1, 3_600_000).to_string())
    );
    sqlx::raw_sql(AssertSqlSafe(limit)).execute(&mut *transaction).await?;
    let started = std::time::Instant::now();
    let result = sqlx::query(AssertSqlSafe(canary.sql.as_str()))
        .execute(&mut *transaction)
        .await;
    let took = started.elapsed();
    transaction.rollback().await?;
    match result {
        Ok(_) => Ok(took),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("57014") => Ok(enough.max(took)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;
    use testing::cluster;

    use super::*;

    /// As `pg_stat_replication` shows standbys: the state, the lag, and how many bytes of WAL are replayed and flushed.
    async fn seen(rows: &str) -> Result<(Option<Duration>, Option<u64>), ThrottleError> {
        let mut connection = cluster().await.options().connect().await.unwrap();
        let standbys = format!(
            "create temp table standbys as
             select state, replay_lag::interval, pg_current_wal_lsn() - replayed::numeric as replay_lsn,
                    pg_current_wal_lsn() - flushed::numeric as flush_lsn, null::pg_lsn as write_lsn, null::pg_lsn as sent_lsn
             from ({rows}) r (state, replay_lag, replayed, flushed)"
        );
        sqlx::raw_sql(AssertSqlSafe(standbys))
            .execute(&mut connection)
            .await
            .unwrap();
        lag(&mut connection, "pg_temp.standbys").await
    }

    #[tokio::test]
    async fn the_slowest_standby_counts() {
        let (lag, bytes) = seen(
            "values ('streaming', '1.5 s', 4096, 0), ('catchup', '70 s', 8192, 0), ('backup', '9 days', 99999999, 0)",
        )
        .await
        .unwrap();
        assert_eq!(lag, Some(Duration::from_secs(70)));
        // Others write meanwhile.
        assert!(bytes.unwrap() >= 8192);
        let (lag, bytes) = seen("values ('streaming', null, null, 5000)").await.unwrap();
        assert_eq!(lag, Some(Duration::ZERO));
        assert!(bytes.unwrap() >= 5000);
    }

    #[tokio::test]
    async fn no_standby_is_no_lag_and_a_hidden_one_is_no_answer() {
        assert_eq!(
            seen("select null, null, null, null where false").await.unwrap(),
            (None, None)
        );
        let hidden = seen("values (null, null, null, null), ('streaming', '0', 0, 0)").await;
        assert!(matches!(hidden, Err(ThrottleError::Blind)), "{hidden:?}");
        // And the view itself has all these columns.
        let mut connection = cluster().await.options().connect().await.unwrap();
        assert!(lag(&mut connection, STANDBYS).await.is_ok());
    }
}
