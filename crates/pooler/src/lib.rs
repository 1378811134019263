//! What stands between the program and Postgres: nothing, or a pooler that may give each transaction another connection to the
//! server, as PgBouncer does in transaction mode.

use std::time::Duration;

use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use tokio::time::timeout;

/// What a client may expect of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// It is one of the server's own, for as long as it is open.
    Session,
    /// It is that for one transaction.
    Transaction {
        /// Whether the pooler itself prepares again, on whatever connection comes next, what the client has prepared: PgBouncer
        /// from 1.21 on, with `max_prepared_statements` above 0.
        keeps_statements: bool,
    },
}

/// Others use the pooler too, and may have had the connections that would have told.
const ROUNDS: usize = 10;
/// Who waits longer for a second connection to the server will not get one.
const PATIENCE: Duration = Duration::from_secs(1);

/// Finds out, with two connections of its own.
pub async fn pooling(options: &PgConnectOptions) -> sqlx::Result<Pooling> {
    let options = plain(options);
    let (mut one, other) = tokio::try_join!(options.connect(), options.connect())?;
    if !is_shared(&mut one, other).await? {
        return Ok(Pooling::Session);
    }
    Ok(Pooling::Transaction {
        keeps_statements: keeps_statements(&mut one).await?,
    })
}

/// Without the parameters of a session that PgBouncer refuses unless it was told to ignore them.
pub fn plain(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().extra_float_digits(None)
}

/// Whether two transactions of a connection can be on two of the server's.
async fn is_shared(one: &mut PgConnection, mut other: PgConnection) -> sqlx::Result<bool> {
    for round in 0..ROUNDS {
        let before = begin(one).await?;
        let Ok(begun) = timeout(PATIENCE, begin(&mut other)).await else {
            // It waits in line for the only one there is, and leaves before it is its turn.
            drop(other);
            end(one).await?;
            return Ok(true);
        };
        begun?;
        // The pooler gives out next what came back last, or what came back first.
        if round % 2 == 0 {
            end(one).await?;
            end(&mut other).await?;
        } else {
            end(&mut other).await?;
            end(one).await?;
        }
        let after = begin(one).await?;
        end(one).await?;
        if before != after {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whoever keeps statements gives them names of its own, since two clients may choose the same.
async fn keeps_statements(one: &mut PgConnection) -> sqlx::Result<bool> {
    const WHAT_AM_I_CALLED: &str =
        "select name from pg_prepared_statements where statement like '%pg_prepared_statements%'";
    sqlx::raw_sql("begin").execute(&mut *one).await?;
    let names: sqlx::Result<Vec<String>> = sqlx::query_scalar(WHAT_AM_I_CALLED).fetch_all(&mut *one).await;
    let keeps = match names {
        Ok(names) => !names.iter().any(|name| name.starts_with("sqlx_s_")),
        // Somebody else's statement has the name already.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P05") => false,
        Err(error) => return Err(error),
    };
    // Nobody else finds ours.
    let end = if keeps { "commit" } else { "rollback; deallocate all" };
    sqlx::raw_sql(end).execute(one).await?;
    Ok(keeps)
}

/// Begins a transaction; answers which connection of the server has it.
async fn begin(connection: &mut PgConnection) -> sqlx::Result<i32> {
    sqlx::raw_sql("begin").execute(&mut *connection).await?;
    // Unnamed, so that nothing is prepared for anybody else.
    sqlx::query_scalar("select pg_backend_pid()")
        .persistent(false)
        .fetch_one(connection)
        .await
}

async fn end(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("commit").execute(connection).await.map(drop)
}

#[cfg(test)]
mod tests {
    use testing::{Database, PgBouncer};

    use super::*;

    #[tokio::test]
    async fn a_server_of_ones_own_and_every_kind_of_pool_is_told_apart() {
        let test = Database::empty().await;
        assert_eq!(pooling(&test.options).await.unwrap(), Pooling::Session);
        // What 1.18 does not know, later ones do by default.
        let (no, yes) = match PgBouncer::version() {
            (1, ..21) => ("", None),
            _ => ("max_prepared_statements = 0", Some("max_prepared_statements = 100")),
        };
        let shared = |keeps_statements| Pooling::Transaction { keeps_statements };
        let mut kinds = vec![
            ("pool_mode = session".to_owned(), Pooling::Session),
            (format!("pool_mode = transaction\n{no}"), shared(false)),
            (
                format!("pool_mode = transaction\nserver_round_robin = 1\n{no}"),
                shared(false),
            ),
            (
                format!("pool_mode = transaction\ndefault_pool_size = 1\n{no}"),
                shared(false),
            ),
        ];
        kinds.extend(yes.map(|yes| (format!("pool_mode = transaction\n{yes}"), shared(true))));
        for (settings, expected) in kinds {
            let between = PgBouncer::start(&[test.options.get_username()], &settings).await;
            let login = between.through(&test.options);
            assert_eq!(pooling(&login).await.unwrap(), expected, "{settings}");
            // And once more, with what the first look has left there.
            assert_eq!(pooling(&login).await.unwrap(), expected, "{settings}, again");
        }
    }
}
