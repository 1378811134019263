//! Agents in the browser: what pages may ask about them.

mod actions;
mod assist;
mod difference;
mod edit;
mod gallery;
mod import;
mod list;
mod proposal;
mod publish;
mod sections;
mod versions;

use leptos::prelude::*;
use switchboard::{
    Id,
    agents::{
        Agent, AgentDraft, AgentFilter, AgentRow, AgentTemplate, AgentTemplateRow, AgentVersion, AgentVersionRow,
        AssistRequest, Facets, Finding, Proposal, Publication,
    },
    listing::{Listing, Page},
    org::OrgId,
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{
    AppError, Wire,
    kit::{Edited, Editor},
};
#[cfg(feature = "ssr")]
use switchboard::{
    agents::{self, templates},
    crud, provider_sync,
};

pub use edit::{AgentEdit, AgentNew};
pub use gallery::AgentGallery;
pub use list::AgentList;
pub use versions::AgentVersions;

type AgentEditor = Editor<Agent>;

impl Edited for Agent {
    const CREATED: &'static str = "Version 1 answers the phone";

    fn saved(&self) -> &'static str {
        if self.unpublished {
            "Callers hear it once you publish it"
        } else {
            "Callers hear no difference"
        }
    }

    async fn get(org: OrgId, id: Id<Self>) -> Result<Self, AppError> {
        get_agent(org, id).await
    }
    async fn create(org: OrgId, draft: AgentDraft) -> Result<Self, AppError> {
        create_agent(org, draft).await
    }
    async fn update(org: OrgId, id: Id<Self>, draft: AgentDraft, revision: i64) -> Result<Self, AppError> {
        update_agent(org, id, draft, revision).await
    }
}

#[server(protocol = Wire)]
pub async fn list_agents(org: OrgId, filter: AgentFilter, page: Page) -> Result<Listing<AgentRow>, AppError> {
    Ok(crud::list::<Agent>(&core(), &caller(&org)?, &filter, &page).await?)
}

/// One page of the list, and what is true of all agents together.
#[server(protocol = Wire)]
pub async fn browse_agents(
    org: OrgId,
    filter: AgentFilter,
    page: Page,
) -> Result<(Listing<AgentRow>, Facets), AppError> {
    Ok(crud::browse::<Agent>(&core(), &caller(&org)?, &filter, &page).await?)
}

#[server(protocol = Wire)]
pub async fn agent_facets(org: OrgId) -> Result<Facets, AppError> {
    Ok(crud::facets::<Agent>(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn get_agent(org: OrgId, id: Id<Agent>) -> Result<Agent, AppError> {
    Ok(crud::get(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn create_agent(org: OrgId, draft: AgentDraft) -> Result<Agent, AppError> {
    Ok(crud::create(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn update_agent(org: OrgId, id: Id<Agent>, draft: AgentDraft, revision: i64) -> Result<Agent, AppError> {
    Ok(crud::update(&core(), &caller(&org)?, id, draft, revision).await?)
}

#[server(protocol = Wire)]
pub async fn delete_agent(org: OrgId, id: Id<Agent>) -> Result<(), AppError> {
    Ok(crud::delete::<Agent>(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn list_agent_templates(org: OrgId) -> Result<Vec<AgentTemplateRow>, AppError> {
    Ok(templates::list(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn get_agent_template(org: OrgId, template: String) -> Result<AgentTemplate, AppError> {
    Ok(templates::find(&core(), &caller(&org)?, &template).await?)
}

/// An exported agent as a draft to begin from.
#[server(protocol = Wire)]
pub async fn read_agent_export(org: OrgId, json: String) -> Result<AgentDraft, AppError> {
    Ok(agents::read_export(&core(), &caller(&org)?, &json).await?)
}

/// What the language model proposes for a prompt or a first message.
#[server(protocol = Wire)]
pub async fn assist_with_agent(org: OrgId, request: AssistRequest) -> Result<Proposal, AppError> {
    Ok(agents::assist(&core(), &caller(&org)?, request).await?)
}

#[server(protocol = Wire)]
pub async fn duplicate_agent(org: OrgId, id: Id<Agent>) -> Result<Agent, AppError> {
    Ok(agents::duplicate(&core(), &caller(&org)?, id).await?)
}

/// What was looked at before what is saved is published.
#[server(protocol = Wire)]
pub async fn check_agent(org: OrgId, id: Id<Agent>) -> Result<Vec<Finding>, AppError> {
    Ok(agents::findings(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn publish_agent(
    org: OrgId,
    id: Id<Agent>,
    publication: Publication,
    revision: i64,
) -> Result<Agent, AppError> {
    Ok(agents::publish(&core(), &caller(&org)?, id, publication, Some(revision)).await?)
}

#[server(protocol = Wire)]
pub async fn list_agent_versions(org: OrgId, id: Id<Agent>) -> Result<Vec<AgentVersionRow>, AppError> {
    Ok(agents::versions(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn get_agent_version(org: OrgId, id: Id<Agent>, number: i32) -> Result<AgentVersion, AppError> {
    Ok(agents::version(&core(), &caller(&org)?, id, number).await?)
}

/// Takes a version into the draft.
#[server(protocol = Wire)]
pub async fn restore_agent_version(org: OrgId, id: Id<Agent>, number: i32, revision: i64) -> Result<Agent, AppError> {
    Ok(agents::restore(&core(), &caller(&org)?, id, number, Some(revision)).await?)
}

/// Brings the live version to the provider once more.
#[server(protocol = Wire)]
pub async fn sync_agent(org: OrgId, id: Id<Agent>) -> Result<Agent, AppError> {
    Ok(provider_sync::sync(&core(), &caller(&org)?, id).await?)
}
