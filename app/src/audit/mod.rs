//! The audit log in the browser.

mod list;

use leptos::prelude::*;
use switchboard::{
    audit::{Entry, EntryFilter},
    listing::{Listing, Page},
    org::OrgId,
};

pub use list::AuditPage;

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::audit;

#[server(protocol = Wire)]
pub async fn list_audit(org: OrgId, filter: EntryFilter, page: Page) -> Result<Listing<Entry>, AppError> {
    Ok(audit::list(&core(), &caller(&org)?, &filter, &page).await?)
}
