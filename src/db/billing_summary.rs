//! The billing side of an organization: its client and balance, without asking again who looks.

use uuid::Uuid;

use super::{AppPool, Db};
use crate::{error::Result, money::Micros, org::OrgId};

/// The billing side of an organization, as every page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillingSummary {
    pub client_id: Uuid,
    pub balance: Micros,
}

impl Db {
    /// For every page, after the session has been found good: nothing here asks again who is looking. `None` before the
    /// organization's first visit.
    pub(crate) async fn billing_summary(&self, org: &OrgId) -> Result<Option<BillingSummary>> {
        let AppPool(app) = &self.app;
        // Ids are letters and digits by construction (`OrgId::parse`), which is what makes this text safe.
        let open = format!("begin read only; set local app.org_id = '{org}'");
        let mut tx = app.begin(&open).await?;
        let summary = sqlx::query_as!(
            BillingSummary,
            "select c.id as client_id, c.balance_micros as balance from app.clients c where c.org_id = $1",
            org.as_str(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(summary)
    }
}
