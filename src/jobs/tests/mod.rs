//! The queue against a real Postgres, as the program's own logins: jobs that only note that they ran.

mod fairness;
mod leases;
mod running;

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use super::{
    Backoff, Claim, Context, Failure, Job, Jobs, Limits, Outcome, Queue, Request, enqueue, run_due, store::Claimed,
};
use crate::{
    auth::Caller,
    config::Config,
    core::Core,
    db::{
        Db,
        testing::{self, TestDb},
    },
    error::{Error, Result},
    org::OrgId,
    resource::{Action, Kind},
};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct World {
    core: Core,
    db: TestDb,
    /// By which a test's jobs find their way back to it.
    name: Uuid,
    ran: Mutex<mpsc::UnboundedReceiver<Ran>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Ran {
    org: String,
    number: u32,
    attempt: i32,
}

type Test = (mpsc::UnboundedSender<Ran>, Arc<Notify>);

/// The tests of this process, by name.
static TESTS: LazyLock<Mutex<BTreeMap<Uuid, Test>>> = LazyLock::new(Mutex::default);

impl World {
    async fn new() -> Self {
        let db = TestDb::create().await;
        let pools = Db::connect(&db.logins, 8).await.unwrap();
        let core = testing::core(pools, Config::read(&|_| None).unwrap());
        let (sender, ran) = mpsc::unbounded_channel();
        let name = Uuid::now_v7();
        TESTS.lock().unwrap().insert(name, (sender, Arc::new(Notify::new())));
        Self {
            core,
            db,
            name,
            ran: Mutex::new(ran),
        }
    }

    fn probe(&self, number: u32, does: Does) -> Probe {
        Probe {
            test: self.name,
            number,
            does,
            key: None,
        }
    }

    async fn enqueue(&self, org: &str, job: &impl Job) {
        let mut tx = begin(&self.core, org).await;
        enqueue(&mut tx, job).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn ran(&self) -> Ran {
        let mut ran = std::mem::replace(&mut *self.ran.lock().unwrap(), mpsc::unbounded_channel().1);
        let one = tokio::time::timeout(PATIENCE, ran.recv())
            .await
            .expect("something runs")
            .unwrap();
        *self.ran.lock().unwrap() = ran;
        one
    }

    fn all_ran(&self) -> Vec<Ran> {
        let mut ran = self.ran.lock().unwrap();
        std::iter::from_fn(|| ran.try_recv().ok()).collect()
    }

    fn let_go(&self) {
        TESTS.lock().unwrap()[&self.name].1.notify_one();
    }

    async fn claim(&self, slots: usize) -> Vec<Claim<Claimed>> {
        let request = Request {
            slots,
            ..Request::default()
        };
        Jobs::<Probe>::default().claim(&self.core, &request).await.unwrap()
    }

    async fn run_due(&self) -> usize {
        run_due(&self.core, &Jobs::<Probe>::default()).await.unwrap()
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.db.admin).await.unwrap();
    }

    /// State, attempts, and whether it is due, of the only job there is.
    async fn only(&self) -> (String, i32, bool) {
        sqlx::query_as("select state, attempts, run_at <= now() from ops.jobs")
            .fetch_one(&self.db.admin)
            .await
            .unwrap()
    }

    async fn count(&self) -> i64 {
        sqlx::query_scalar("select count(*) from ops.jobs")
            .fetch_one(&self.db.admin)
            .await
            .unwrap()
    }

    async fn until_empty(&self) {
        let empty = async {
            while self.count().await > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, empty).await.expect("every job ends");
    }
}

async fn begin(core: &Core, org: &str) -> crate::db::OrgTx {
    let caller = Caller::system(OrgId::parse(org).unwrap());
    caller.begin(&core.db, Action::Update, Kind::Report).await.unwrap()
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Probe {
    test: Uuid,
    number: u32,
    does: Does,
    key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Does {
    Succeed,
    Fail,
    GiveUp,
    Panic,
    Again,
    /// Ends when the test lets it go.
    Wait,
    Hang,
}

impl Probe {
    fn keyed(self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self
        }
    }

    fn says(&self, context: &Context, number: u32) -> Arc<Notify> {
        let (sender, go) = TESTS.lock().unwrap()[&self.test].clone();
        let org = context.org.as_ref().map_or(String::new(), ToString::to_string);
        let _ = sender.send(Ran {
            org,
            number,
            attempt: context.attempt,
        });
        go
    }
}

const GIVEN_UP: u32 = 1000;

impl Job for Probe {
    const NAME: &'static str = "probe";
    const LIMITS: Limits = Limits {
        slots: 4,
        per_org: 2,
        attempts: 3,
        lease: Duration::from_secs(1),
        backoff: Backoff {
            first: Duration::from_secs(100),
            longest: Duration::from_secs(1000),
        },
        ..Limits::USUAL
    };

    fn dedup_key(&self) -> Option<String> {
        self.key.clone()
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let go = self.says(&context, self.number);
        match self.does {
            Does::Succeed => Ok(Outcome::Done),
            Does::Fail => Err(Error::Conflict("It is not its day.".into()).into()),
            Does::GiveUp => Err(Failure::Park("There is no such thing.".into())),
            Does::Panic => panic!("as it was told to"),
            Does::Again => Ok(Outcome::Again(Duration::from_secs(100))),
            Does::Wait => {
                go.notified().await;
                Ok(Outcome::Done)
            }
            Does::Hang => {
                let _ended = Ended(self, context);
                pending().await
            }
        }
    }

    async fn given_up(self, context: Context, _: &str) -> Result<()> {
        self.says(&context, GIVEN_UP + self.number);
        Ok(())
    }
}

/// Tells the test that a run was dropped where it stood.
struct Ended(Probe, Context);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.says(&self.1, GIVEN_UP + self.0.number);
    }
}
