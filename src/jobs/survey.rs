//! The survey: how much is due of each kind, for whoever watches over the workers, and as the net under LISTEN: what is due
//! and was not heard of is found within one round.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{runner::stopped, worker::Wakes};
use crate::{core::Core, error::Result};

/// How long a round takes. A job whose notification was lost waits no longer.
pub(super) const ROUND: Duration = Duration::from_secs(5);

/// What there is of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Depth {
    pub kind: String,
    /// How many are due and not taken.
    pub due: i64,
    /// For how long the oldest of them is.
    pub oldest_s: f64,
    /// How many were given up.
    pub parked: i64,
    /// How long until the next is due.
    pub next_s: Option<f64>,
}

/// Looks at every queue, and says what it sees of these kinds as figures of this process.
pub async fn measure(core: &Core, kinds: &[&'static str]) -> Result<Vec<Depth>> {
    let mut depths = depths(core).await?;
    for &kind in kinds {
        if !depths.iter().any(|depth| depth.kind == kind) {
            depths.push(Depth {
                kind: kind.to_owned(),
                ..Depth::default()
            });
        }
    }
    depths.retain(|depth| kinds.contains(&depth.kind.as_str()));
    for depth in &depths {
        let kind = || depth.kind.clone();
        metrics::gauge!("switchboard_jobs_due", "kind" => kind()).set(depth.due as f64);
        metrics::gauge!("switchboard_jobs_oldest_seconds", "kind" => kind()).set(depth.oldest_s);
        metrics::gauge!("switchboard_jobs_parked", "kind" => kind()).set(depth.parked as f64);
    }
    Ok(depths)
}

async fn depths(core: &Core) -> Result<Vec<Depth>> {
    Ok(sqlx::query_as!(
        Depth,
        r#"select q.kind as "kind!", q.due as "due!", coalesce(extract(epoch from now() - q.oldest), 0)::float8 as "oldest_s!",
                  q.parked as "parked!", extract(epoch from q.next - now())::float8 as next_s
           from (
             select j.kind, count(*) filter (where j.state <> 'parked' and j.run_at <= now()) as due,
                    min(j.run_at) filter (where j.state <> 'parked' and j.run_at <= now()) as oldest,
                    count(*) filter (where j.state = 'parked') as parked,
                    min(j.run_at) filter (where j.state <> 'parked') as next
             from ops.jobs j group by j.kind
             union all
             select m.kind, count(*) filter (where m.due_at <= now()), min(m.due_at) filter (where m.due_at <= now()), 0, min(m.due_at)
             from app.provider_links m where m.due_at < 'infinity' group by m.kind) q"#,
    )
    .fetch_all(core.db.worker.queue())
    .await?)
}

pub(super) async fn run(core: Core, wakes: Arc<Wakes>, mut stopping: watch::Receiver<bool>) {
    let kinds = wakes.kinds();
    while !*stopping.borrow() {
        match measure(&core, &kinds).await {
            // Whoever is woken early looks at when the next one is due, and waits for that.
            Ok(depths) => depths
                .iter()
                .filter(|depth| depth.next_s.is_some_and(|next| next < ROUND.as_secs_f64()))
                .for_each(|depth| wakes.wake(&depth.kind)),
            Err(error) => tracing::warn!(%error, "the queues could not be looked at"),
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = stopped(&mut stopping) => {}
        }
    }
}
