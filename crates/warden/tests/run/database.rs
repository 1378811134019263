//! Databases to migrate, each on the test cluster and gone afterwards.

use std::path::PathBuf;

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use testing::cluster;
use tokio::runtime::Runtime;
use warden::{
    catalog::Catalog,
    error::WardenError,
    journal,
    plan::{Frozen, Plan, Signer},
    run::{self, Event, Options, Target},
    session::Session,
    steps::Phase,
};
use warden_fixture::{
    Fixture, Scale,
    checksum::{self, Checksum, Except},
    dump,
};

use crate::planned::{frozen, plan};

/// A database of its own for one test.
pub struct Database {
    pub login: PgConnectOptions,
    pub name: String,
}

impl Database {
    /// A copy of another one, which nobody may be connected to.
    pub async fn copy(template: &str) -> Self {
        Self::on(cluster().await.options(), template).await
    }

    /// A fixture of a few thousand rows, and a role that its programs work as.
    pub async fn of(fixture: &str) -> (Self, &'static Fixture) {
        Self::of_on(cluster().await.options(), fixture).await
    }

    async fn of_on(server: PgConnectOptions, fixture: &str) -> (Self, &'static Fixture) {
        let database = Self::on(server, "template0").await;
        let fixture = Fixture::named(fixture).unwrap();
        fixture.make(&database.login, Scale::new(2_000)).await.unwrap();
        let_in(&database).await;
        (database, fixture)
    }

    pub async fn empty() -> Self {
        Self::copy("template0").await
    }

    async fn on(server: PgConnectOptions, template: &str) -> Self {
        let mut admin = server.connect().await.unwrap();
        let name: String = sqlx::query_scalar("select 'test_' || replace(gen_random_uuid()::text, '-', '')")
            .fetch_one(&mut admin)
            .await
            .unwrap();
        admin
            .execute(AssertSqlSafe(format!("create database {name} template {template}")))
            .await
            .unwrap();
        admin.close().await.unwrap();
        Self {
            login: server.database(&name),
            name,
        }
    }

    /// For a process: the socket's folder stands where a URL takes it.
    pub fn url(&self) -> String {
        let folder = self
            .login
            .get_socket()
            .map(|folder| folder.display().to_string())
            .unwrap_or_default();
        format!(
            "postgres://{}@localhost:{}/{}?host={folder}",
            self.login.get_username(),
            self.login.get_port(),
            self.name
        )
    }

    /// Waits until the server has noticed that a killed process is gone.
    pub async fn alone(&self) {
        let mut connection = self.connect().await;
        loop {
            let gone: bool = sqlx::query_scalar("select not exists (select from pg_stat_activity where datname = current_database() and application_name = 'warden')")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            if gone {
                break;
            }
            tokio::task::yield_now().await;
        }
        connection.close().await.unwrap();
    }

    pub async fn connect(&self) -> PgConnection {
        self.login.connect().await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the test's database is kept: {}", self.name);
            return;
        }
        let (server, name) = (self.login.clone().database("postgres"), self.name.clone());
        let dropped = std::thread::spawn(move || {
            runtime().block_on(async {
                let mut admin = server.connect().await.unwrap();
                admin
                    .execute(AssertSqlSafe(format!("drop database if exists {name} with (force)")))
                    .await
                    .unwrap();
            });
        });
        dropped.join().unwrap();
    }
}

/// The role that programs of the fixtures work as once their database is sealed.
pub const APP: &str = "warden_test_app";

