//! The simulated Clerk.
use super::Target;
use super::pace::Pace;
use super::state::Snapshot;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
pub struct Setup<'a> {
    pub url: String,
    pub snapshot: &'a Arc<Snapshot>,
    pub pace: Pace,
    pub webhook: Option<Target>,
    pub stop: CancellationToken,
}
pub struct Clerk;
impl Clerk {
    pub async fn new(setup: Setup<'_>) -> std::io::Result<Arc<Self>> {
        let _ = setup;
        Ok(Arc::new(Self))
    }
}
pub fn router(_: Arc<Clerk>) -> axum::Router {
    axum::Router::new()
}
