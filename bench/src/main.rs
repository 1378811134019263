//! The bench: what the product promises of its speed, measured in one run on one machine.
//!
//! Prints `name value unit bar` lines and fails below a bar. The process under test is the release binary, driven from
//! outside; what it is compared with runs the same statements here.

mod bare;
mod bars;
mod browser;
mod calls;
mod jobs;
mod load;
mod rows;
mod subject;
mod timing;
mod verify;

use anyhow::Context;
use bars::Bars;
use subject::Subject;

/// Connections of the load, and of the pool behind it, as the design's own measurement had them.
const POOL: u32 = 16;
const CONNECTIONS: usize = 64;
const SECONDS: u64 = 5;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut bars = Bars::default();
    browser::first_loads(&mut bars)?;

    let mut subject = Subject::start().await.context("the process under test did not start")?;
    bars.at_most(
        "start_to_ready",
        subject.restart().await?.as_secs_f64() * 1000.0,
        "ms",
        1000.0,
    );
    bars.at_most("idle_resident", subject.resident_mb()?, "MB", 60.0);

    bars.at_most(
        "verify_200_tables",
        verify::two_hundred_tables(subject.cluster()).await?,
        "ms",
        2000.0,
    );

    jobs::run(&mut bars, &subject).await?;
    rows::fill(&subject, 1_000).await?;
    timing::run(&mut bars, &subject).await?;
    list_api(&mut bars, &subject).await?;
    let page = load::run(&subject.addr, &subject.page_request("/agents"), POOL as usize, SECONDS).await?;
    bars.at_least("agents_page", page.per_second, "pages/s", 1000.0);
    bars.at_most(
        "interactive_4x_slower_cpu",
        browser::interactive_ms(&subject)?,
        "ms",
        1000.0,
    );

    calls::run(&mut bars, &subject).await?;
    let few = load::run(&subject.addr, &subject.list_request(), POOL as usize, SECONDS).await?;
    rows::fill(&subject, 1_000_000).await?;
    let many = load::run(&subject.addr, &subject.list_request(), POOL as usize, SECONDS).await?;
    bars.at_most(
        "list_slower_at_1M_rows",
        (few.per_second / many.per_second - 1.0) * 100.0,
        "%",
        15.0,
    );

    subject.stop().await?;
    bars.finish()
}

/// Throughput against the same statements run bare, in one process, without HTTP; and how even the answers come.
async fn list_api(bars: &mut Bars, subject: &Subject) -> anyhow::Result<()> {
    let request = subject.list_request();
    load::run(&subject.addr, &request, POOL as usize, 1).await?;
    let bare = bare::run(subject, POOL, SECONDS).await?;
    let served = load::run(&subject.addr, &request, POOL as usize, SECONDS).await?;
    bars.tell("list_api", served.per_second, "requests/s");
    bars.tell("list_bare_sqlx", bare, "transactions/s");
    bars.at_least("list_api_of_bare_sqlx", served.per_second / bare * 100.0, "%", 60.0);
    let crowded = load::run(&subject.addr, &request, CONNECTIONS, SECONDS).await?;
    bars.tell("list_api_p50_at_64", crowded.p50.as_secs_f64() * 1000.0, "ms");
    bars.at_most(
        "list_api_p99_over_p50_at_64",
        crowded.p99.as_secs_f64() / crowded.p50.as_secs_f64(),
        "x",
        3.0,
    );
    Ok(())
}