/// Roles belong to the whole cluster; rights to each database.
pub async fn let_in(database: &Database) {
    let mut connection = database.connect().await;
    let made = connection
        .execute(AssertSqlSafe(format!("create role {APP} login")))
        .await;
    if let Err(sqlx::Error::Database(error)) = made {
        // Another test has made it.
        assert!(matches!(error.code().as_deref(), Some("42710" | "23505")), "{error}");
    }
    let schemas: Vec<String> = sqlx::query_scalar(
        "select quote_ident(nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for schema in schemas {
        let rights = format!(
            "grant usage on schema {schema} to {APP}; grant select, insert, update, delete, truncate on all tables in schema {schema} to {APP};
             grant usage on all sequences in schema {schema} to {APP}"
        );
        sqlx::raw_sql(AssertSqlSafe(rights))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
}

/// A fixture of a few thousand rows, and a plan for it that somebody has signed.
pub struct Subject {
    pub database: Database,
    pub fixture: &'static Fixture,
    pub frozen: Frozen,
    pub key: PathBuf,
}

impl Subject {
    pub async fn new(fixture: &str) -> Self {
        Self::planned(fixture, |_| ()).await
    }

    /// With what a test changes in the plan.
    pub async fn planned(fixture: &str, change: impl FnOnce(&mut Plan)) -> Self {
        let (database, fixture) = Database::of(fixture).await;
        Self::decided(database, fixture, change).await
    }

    /// On a server of its own.
    pub async fn on(server: PgConnectOptions, fixture: &str) -> Self {
        let (database, fixture) = Database::of_on(server, fixture).await;
        Self::decided(database, fixture, |_| ()).await
    }

    pub async fn decided(database: Database, fixture: &'static Fixture, change: impl FnOnce(&mut Plan)) -> Self {
        let mut session = Session::open(&database.login).await.unwrap();
        let catalog = Catalog::read(&mut session.connection).await.unwrap();
        let mut planned = plan(fixture, &catalog);
        planned.seal.roles = vec![APP.to_owned()];
        change(&mut planned);
        let frozen = frozen(planned, catalog);
        let key = std::env::temp_dir().join(format!("{}.key", database.name));
        journal::open(&mut session.connection).await.unwrap();
        journal::keep(&mut session.connection, &frozen, &Signer::load(&key).unwrap())
            .await
            .unwrap();
        session.close().await.unwrap();
        Self {
            database,
            fixture,
            frozen,
            key,
        }
    }

    pub async fn session(&self) -> Session {
        let mut session = Session::open(&self.database.login).await.unwrap();
        session.lock_exclusively().await.unwrap();
        session
    }

    pub async fn phase(&self, phase: Phase) -> Result<(), WardenError> {
        let mut session = self.session().await;
        let ended = run::phase(&mut session, &self.frozen, phase, &Options::default(), &quiet).await;
        session.close().await.unwrap();
        ended
    }

    /// Every phase up to one.
    pub async fn through(&self, last: Phase) {
        for phase in Phase::ALL.into_iter().take_while(|phase| *phase <= last) {
            self.phase(phase)
                .await
                .unwrap_or_else(|error| panic!("{phase}: {error}"));
        }
    }

    pub async fn back(&self, target: Target) {
        let mut session = self.session().await;
        let ended = run::rollback(&mut session, &self.frozen, target, &Options::default(), &quiet).await;
        ended.unwrap_or_else(|error| panic!("{error}"));
        session.close().await.unwrap();
    }

    /// Everything the database holds, but for what is ours.
    pub async fn rows(&self) -> Vec<(String, Checksum)> {
        let except = Except {
            schemas: &["warden", "tenancy"],
            ..Except::default()
        };
        let sums = checksum::database(&mut self.database.connect().await, except)
            .await
            .unwrap();
        sums.into_iter().collect()
    }

    pub async fn schema(&self) -> String {
        dump::schema(&self.database.login, &["warden"]).await.unwrap()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.key);
    }
}

pub fn quiet(_: &Event) {}

/// The first lines in which two texts differ, which say more than both of them whole.
pub fn same(a: &str, b: &str) {
    for (a, b) in a.lines().zip(b.lines()) {
        assert_eq!(a, b);
    }
    assert_eq!(a, b);
}

/// For a thread of its own, where no other can be waited for.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Asks until the answer is yes.
pub async fn until(connection: &mut PgConnection, question: &'static str) {
    while !sqlx::query_scalar::<_, bool>(question)
        .fetch_one(&mut *connection)
        .await
        .unwrap()
    {
        tokio::task::yield_now().await;
    }
}

/// The one value that a question is answered with.
pub async fn ask<T>(connection: &mut PgConnection, question: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(AssertSqlSafe(question.to_owned()))
        .fetch_one(connection)
        .await
        .unwrap()
}
