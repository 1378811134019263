//! A migrated database for one test, on the server that `SWITCHBOARD_TEST_PG` names.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use switchboard::db::{APP, IDENTITY, Logins, WARDEN, WORKER, migrate};
use tokio::sync::OnceCell;

pub struct TestDb {
    pub admin: PgPool,
    pub logins: Logins,
}

static NEXT: AtomicU32 = AtomicU32::new(0);
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

impl TestDb {
    pub async fn create() -> Self {
        let template = TEMPLATE
            .get_or_init(|| async {
                let name = fresh().await;
                migrate(&logins(&name)).await.unwrap();
                name
            })
            .await;
        let name = format!("sbtest_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run(format!("create database {name} template {template}")).await;
        let logins = logins(&name);
        let admin = PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(logins.admin.clone());
        Self { admin, logins }
    }
}

async fn fresh() -> String {
    let name = format!("sbtest_{}_template", std::process::id());
    run(format!("drop database if exists {name} with (force)")).await;
    run(format!("create database {name}")).await;
    name
}

async fn run(sql: String) {
    let mut server = options()
        .database("postgres")
        .connect()
        .await
        .expect("the test server answers");
    server.execute(AssertSqlSafe(sql)).await.unwrap();
    server.close().await.unwrap();
}

fn options() -> PgConnectOptions {
    let given =
        std::env::var("SWITCHBOARD_TEST_PG").unwrap_or_else(|_| "host=/tmp/pgdev port=5599 user=postgres".into());
    given.split_whitespace().fold(PgConnectOptions::new(), |options, pair| {
        match pair.split_once('=').expect("pairs of name=value") {
            ("host", host) => options.host(host),
            ("port", port) => options.port(port.parse().expect("a port")),
            ("user", user) => options.username(user),
            (other, _) => panic!("SWITCHBOARD_TEST_PG: {other}"),
        }
    })
}

fn logins(database: &str) -> Logins {
    let admin = options().database(database);
    let login = |role: &str| admin.clone().username(role);
    Logins {
        app: login(APP),
        worker: login(WORKER),
        identity: login(IDENTITY),
        warden: login(WARDEN),
        admin,
    }
}
