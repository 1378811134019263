//! Members at an outside identity provider: finishes changes whose request did not, and looks whether both sides agree.

use serde::{Deserialize, Serialize};

use super::{Context, Failure, Job, Outcome};
use crate::{auth, org};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettleMembers {}

impl Job for SettleMembers {
    const NAME: &'static str = "settle_members";

    fn dedup_key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        org::store::settle_due(&context.core).await?;
        Ok(Outcome::Done)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReconcileMembers {}

impl Job for ReconcileMembers {
    const NAME: &'static str = "reconcile_members";

    fn dedup_key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        auth::clerk::reconcile(&context.core).await?;
        Ok(Outcome::Done)
    }
}
