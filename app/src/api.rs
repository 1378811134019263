//! From a request to its caller: what every server function does first, and how those about sessions answer.

use std::time::Duration;

use http::{HeaderValue, header::SET_COOKIE, request::Parts};
use leptos::prelude::{use_context, with_context};
use leptos_axum::ResponseOptions;
use switchboard::{
    Error, Result,
    auth::{
        Caller,
        session::{self, ClientInfo, NewSession, Visit},
    },
    core::Core,
    org::{OrgId, UserId},
};

use crate::{account::return_to, kit::browser};

/// What the process serves from.
///
/// # Panics
/// Outside a request, which is a mistake in the router and shows on the first one.
pub fn core() -> Core {
    use_context().expect("the router provides the core")
}

/// What the guard has found out about this request.
fn found<T: Clone + Send + Sync + 'static>() -> Option<T> {
    with_context(|parts: &Parts| parts.extensions.get::<T>().cloned()).expect("the page's handler provides the request")
}

/// The signed-in person of this request, in an organization or not.
pub fn visit() -> Result<Visit> {
    found::<Visit>().ok_or(Error::Unauthenticated)
}

pub fn person() -> Result<UserId> {
    Ok(visit()?.person.id)
}

/// The caller in the organization of this session, provided that it is the one the page was drawn for.
pub fn caller(drawn_for: &OrgId) -> Result<Caller> {
    let caller = visit()?.caller.ok_or(Error::NoOrg)?;
    if caller.org() == drawn_for {
        Ok(caller)
    } else {
        Err(Error::OrgChanged)
    }
}

/// The network address and the browser of this request.
pub fn from() -> ClientInfo {
    found().unwrap_or_default()
}

/// What the browser proves its session with: our cookie, or Clerk's.
pub fn session_cookie() -> Result<String> {
    let core = core();
    let name = if core.uses_clerk() {
        "__session"
    } else {
        session::cookie_name(&core)
    };
    browser::cookie(name).ok_or(Error::Unauthenticated)
}

/// Hands the browser its session and sends it on. The next document is drawn for whoever it now is.
pub fn enter(session: &NewSession, next: &str) {
    set_session(session);
    leptos_axum::redirect(return_to::safe_return_path(next));
}

pub fn set_session(session: &NewSession) {
    keep_cookie(&session.token, session.max_age);
}

pub fn clear_session() {
    keep_cookie("", Some(Duration::ZERO));
}

fn keep_cookie(token: &str, max_age: Option<Duration>) {
    let core = core();
    let line = cookie_line(
        session::cookie_name(&core),
        token,
        max_age,
        core.public_url.scheme() == "https",
    );
    let line = HeaderValue::try_from(line).expect("a token is plain letters");
    use_context::<ResponseOptions>()
        .expect("leptos provides the response")
        .append_header(SET_COOKIE, line);
}

/// Without an age the browser forgets it when it is closed.
fn cookie_line(name: &str, token: &str, max_age: Option<Duration>, https: bool) -> String {
    let secure = if https { "; Secure" } else { "" };
    let age = max_age.map_or_else(String::new, |age| format!("; Max-Age={}", age.as_secs()));
    format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::cookie_line;

    #[test]
    fn a_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(
            cookie_line("__Host-switchboard", "t0ken", Some(Duration::from_secs(60)), true),
            "__Host-switchboard=t0ken; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
        assert_eq!(
            cookie_line("switchboard", "t", None, false),
            "switchboard=t; Path=/; HttpOnly; SameSite=Lax"
        );
    }
}
