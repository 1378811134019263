//! `/agents`: what is done with agents beyond creating and changing them.

use axum::{Json as Answer, extract::Path, http::StatusCode};
use switchboard::{
    agents::{self, Agent},
    resource::{Action, Kind},
};

use super::{
    ask::Asking,
    crud,
    endpoint::{Endpoint, post},
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        crud::sync_route::<Agent>(),
        post("/agents/{id}/duplicate", "Copy an agent under a new name")
            .needs(Action::Create, Kind::Agent)
            .answers::<Agent>(201, "The copy")
            .by(duplicate),
    ]
}

async fn duplicate(asking: Asking, Path(id): Path<String>) -> Result<(StatusCode, Answer<Agent>), Failure> {
    let copy = agents::duplicate(&asking.core, &asking.caller, crud::id(&id)?).await?;
    Ok((StatusCode::CREATED, Answer(copy)))
}
