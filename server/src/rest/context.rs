//! Who calls the REST API: the verified caller of a request, and the core that serves it.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use switchboard::{
    Error,
    auth::{self, Caller, Presented},
    core::Core,
};

use super::{
    problem::Failure,
    rate_limit::{Count, Limits},
};
use crate::address;

/// What a handler works with.
pub struct RequestContext {
    pub core: Core,
    pub caller: Caller,
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext
where
    Core: FromRef<S>,
{
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>().cloned();
        Ok(Self {
            core: Core::from_ref(state),
            caller: caller.ok_or(Error::Unauthenticated)?,
        })
    }
}

/// Verifies the bearer before anything else of the request is looked at, and counts the request: for its organization, or
/// for its address as long as nobody is known to stand behind it.
pub async fn authenticate(State((core, limits)): State<(Core, Arc<Limits>)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let presented = match bearer(&parts.headers) {
        Some(token) => Some(auth::present(&core, token).await),
        None => None,
    };
    let by_address = || {
        let address = address::of(&parts.extensions, &parts.headers, core.config.trusted_proxies);
        limits.count_address(address)
    };
    // Guessing must not reach the database: whatever was not let in here before is counted before it is asked about.
    let familiar = presented.as_ref().is_some_and(Presented::is_familiar);
    let first = (!familiar).then(by_address);
    let caller = match presented {
        Some(presented) if !first.as_ref().is_some_and(Count::is_over) => presented.caller(&core).await,
        _ => Err(Error::Unauthenticated),
    };
    let count = match (&caller, first) {
        (Ok(caller), _) => limits.count_organization(caller.org()),
        (Err(_), Some(count)) => count,
        (Err(_), None) => by_address(),
    };
    let mut response = match (count.over(), caller) {
        (Some(error), _) | (None, Err(error)) => Failure::from(error).into_response(),
        (None, Ok(caller)) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
    };
    count.write(response.headers_mut());
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
