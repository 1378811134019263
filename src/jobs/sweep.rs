//! The sweep: throws away what nobody asks for any more.

use serde::{Deserialize, Serialize};

use super::{Context, Failure, Job, Outcome, event, purge};
use crate::{auth, idempotency};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sweep {}

impl Job for Sweep {
    const NAME: &'static str = "sweep";

    fn dedup_key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        auth::sweep(&context.core).await?;
        idempotency::purge(&context.core).await?;
        event::purge(&context.core).await?;
        purge(&context.core).await?;
        Ok(Outcome::Done)
    }
}
