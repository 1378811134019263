//! The runner: keeps the slots of one queue filled with what is due, and settles what becomes of it.

use std::{
    collections::{BTreeMap, HashMap},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::Instant,
};

use super::{Claim, Failure, Outcome, Queue, Request, Settlement};
use crate::{core::Core, db::watched, error::Result};

/// The longest pause after failures in a row.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// When somebody else is claiming at this moment, and has left nothing for us.
const CROWDED: Duration = Duration::from_millis(50);
/// When all that is due belongs to organizations that have their share of our slots. A slot that gets free is used at once.
const SHARES_TAKEN: Duration = Duration::from_secs(1);

const CUT_SHORT: &str = "Each process that ran it ended before it was done. Their logs may say why.";

/// Runs what comes until it is told to stop; then what runs has so long to end before it is given back.
pub(super) async fn work<Q: Queue>(
    core: Core,
    queue: Q,
    wake: Arc<Notify>,
    mut stopping: watch::Receiver<bool>,
    drain: Duration,
) {
    let mut runner = Runner::new(core, queue);
    let mut next = Some(Instant::now());
    loop {
        let free = runner.free() > 0;
        tokio::select! {
            biased;
            () = stopped(&mut stopping) => break,
            () = runner.finished(), if !runner.tasks.is_empty() => next = Some(Instant::now()),
            () = wake.notified() => next = Some(Instant::now()),
            () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now)), if free && next.is_some() => {
                next = runner.look().await.map(|pause| Instant::now() + pause);
            }
        }
    }
    runner.drain(drain).await;
}

/// Waits for the word to stop.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    drop(stopping.wait_for(|stop| *stop).await);
}

/// Claims and runs what is due now, until a look finds nothing more; answers how many there were.
pub async fn run_due<Q: Queue>(core: &Core, queue: &Q) -> Result<usize> {
    let mut count = 0;
    loop {
        let request = Request {
            slots: queue.limits().slots,
            ..Request::default()
        };
        let claims = queue.claim(core, &request).await?;
        if claims.is_empty() {
            return Ok(count);
        }
        count += claims.len();
        futures_util::future::join_all(claims.iter().map(|claim| attend(core, queue, claim))).await;
    }
}

struct Runner<Q: Queue> {
    core: Core,
    queue: Q,
    tasks: JoinSet<()>,
    claims: HashMap<tokio::task::Id, Claim<Q::Item>>,
    /// The organizations from here on come first.
    from: String,
    failures: u32,
}

impl<Q: Queue> Runner<Q> {
    fn new(core: Core, queue: Q) -> Self {
        Self {
            core,
            queue,
            tasks: JoinSet::new(),
            claims: HashMap::new(),
            from: String::new(),
            failures: 0,
        }
    }

    fn free(&self) -> usize {
        self.queue.limits().slots.saturating_sub(self.tasks.len())
    }

    /// Waits until something that runs has ended.
    async fn finished(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.claims.remove(&id)),
            Some(Err(ended)) => drop(self.claims.remove(&ended.id())),
            None => {}
        }
    }

    /// Fills the free slots; answers when to look again, unless something happens before.
    async fn look(&mut self) -> Option<Duration> {
        match self.fill().await {
            Ok(next) => {
                self.failures = 0;
                next
            }
            Err(error) => {
                self.failures += 1;
                tracing::warn!(queue = self.queue.name(), failures = self.failures, %error, "jobs could not be claimed");
                Some((Duration::from_secs(1) * self.failures).min(LONGEST_PAUSE))
            }
        }
    }

    async fn fill(&mut self) -> Result<Option<Duration>> {
        loop {
            let slots = self.free();
            let request = Request {
                slots,
                from: self.from.clone(),
                busy: self.busy(),
            };
            let claims = self.queue.claim(&self.core, &request).await?;
            let claimed = claims.len();
            // A space comes before whatever an id is made of, and so this before the next id.
            let last = claims.iter().map(|claim| claim.org().to_owned() + " ").max();
            for claim in claims {
                self.start(claim);
            }
            if claimed == slots {
                self.from = last.unwrap_or_default();
                return Ok(Some(Duration::ZERO));
            }
            if self.from.is_empty() {
                break;
            }
            // From the beginning again.
            self.from.clear();
        }
        let next = self.queue.next_due(&self.core).await?;
        Ok(next.map(|next| match next {
            Duration::ZERO if self.tasks.is_empty() => CROWDED,
            Duration::ZERO => SHARES_TAKEN,
            later => later,
        }))
    }

    fn busy(&self) -> Vec<(String, usize)> {
        let mut busy = BTreeMap::new();
        for claim in self.claims.values() {
            *busy.entry(claim.org().to_owned()).or_insert(0) += 1;
        }
        busy.into_iter().collect()
    }

    fn start(&mut self, claim: Claim<Q::Item>) {
        let (core, queue, running) = (self.core.clone(), self.queue.clone(), claim.clone());
        let task = self.tasks.spawn(async move { attend(&core, &queue, &running).await });
        self.claims.insert(task.id(), claim);
    }

    /// Waits for what runs; what takes too long is given back, so that another process begins it at once.
    async fn drain(mut self, drain: Duration) {
        let ended = async {
            while !self.tasks.is_empty() {
                self.finished().await;
            }
        };
        if tokio::time::timeout(drain, ended).await.is_ok() {
            return;
        }
        self.tasks.shutdown().await;
        for claim in self.claims.values() {
            tracing::info!(queue = self.queue.name(), "a job is given back");
            if let Err(error) = self.queue.settle(&self.core, claim, Settlement::GiveBack).await {
                tracing::warn!(queue = self.queue.name(), %error, "the end of its lease gives it back");
            }
        }
    }
}

