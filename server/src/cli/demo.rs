//! `switchboard` without a command: everything to try the product, or to edit it.

use switchboard::config::{Config, Database, is_loopback};

use super::{seed, serve::Bound};
use crate::start::start;

/// Serves, and where nobody but this machine comes and the database is its own, also makes a demo organization and says how
/// to sign in. The words for that stand in the source, so elsewhere they would let anybody in.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let own = matches!(config.database, Database::Embedded);
    let drain = config.shutdown;
    let bound = Bound::to(&config).await?;
    let here = is_loopback(&bound.public_url) && bound.addr()?.ip().is_loopback();
    let started = start(config, bound.public_url.clone()).await?;
    if own && here {
        if let Err(error) = seed::fill_once(&started.core).await {
            started.stop().await?;
            return Err(error);
        }
    } else {
        tracing::info!("no demo organization is made: others come here, or the database is somebody else's");
    }
    bound.serve(started, drain, true).await
}
