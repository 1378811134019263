//! Tools in the browser: what pages may ask about them.

use leptos::prelude::*;
use switchboard::{
    Id,
    listing::{Listing, Page},
    org::OrgId,
    tools::{Facets, TestRequest, TestResult, Tool, ToolAgent, ToolDraft, ToolFilter, ToolRow, ToolUse},
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::{crud, provider_sync, tools};

#[server(protocol = Wire)]
pub async fn list_tools(org: OrgId, filter: ToolFilter, page: Page) -> Result<Listing<ToolRow>, AppError> {
    Ok(crud::list::<Tool>(&core(), &caller(&org)?, &filter, &page).await?)
}

/// One page of the list, and what is true of all tools together.
#[server(protocol = Wire)]
pub async fn browse_tools(org: OrgId, filter: ToolFilter, page: Page) -> Result<(Listing<ToolRow>, Facets), AppError> {
    Ok(crud::browse::<Tool>(&core(), &caller(&org)?, &filter, &page).await?)
}

#[server(protocol = Wire)]
pub async fn tool_facets(org: OrgId) -> Result<Facets, AppError> {
    Ok(crud::facets::<Tool>(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn get_tool(org: OrgId, id: Id<Tool>) -> Result<Tool, AppError> {
    Ok(crud::get(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn create_tool(org: OrgId, draft: ToolDraft) -> Result<Tool, AppError> {
    Ok(crud::create(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn update_tool(org: OrgId, id: Id<Tool>, draft: ToolDraft, revision: i64) -> Result<Tool, AppError> {
    Ok(crud::update(&core(), &caller(&org)?, id, draft, revision).await?)
}

#[server(protocol = Wire)]
pub async fn delete_tool(org: OrgId, id: Id<Tool>) -> Result<(), AppError> {
    Ok(crud::delete::<Tool>(&core(), &caller(&org)?, id).await?)
}

/// Publishes what is saved here once more.
#[server(protocol = Wire)]
pub async fn sync_tool(org: OrgId, id: Id<Tool>) -> Result<Tool, AppError> {
    Ok(provider_sync::sync(&core(), &caller(&org)?, id).await?)
}

/// The agents that use it, by name.
#[server(protocol = Wire)]
pub async fn tool_agents(org: OrgId, id: Id<Tool>) -> Result<Vec<ToolAgent>, AppError> {
    Ok(tools::agents(&core(), &caller(&org)?, id).await?)
}

/// Its last uses on calls, newest first.
#[server(protocol = Wire)]
pub async fn tool_uses(org: OrgId, id: Id<Tool>) -> Result<Vec<ToolUse>, AppError> {
    Ok(tools::uses(&core(), &caller(&org)?, id).await?)
}

/// Sends the tool's request once, as an agent would cause it, and shows what came back.
#[server(protocol = Wire)]
pub async fn test_tool(org: OrgId, id: Id<Tool>, request: TestRequest) -> Result<TestResult, AppError> {
    Ok(tools::test(&core(), &caller(&org)?, id, request).await?)
}
