//! Cluster.
use sqlx::postgres::PgConnectOptions;
pub struct Cluster;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct ClusterError;
impl Cluster {
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new()
    }
}
