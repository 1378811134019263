//! Asking: who calls the REST API, how often, and whether they asked the same before.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use serde::de::DeserializeOwned;
use switchboard::{
    Error,
    auth::{self, Caller},
    core::Core,
    idempotency::{self, Claim, Keyed},
    resource::{Action, Kind},
};

use super::problem::Failure;
use crate::address;

type Limiter = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// What a route needs; said once, where the route is.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub action: Action,
    pub kind: Kind,
    /// Whether money is spent, so that a repeat must be recognizable.
    pub keyed: bool,
}

/// The verified caller of this request, and the core to serve it from.
pub struct Asking {
    pub core: Core,
    pub caller: Caller,
}

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let known = (
            parts.extensions.get::<Core>().cloned(),
            parts.extensions.get::<Caller>().cloned(),
        );
        match known {
            (Some(core), Some(caller)) => Ok(Self { core, caller }),
            _ => Err(Error::Unauthenticated.into()),
        }
    }
}

/// How often one organization, and one address without a credential, may ask. Counted by process.
pub struct Limits {
    callers: Limiter,
    strangers: Limiter,
}

impl Limits {
    pub fn new(per_second: u32) -> Self {
        Self {
            callers: limiter(per_second),
            strangers: limiter((per_second / 10).max(10)),
        }
    }
}

/// Verifies the bearer before anything of the request is looked at, then counts it.
pub async fn authenticate(
    State((core, limits)): State<(Core, Arc<Limits>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match bearer(request.headers()) {
        Some(token) => auth::bearer(&core, token).await,
        None => Err(Error::Unauthenticated),
    };
    let counted = match &caller {
        Ok(caller) => count(&limits.callers, caller.org().to_string()),
        // Guessing is slowed by address: whoever has no token has no organization to count for.
        Err(_) => {
            let from = address::of(request.extensions(), request.headers(), core.config.trusted_proxies);
            count(
                &limits.strangers,
                from.map_or_else(String::new, |from| from.to_string()),
            )
        }
    };
    let mut response = match (counted.wait, caller) {
        (Some(wait), _) => Failure::from(Error::Limited {
            retry_after_s: wait.as_secs() + 1,
        })
        .into_response(),
        (None, Err(error)) => Failure::from(error).into_response(),
        (None, Ok(caller)) => {
            request.extensions_mut().insert(core);
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    };
    let headers = response.headers_mut();
    headers.insert("ratelimit-limit", HeaderValue::from(counted.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(counted.left));
    headers.insert("ratelimit-reset", HeaderValue::from(counted.reset_s));
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn limiter(per_second: u32) -> Limiter {
    let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    RateLimiter::dashmap(
        Quota::per_second(per_second)
            .allow_burst(per_second.saturating_mul(NonZeroU32::new(2).unwrap_or(NonZeroU32::MIN))),
    )
    .with_middleware()
}

/// What is left to somebody who has asked once more.
struct Counted {
    /// How many may come at once.
    limit: u32,
    left: u32,
    /// Seconds until all are there again.
    reset_s: u64,
    /// How long this one came too early.
    wait: Option<Duration>,
}

fn count(limiter: &Limiter, key: String) -> Counted {
    let (quota, left, wait) = match limiter.check_key(&key) {
        Ok(snapshot) => (snapshot.quota(), snapshot.remaining_burst_capacity(), None),
        Err(until) => (
            until.quota(),
            0,
            Some(until.wait_time_from(DefaultClock::default().now())),
        ),
    };
    let limit = quota.burst_size().get();
    let reset = quota.replenish_interval() * limit.saturating_sub(left);
    Counted {
        limit,
        left,
        reset_s: reset.as_secs() + u64::from(reset.subsec_nanos() > 0),
        wait,
    }
}

/// A query may only say what the list understands: a filter that is passed over would show what nobody asked for.
pub async fn known(State(names): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let unknown = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, _)| name)
        .find(|name| !names.iter().any(|known| known == name));
    match unknown {
        None => next.run(request).await,
        Some(name) => Failure::unknown_parameter(name.into_owned()).into_response(),
    }
}

/// A POST with a key it had before is answered as before, without being done again.
pub async fn once(asking: Asking, request: Request, next: Next) -> Response {
    let Some(access) = request.extensions().get::<Access>().copied() else {
        return next.run(request).await;
    };
    let key = request
        .headers()
        .get("idempotency-key")
        .map(|key| key.to_str().unwrap_or_default().to_owned());
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let Some(key) = key else {
        if access.keyed {
            let message = "This spends money: send a key of your own, so that a repeat is not a second call.";
            return Failure::from(Error::invalid("Idempotency-Key", message)).into_response();
        }
        return next.run(request).await;
    };
    answer_once(asking, access, key, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

async fn answer_once(
    asking: Asking,
    access: Access,
    key: String,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let Asking { core, caller } = asking;
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
    let keyed = Keyed::new(route, key, &body, (access.action, access.kind))?;
    if let Claim::Answered { status, body } = idempotency::claim(&core, &caller, &keyed).await? {
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
                (header::HeaderName::from_static("idempotent-replay"), "true"),
            ],
            body,
        )
            .into_response());
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    idempotency::keep(&core, &caller, &keyed, parts.status.as_u16(), &body).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn too_long() -> Failure {
    Failure::malformed(
        StatusCode::PAYLOAD_TOO_LARGE,
        String::new(),
        "Send at most 1 MiB.".into(),
    )
}

/// A JSON body. What cannot be read is reported with the path of the field it stands in.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| too_long())?;
        // A list would be taken for the fields in their order, which is nothing to rely on.
        if bytes.trim_ascii_start().starts_with(b"[") {
            let message = "Send an object, not a list.".into();
            return Err(Failure::malformed(
                StatusCode::UNPROCESSABLE_ENTITY,
                String::new(),
                message,
            ));
        }
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let mut unknown = None;
        let mut note = |path: serde_ignored::Path<'_>| {
            unknown.get_or_insert(path.to_string());
        };
        let known_only = serde_ignored::Deserializer::new(&mut json, &mut note);
        let value = serde_path_to_error::deserialize(known_only).map_err(|error| {
            let path = error.path().to_string();
            // `.` is the body itself, `?` a part of it that has no name yet.
            let path = path.trim_end_matches('?').trim_end_matches('.').to_owned();
            let inner = error.inner();
            let status = if inner.is_data() {
                StatusCode::UNPROCESSABLE_ENTITY
            } else {
                StatusCode::BAD_REQUEST
            };
            Failure::malformed(status, path, sentence(&inner.to_string()))
        })?;
        json.end().map_err(|error| {
            Failure::malformed(StatusCode::BAD_REQUEST, String::new(), sentence(&error.to_string()))
        })?;
        match unknown {
            None => Ok(Self(value)),
            Some(field) => Err(Failure::malformed(
                StatusCode::UNPROCESSABLE_ENTITY,
                field,
                "There is no such field.".into(),
            )),
        }
    }
}

/// A parser's remark as a sentence, without the place in the text that only a program would count.
fn sentence(remark: &str) -> String {
    let remark = remark.split(" at line ").next().unwrap_or(remark);
    let mut letters = remark.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// Query parameters; unknown values are reported by name.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let field = error.path().to_string();
            Failure::from(Error::invalid(field, sentence(&error.inner().to_string())))
        })
    }
}
