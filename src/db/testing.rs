//! Databases for tests: one throwaway cluster per checkout, and in it one database per test, copied from a template
//! that is migrated once.

use std::env;
use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use tokio::sync::OnceCell;
use url::Url;

use super::cluster::{Cluster, Durability, fingerprint};
use super::{Db, Logins, MIGRATOR, migrate, migrate::ROLES};
use crate::{
    auth::Caller,
    config::Config,
    core::{Core, Setup},
    org::OrgId,
    providers::UltravoxAccess,
    registry,
    resource::{Action, Kind},
    secret::Master,
};

/// Whoever builds a template holds this lock of the database `postgres`: roles belong to the whole cluster, so two
/// templates built at once would both make them.
const BUILDING: i64 = 0x7465_6d70_6c61_7465;

/// The data directory of this checkout's test cluster; checkouts that share a target directory have one each.
pub fn data() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout.join("target"), |target| checkout.join(target));
    target
        .join("test-postgres")
        .join(fingerprint([checkout.as_os_str().as_encoded_bytes()]))
}

/// The test cluster. It keeps running between test binaries; `Cluster::stop_running(&data())` ends it.
pub async fn cluster() -> &'static Cluster {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    CLUSTER
        .get_or_init(async || {
            let started = Cluster::start_with(&data(), Durability::Throwaway).await;
            started.unwrap_or_else(|error| panic!("the tests need a Postgres: {error}"))
        })
        .await
}

/// A migrated database for one test. It goes with the value, except when the test fails: then it stays for a look,
/// until a template built more than an hour later takes it away.
pub struct TestDb {
    pub name: String,
    /// As the superuser, for what a test arranges behind the program's back.
    pub admin: PgPool,
    /// As each role of the program.
    pub logins: Logins,
}

impl TestDb {
    /// # Panics
    /// When it cannot; a test has no use for the error.
    pub async fn create() -> TestDb {
        let server = cluster().await.options();
        let template = template();
        let mut connection = server.connect().await.expect("the test cluster takes connections");
        if !exists(&mut connection, &template)
            .await
            .expect("databases can be listed")
        {
            build(&mut connection, &server, &template).await;
        }
        let name = copy(&mut connection, &template)
            .await
            .expect("a template can be copied");
        connection.close().await.expect("a connection can be closed");
        let logins = Logins::trusted(server.database(&name));
        let admin = PgPoolOptions::new()
            .max_connections(4)
            .connect_lazy_with(logins.admin.clone());
        TestDb { name, admin, logins }
    }
}

impl TestDb {
    /// Two organizations, each with a row of every registered resource and its mark in it. `sql` makes the organizations before the line that
    /// speaks of planting, and whatever refers to the planted rows after it.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn plant(&self, sql: &'static str, orgs: [(&str, &str); 2]) {
        let (before, after) = sql
            .split_once("-- Here the test plants")
            .expect("it says where to plant");
        let (_, after) = after.split_once('\n').expect("the rest begins on the next line");
        sqlx::raw_sql(before)
            .execute(&self.admin)
            .await
            .expect("organizations can be made");
        let db = Db::connect(&self.logins, 1).await.expect("the logins can connect");
        for (org, mark) in orgs {
            let worker = Caller::system(OrgId::parse(org).expect("an id of an organization"));
            let mut tx = worker
                .begin(&db, Action::Create, Kind::Agent)
                .await
                .expect("the worker may enter");
            registry::plant(&mut tx, mark)
                .await
                .expect("every resource can be planted");
            tx.commit().await.expect("what was planted can be kept");
        }
        db.close().await;
        sqlx::raw_sql(after)
            .execute(&self.admin)
            .await
            .expect("the rest can be made");
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the test's database is kept: {}", self.name);
            return;
        }
        // A destructor cannot wait, and its runtime may be about to end: the farewell has a thread and a runtime.
        let (server, name) = (self.logins.admin.clone().database("postgres"), self.name.clone());
        let farewell = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            runtime.block_on(drop_database(&server, &name)).ok()
        });
        if !matches!(farewell.join(), Ok(Some(()))) {
            eprintln!("the test's database could not be dropped: {}", self.name);
        }
    }
}

/// The template is named after everything it is made from.
fn template() -> String {
    let migrations = MIGRATOR.iter().map(|migration| migration.sql.as_str());
    let sources = migrations.chain([ROLES]).map(str::as_bytes);
    format!("template_{}", fingerprint(sources))
}

