//! Idempotency keys on the wire: a POST with a key it had before is answered as before, without being done again.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRef, MatchedPath, Request, State},
    http::{HeaderName, StatusCode, header, response::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use switchboard::{
    Error,
    core::Core,
    idempotency::{self, Claim, Keyed},
    resource::{Action, Kind},
};
use uuid::Uuid;

use super::{context::RequestContext, extract::too_long, problem::Failure};

/// What a route needs; said once, where the route is.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub action: Action,
    pub kind: Kind,
    /// Whether money is spent, so that a repeat must be recognizable.
    pub keyed: bool,
}

/// What a handler that places calls is told of the key it was asked with.
#[derive(Clone)]
pub enum Repeat {
    /// The call is to be written under it.
    First(Keyed),
    /// A request of before has placed this call, and its answer was lost.
    Placed(Uuid),
}

/// What the layer of one route works with.
#[derive(Clone)]
pub struct Route {
    pub core: Core,
    pub access: Access,
}

impl FromRef<Route> for Core {
    fn from_ref(route: &Route) -> Self {
        route.core.clone()
    }
}

/// The layer of a POST.
pub async fn idempotent(State(route): State<Route>, context: RequestContext, request: Request, next: Next) -> Response {
    let key = request
        .headers()
        .get("idempotency-key")
        .map(|key| key.to_str().unwrap_or_default().to_owned());
    let Some(key) = key else {
        if route.access.keyed {
            let message = "This spends money: send a key of your own, so that a repeat is not a second call.";
            return Failure::from(Error::invalid("Idempotency-Key", message)).into_response();
        }
        return next.run(request).await;
    };
    answer_once(context, route.access, key, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

async fn answer_once(
    context: RequestContext,
    access: Access,
    key: String,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let RequestContext { core, caller } = context;
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(String::new, |path| path.as_str().to_owned());
    // The path tells one agent's sync from another's; the template alone would not.
    let route = format!(
        "{} {}",
        if route.contains('{') {
            request.uri().path()
        } else {
            &route
        },
        access.action.word()
    );
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1024 * 1024).await.map_err(|_| too_long())?;
    let mut keyed = Keyed::new(route, key, &body, (access.action, access.kind))?;
    let mut request = Request::from_parts(parts, Body::from(body));
    let claim = idempotency::claim(&core, &caller, &mut keyed).await?;
    if let Claim::Placed(call) = claim {
        request.extensions_mut().insert(Repeat::Placed(call));
        return Ok(next.run(request).await);
    }
    if let Claim::Answered { status, body } = claim {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let kind = if status.is_success() {
            "application/json"
        } else {
            "application/problem+json"
        };
        return Ok((
            status,
            [
                (header::CONTENT_TYPE, kind),
                (HeaderName::from_static("idempotent-replay"), "true"),
            ],
            body,
        )
            .into_response());
    }
    request.extensions_mut().insert(Repeat::First(keyed.clone()));
    let response = next.run(request).await;
    let (parts, body) = whole(response).await?;
    // What was asked for is done. Without its answer a repeat is told to look; this time it is told what became of it.
    if let Err(error) = idempotency::keep(&core, &caller, &keyed, parts.status.as_u16(), &body).await {
        tracing::error!(org = %caller.org(), route = keyed.route, %error, "the answer to an idempotency key could not be kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// An answer with its body read. One that breaks off is no answer: it is neither sent nor kept for a repeat, who is told to
/// look whether the request took effect.
async fn whole(response: Response) -> Result<(Parts, Bytes), Failure> {
    let (parts, body) = response.into_parts();
    match to_bytes(body, usize::MAX).await {
        Ok(body) => Ok((parts, body)),
        Err(error) => Err(Error::internal(format_args!("the body of an answer broke off: {error}")).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_an_empty_one() {
        let broken = stream::iter([Ok(Bytes::from("{\"id\":")), Err(io::Error::other("gone"))]);
        let failure = whole(Response::new(Body::from_stream(broken))).await.unwrap_err();
        assert_eq!(failure.into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
        let (_, body) = whole(Response::new(Body::from("{}"))).await.unwrap();
        assert_eq!(body, "{}");
    }
}
