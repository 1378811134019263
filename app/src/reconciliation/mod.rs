//! Reconciliation in the browser: what is not the same here and at the provider.

mod list;

use leptos::prelude::*;
use switchboard::{
    listing::Page,
    org::OrgId,
    reconciliation::{Overview, ReconciliationStarted},
};
use uuid::Uuid;

pub use list::ReconciliationPage;

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::reconciliation::{self, DifferenceFilter};

#[server(protocol = Wire)]
pub async fn read_reconciliation(org: OrgId, page: Page) -> Result<Overview, AppError> {
    let filter = DifferenceFilter::default();
    Ok(reconciliation::overview(&core(), &caller(&org)?, &filter, &page).await?)
}

#[server(protocol = Wire)]
pub async fn reconcile(org: OrgId, object: Uuid) -> Result<(), AppError> {
    Ok(reconciliation::one(&core(), &caller(&org)?, object).await?)
}

#[server(protocol = Wire)]
pub async fn reconcile_all(org: OrgId) -> Result<ReconciliationStarted, AppError> {
    Ok(reconciliation::all(&core(), &caller(&org)?).await?)
}
