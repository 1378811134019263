//! `/search`

use axum::Json as Answer;
use serde::Deserialize;
use switchboard::{
    crud,
    resource::{Action, Found, Kind},
};
use utoipa::IntoParams;

use super::{
    context::RequestContext,
    endpoint::{Endpoint, get},
    extract::Params,
    problem::Failure,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Query {
    /// Part of a name, or of whatever else a list is searched by.
    #[serde(default)]
    q: String,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/search", "search", "Find things of every kind")
            .needs(Action::Read, Kind::Organization)
            .params::<Query>()
            .answers_all::<Found>("The newest of each kind that the caller may read")
            .by(search),
    ]
}

async fn search(context: RequestContext, Params(query): Params<Query>) -> Result<Answer<Vec<Found>>, Failure> {
    Ok(Answer(crud::search(&context.core, &context.caller, &query.q).await?))
}
