//! For tests: one throwaway cluster per checkout, databases that are copied from a template built once, and clusters that
//! a test may crash. Knows nothing of any schema, and is part of nothing that ships.

mod pgbouncer;

use std::env;
use std::path::{Path, PathBuf};

use cluster::{Cluster, Durability, fingerprint};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tokio::sync::OnceCell;

pub use pgbouncer::PgBouncer;

/// Whoever builds a template holds this lock of the database `postgres`: roles belong to the whole cluster, so two
/// templates built at once would both make them.
const BUILDING: i64 = 0x7465_6d70_6c61_7465;

/// A login over a socket as an operator would write it.
///
/// # Panics
/// When it goes over no socket.
pub fn url(login: &PgConnectOptions) -> String {
    let folder = login.get_socket().expect("a login over a socket").display();
    let folder = folder.to_string().replace('/', "%2F");
    let (who, port, database) = (login.get_username(), login.get_port(), login.get_database());
    format!("postgres://{who}@{folder}:{port}/{}", database.unwrap_or(who))
}

/// The data directory of this checkout's test cluster; checkouts that share a target directory have one each.
pub fn data() -> PathBuf {
    let checkout = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
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

/// A database for one test. It goes with the value, except when the test fails: then it stays for a look, until a
/// template built more than an hour later takes it away.
pub struct Database {
    pub name: String,
    /// As the superuser.
    pub options: PgConnectOptions,
}

impl Database {
    /// With nothing in it.
    ///
    /// # Panics
    /// When it cannot be made; a test has no use for the error.
    pub async fn empty() -> Database {
        Self::copy_of("template0").await
    }

    /// A copy of what `migrate` makes of an empty database. The template is named after `sources`, which must be
    /// everything it is made from, and built once for all tests.
    ///
    /// # Panics
    /// When it cannot be made; a test has no use for the error.
    pub async fn migrated<'a>(
        sources: impl Iterator<Item = &'a [u8]>,
        migrate: impl AsyncFnOnce(PgConnectOptions),
    ) -> Database {
        let template = format!("template_{}", fingerprint(sources));
        let server = cluster().await.options();
        let mut connection = server.connect().await.expect("the test cluster takes connections");
        if !exists(&mut connection, &template)
            .await
            .expect("databases can be listed")
        {
            build(&mut connection, &server, &template, migrate).await;
        }
        connection.close().await.expect("a connection can be closed");
        Self::copy_of(&template).await
    }

    async fn copy_of(template: &str) -> Database {
        let server = cluster().await.options();
        let mut connection = server.connect().await.expect("the test cluster takes connections");
        let name = copy(&mut connection, template).await.expect("a template can be copied");
        connection.close().await.expect("a connection can be closed");
        Database {
            options: server.database(&name),
            name,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the test's database is kept: {}", self.name);
            return;
        }
        // A destructor cannot wait, and its runtime may be about to end: the farewell has a thread and a runtime.
        let (server, name) = (self.options.clone().database("postgres"), self.name.clone());
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

async fn exists(connection: &mut PgConnection, database: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(database)
        .fetch_one(connection)
        .await
}

/// Builds the template unless somebody else has while we waited.
async fn build(
    connection: &mut PgConnection,
    server: &PgConnectOptions,
    template: &str,
    migrate: impl AsyncFnOnce(PgConnectOptions),
) {
    lock(connection).await.expect("templates can be locked");
    if !exists(connection, template).await.expect("databases can be listed") {
        let draft = format!("{template}_draft");
        begin(connection, &draft).await.expect("a template can be begun");
        migrate(server.clone().database(&draft)).await;
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
    async fn a_database_goes_with_its_value() {
        let test = Database::empty().await;
        let name = test.name.clone();
        test.options.connect().await.unwrap().close().await.unwrap();
        drop(test);
        let mut connection = cluster().await.options().connect().await.unwrap();
        assert!(!exists(&mut connection, &name).await.unwrap());
    }
}
