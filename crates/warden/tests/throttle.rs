//! Does a throttle hold for each of the signals of a real Postgres, and for no other?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{num::NonZeroU32, time::Duration};

use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use testing::Database;
use tokio::time::Instant;
use warden::{
    name::Name,
    throttle::{Canary, Limits, Reason, Throttle, ThrottleError, Verdict},
};

const SECOND: Duration = Duration::from_secs(1);

fn table() -> Name {
    Name::new("public", "big")
}

async fn connect(db: &Database) -> PgConnection {
    db.options.connect().await.unwrap()
}

async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

async fn ask(throttle: &mut Throttle, connection: &mut PgConnection, now: Instant) -> Verdict {
    throttle.ask(connection, &table(), now).await.unwrap()
}

#[tokio::test]
async fn without_limits_it_goes_until_somebody_pauses_it() {
    let db = Database::empty().await;
    let now = Instant::now();
    let mut connection = connect(&db).await;
    let mut throttle = Throttle::new(Limits::default(), now);
    assert_eq!(ask(&mut throttle, &mut connection, now).await, Verdict::Go);
    execute(
        &mut connection,
        "create schema warden; create table warden.control (paused boolean)",
    )
    .await;
    assert_eq!(ask(&mut throttle, &mut connection, now).await, Verdict::Go);
    execute(&mut connection, "insert into warden.control values (true)").await;
    let wait = Verdict::Wait {
        reason: Reason::Paused,
        r#for: SECOND,
    };
    assert_eq!(ask(&mut throttle, &mut connection, now).await, wait);
    execute(&mut connection, "update warden.control set paused = false").await;
    assert_eq!(ask(&mut throttle, &mut connection, now).await, Verdict::Go);
}