/// Runs one claim to its end, and writes down what became of it.
async fn attend<Q: Queue>(core: &Core, queue: &Q, claim: &Claim<Q::Item>) {
    let (name, limits, began) = (queue.name(), queue.limits(), Instant::now());
    let ended = if claim.attempt > limits.attempts {
        Some(Err(Failure::Park(CUT_SHORT.into())))
    } else {
        run(core, queue, claim).await
    };
    let settled = match &ended {
        // Another worker has it, and settles it.
        None => Ok(false),
        Some(Ok(Outcome::Done)) => queue.settle(core, claim, Settlement::Done).await,
        Some(Ok(Outcome::Again(after))) => queue.settle(core, claim, Settlement::Again(*after)).await,
        Some(Err(Failure::Retry(reason))) if claim.attempt < limits.attempts => {
            let after = limits.backoff.after(claim.attempt, rand::random());
            tracing::warn!(
                queue = name,
                attempt = claim.attempt,
                reason,
                "a job failed, and is tried again"
            );
            queue.settle(core, claim, Settlement::Retry { after, reason }).await
        }
        Some(Err(Failure::Retry(reason) | Failure::Park(reason))) => park(core, queue, claim, reason).await,
    };
    let outcome = match (&ended, &settled) {
        (_, Err(error)) => {
            tracing::warn!(queue = name, %error, "a job stays until its lease ends");
            "unsettled"
        }
        (_, Ok(false)) => "lost",
        (Some(Ok(Outcome::Done)), _) => "done",
        (Some(Ok(Outcome::Again(_))), _) => "again",
        (Some(Err(Failure::Retry(_))), _) if claim.attempt < limits.attempts => "failed",
        _ => "parked",
    };
    metrics::counter!("switchboard_jobs_total", "kind" => name, "outcome" => outcome).increment(1);
    metrics::histogram!("switchboard_job_seconds", "kind" => name).record(began.elapsed().as_secs_f64());
}

async fn park<Q: Queue>(core: &Core, queue: &Q, claim: &Claim<Q::Item>, reason: &str) -> Result<bool> {
    tracing::error!(queue = queue.name(), attempt = claim.attempt, reason, "a job is parked");
    queue.given_up(core, claim, reason).await?;
    queue.settle(core, claim, Settlement::Park { reason }).await
}

/// None when the lease was lost on the way: what runs is dropped where it stands.
async fn run<Q: Queue>(core: &Core, queue: &Q, claim: &Claim<Q::Item>) -> Option<Result<Outcome, Failure>> {
    let limits = queue.limits();
    let running = AssertUnwindSafe(watched(queue.run(core, claim))).catch_unwind();
    tokio::select! {
        ended = tokio::time::timeout(limits.timeout, running) => Some(match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Failure::Retry("It panicked. The log says where.".into())),
            Err(_) => Err(Failure::Retry(format!("It took longer than {} s and was ended.", limits.timeout.as_secs()))),
        }),
        () = lost(core, queue, claim, limits.lease) => {
            tracing::warn!(queue = queue.name(), "a lease was lost; another worker has the job");
            None
        }
    }
}

/// Renews the lease; returns when it is somebody else's, or may be because nobody could be asked for as long as it holds.
async fn lost<Q: Queue>(core: &Core, queue: &Q, claim: &Claim<Q::Item>, lease: Duration) {
    let mut held_until = Instant::now() + lease;
    while Instant::now() < held_until {
        tokio::time::sleep(lease / 3).await;
        let asked = Instant::now();
        match queue.renew(core, claim).await {
            Ok(true) => held_until = asked + lease,
            Ok(false) => return,
            Err(error) => tracing::warn!(queue = queue.name(), %error, "a lease could not be renewed"),
        }
    }
}
