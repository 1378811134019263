//! For tests of this product: migrated databases with its logins, what is planted in them, and cores on them.

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use testing::Database;
pub use testing::{OwnCluster, PgBouncer, cluster, url};
use url::Url;

use super::{APP, Db, IDENTITY, Logins, MIGRATOR, WORKER, migrate, migrate::ROLES};
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

/// A migrated database for one test, which goes with the value.
pub struct TestDb {
    pub name: String,
    /// As the superuser, for what a test arranges behind the program's back.
    pub admin: PgPool,
    /// As each role of the program.
    pub logins: Logins,
    _pooler: Option<PgBouncer>,
    _database: Database,
}

/// Settings of a PgBouncer that all tests shall work behind, such as `pool_mode = transaction`: scripts/test-pooler.
const POOLER: &str = "TEST_POOLER";

impl TestDb {
    /// # Panics
    /// When it cannot; a test has no use for the error.
    pub async fn create() -> TestDb {
        let migrations = MIGRATOR.iter().map(|migration| migration.sql.as_str());
        let sources = migrations.chain([ROLES]).map(str::as_bytes);
        let database = Database::migrated(sources, async |draft| {
            let migrated = migrate(&Logins::trusted(draft)).await;
            migrated.unwrap_or_else(|error| panic!("the tests need a migrated database: {error}"));
        })
        .await;
        let logins = Logins::trusted(database.options.clone());
        let admin = PgPoolOptions::new()
            .max_connections(4)
            .connect_lazy_with(logins.admin.clone());
        let pooler = match std::env::var(POOLER) {
            Ok(settings) => Some(pgbouncer(&settings).await),
            Err(_) => None,
        };
        TestDb {
            name: database.name.clone(),
            admin,
            logins: pooler
                .as_ref()
                .map_or_else(|| logins.clone(), |pooler| logins.behind(pooler)),
            _pooler: pooler,
            _database: database,
        }
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

/// A PgBouncer that lets the program's own logins in; `settings` as in [`PgBouncer::start`].
pub async fn pgbouncer(settings: &str) -> PgBouncer {
    PgBouncer::start(&[APP, WORKER, IDENTITY], settings).await
}

impl Logins {
    /// The same, with a pooler between that the program does not know of; `listen` leads past it.
    pub fn behind(&self, pooler: &PgBouncer) -> Self {
        Self {
            app: pooler.through(&self.app),
            worker: pooler.through(&self.worker),
            identity: pooler.through(&self.identity),
            listen: Some(self.worker.clone()),
            is_direct: false,
            ..self.clone()
        }
    }
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
        language_model: None,
    });
    made.expect("a test's mail settings are good")
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
}
