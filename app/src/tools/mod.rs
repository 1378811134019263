//! Tools in the browser: what pages may ask about them.

mod actions;
mod edit;
mod history;
mod list;
mod sections;
mod shape;
mod tester;
mod tried;
mod used;

use leptos::prelude::*;
use switchboard::{
    Id,
    listing::{Listing, Page},
    org::OrgId,
    tools::{Facets, SecretValue, TestRequest, TestResult, Tool, ToolAgent, ToolDraft, ToolFilter, ToolRow, ToolUse},
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{
    AppError, Wire,
    kit::{Edited, Editor},
};
#[cfg(feature = "ssr")]
use switchboard::{crud, provider_sync, tools};

pub use edit::{ToolEdit, ToolNew};
pub use list::ToolList;

type ToolEditor = Editor<Tool>;

impl Edited for Tool {
    const CREATED: &'static str = "Agents can be given it now";

    fn saved(&self) -> &'static str {
        "The next request is made this way"
    }

    async fn get(org: OrgId, id: Id<Self>) -> Result<Self, AppError> {
        get_tool(org, id).await
    }
    async fn create(org: OrgId, draft: ToolDraft) -> Result<Self, AppError> {
        create_tool(org, draft).await
    }
    async fn update(org: OrgId, id: Id<Self>, draft: ToolDraft, revision: i64) -> Result<Self, AppError> {
        update_tool(org, id, draft, revision).await
    }

    fn without_secrets(mut draft: ToolDraft) -> ToolDraft {
        draft.secret.value = SecretValue::default();
        draft
    }
}

#[server(protocol = Wire)]
pub async fn list_tools(org: OrgId, filter: ToolFilter, page: Page) -> Result<Listing<ToolRow>, AppError> {
    Ok(crud::list::<Tool>(&core(), &caller(&org)?, &filter, &page).await?)
}

/// All of them, for whoever chooses among them.
pub async fn every_tool(org: OrgId) -> Result<Vec<ToolRow>, AppError> {
    let (mut all, mut page) = (
        Vec::new(),
        Page {
            limit: Some(100),
            ..Page::default()
        },
    );
    loop {
        let found = list_tools(org.clone(), ToolFilter::default(), page.clone()).await?;
        all.extend(found.items);
        if found.next.is_none() {
            return Ok(all);
        }
        page.cursor = found.next;
    }
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
