//! Before the render: who is asking, where they may go, and whether the request is their own.

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use chrono::Utc;
use switchboard::{
    Error,
    auth::session::{self, ClientInfo, Visit},
    cookie,
    core::Core,
    viewer::{Identity, Viewer},
    zone::Offsets,
};

use crate::{address, rest::problem};

/// What a page asks of its visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nobody,
    /// Pages that lead to being signed in; of no use to whoever is.
    AnonymousOnly,
    Person,
    Organization,
}

/// Anything not named here needs an organization, so that a page added without thought is not open.
fn needs(path: &str) -> Needs {
    let mut parts = path.split('/').skip(1);
    match parts.next().unwrap_or_default() {
        // What pages are drawn with; no page has a dot in the first part of its path.
        "pkg" => Needs::Nobody,
        file if file.contains('.') && parts.next().is_none() => Needs::Nobody,
        "sign-in" | "sign-up" | "forgot" => Needs::AnonymousOnly,
        "verify" | "reset" | "join" | "sign-out" | "dev" => Needs::Nobody,
        "select-org" | "profile" => Needs::Person,
        _ => Needs::Organization,
    }
}

/// One cookie of a request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    cookie::find(lines.filter_map(|line| line.to_str().ok()), name)
}

/// Finds out who is asking, once, and puts it where pages, server functions and streams find it.
pub async fn recognize(State(core): State<Core>, mut request: Request, next: Next) -> Response {
    let visit = match visit(&core, request.headers()).await {
        Ok(visit) => visit,
        Err(error) => return problem::page(&error),
    };
    let address = address::of(request.extensions(), request.headers(), core.config.trusted_proxies);
    let agent = request
        .headers()
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .map(|v| v.chars().take(300).collect());
    request.extensions_mut().insert(ClientInfo {
        ip: address.map(|ip| ip.to_string()),
        agent,
    });
    let person = visit.as_ref().map(|visit| visit.person.clone());
    let place = visit.as_ref().and_then(|visit| visit.place.clone());
    let zone = Viewer::time_zone(person.as_ref(), place.as_ref());
    let viewer = Viewer {
        zone: Offsets::of(&zone, Utc::now()),
        person,
        place,
        installation: core.installation.clone(),
    };
    request.extensions_mut().insert(viewer);
    if let Some(visit) = visit {
        request.extensions_mut().insert(visit);
    }
    next.run(request).await
}

/// Who asks, by the session that the request carries.
pub(crate) async fn visit(core: &Core, headers: &HeaderMap) -> Result<Option<Visit>, Error> {
    match &core.installation.identity {
        Identity::Local => match cookie(headers, session::cookie_name(core)) {
            Some(token) => session::visit(core, token).await,
            None => Ok(None),
        },
        Identity::Clerk { .. } => match cookie(headers, "__session") {
            Some(token) => session::visit_clerk(core, token).await,
            None => Ok(None),
        },
    }
}

/// Sends a visitor where they must go first. Pages are drawn only for who may see them.
pub async fn require_sign_in(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let (person, placed) = match request.extensions().get::<Visit>() {
        Some(visit) => (true, visit.caller.is_some()),
        None => (false, false),
    };
    let wanted = request.uri().clone();
    match needs(wanted.path()) {
        _ if !reads => next.run(request).await,
        Needs::AnonymousOnly if person => redirect_with_next("/select-org", None),
        Needs::Person | Needs::Organization if !person => redirect_with_next("/sign-in", Some(&wanted)),
        Needs::Organization if !placed => redirect_with_next("/select-org", Some(&wanted)),
        _ if wanted.path() == "/" => redirect_with_next("/agents", None),
        _ => next.run(request).await,
    }
}

/// A redirect that remembers where somebody wanted to go; only ever a path of ours.
fn redirect_with_next(place: &str, wanted: Option<&Uri>) -> Response {
    let target = match wanted
        .and_then(Uri::path_and_query)
        .map(|path| path.as_str())
        .filter(|path| *path != "/")
    {
        Some(path) => {
            let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
            format!("{place}?next={next}")
        }
        None => place.to_owned(),
    };
    Redirect::to(&target).into_response()
}

/// Refuses what another site made the browser send. A session cookie travels with such requests; a bearer token or a
/// provider's signature does not, so `/api` and `/webhooks` are not behind this.
pub async fn same_origin(State(core): State<Core>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || from_here(&core, request.headers()) {
        next.run(request).await
    } else {
        from_elsewhere(&core, request.headers())
    }
}

/// Says where it came from, and where it should have: most often a proxy is in front and `PUBLIC_URL` was forgotten.
fn from_elsewhere(core: &Core, headers: &HeaderMap) -> Response {
    let text = |name: HeaderName| {
        let text = headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("nowhere");
        text.chars().take(200).collect::<String>()
    };
    let (came, host) = (text(header::ORIGIN), text(header::HOST));
    let expected = core.public_url.origin().ascii_serialization();
    tracing::warn!(came, host, expected, "a request from another site was refused");
    let words = format!(
        "This came from {came}, and this installation is {expected}. If that is the same place, its operator sets PUBLIC_URL."
    );
    let error = Error::Conflict(words);
    let wants_json = text(header::ACCEPT).contains("application/json");
    if wants_json {
        (StatusCode::FORBIDDEN, Json(error)).into_response()
    } else {
        (StatusCode::FORBIDDEN, problem::page(&error)).into_response()
    }
}

fn from_here(core: &Core, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none",
        // Older browsers say only where the page came from; without either it is not a browser's form.
        None => text("origin").is_some_and(|origin| {
            origin == core.public_url.origin().ascii_serialization()
                || text("host").is_some_and(|host| origin.split_once("://").is_some_and(|(_, place)| place == host))
        }),
    }
}

/// Server functions answer every failure with 500 in this version of leptos; the error itself knows better.
pub async fn server_fn_status(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if !response.headers().contains_key("serverfnerror") || response.status().is_redirection() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, 256 * 1024).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(app::AppError(error)) = serde_json::from_slice(&bytes) {
        if let Error::Unavailable { retry_after_s } | Error::Limited { retry_after_s } = &error {
            parts.headers.insert(header::RETRY_AFTER, (*retry_after_s).into());
        }
        parts.status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_nobody_thought_about_needs_an_organization() {
        assert_eq!(needs("/anything"), Needs::Organization);
        assert_eq!(needs("/sign-in/x"), Needs::AnonymousOnly);
        assert_eq!(needs("/select-org"), Needs::Person);
        assert_eq!(needs("/"), Needs::Organization);
        assert_eq!(needs("/agents/a.b"), Needs::Organization);
    }

    #[test]
    fn a_stranger_gets_what_the_sign_in_page_is_drawn_with() {
        for file in ["/pkg/switchboard.css", "/icons.svg", "/board.svg"] {
            assert_eq!(needs(file), Needs::Nobody, "{file}");
        }
    }

    #[test]
    fn the_way_back_is_a_path_of_ours() {
        let response = redirect_with_next("/sign-in", Some(&Uri::from_static("/agents?q=a&b=//evil.example")));
        let target = response.headers()[header::LOCATION].to_str().unwrap();
        assert_eq!(target, "/sign-in?next=%2Fagents%3Fq%3Da%26b%3D%2F%2Fevil.example");
    }
}
