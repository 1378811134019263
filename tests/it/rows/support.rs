//! Two organizations with a row in every tenant table, and how to ask about them.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use switchboard::db::testing::TestDb;

pub struct Org {
    pub id: &'static str,
}

/// What the worker claims from across organizations.
pub const QUEUES: [&str; 1] = ["app.provider_links"];

pub const ADA: Org = Org { id: "org_ada" };
pub const BOB: Org = Org { id: "org_bob" };

#[derive(sqlx::FromRow)]
pub struct Table {
    pub name: String,
    /// A column that the app may change.
    pub writable: Option<String>,
}

pub struct Two {
    pub db: TestDb,
    /// Every table of schema `app`, as the catalog has them.
    pub tables: Vec<Table>,
}

impl Two {
    pub async fn create() -> Two {
        let db = TestDb::create().await;
        db.plant(
            include_str!("two_organizations.sql"),
            [(ADA.id, "Ada"), (BOB.id, "Bob")],
        )
        .await;
        let tables = sqlx::query_as(
            "select c.oid::regclass::text as name,
                    (select min(a.attname::text) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
                       and has_column_privilege('switchboard_app', c.oid, a.attnum, 'update')) as writable
             from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') order by 1",
        )
        .fetch_all(&db.admin)
        .await
        .unwrap();
        Two { db, tables }
    }

    pub async fn connect(login: &PgConnectOptions) -> PgConnection {
        login.connect().await.unwrap()
    }

    /// How many rows each table shows.
    pub async fn seen(&self, connection: &mut PgConnection) -> BTreeMap<String, i64> {
        let mut seen = BTreeMap::new();
        for table in &self.tables {
            seen.insert(table.name.clone(), count(connection, &table.name).await);
        }
        seen
    }

    pub fn nothing(&self) -> BTreeMap<String, i64> {
        self.tables.iter().map(|table| (table.name.clone(), 0)).collect()
    }

    /// Queues are what the worker looks at before it knows an organization.
    pub fn nothing_but_queues(&self, login: &PgConnectOptions) -> BTreeMap<String, i64> {
        let mut due = self.nothing();
        if login.get_username() == "switchboard_worker" {
            due.extend(QUEUES.map(|queue| (queue.to_owned(), 2)));
        }
        due
    }
}

pub async fn enter(connection: &mut PgConnection, org: &str) {
    let set = format!("set local app.org_id = '{}'", org.replace('\'', "''"));
    sqlx::raw_sql(AssertSqlSafe(set)).execute(connection).await.unwrap();
}

pub async fn count(connection: &mut PgConnection, from: &str) -> i64 {
    let count = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {from}")));
    count.fetch_one(connection).await.unwrap()
}

/// The rows a statement changed, or the code of its error, after which the transaction goes on.
pub async fn affected(connection: &mut PgConnection, statement: &str) -> Result<u64, String> {
    let mut inner = connection.begin().await.unwrap();
    match sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(&mut *inner)
        .await
    {
        Ok(done) => {
            inner.commit().await.unwrap();
            Ok(done.rows_affected())
        }
        Err(error) => {
            inner.rollback().await.unwrap();
            Err(error.into_database_error().unwrap().code().unwrap().into_owned())
        }
    }
}

/// The code of the error that a statement must end in.
pub async fn code(connection: &mut PgConnection, statement: &str) -> String {
    affected(connection, statement).await.expect_err(statement)
}
