//! From a request to its caller: what every server function does first.

use http::request::Parts;
use leptos::prelude::use_context;
use switchboard::{Error, Result, auth::Caller, auth::session::Visit, core::Core, org::OrgId};

/// What the process serves from.
///
/// # Panics
/// Outside a request, which is a mistake in the router and shows on the first one.
pub fn core() -> Core {
    use_context().expect("the router provides the core")
}

pub fn parts() -> Parts {
    use_context().expect("leptos provides the request")
}

/// The signed-in person of this request, in an organization or not.
pub fn visit() -> Result<Visit> {
    parts().extensions.get::<Visit>().cloned().ok_or(Error::Unauthenticated)
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
