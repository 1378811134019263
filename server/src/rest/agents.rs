//! `/agents`

use axum::{Json as Answer, extract::Path, http::StatusCode};
use switchboard::{
    agents::{self, Agent, AgentRow},
    resource::{Action, Kind},
};

use super::{
    context::CallContext,
    crud::{self, Paths},
    endpoint::{Endpoint, post},
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = crud::routes::<Agent>(&Paths {
        many: "/agents",
        one: "/agents/{id}",
        sync: "/agents/{id}/sync",
    });
    endpoints.push(crud::sheet::<AgentRow>("/agents/export", "Export agents as CSV"));
    endpoints.push(
        post("/agents/{id}/duplicate", "Copy an agent under a new name")
            .needs(Action::Create, Kind::Agent)
            .answers::<Agent>(201, "The copy")
            .by(duplicate),
    );
    endpoints
}

async fn duplicate(context: CallContext, Path(id): Path<String>) -> Result<(StatusCode, Answer<Agent>), Failure> {
    let copy = agents::duplicate(&context.core, &context.caller, crud::id(&id)?).await?;
    Ok((StatusCode::CREATED, Answer(copy)))
}
