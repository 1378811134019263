//! The audit log in the browser.

mod list;

use leptos::{prelude::*, server_fn::codec::Json};
use switchboard::{
    audit::{Entry, EntryFilter},
    listing::{Listing, Page},
    org::OrgId,
};

pub use list::AuditPage;

use crate::AppError;
#[cfg(feature = "ssr")]
use crate::api::{caller, core};
#[cfg(feature = "ssr")]
use switchboard::audit;

#[server(input = Json)]
pub async fn list_audit(org: OrgId, filter: EntryFilter, page: Page) -> Result<Listing<Entry>, AppError> {
    Ok(audit::list(&core(), &caller(&org)?, &filter, &page).await?)
}