#[tokio::test]
async fn the_wal_of_a_batch_takes_as_long_as_it_may() {
    let db = Database::empty().await;
    let mut now = Instant::now();
    let mut connection = connect(&db).await;
    let limited = |bytes| {
        Throttle::new(
            Limits {
                wal: Some(bytes),
                ..Limits::default()
            },
            now,
        )
    };
    let (mut little, mut much) = (limited(1000), limited(u64::MAX));
    execute(&mut connection, "create table public.big (t text)").await;
    assert_eq!(
        ask(&mut little, &mut connection, now).await,
        Verdict::Go,
        "nothing is known before the first batch"
    );
    assert_eq!(ask(&mut much, &mut connection, now).await, Verdict::Go);
    execute(
        &mut connection,
        "insert into big select repeat('x', 1000) from generate_series(1, 50)",
    )
    .await;
    now += SECOND;
    let Verdict::Wait {
        reason: Reason::Wal(bytes),
        r#for,
    } = ask(&mut little, &mut connection, now).await
    else {
        panic!()
    };
    assert!(bytes > 50_000, "{bytes}");
    let due = Duration::from_secs_f64(bytes as f64 / 1000.0);
    assert_eq!(r#for, (due - SECOND).min(60 * SECOND));
    assert_eq!(ask(&mut much, &mut connection, now).await, Verdict::Go);
}

#[tokio::test]
async fn a_canary_that_is_slow_is_not_waited_for_and_one_that_writes_is_refused() {
    let db = Database::empty().await;
    let now = Instant::now();
    let mut connection = connect(&db).await;
    let canary = |sql: &str, within| {
        let sql = sql.into();
        let limits = Limits {
            canary: Some(Canary { sql, within }),
            ..Limits::default()
        };
        Throttle::new(limits, now)
    };
    let endless = "select count(*) from generate_series(1, 100000000000)";
    let mut slow = canary(endless, Duration::from_millis(2));
    let mut waits = Vec::new();
    for _ in 0..3 {
        let Verdict::Wait {
            reason: Reason::Canary(took),
            r#for,
        } = ask(&mut slow, &mut connection, now).await
        else {
            panic!()
        };
        assert!(took.as_millis() >= 20, "{took:?}");
        waits.push(r#for.as_secs());
    }
    assert_eq!(waits, [1, 2, 4]);
    assert_eq!(
        ask(&mut canary("select 1", SECOND), &mut connection, now).await,
        Verdict::Go
    );
    let mut writing = canary("create table public.big (t text)", SECOND);
    let error = writing.ask(&mut connection, &table(), now).await.unwrap_err();
    assert!(matches!(error, ThrottleError::Canary(_)), "{error}");
    // The session is as it was.
    assert_eq!(
        ask(&mut canary("select 1", SECOND), &mut connection, now).await,
        Verdict::Go
    );
}

#[tokio::test]
async fn a_batch_takes_at_least_the_time_of_its_rows() {
    let db = Database::empty().await;
    let mut now = Instant::now();
    let mut connection = connect(&db).await;
    let mut throttle = Throttle::new(
        Limits {
            rate: NonZeroU32::new(1000),
            ..Limits::default()
        },
        now,
    );
    assert_eq!(ask(&mut throttle, &mut connection, now).await, Verdict::Go);
    now += SECOND * 3 / 10;
    throttle.record(1000);
    let wait = |ms| Verdict::Wait {
        reason: Reason::Rate,
        r#for: Duration::from_millis(ms),
    };
    assert_eq!(ask(&mut throttle, &mut connection, now).await, wait(700));
    now += SECOND / 2;
    assert_eq!(ask(&mut throttle, &mut connection, now).await, wait(200));
    now += SECOND / 5;
    assert_eq!(ask(&mut throttle, &mut connection, now).await, Verdict::Go);
    // A batch that was slower than the rate is not waited for.
    now += 2 * SECOND;
    throttle.record(1000);
    assert_eq!(ask(&mut throttle, &mut connection, now).await, Verdict::Go);
}

#[tokio::test]
async fn a_vacuum_is_waited_for_when_the_table_is_too_old_to_go_without() {
    let db = Database::empty().await;
    let now = Instant::now();
    let mut vacuum = connect(&db).await;
    let mut connection = connect(&db).await;
    let mut throttle = Throttle::new(Limits::default(), now);
    execute(
        &mut connection,
        "create table public.big (t text) with (autovacuum_freeze_max_age = 100000);
         create table public.small (t text) with (autovacuum_freeze_max_age = 100000);
         insert into big select repeat('x', 2000) from generate_series(1, 10000)",
    )
    .await;
    // Page by page, a tenth of a second each: it is there until it is ended.
    execute(&mut vacuum, "set vacuum_cost_delay = 100; set vacuum_cost_limit = 1").await;
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut vacuum)
        .await
        .unwrap();
    let vacuum = tokio::spawn(async move { sqlx::raw_sql("vacuum public.big").execute(&mut vacuum).await.map(drop) });
    let seen = "select exists (select from pg_stat_progress_vacuum where relid = 'public.big'::regclass)";
    while !sqlx::query_scalar::<_, bool>(seen)
        .fetch_one(&mut connection)
        .await
        .unwrap()
    {
        assert!(!vacuum.is_finished());
    }
    assert_eq!(
        ask(&mut throttle, &mut connection, now).await,
        Verdict::Go,
        "an ordinary vacuum"
    );
    execute(
        &mut connection,
        "do $$ begin for i in 1..100100 loop perform pg_current_xact_id(); commit; end loop; end $$",
    )
    .await;
    let wait = Verdict::Wait {
        reason: Reason::Wraparound,
        r#for: SECOND,
    };
    assert_eq!(ask(&mut throttle, &mut connection, now).await, wait);
    let small = Name::new("public", "small");
    assert_eq!(
        throttle.ask(&mut connection, &small, now).await.unwrap(),
        Verdict::Go,
        "another table's"
    );
    sqlx::query("select pg_cancel_backend($1)")
        .bind(pid)
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(vacuum.await.unwrap().is_err());
    // The server may have begun one of its own by now; this waits for it, and it begins no other.
    execute(
        &mut connection,
        "alter table public.big set (autovacuum_freeze_max_age = 2000000000)",
    )
    .await;
    assert_eq!(ask(&mut throttle, &mut connection, now).await, Verdict::Go);
}
