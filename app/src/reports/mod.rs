//! Reports in the browser: whether this organization is kept apart, and how its database was brought to that.

mod history;
mod isolation;
mod sheet;
mod warden;

use leptos::prelude::*;
use switchboard::{
    Id,
    org::OrgId,
    report::{Report, ReportHistory, ReportKind, Run},
};

pub use isolation::IsolationPage;
pub use warden::WardenPage;

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::report::store;

/// The newest runs of a kind, and one report: the one that was chosen, else the newest that is done.
#[server(protocol = Wire)]
pub async fn read_reports(org: OrgId, kind: ReportKind, chosen: Option<Id<Report>>) -> Result<ReportHistory, AppError> {
    Ok(store::history(&core(), &caller(&org)?, kind, chosen).await?)
}

#[server(protocol = Wire)]
pub async fn run_isolation(org: OrgId) -> Result<Run, AppError> {
    Ok(store::ask(&core(), &caller(&org)?).await?)
}
