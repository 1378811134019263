//! Sound: recordings and voice previews, passed on from the provider to whoever may hear them.

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use switchboard::{
    Error, Id, Result,
    auth::{Caller, session::Visit},
    calls::{self, Call},
    core::Core,
    providers::Audio,
    voices::library,
};

use crate::rest::problem;

/// Who is signed in, in the organization of the session.
pub fn caller(visit: Option<Extension<Visit>>) -> Result<Caller> {
    visit
        .and_then(|Extension(visit)| visit.caller)
        .ok_or(Error::Unauthenticated)
}

/// `GET /app/voices/{id}/preview`, by session.
pub async fn preview(
    State(core): State<Core>,
    visit: Option<Extension<Visit>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let audio = async { library::preview(&core, &caller(visit)?, &id).await };
    audio
        .await
        .map_or_else(|error| problem::respond(&error), |audio| play(audio, &headers))
}

/// `GET /app/calls/{id}/recording`, by session.
pub async fn recording(
    State(core): State<Core>,
    visit: Option<Extension<Visit>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let audio = async {
        let id: Id<Call> = id.parse().map_err(|_| Error::NotFound)?;
        calls::flow::recording(&core, &caller(visit)?, id).await
    };
    audio
        .await
        .map_or_else(|error| problem::respond(&error), |audio| play(audio, &headers))
}

/// Answers with the sound or the part of it that was asked for: a player can only seek in what comes in parts.
pub fn play(audio: Audio, headers: &HeaderMap) -> Response {
    let total = audio.bytes.len();
    let common = [
        (header::CONTENT_TYPE, audio.content_type.clone()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::CONTENT_DISPOSITION, "inline".to_owned()),
    ];
    match headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok())
        .map(|range| part(range, total))
    {
        None => (common, Body::from(audio.bytes)).into_response(),
        Some(Some((first, last))) => {
            let range = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{total}"))];
            (
                StatusCode::PARTIAL_CONTENT,
                common,
                range,
                Body::from(audio.bytes.slice(first..=last)),
            )
                .into_response()
        }
        Some(None) => (
            StatusCode::RANGE_NOT_SATISFIABLE,
            [(header::CONTENT_RANGE, format!("bytes */{total}"))],
        )
            .into_response(),
    }
}

/// First and last byte of a single range (RFC 9110 §14.1.2).
fn part(range: &str, total: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = match (first, last) {
        ("", suffix) => (total.checked_sub(suffix.parse().ok()?)?, total.checked_sub(1)?),
        (first, "") => (first.parse().ok()?, total.checked_sub(1)?),
        (first, last) => (
            first.parse().ok()?,
            last.parse::<usize>().ok()?.min(total.checked_sub(1)?),
        ),
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_range_names_its_first_and_last_byte() {
        assert_eq!(part("bytes=0-", 10), Some((0, 9)));
        assert_eq!(part("bytes=2-3", 10), Some((2, 3)));
        assert_eq!(part("bytes=2-99", 10), Some((2, 9)));
        assert_eq!(part("bytes=-4", 10), Some((6, 9)));
        for bad in [
            "bytes=10-",
            "bytes=5-4",
            "bytes=-11",
            "bytes=a-b",
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=0-",
        ] {
            let total = if bad == "bytes=0-" { 0 } else { 10 };
            assert_eq!(part(bad, total), None, "{bad}");
        }
    }
}
