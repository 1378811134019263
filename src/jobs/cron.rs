//! Cron: jobs that are enqueued once in every slot of time, by whichever process comes first.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Job, runner::stopped, store};
use crate::{core::Core, error::Result};

/// Enqueues the job unless somebody has in this slot; answers whether it did. Slots are counted from the epoch, by the
/// database's clock.
pub async fn tick<J: Job>(core: &Core, job: &J, every: Duration) -> Result<bool> {
    let enqueued = sqlx::query!(
        "with slot as (
           insert into ops.schedules as s (kind, slot) values ($1, date_bin(make_interval(secs => $2), now(), 'epoch'))
           on conflict (kind) do update set slot = excluded.slot where s.slot < excluded.slot
           returning s.slot)
         select ops.enqueue($3, $1, '', $4, $5, 0) from slot",
        J::NAME,
        every.as_secs_f64(),
        Uuid::now_v7(),
        store::payload(job),
        job.dedup_key(),
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(enqueued.rows_affected() == 1)
}

/// Ticks at the beginning of each slot until it is told to stop.
pub(super) async fn run<J: Job>(core: Core, job: J, every: Duration, mut stopping: watch::Receiver<bool>) {
    loop {
        let pause = match tick(&core, &job, every).await {
            Ok(_) => until_next(every, Utc::now()),
            Err(error) => {
                tracing::warn!(job = J::NAME, %error, "a schedule was missed, and is tried again");
                Duration::from_secs(5)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopped(&mut stopping) => return,
        }
    }
}

/// A second into the next slot: clocks differ a little.
fn until_next(every: Duration, now: DateTime<Utc>) -> Duration {
    let every = every.as_secs().max(1);
    let passed = now.timestamp().unsigned_abs() % every;
    Duration::from_secs(every - passed + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_slot_begins_where_this_one_ends() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let hour = Duration::from_secs(3600);
        assert_eq!(until_next(hour, at(7200)), Duration::from_secs(3601));
        assert_eq!(until_next(hour, at(10_799)), Duration::from_secs(2));
    }
}