async fn exists(connection: &mut PgConnection, database: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(database)
        .fetch_one(connection)
        .await
}

/// Builds the template unless somebody else has while we waited.
async fn build(connection: &mut PgConnection, server: &PgConnectOptions, template: &str) {
    lock(connection).await.expect("templates can be locked");
    if !exists(connection, template).await.expect("databases can be listed") {
        let draft = format!("{template}_draft");
        begin(connection, &draft).await.expect("a template can be begun");
        let migrated = migrate(&Logins::trusted(server.clone().database(&draft))).await;
        migrated.unwrap_or_else(|error| panic!("the tests need a migrated database: {error}"));
        finish(connection, &draft, template)
            .await
            .expect("a template can be finished");
    }
    unlock(connection).await.expect("templates can be unlocked");
}

/// Whoever waits gets the lock, should the holder panic: it goes with the connection.
async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_lock($1)")
        .bind(BUILDING)
        .execute(connection)
        .await
        .map(drop)
}

async fn unlock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_unlock($1)")
        .bind(BUILDING)
        .execute(connection)
        .await
        .map(drop)
}

async fn begin(connection: &mut PgConnection, draft: &str) -> sqlx::Result<()> {
    sweep(connection).await?;
    execute(connection, format!("drop database if exists {draft} with (force)")).await?;
    execute(connection, format!("create database {draft} template template0")).await
}

/// The template gets its name when it is complete, and nobody may enter it: a copy waits until all have left.
async fn finish(connection: &mut PgConnection, draft: &str, template: &str) -> sqlx::Result<()> {
    execute(connection, format!("alter database {draft} allow_connections false")).await?;
    execute(connection, format!("alter database {draft} rename to {template}")).await
}

/// Drops what earlier runs left. An hour outlasts every run; what is in use stays anyway.
async fn sweep(connection: &mut PgConnection) -> sqlx::Result<()> {
    let leftovers: Vec<String> = sqlx::query_scalar(
        r"select datname::text from pg_database
          where datname ~ '^(test|template)_[0-9a-f]+(_draft)?$'
            and (pg_stat_file(format('base/%s/PG_VERSION', oid), true)).modification < now() - interval '1 hour'",
    )
    .fetch_all(&mut *connection)
    .await?;
    for database in leftovers {
        if let Err(error) = execute(connection, format!("drop database if exists {database}")).await {
            tracing::debug!("{database} stays: {error}");
        }
    }
    Ok(())
}

async fn copy(connection: &mut PgConnection, template: &str) -> sqlx::Result<String> {
    let name: String = sqlx::query_scalar("select 'test_' || replace(gen_random_uuid()::text, '-', '')")
        .fetch_one(&mut *connection)
        .await?;
    // Copying files is quicker than logging pages, and the checkpoints it takes cost nothing without fsync.
    execute(
        connection,
        format!("create database {name} template {template} strategy file_copy"),
    )
    .await?;
    // The template's own privileges are not part of a copy, and tests are about privileges too.
    sqlx::query(
        "update pg_database set datacl = (select datacl from pg_database where datname = $2) where datname = $1",
    )
    .bind(&name)
    .bind(template)
    .execute(connection)
    .await?;
    Ok(name)
}

async fn drop_database(server: &PgConnectOptions, name: &str) -> sqlx::Result<()> {
    let mut connection = server.connect().await?;
    execute(&mut connection, format!("drop database if exists {name} with (force)")).await?;
    connection.close().await
}

/// Runs a statement about a database, which takes no parameters. Every name in it is letters and digits of our making.
async fn execute(connection: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(drop)
}

/// A core on a test's own database, as `config` says it should be; nothing else is connected.
///
/// # Panics
/// When the mail settings are wrong; a test has no use for the error.
pub fn core(db: Db, config: Config) -> Core {
    core_with(db, config, Master::fresh())
}

/// What another process of the same installation would start with.
///
/// # Panics
/// As [`core`].
pub fn core_beside(other: &Core) -> Core {
    core_with(other.db.clone(), other.config.clone(), other.secret.clone())
}

