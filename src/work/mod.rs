//! Work that outlives a request: events from providers, calls on the line, copies that may have drifted, reports, mail.
//!
//! Every piece lies in a table, is claimed with a lease, and may be done twice without harm. A process that dies leaves
//! leases that end; any number of processes may work at once.

pub mod depth;
pub mod hook;
pub mod inbox;
pub mod queue;
pub mod reports;

use std::{future::Future, time::Duration};

use tokio::{sync::watch, task::JoinSet};

use crate::{auth, core::Core, error::Result, idempotency, mail, org};

/// Works until `shutdown`; then finishes what it has begun.
pub async fn run(core: Core, shutdown: impl Future<Output = ()>) {
    let (stop, stopping) = watch::channel(false);
    let mut jobs = JoinSet::new();
    let mut every = |name, period, job: Job| jobs.spawn(repeat(name, period, core.clone(), job, stopping.clone()));
    every("inbox", Duration::from_millis(250), |core| {
        Box::pin(inbox::apply_due(core))
    });
    every("calls", Duration::from_millis(500), |core| {
        Box::pin(queue::settle_calls(core))
    });
    every("agents", Duration::from_secs(5), |core| {
        Box::pin(queue::settle_agents(core))
    });
    every("reports", Duration::from_secs(1), |core| {
        Box::pin(reports::run_due(core))
    });
    every("mail", Duration::from_secs(2), |core| Box::pin(mail::deliver_due(core)));
    every("depth", Duration::from_secs(5), |core| Box::pin(depth::measure(core)));
    every("members", Duration::from_secs(15), |core| {
        Box::pin(org::store::settle_due(core))
    });
    every("clerk", Duration::from_secs(3600), |core| {
        Box::pin(auth::clerk::reconcile(core))
    });
    every("webhook", Duration::from_secs(600), |core| Box::pin(hook::ensure(core)));
    every("sweep", Duration::from_secs(3600), |core| Box::pin(sweep(core)));
    shutdown.await;
    stop.send_replace(true);
    while jobs.join_next().await.is_some() {}
}

/// Throws away what nobody asks for any more.
async fn sweep(core: &Core) -> Result<usize> {
    auth::sweep(core).await?;
    idempotency::purge(core).await?;
    inbox::purge(core).await
}

/// Does what is due and says how much there was.
type Job = for<'a> fn(&'a Core) -> std::pin::Pin<Box<dyn Future<Output = Result<usize>> + Send + 'a>>;

/// The longest pause after failures in a row.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

async fn repeat(name: &'static str, period: Duration, core: Core, job: Job, mut stopping: watch::Receiver<bool>) {
    let mut failures = 0;
    while !*stopping.borrow() {
        let pause = match job(&core).await {
            // Where there was something there may be more.
            Ok(done) if done > 0 && period < LONGEST_PAUSE => {
                failures = 0;
                metrics::counter!("switchboard_work_total", "job" => name).increment(done as u64);
                Duration::ZERO
            }
            Ok(_) => {
                failures = 0;
                period
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(job = name, failures, %error, "work failed, and is tried again");
                (period.min(Duration::from_secs(1)) * failures).min(LONGEST_PAUSE)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
}
