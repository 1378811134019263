//! A queue, whatever table it lies in: what a worker has to be able to do with it, and how much of it at once.

use std::{future::Future, time::Duration};

use super::{Failure, Outcome};
use crate::{core::Core, error::Result, org::OrgId};

/// How a worker treats what it claims from a queue.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many a process runs at once.
    pub slots: usize,
    /// How many of these one organization may take, so that its backlog does not keep the others waiting.
    pub per_org: usize,
    /// After so many failures it is parked: it stays, with the reason, until somebody decides.
    pub attempts: i32,
    /// How long a claim holds if its process dies; it is renewed while the process lives.
    pub lease: Duration,
    /// A run that takes longer is ended and counts as failed.
    pub timeout: Duration,
    pub backoff: Backoff,
}

impl Limits {
    pub const USUAL: Self = Self {
        slots: 16,
        per_org: 8,
        attempts: 12,
        lease: Duration::from_secs(30),
        timeout: Duration::from_secs(300),
        backoff: Backoff {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(3600),
        },
    };

    /// For what has to happen some day, because what caused it has happened already.
    pub const UNTIL_DONE: Self = Self {
        attempts: i32::MAX,
        backoff: Backoff {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(300),
        },
        ..Self::USUAL
    };
}

/// How long after a failure the next attempt is made: doubled each time, up to the longest.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub longest: Duration,
}

impl Backoff {
    /// `jitter`, from 0 to 1, spreads what failed together over ±20 %.
    pub fn after(self, attempt: i32, jitter: f64) -> Duration {
        let doublings = u32::try_from(attempt - 1).unwrap_or(0).min(20);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        whole.mul_f64(0.8 + 0.4 * jitter)
    }
}

/// Something that was taken from a queue and is held by a lease.
#[derive(Clone, Debug)]
pub struct Claim<T> {
    pub item: T,
    /// None for the installation's own.
    pub org: Option<OrgId>,
    /// Which attempt this is.
    pub attempt: i32,
    /// The fencing token: a later claim of the same thing has a higher one.
    pub token: i64,
}

impl<T> Claim<T> {
    pub(super) fn org(&self) -> &str {
        self.org.as_ref().map_or("", OrgId::as_str)
    }
}

/// How much of a queue is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub slots: usize,
    /// Organizations from here on come first; whoever was served last begins behind them.
    pub from: String,
    /// What this process is running for each organization.
    pub busy: Vec<(String, usize)>,
}

impl Request {
    /// The two halves of `busy`, as Postgres takes them.
    pub(super) fn busy(&self) -> (Vec<String>, Vec<i64>) {
        self.busy
            .iter()
            .map(|(org, running)| (org.clone(), whole(*running)))
            .unzip()
    }
}

pub(super) fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What becomes of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement<'a> {
    Done,
    /// It was not its time yet; the attempt does not count.
    Again(Duration),
    Retry {
        after: Duration,
        reason: &'a str,
    },
    Park {
        reason: &'a str,
    },
    /// The process stops before it is done; another one begins it anew, and the attempt does not count.
    GiveBack,
}

/// A table that workers claim from.
pub trait Queue: Clone + Send + Sync + 'static {
    type Item: Clone + Send + Sync + 'static;

    /// What wakes it, and what figures call it.
    fn name(&self) -> &'static str;

    fn limits(&self) -> Limits;

    /// Takes what is due, so that nobody else does while the lease holds.
    fn claim(&self, core: &Core, request: &Request) -> impl Future<Output = Result<Vec<Claim<Self::Item>>>> + Send;

    /// How long until something is due; zero if something is.
    fn next_due(&self, core: &Core) -> impl Future<Output = Result<Option<Duration>>> + Send;

    fn run(&self, core: &Core, claim: &Claim<Self::Item>) -> impl Future<Output = Result<Outcome, Failure>> + Send;

    /// Tells whoever waits for it that it will not be tried again, and why.
    fn given_up(&self, core: &Core, claim: &Claim<Self::Item>, reason: &str)
    -> impl Future<Output = Result<()>> + Send;

    /// Holds the lease for longer; false if it is somebody else's by now.
    fn renew(&self, core: &Core, claim: &Claim<Self::Item>) -> impl Future<Output = Result<bool>> + Send;

    /// Closes the claim; false if it is somebody else's by now, and nothing was written.
    fn settle(
        &self,
        core: &Core,
        claim: &Claim<Self::Item>,
        settlement: Settlement<'_>,
    ) -> impl Future<Output = Result<bool>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_stop_growing_and_are_spread() {
        let backoff = Backoff {
            first: Duration::from_secs(30),
            longest: Duration::from_secs(6 * 3600),
        };
        let seconds = |attempt, jitter| backoff.after(attempt, jitter).as_secs_f64();
        assert_eq!(seconds(1, 0.5), 30.0);
        assert_eq!(seconds(3, 0.5), 120.0);
        assert_eq!(seconds(12, 0.5), 21_600.0);
        assert_eq!(seconds(i32::MAX, 0.5), 21_600.0);
        assert_eq!((seconds(1, 0.0), seconds(1, 1.0)), (24.0, 36.0));
    }
}
