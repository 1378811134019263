//! Jobs: how many a second one process claims, runs and settles, and how soon it begins one.

use std::time::{Duration, Instant};

use anyhow::bail;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::{bars::Bars, subject::Subject};

const BACKLOG: i64 = 20_000;
const SINGLE: u32 = 200;

pub async fn run(bars: &mut Bars, subject: &Subject) -> anyhow::Result<()> {
    let mut warden = subject.warden_login.connect().await?;
    // Events that are gone: what is left of such a job is its way through the queue.
    let began = Instant::now();
    enqueue(&mut warden, BACKLOG).await?;
    let enqueued = began.elapsed();
    until_done(&mut warden).await?;
    let each = BACKLOG as f64;
    bars.tell("jobs_enqueued", each / enqueued.as_secs_f64(), "jobs/s");
    bars.at_least("jobs", each / began.elapsed().as_secs_f64(), "jobs/s", 1000.0);

    let mut took = Vec::new();
    for _ in 0..SINGLE {
        let began = Instant::now();
        enqueue(&mut warden, 1).await?;
        until_done(&mut warden).await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    bars.at_most("job_from_enqueued_to_done_p50", ms(took[took.len() / 2]), "ms", 50.0);
    Ok(warden.close().await?)
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

/// For a hundred organizations in turn.
async fn enqueue(warden: &mut PgConnection, count: i64) -> anyhow::Result<()> {
    let enqueue = format!(
        "select ops.enqueue(gen_random_uuid(), 'event', 'org_' || n % 100, jsonb_build_object('event', gen_random_uuid()), null, 0)
         from generate_series(1, {count}) n"
    );
    sqlx::query(AssertSqlSafe(enqueue)).execute(warden).await?;
    Ok(())
}

async fn until_done(warden: &mut PgConnection) -> anyhow::Result<()> {
    let until = Instant::now() + Duration::from_secs(120);
    while sqlx::query_scalar("select exists (select from ops.jobs where kind = 'event')")
        .fetch_one(&mut *warden)
        .await?
    {
        if Instant::now() > until {
            bail!("the jobs were not done in time");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
