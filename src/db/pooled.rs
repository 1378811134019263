//! Behind a PgBouncer, as Debian ships it, which gives each transaction another connection and keeps no statements.

use ::testing::PgBouncer;
use tokio::task::JoinSet;

use super::{
    Db, DbError, Logins, migrate,
    testing::{TestDb, pgbouncer},
};
use crate::{
    auth::Caller,
    error::Result,
    org::OrgId,
    resource::{Action, Kind},
};

const SHARED: &str = "pool_mode = transaction\ndefault_pool_size = 3";

async fn behind(test: &TestDb) -> (PgBouncer, Logins) {
    let between = pgbouncer(SHARED).await;
    let logins = test.logins.behind(&between);
    (between, logins)
}

fn variable<T>(refused: Result<T, DbError>) -> &'static str {
    match refused.err() {
        Some(DbError::Pooled(variable, _)) => variable,
        Some(other) => panic!("refused for something else: {other}"),
        None => panic!("not refused"),
    }
}

#[tokio::test]
async fn what_needs_a_connection_of_its_own_is_refused_through_a_pooler_by_the_name_of_the_variable() {
    let test = TestDb::create().await;
    let (between, behind) = behind(&test).await;
    let unheard = Logins {
        listen: None,
        ..behind.clone()
    };
    assert_eq!(variable(Db::connect(&unheard, 1).await), "DATABASE_WORKER_URL");
    let pooled = Logins {
        listen: Some(behind.worker.clone()),
        ..behind.clone()
    };
    assert_eq!(variable(Db::connect(&pooled, 1).await), "DATABASE_LISTEN_URL");
    assert_eq!(
        variable(crate::verify::run(&behind, crate::verify::Options::default()).await),
        "DATABASE_URL"
    );
    // Its administrator is let in by no PgBouncer of these tests: the app stands for them.
    let administered = Logins {
        admin: between.through(&test.logins.app),
        ..behind
    };
    assert_eq!(variable(migrate(&administered).await), "DATABASE_ADMIN_URL");
}

#[tokio::test]
async fn many_at_once_work_in_their_organizations_and_what_they_tell_is_heard() {
    const PEOPLE: usize = 12;
    let test = TestDb::create().await;
    for n in 0..PEOPLE {
        let made = format!("insert into identity.organizations (id, name) values ('org_{n}', 'Org {n}')");
        sqlx::query(sqlx::AssertSqlSafe(made))
            .execute(&test.admin)
            .await
            .unwrap();
    }
    let (_between, behind) = behind(&test).await;
    let db = Db::connect(&behind, 8).await.unwrap();
    let mut listener = db.listener("switchboard").await.unwrap();
    let mut work = JoinSet::new();
    for n in 0..PEOPLE {
        let db = db.clone();
        work.spawn(async move {
            let org = OrgId::parse(&format!("org_{n}")).unwrap();
            let caller = Caller::system(org.clone());
            for _ in 0..20 {
                let mut tx = caller.begin(&db, Action::Update, Kind::Agent).await.unwrap();
                let inside: String = sqlx::query_scalar("select current_setting('app.org_id')")
                    .fetch_one(tx.conn())
                    .await
                    .unwrap();
                assert_eq!(inside, org.as_str());
                tx.changed(Kind::Agent);
                tx.commit().await.unwrap();
                // A statement by itself, with what it takes and answers.
                let (given, outside): (i32, Option<String>) =
                    sqlx::query_as("select $1::int, nullif(current_setting('app.org_id', true), '')")
                        .bind(n as i32)
                        .fetch_one(db.identity.pool())
                        .await
                        .unwrap();
                assert_eq!((given, outside), (n as i32, None));
            }
        });
    }
    while let Some(done) = work.join_next().await {
        done.unwrap();
    }
    assert!(listener.recv().await.unwrap().payload().contains("agent"));
    // Its settings are the role's, not the session's.
    let limit: String = sqlx::query_scalar("select current_setting('statement_timeout')")
        .fetch_one(db.worker.queue())
        .await
        .unwrap();
    assert_eq!(limit, "1min");
    db.close().await;
}
