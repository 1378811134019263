//! What does a transaction leave on its connection that ended in another way than its own?

use std::{future::Future, pin::pin, task::Poll};

use super::{
    AppPool, Db, Pool,
    testing::{self, TestDb},
};
use crate::{
    account::Password,
    auth::{self, Caller, admin},
    config::Config,
    error::Result,
    resource::{Action, Kind},
};

const TIMES: usize = 1_000;

#[tokio::test]
async fn a_thousand_abandoned_transactions_leave_no_organization_behind() {
    let test = TestDb::create().await;
    // One connection, so that each look is at the connection that was just left.
    let db = Db::connect(&test.logins, 1).await.unwrap();
    let core = testing::core(db.clone(), Config::read(&|_| None).unwrap());
    let made = admin::bootstrap(
        &core,
        "ada@ada.example",
        &Password::from("correct-horse-battery"),
        "Ada",
    )
    .await
    .unwrap();
    let caller = auth::bearer(&core, &made.api_key).await.unwrap();
    let system = Caller::system(caller.org().clone());

    let (AppPool(app), worker) = (&db.app, db.worker.queue());
    let mut dice = Dice(0x5eed);
    let mut connections = std::collections::BTreeSet::new();
    for time in 0..TIMES {
        let (caller, pool) = if dice.roll(4) == 0 {
            (&system, worker)
        } else {
            (&caller, app)
        };
        abandon(&db, caller, &mut dice).await;
        let (connection, org, person, rows) = look(pool).await;
        assert_eq!((org.as_str(), person.as_str(), rows), ("", "", 0), "after {time} times");
        connections.insert(connection);
    }
    assert!(
        connections.len() < TIMES / 2,
        "the same connections were used again and again"
    );
    db.close().await;
}

/// Begins, works and does not end as it should.
async fn abandon(db: &Db, caller: &Caller, dice: &mut Dice) {
    match dice.roll(7) {
        // The browser went away: the future is dropped wherever it happened to be.
        0 | 1 => drop(polled(dice.roll(12), work(db, caller)).await),
        // The same, without a transaction of our own.
        6 => drop(polled(dice.roll(4), db.billing_summary(caller.org())).await),
        // The same, from another task.
        2 => {
            let (db, caller) = (db.clone(), caller.clone());
            let task = tokio::spawn(async move { work(&db, &caller).await });
            for _ in 0..dice.roll(12) {
                tokio::task::yield_now().await;
            }
            task.abort();
            drop(task.await);
        }
        3 => {
            let (db, caller) = (db.clone(), caller.clone());
            let task = tokio::spawn(async move {
                let _tx = caller.begin(&db, Action::Read, Kind::Agent).await;
                // Unwinds without the message on standard error.
                std::panic::resume_unwind(Box::new("a handler panicked"));
            });
            assert!(task.await.unwrap_err().is_panic());
        }
        4 => {
            let mut tx = caller.begin(db, Action::Create, Kind::Agent).await.unwrap();
            let failed = sqlx::query("select 1 / 0").execute(tx.conn()).await;
            assert!(failed.is_err());
        }
        _ => {
            let mut tx = caller.begin(db, Action::Create, Kind::Agent).await.unwrap();
            sqlx::query("set local statement_timeout = 1")
                .execute(tx.conn())
                .await
                .unwrap();
            let late = sqlx::query("select pg_sleep(60)").execute(tx.conn()).await;
            assert!(late.is_err());
        }
    }
}

async fn work(db: &Db, caller: &Caller) -> Result<()> {
    let mut tx = caller.begin(db, Action::Create, Kind::Agent).await?;
    for _ in 0..3 {
        sqlx::query("select count(*) from app.clients")
            .execute(tx.conn())
            .await?;
    }
    tx.commit().await
}

/// Polls a future so many times at most and lets go of it.
async fn polled<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// What the next one finds: the connection, its organization and person, and the rows it would see.
async fn look(pool: &Pool) -> (i32, String, String, i64) {
    sqlx::query_as(
        "select pg_backend_pid(), coalesce(current_setting('app.org_id', true), ''),
                coalesce(current_setting('app.user_id', true), ''), (select count(*) from app.clients)",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

/// The same throws in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides).expect("sides are few")
    }
}
