//! A glance at an organization: its client and balance, in one round trip.

use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::{AppPool, Db};
use crate::{error::Result, money::Micros, org::OrgId};

/// The billing side of an organization, as every page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    pub client_id: Uuid,
    pub balance: Micros,
}

impl Db {
    /// For every page, after the session has been found good: nothing here asks again who is looking. `None` before the
    /// organization's first visit.
    pub(crate) async fn glance(&self, org: &OrgId) -> Result<Option<Glance>> {
        let AppPool(app) = &self.app;
        // Statements sent together are one transaction, so SET LOCAL ends with them, and so does a failure. Ids are
        // letters and digits by construction (`OrgId::parse`), which is what makes this text safe.
        let text = format!(
            "set local app.org_id = '{org}';
             select c.id, c.balance_micros from app.clients c where c.org_id = '{org}'"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(app).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Glance {
            client_id: row.try_get(0)?,
            balance: row.try_get(1)?,
        }))
    }
}
