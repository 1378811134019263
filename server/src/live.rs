//! Live updates: one stream per open page, of its own organization only.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use switchboard::{
    Error,
    auth::session::Visit,
    core::Core,
    resource::{Action, Kind},
};
use tokio::time::Instant;

/// How often a stream looks again whether its reader still belongs here.
const RECHECK: Duration = Duration::from_secs(5);

/// `GET /events`: says which list changed; the page reads it again for itself.
pub async fn events(State(core): State<Core>, visit: Option<Extension<Visit>>) -> Response {
    let Some(caller) = visit.and_then(|Extension(visit)| visit.caller) else {
        return crate::rest::problem::respond(&Error::Unauthenticated);
    };
    let rings = core.bells.of(caller.org());
    let stream = stream::unfold(
        (core, caller, rings, Instant::now() + RECHECK),
        |(core, caller, mut rings, mut recheck)| async move {
            loop {
                tokio::select! {
                    topic = rings.next() => {
                        let event = Event::default().event("changed").data(&*topic?);
                        return Some((Ok::<_, Infallible>(event), (core, caller, rings, recheck)));
                    }
                    () = tokio::time::sleep_until(recheck) => {
                        // Removed from the organization: the stream ends, and the page finds out why when it reconnects.
                        caller.begin(&core.db, Action::Read, Kind::Organization).await.ok()?;
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
