//! `/agents`: what is done with agents beyond creating and changing them.

use axum::extract::Path;
use switchboard::{
    agents::{self, Agent},
    resource::{Action, Kind},
};

use super::{
    context::RequestContext,
    created::Created,
    crud,
    endpoint::{Endpoint, post},
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        crud::sync_route::<Agent>(),
        post(
            "/agents/{id}/duplicate",
            "duplicateAgent",
            "Copy an agent under a new name",
        )
        .needs(Action::Create, Kind::Agent)
        .answers::<Agent>(201, "The copy")
        .by(duplicate),
    ]
}

async fn duplicate(context: RequestContext, Path(id): Path<String>) -> Result<Created<Agent>, Failure> {
    let copy = agents::duplicate(&context.core, &context.caller, crud::id(&id)?).await?;
    Ok(Created::new(Kind::Agent.about().path, copy.id, copy))
}
