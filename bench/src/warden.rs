//! The warden's bench: databases of many rows taken to organization scope while old and new programs work on them.
//!
//! `make bench-warden` takes 10,000,000 rows each; `bench/run-warden 1000000 shop` takes fewer, and one of them.

mod bars;
#[path = "../../crates/warden/tests/run/planned.rs"]
#[expect(clippy::unwrap_used, reason = "written for tests, which fail by panicking")]
mod planned;

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bars::Bars;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
use switchboard::db::Cluster;
use warden::{
    catalog::Catalog,
    journal,
    plan::{Frozen, Kind, Signer},
    run::{self, Event, Options},
    session::Session,
    steps::Phase,
    verify::verify,
};
use warden_fixture::{Fixture, Scale, load::Load};

/// The role new programs work as.
const APP: &str = "bench_app";
/// How long the load runs before anything is changed, to compare with.
const BEFORE: Duration = Duration::from_secs(10);
/// Statements a second of each of the four connections: a busy program, not a flood.
const PACE: u32 = 100;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments
        .next()
        .map_or(Ok(10_000_000), |rows| rows.parse())
        .context("how many rows?")?;
    let only: Vec<String> = arguments.collect();
    let data = std::env::temp_dir().join(format!("warden-bench-{}", std::process::id()));
    let cluster = Cluster::start(&data).await?;
    let mut bars = Bars::default();
    let migrated = all(&mut bars, &cluster, rows, &only).await;
    cluster.stop().await?;
    std::fs::remove_dir_all(&data)?;
    migrated?;
    bars.finish()
}

async fn all(bars: &mut Bars, cluster: &Cluster, rows: u64, only: &[String]) -> anyhow::Result<()> {
    for name in ["notes", "shop", "crm"] {
        if only.is_empty() || only.iter().any(|only| only == name) {
            migrate(bars, cluster, name, rows)
                .await
                .with_context(|| name.to_owned())?;
        }
    }
    Ok(())
}

async fn migrate(bars: &mut Bars, cluster: &Cluster, name: &str, rows: u64) -> anyhow::Result<()> {
    let fixture = Fixture::named(name).context("no such fixture")?;
    let login = cluster.options().database(name);
    let made = Instant::now();
    make(cluster, &login, fixture, rows).await?;
    bars.tell(&format!("warden_{name}_made"), made.elapsed().as_secs_f64(), "s");

    let mut session = Session::open(&login).await?;
    session.alone().await?;
    let catalog = Catalog::read(&mut session.connection).await?;
    let mut plan = planned::plan(fixture, &catalog);
    plan.seal.roles = vec![APP.to_owned()];
    let frozen = planned::frozen(plan, catalog);
    journal::open(&mut session.connection).await?;
    let key = std::env::temp_dir().join(format!("warden-bench-{}.key", std::process::id()));
    journal::keep(&mut session.connection, &frozen, &Signer::load(&key)?).await?;
    std::fs::remove_file(key)?;

    let mut load = Load::new(fixture, login.clone());
    load.setting = Some("app.org_id".to_owned());
    load.pace = Some(PACE);
    let running = load.start().await?;
    tokio::time::sleep(BEFORE).await;
    running.mark("during");
    let began = Instant::now();
    let mut filled = Duration::ZERO;
    for phase in [Phase::Add, Phase::Backfill, Phase::Constrain, Phase::Seal] {
        if phase == Phase::Seal {
            running.retire_old();
        }
        let phase_began = Instant::now();
        run::phase(&mut session, &frozen, phase, &Options::default(), &tell).await?;
        if phase == Phase::Backfill {
            filled = phase_began.elapsed();
        }
        bars.tell(
            &format!("warden_{name}_{phase}"),
            phase_began.elapsed().as_secs_f64(),
            "s",
        );
    }
    bars.tell(&format!("warden_{name}_in_all"), began.elapsed().as_secs_f64(), "s");
    let report = running.stop().await?;

    let examined: i64 = sqlx::query_scalar("select sum(examined)::bigint from warden.batch")
        .fetch_one(&mut session.connection)
        .await?;
    bars.at_least(
        &format!("warden_{name}_rows_a_second"),
        examined as f64 / filled.as_secs_f64(),
        "rows/s",
        20_000.0,
    );
    bars.at_most(
        &format!("warden_{name}_longest_block"),
        ms(report.blocked.longest),
        "ms",
        1000.0,
    );
    let failures: u64 = report.failures.values().map(|(count, _)| count).sum();
    for (code, (count, message)) in &report.failures {
        eprintln!("{name}: {count} statements failed with {code}: {message}");
    }
    bars.at_most(
        &format!("warden_{name}_failed_statements"),
        failures as f64,
        "statements",
        0.0,
    );
    for phase in ["before", "during"] {
        let figures = report.phase(phase).context("nothing was measured")?;
        bars.tell(&format!("warden_{name}_p50_{phase}"), ms(figures.p50), "ms");
        bars.tell(&format!("warden_{name}_p99_{phase}"), ms(figures.p99), "ms");
    }
    let wrong = misplaced(&mut session, fixture, &frozen).await?;
    bars.at_most(&format!("warden_{name}_misplaced_rows"), wrong as f64, "rows", 0.0);
    let report = verify(&mut session, &frozen, &Default::default()).await?;
    if !report.clean {
        bail!("it did not verify:\n{report}");
    }
    bars.tell(&format!("warden_{name}_verified"), report.took_ms as f64 / 1000.0, "s");
    session.close().await?;
    let mut admin = cluster.options().connect().await?;
    admin
        .execute(AssertSqlSafe(format!("drop database {name} with (force)")))
        .await?;
    Ok(admin.close().await?)
}

