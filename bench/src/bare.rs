//! The comparison: the statements of the list endpoint, run by sqlx alone.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio::task::JoinSet;

use crate::subject::Subject;

/// Transactions per second over `connections` connections.
pub async fn run(subject: &Subject, connections: u32, seconds: u64) -> anyhow::Result<f64> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .connect_with(subject.app_login.clone())
        .await?;
    let (began, until) = (Instant::now(), Instant::now() + Duration::from_secs(seconds));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (pool, org, user) = (pool.clone(), subject.org_id.clone(), subject.user_id.clone());
        tasks.spawn(async move {
            let mut done = 0_u64;
            while Instant::now() < until {
                transaction(&pool, &org, &user).await?;
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0;
    while let Some(task) = tasks.join_next().await {
        done += task??;
    }
    Ok(done as f64 / began.elapsed().as_secs_f64())
}

type Row = (
    uuid::Uuid,
    String,
    String,
    String,
    String,
    Vec<String>,
    String,
    sqlx::types::chrono::DateTime<sqlx::types::chrono::Utc>,
    sqlx::types::chrono::DateTime<sqlx::types::chrono::Utc>,
);

async fn transaction(pool: &PgPool, org: &str, user: &str) -> anyhow::Result<()> {
    let open = format!("begin read only; set local app.org_id = '{org}'; set local app.user_id = '{user}'");
    let mut tx = pool.begin_with(AssertSqlSafe(open)).await?;
    let _: Option<String> = sqlx::query_scalar("select identity.current_role()")
        .fetch_one(&mut *tx)
        .await?;
    let _: Vec<Row> = sqlx::query_as(
        "select a.id, a.name, a.description, a.language, a.voice_name, a.tags, a.sync, a.created_at, a.updated_at
         from app.agents a
         where a.org_id = $1 and (a.created_at, a.id) < ($2, $3)
           and ($4::text is null or position(lower($4) in lower(concat_ws(' ', a.name, a.description, a.prompt))) > 0)
           and ($5::text is null or a.language = $5)
           and ($6::text is null or $6 = any(a.tags))
           and ($7::text is null or a.sync = $7)
         order by a.created_at desc, a.id desc
         limit $8",
    )
    .bind(org)
    .bind(sqlx::types::chrono::DateTime::from_timestamp(253_402_300_799, 0))
    .bind(uuid::Uuid::max())
    .bind(None::<String>)
    .bind(None::<String>)
    .bind(None::<String>)
    .bind(None::<String>)
    .bind(51_i64)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
