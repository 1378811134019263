//! Jobs: work that outlives a request. Enqueued in the transaction that causes it, claimed by a worker under a lease, tried
//! again with growing pauses, and parked with a reason when it keeps failing.
//!
//! A job may run twice: a process that dies leaves its lease to end, and another one begins the job anew.

pub mod cron;
pub mod event;
pub mod links;
pub mod members;
mod queue;
pub mod report;
mod runner;
mod store;
pub mod survey;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod webhook;
mod worker;

use std::{future::Future, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::Caller,
    core::Core,
    error::{Error, Result},
    org::OrgId,
};

pub use queue::{Backoff, Claim, Limits, Queue, Request, Settlement};
pub use runner::run_due;
pub use store::{Jobs, Parked, enqueue, enqueue_after, parked, retry_parked};
pub(crate) use store::{enqueue_own, purge};
pub use worker::{Worker, work};

/// Where a committed job says which kind it is. LISTEN is open to the whole database, so it says no more.
pub(crate) const CHANNEL: &str = "switchboard_jobs";

/// One kind of work. What a value holds is kept as JSON: ids, never secrets and never what is in a row.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    const NAME: &'static str;
    const LIMITS: Limits = Limits::USUAL;

    /// Of jobs with the same key, in one organization, one waits at a time.
    fn dedup_key(&self) -> Option<String> {
        None
    }

    fn run(self, context: Context) -> impl Future<Output = Result<Outcome, Failure>> + Send;

    /// Tells whoever waits for it that it will not be tried again. May be called twice.
    fn given_up(self, context: Context, reason: &str) -> impl Future<Output = Result<()>> + Send {
        let _ = (context, reason);
        async { Ok(()) }
    }
}

/// What a job runs with.
#[derive(Clone)]
pub struct Context {
    pub core: Core,
    /// None for a job of the installation's own.
    pub org: Option<OrgId>,
    /// Which attempt this is.
    pub attempt: i32,
    pub lease: Lease,
}

impl Context {
    /// The worker inside the organization whose job it is.
    pub fn caller(&self) -> Result<Caller> {
        self.org.clone().map(Caller::system).ok_or(Error::NotFound)
    }
}

/// The right to act for a job, as long as nobody else has claimed it since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub job: Uuid,
    pub token: i64,
}

impl Lease {
    /// Makes sure, inside the transaction that writes what the job has come to, that the job is still this worker's, and
    /// keeps it so until the transaction ends. A worker that slept past its lease writes nothing.
    pub async fn hold(&self, conn: &mut PgConnection) -> Result<()> {
        match store::hold(conn, self).await? {
            true => Ok(()),
            false => Err(Error::Conflict("Another worker has taken this job over.".into())),
        }
    }
}

/// What a job that did not fail has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It was not its time yet: it runs again after this, and the attempt does not count.
    Again(Duration),
}

/// Why a job failed, in words that an operator may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Later it may succeed.
    Retry(String),
    /// It never will.
    Park(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}
