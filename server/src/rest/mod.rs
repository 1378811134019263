//! The REST API: the list of its endpoints, and the layers they share.

mod account;
mod agents;
mod analysis;
mod audit;
mod calls;
mod contacts;
mod context;
mod created;
mod crud;
pub mod docs;
mod endpoint;
mod etag;
mod extract;
mod folders;
mod idempotency;
mod keys;
mod knowledge;
mod members;
mod merge;
pub mod openapi;
mod organization;
pub mod problem;
mod query;
mod rate_limit;
mod reconciliation;
mod refusals;
mod remark;
mod reports;
mod search;
mod shape;
mod tools;
mod voices;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{Method, StatusCode, Uri},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
};
use switchboard::{Error, core::Core};

use crate::pages::Site;
pub use endpoint::Endpoint;

/// Every route of the REST API. The router, the OpenAPI document and the coverage test are all made of this list.
pub fn endpoints() -> Vec<Endpoint> {
    [
        account::endpoints(),
        crud::all(),
        agents::endpoints(),
        tools::endpoints(),
        calls::endpoints(),
        analysis::endpoints(),
        contacts::endpoints(),
        folders::endpoints(),
        voices::endpoints(),
        knowledge::endpoints(),
        members::endpoints(),
        organization::endpoints(),
        keys::endpoints(),
        audit::endpoints(),
        reconciliation::endpoints(),
        reports::endpoints(),
        search::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Those that make a new thing of a list, whose answer tells its id. A list within a thing is one where what is in it can be
/// deleted.
pub fn makers() -> Vec<Endpoint> {
    let mut all = endpoints();
    let deleted: Vec<String> = all
        .iter()
        .filter(|endpoint| endpoint.method == Method::DELETE)
        .map(|endpoint| endpoint.path.clone())
        .collect();
    all.retain(|endpoint| {
        let each = format!("{}/{{", endpoint.path);
        endpoint.method == Method::POST
            && endpoint.operation.responses.responses.contains_key("201")
            && (!endpoint.path.contains('{') || deleted.iter().any(|path| path.starts_with(&each)))
    });
    all
}

pub fn routes(core: Core) -> Router<Site> {
    // Endpoints that need no credential are not limited.
    let limits = Arc::new(rate_limit::Limits::new(core.config.requests_per_second));
    let (open, guarded): (Vec<_>, Vec<_>) = endpoints().into_iter().partition(|endpoint| endpoint.access.is_none());
    let open = open
        .into_iter()
        .fold(Router::new(), |router, endpoint| endpoint.mount(router, &core));
    guarded
        .into_iter()
        .fold(Router::new(), |router, endpoint| endpoint.mount(router, &core))
        .route_layer(from_fn_with_state((core, limits), context::authenticate))
        .merge(open)
        .route("/openapi.json", axum::routing::get(openapi::serve))
        .route("/{*rest}", axum::routing::any(not_found))
        .method_not_allowed_fallback(not_allowed)
}

/// axum says in `Allow` what may be done there.
async fn not_allowed() -> Response {
    let title = "This cannot be done there. `Allow` says what can.".to_owned();
    problem::Failure::plain(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title).into_response()
}

async fn not_found(_: Uri) -> Response {
    problem::respond(&Error::NotFound)
}

/// `GET /.well-known/jwks.json`: the keys of the tokens this installation issues.
pub async fn jwks(State(core): State<Core>) -> impl IntoResponse {
    Json(core.tokens.jwks())
}
