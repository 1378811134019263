//! A pool as one role, whatever stands between it and Postgres.

use futures_util::{TryStreamExt, future::BoxFuture, stream::BoxStream};
use pooler::Pooling;
use sqlx::{
    AssertSqlSafe, Describe, Either, Execute, Executor, PgPool, Postgres, SqlSafeStr, SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use super::{DbError, PATIENCE, begin, describe, open::Open};

/// A statement that is run on it is a transaction of its own; several that belong together are run in one that [`Pool::begin`]
/// opens.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: PgPool,
    /// The server forgets between two transactions what was prepared: it is prepared anew in each, under names that whoever had
    /// the connection before may have left there.
    forgets: bool,
}

/// How many statements a connection keeps prepared.
const KEPT: usize = 256;

impl Pool {
    pub(super) async fn connect(options: &PgConnectOptions, pooling: Pooling, max: u32) -> Result<Self, DbError> {
        let forgets = pooling
            == Pooling::Transaction {
                keeps_statements: false,
            };
        let options = pooler::plain(options)
            .application_name("switchboard")
            .statement_cache_capacity(if forgets { 0 } else { KEPT });
        let connections = PgPoolOptions::new()
            .max_connections(max)
            .acquire_timeout(PATIENCE)
            // A broken connection is noticed when it is used; asking first would cost a round trip per request.
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .map_err(|error| DbError::Unreachable(describe(&error)))?;
        Ok(Self { connections, forgets })
    }

    /// Begins with `words`, which may set what is local to the transaction: "begin; set local app.org_id = 'org_1'".
    pub(super) async fn begin(&self, words: &str) -> sqlx::Result<Open> {
        let words: SqlStr = match words.split_once(';') {
            _ if !self.forgets => AssertSqlSafe(words.to_owned()).into_sql_str(),
            None => AssertSqlSafe(format!("{words}; deallocate all")).into_sql_str(),
            Some((begin, settings)) => AssertSqlSafe(format!("{begin}; deallocate all;{settings}")).into_sql_str(),
        };
        begin::begin(&self.connections, words).await
    }

    pub(super) fn connections(&self) -> &PgPool {
        &self.connections
    }
}

impl<'p> Executor<'p> for &Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        if !self.forgets {
            return self.connections.fetch_many(query);
        }
        let pool = self.clone();
        // What a statement answers is held until its transaction is over: rows of one that failed count for nothing.
        let rows = async move {
            let mut tx = pool.begin("begin").await?;
            let rows: Vec<_> = tx.fetch_many(query).try_collect().await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(futures_util::stream::iter(rows.into_iter().map(Ok)))
        };
        Box::pin(futures_util::stream::once(rows).try_flatten())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        if !self.forgets {
            return self.connections.fetch_optional(query);
        }
        let pool = self.clone();
        Box::pin(async move {
            let mut tx = pool.begin("begin").await?;
            let row = tx.fetch_optional(query).await?;
            tx.commit().await?;
            Ok(row)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        self.connections.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>> {
        self.connections.describe(sql)
    }
}