async fn make(cluster: &Cluster, login: &PgConnectOptions, fixture: &'static Fixture, rows: u64) -> anyhow::Result<()> {
    let mut admin = cluster.options().connect().await?;
    admin
        .execute(AssertSqlSafe(format!(
            "create database {} template template0",
            fixture.name
        )))
        .await?;
    let there: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(APP)
        .fetch_one(&mut admin)
        .await?;
    if !there {
        admin.execute(AssertSqlSafe(format!("create role {APP} login"))).await?;
    }
    admin.close().await?;
    fixture.make(login, Scale::new(rows)).await?;
    let mut connection = login.connect().await?;
    let schemas: Vec<String> = sqlx::query_scalar(
        "select quote_ident(nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'",
    )
    .fetch_all(&mut connection)
    .await?;
    for schema in schemas {
        let rights = format!(
            "grant usage on schema {schema} to {APP}; grant select, insert, update, delete on all tables in schema {schema} to {APP};
             grant usage on all sequences in schema {schema} to {APP}"
        );
        sqlx::raw_sql(AssertSqlSafe(rights)).execute(&mut connection).await?;
    }
    connection.execute("vacuum analyze").await?;
    Ok(connection.close().await?)
}

/// Rows that are not where their maker says they belong.
async fn misplaced(session: &mut Session, fixture: &'static Fixture, frozen: &Frozen) -> anyhow::Result<i64> {
    let key = planned::quarantine(fixture).key;
    let mut wrong = 0;
    for truth in fixture.truths {
        let planned = frozen.plan.table(&truth.table.parse()?).context("not planned")?;
        if planned.kind == Kind::Owned {
            let column = format!("nullif({}::text, '{key}')", frozen.plan.column(planned));
            let verdict = fixture.judge(truth, &column, &mut session.connection).await?;
            if verdict.right < verdict.rows {
                eprintln!("{}: {verdict:?}", truth.table);
            }
            wrong += verdict.rows - verdict.right;
        }
    }
    Ok(wrong)
}

fn tell(event: &Event) {
    if let Event::Waiting { id, attempt, .. } = event {
        eprintln!("{id}: try {attempt}");
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
