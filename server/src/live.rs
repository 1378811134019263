//! Live updates: one stream per open page, of its own organization only.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use switchboard::{
    Error,
    auth::{Caller, session::Visit},
    core::Core,
    resource::{Action, Kind},
};
use tokio::time::Instant;

use crate::guard;

/// How often a stream looks again whether its reader is still here.
const RECHECK: Duration = Duration::from_secs(5);

/// `GET /events`: says which list changed; the page reads it again for itself.
pub async fn events(State(core): State<Core>, visit: Option<Extension<Visit>>, headers: HeaderMap) -> Response {
    let Some(caller) = visit.and_then(|Extension(visit)| visit.caller) else {
        return crate::rest::problem::respond(&Error::Unauthenticated);
    };
    let changes = core.changes.subscribe(caller.org());
    let stream = stream::unfold(
        (core, caller, headers, changes, Instant::now() + RECHECK),
        |(core, caller, headers, mut changes, mut recheck)| async move {
            loop {
                tokio::select! {
                    word = changes.next() => {
                        let event = Event::default().event("changed").data(word?);
                        return Some((Ok::<_, Infallible>(event), (core, caller, headers, changes, recheck)));
                    }
                    () = tokio::time::sleep_until(recheck) => {
                        // The stream ends, and the page finds out why when it reconnects.
                        is_here(&core, &caller, &headers).await.then_some(())?;
                        recheck = Instant::now() + RECHECK;
                    }
                }
            }
        },
    );
    Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response()
}

/// Whether the reader is still a member, and the session still in this organization. A token of Clerk's names one
/// organization for good and outlives the minute only in the browser, so there the membership alone is asked for.
async fn is_here(core: &Core, caller: &Caller, headers: &HeaderMap) -> bool {
    if core.uses_clerk() {
        return caller.begin(&core.db, Action::Read, Kind::Organization).await.is_ok();
    }
    let visit = guard::visit(core, headers).await.ok().flatten();
    visit
        .and_then(|visit| visit.caller)
        .is_some_and(|now| now.org() == caller.org())
}
