//! One look at a database: everything is read in one snapshot, and nothing is filtered.

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use super::Refused;
use crate::{catalog::Catalog, name::Name};

/// A snapshot that sees every row or fails. It ends with the value and leaves nothing behind.
pub(super) struct Snapshot<'c>(Transaction<'c, Postgres>);

/// A table that the connected role reads in part or not at all.
#[derive(sqlx::FromRow)]
struct Unseen {
    schema: String,
    name: String,
    readable: bool,
}

const UNSEEN: &str = "
    select n.nspname::text as schema, c.relname::text as name,
           has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'warden')
      and (row_security_active(c.oid) or not has_schema_privilege(n.oid, 'usage') or not has_table_privilege(c.oid, 'select'))
      and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
    order by 1, 2";

impl<'c> Snapshot<'c> {
    /// Begins, and makes sure that the role sees what it asks for.
    pub(super) async fn begin(connection: &'c mut PgConnection) -> Result<(Self, Catalog), Refused> {
        let begin = "begin isolation level repeatable read";
        let mut snapshot = Self(sqlx::Connection::begin_with(connection, begin).await?);
        // A sort or a hash of millions of rows should not go to disk for a want of the four megabytes of the default.
        for setting in [
            "set local row_security = off",
            "set local standard_conforming_strings = on",
            "set local lock_timeout = '5s'",
            "set local work_mem = '64MB'",
        ] {
            snapshot.run(setting.to_owned()).await?;
        }
        let catalog = Catalog::read(&mut snapshot.0).await?;
        snapshot.sees_everything().await?;
        snapshot.may_keep_answers().await?;
        Ok((snapshot, catalog))
    }

    async fn sees_everything(&mut self) -> Result<(), Refused> {
        let unseen: Vec<Unseen> = sqlx::query_as(UNSEEN).fetch_all(&mut *self.0).await?;
        let (unbound, unread): (Vec<_>, Vec<_>) = unseen.into_iter().partition(|table| table.readable);
        let names = |tables: Vec<Unseen>| {
            tables
                .into_iter()
                .map(|table| Name::new(table.schema, table.name))
                .collect()
        };
        if !unread.is_empty() {
            return Err(Refused::Unreadable {
                role: self.role().await?,
                tables: names(unread),
            });
        }
        if !unbound.is_empty() {
            return Err(Refused::Blinded {
                role: self.role().await?,
                tables: names(unbound),
            });
        }
        Ok(())
    }

    async fn may_keep_answers(&mut self) -> Result<(), Refused> {
        let may = "select has_database_privilege(current_database(), 'temporary')";
        if sqlx::query_scalar(may).fetch_one(&mut *self.0).await? {
            return Ok(());
        }
        let database: String = sqlx::query_scalar("select current_database()::text")
            .fetch_one(&mut *self.0)
            .await?;
        Err(Refused::NoTemporaryTables {
            role: self.role().await?,
            database,
        })
    }

    async fn role(&mut self) -> sqlx::Result<String> {
        sqlx::query_scalar("select current_user::text")
            .fetch_one(&mut *self.0)
            .await
    }

    /// From here on the server itself refuses to write anything but the rows of temporary tables.
    pub(super) async fn only_reads(&mut self) -> sqlx::Result<()> {
        self.run("set transaction read only".to_owned()).await.map(drop)
    }

    /// How many rows it touched.
    pub(super) async fn run(&mut self, statement: String) -> sqlx::Result<u64> {
        let done = sqlx::query(AssertSqlSafe(statement))
            .persistent(false)
            .execute(&mut *self.0)
            .await?;
        Ok(done.rows_affected())
    }

    /// The figures of one row, which all are counts.
    pub(super) async fn counts(&mut self, from: &str, counts: &[String]) -> sqlx::Result<Vec<u64>> {
        // One column, because how many counts there are is known only here.
        let statement = format!("select array[{}]::bigint[] {from}", counts.join(", "));
        let figures: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(statement))
            .persistent(false)
            .fetch_one(&mut *self.0)
            .await?;
        Ok(figures
            .into_iter()
            .map(|figure| u64::try_from(figure).unwrap_or_default())
            .collect())
    }

    pub(super) async fn rows<T>(&mut self, statement: String) -> sqlx::Result<Vec<T>>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        sqlx::query_as(AssertSqlSafe(statement))
            .persistent(false)
            .fetch_all(&mut *self.0)
            .await
    }

    pub(super) async fn end(self) -> sqlx::Result<()> {
        self.0.rollback().await
    }
}
