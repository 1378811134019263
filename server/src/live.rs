//! Live updates: one stream per open page, of its own organization only.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::{StreamExt, stream};
use switchboard::{
    Error,
    auth::{Caller, session::Visit},
    core::Core,
    resource::{Action, Kind},
};
use tokio::time::Instant;

use crate::guard;

/// How often a stream says that it is still there, and looks again whether its reader is.
const RECHECK: Duration = Duration::from_secs(5);

/// `GET /events`: says which list changed; the page reads it again for itself.
pub async fn events(State(core): State<Core>, visit: Option<Extension<Visit>>, headers: HeaderMap) -> Response {
    let Some(caller) = visit.and_then(|Extension(visit)| visit.caller) else {
        return crate::rest::problem::respond(&Error::Unauthenticated);
    };
    let changes = core.changes.subscribe(caller.org());
    let later = stream::unfold(
        (core, caller, headers, changes, Instant::now() + RECHECK),
        |(core, caller, headers, mut changes, mut recheck)| async move {
            let event = tokio::select! {
                word = changes.next() => Event::default().event("changed").data(word?),
                () = tokio::time::sleep_until(recheck) => {
                    // The stream ends, and the page finds out why when it reconnects.
                    is_here(&core, &caller, &headers).await.then_some(())?;
                    recheck = Instant::now() + RECHECK;
                    ping()
                }
            };
            Some((Ok::<_, Infallible>(event), (core, caller, headers, changes, recheck)))
        },
    );
    // Something at once: a proxy that holds back what it passes on is noticed by its silence.
    let stream = stream::once(async { Ok(ping()) }).chain(later);
    ([("x-accel-buffering", "no")], Sse::new(stream)).into_response()
}

/// Says that the stream is open, to whoever has to tell an open one from one that hangs.
fn ping() -> Event {
    Event::default()
        .event("changed")
        .data("ping")
        .retry(Duration::from_secs(1))
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