fn core_with(db: Db, config: Config, secret: Master) -> Core {
    let here = || Url::parse(&format!("http://{}", config.addr)).expect("an address makes a URL");
    let made = Core::new(Setup {
        public_url: config.public_url.clone().unwrap_or_else(here),
        config,
        secret,
        db,
        warden: None,
        ultravox: UltravoxAccess {
            // Port 9 discards: nothing listens for it.
            url: Url::parse("http://127.0.0.1:9").expect("a literal URL"),
            key: "nowhere0.00000000000000000000000000000000".to_owned().into(),
            medium: "sip".into(),
            from: "+15550100000".into(),
            sip_host: Some("sip.invalid".into()),
            webhook_secret: "nowhere".to_owned().into(),
        },
    });
    made.expect("a test's mail settings are good")
}

/// A cluster for one test alone, which it may crash. It goes with the value, also when the test fails.
pub struct OwnCluster {
    data: PathBuf,
    cluster: Option<Cluster>,
}

impl OwnCluster {
    /// # Panics
    /// When it cannot be started; a test has no use for the error.
    pub async fn start(name: &str, durability: Durability) -> OwnCluster {
        let data = env::temp_dir().join(format!("{name}-{}", uuid::Uuid::now_v7()));
        let cluster = Cluster::start_with(&data, durability)
            .await
            .expect("a cluster can be started");
        OwnCluster {
            data,
            cluster: Some(cluster),
        }
    }

    /// # Panics
    /// Between the two halves of [`OwnCluster::crash`].
    pub fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("it is started")
    }

    /// Down without a word, as when the power goes, and up again with what was left.
    ///
    /// # Panics
    /// When it does not come up again.
    pub async fn crash(&mut self) {
        let file = self.cluster().home().join("data/postmaster.pid");
        let pid = std::fs::read_to_string(&file).expect("it runs");
        // SIGQUIT: every process of the server ends at once, and nothing is written out.
        let ended = tokio::process::Command::new("kill")
            .args(["-QUIT", pid.lines().next().unwrap_or_default()])
            .status()
            .await;
        assert!(ended.is_ok_and(|status| status.success()), "it can be ended");
        while file.exists() {
            tokio::task::yield_now().await;
        }
        if let Some(cluster) = self.cluster.take() {
            cluster.leave_running();
        }
        self.cluster = Some(Cluster::start(&self.data).await.expect("it comes up again"));
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        drop(self.cluster.take());
        let data = std::mem::take(&mut self.data);
        // A destructor cannot wait, and its runtime may be about to end.
        let farewell = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                let stopped = runtime.block_on(Cluster::stop_running(&data));
                let removed = std::fs::remove_dir_all(&data);
                if stopped.is_err() || removed.is_err() {
                    eprintln!("the test's cluster is left: {}", data.display());
                }
            }
        });
        let _ = farewell.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tests_that_begin_at_once_get_databases_of_their_own() {
        let (a, b, c) = tokio::join!(TestDb::create(), TestDb::create(), TestDb::create());
        sqlx::raw_sql("create table mine (it int)")
            .execute(&a.admin)
            .await
            .unwrap();
        for db in [&b, &c] {
            let seen: Option<String> = sqlx::query_scalar("select to_regclass('mine')::text")
                .fetch_one(&db.admin)
                .await
                .unwrap();
            assert_eq!(seen, None);
        }
    }

    #[tokio::test]
    async fn every_role_of_the_program_finds_the_schema_and_no_more_rights_than_migrations_give() {
        let test = TestDb::create().await;
        let db = Db::connect(&test.logins, 2).await.unwrap();
        assert!(db.ready().await);
        let rights: (bool, bool, bool) = sqlx::query_as(
            "select has_database_privilege('switchboard_app', current_database(), 'connect'),
                    has_database_privilege('switchboard_app', current_database(), 'temp'),
                    has_database_privilege('switchboard_owner', current_database(), 'create')",
        )
        .fetch_one(&test.admin)
        .await
        .unwrap();
        assert_eq!(rights, (true, false, true));
        db.close().await;
    }

    #[tokio::test]
    async fn a_database_goes_with_its_value() {
        let test = TestDb::create().await;
        let name = test.name.clone();
        sqlx::query("select 1").execute(&test.admin).await.unwrap();
        drop(test);
        let mut connection = cluster().await.options().connect().await.unwrap();
        assert!(!exists(&mut connection, &name).await.unwrap());
    }
}
