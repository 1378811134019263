//! Verify: how long the catalog of 200 protected tables takes to look through.

use anyhow::{Context, ensure};
use sqlx::{ConnectOptions, Connection};
use switchboard::{
    db::{self, Cluster, Logins},
    verify::{self, Options},
};

const DATABASE: &str = "verify_200_tables";

/// Milliseconds, the median of five runs, in a database of its own.
pub async fn two_hundred_tables(cluster: &Cluster) -> anyhow::Result<f64> {
    let mut server = cluster.options().connect().await?;
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {DATABASE}")))
        .execute(&mut server)
        .await?;
    let logins = Logins::trusted(cluster.options().database(DATABASE));
    db::migrate(&logins).await?;
    let mut admin = logins.admin.connect().await?;
    sqlx::raw_sql(include_str!("../../tests/it/verify/two_hundred.sql"))
        .execute(&mut admin)
        .await?;
    admin.close().await?;
    let mut took = Vec::new();
    for _ in 0..5 {
        let report = verify::run(&logins, Options::default()).await?;
        let tables = report.outcomes.iter().find(|outcome| outcome.id == "row-security");
        let tables = tables.context("tables are asked about")?.examined;
        ensure!(tables == 200, "{tables} tables were looked at");
        took.push(report.took_ms);
    }
    took.sort_unstable();
    sqlx::query(sqlx::AssertSqlSafe(format!("drop database {DATABASE} with (force)")))
        .execute(&mut server)
        .await?;
    server.close().await?;
    Ok(took[2] as f64)
}
