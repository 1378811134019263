//! Tests of agents in the browser: what a draft is tried with before it answers the phone.

mod form;
mod list;
mod result;

use leptos::prelude::*;
use switchboard::{
    Id,
    agent_tests::{AgentTest, AgentTestDraft, TestsStarted},
    agents::Agent,
    calls::Call,
    org::OrgId,
};
use uuid::Uuid;

pub use list::AgentTests;

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::agent_tests::flow;

#[server(protocol = Wire)]
pub async fn list_agent_tests(org: OrgId, id: Id<Agent>) -> Result<Vec<AgentTest>, AppError> {
    Ok(flow::list(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn create_agent_test(org: OrgId, id: Id<Agent>, draft: AgentTestDraft) -> Result<AgentTest, AppError> {
    Ok(flow::create(&core(), &caller(&org)?, id, draft).await?)
}

#[server(protocol = Wire)]
pub async fn update_agent_test(
    org: OrgId,
    id: Id<Agent>,
    test_id: Uuid,
    draft: AgentTestDraft,
    revision: i64,
) -> Result<AgentTest, AppError> {
    Ok(flow::update(&core(), &caller(&org)?, id, test_id, (draft, Some(revision))).await?)
}

#[server(protocol = Wire)]
pub async fn delete_agent_test(org: OrgId, id: Id<Agent>, test_id: Uuid) -> Result<(), AppError> {
    Ok(flow::delete(&core(), &caller(&org)?, id, test_id).await?)
}

/// One of them, or all.
#[server(protocol = Wire)]
pub async fn run_agent_tests(org: OrgId, id: Id<Agent>, test_id: Option<Uuid>) -> Result<TestsStarted, AppError> {
    Ok(flow::run(&core(), &caller(&org)?, id, test_id).await?)
}

/// The tests that belong to a template.
#[server(protocol = Wire)]
pub async fn add_template_tests(org: OrgId, id: Id<Agent>, template: String) -> Result<Vec<AgentTest>, AppError> {
    Ok(flow::add_suggested(&core(), &caller(&org)?, id, &template).await?)
}

#[server(protocol = Wire)]
pub async fn make_test_of_call(org: OrgId, id: Id<Call>) -> Result<AgentTest, AppError> {
    Ok(flow::from_call(&core(), &caller(&org)?, id).await?)
}
