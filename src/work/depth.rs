//! Depth: how much is due in each queue and for how long, for whoever watches over the worker.

use super::queue;
use crate::{core::Core, error::Result, mail};

/// What is due and not taken: how many, and for how long the oldest.
#[derive(Clone, Debug, PartialEq)]
pub struct Depth {
    pub queue: String,
    pub due: i64,
    pub oldest_s: f64,
}

/// Looks at all queues, and says what it sees as figures of this process.
pub async fn measure(core: &Core) -> Result<usize> {
    let mut queues = queue::depths(core).await?;
    queues.push(mail::depth(core).await?);
    for Depth { queue, due, oldest_s } in queues {
        metrics::gauge!("switchboard_work_due", "queue" => queue.clone()).set(due as f64);
        metrics::gauge!("switchboard_work_oldest_seconds", "queue" => queue).set(oldest_s);
    }
    // Nothing was done: the next look may wait its time.
    Ok(0)
}
