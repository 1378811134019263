//! Sound: recordings from our storage and voice previews from the provider, for whoever may hear them.

use axum::{
    Extension, Json,
    body::{Body, Bytes, to_bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use switchboard::{
    Error, Id, Result,
    auth::{Caller, session::Visit},
    calls::recording::{self, Heard},
    core::Core,
    crud::get_to_change,
    providers::Audio,
    voices::{self, LARGEST_SAMPLE, Voice, available},
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
    answer(
        async { available::preview(&core, &caller(visit)?, &id).await },
        &headers,
    )
    .await
}

/// `GET /app/voices/{id}/sample`, by session.
pub async fn sample(
    State(core): State<Core>,
    visit: Option<Extension<Visit>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(
        async { voices::flow::sample(&core, &caller(visit)?, read(&id)?).await },
        &headers,
    )
    .await
}

/// `PUT /app/voices/{id}/sample`, by session: the sound itself, as the browser has it.
pub async fn give_sample(
    State(core): State<Core>,
    visit: Option<Extension<Visit>>,
    Path(id): Path<String>,
    body: Body,
) -> Response {
    let given = async {
        let (caller, id) = (caller(visit)?, read(&id)?);
        // Who may not, and what is not there, is told before ten megabytes are read.
        get_to_change::<Voice>(&core, &caller, id).await?;
        voices::flow::give_sample(&core, &caller, id, sound(body).await?).await
    };
    match given.await {
        Ok(voice) => Json(voice).into_response(),
        // As server functions answer, to the same reader.
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(error)).into_response()
        }
    }
}

/// A sample on its way, of which no more is read than anybody may send.
pub async fn sound(body: Body) -> Result<Bytes> {
    to_bytes(body, LARGEST_SAMPLE).await.map_err(|_| {
        Error::invalid(
            "sample",
            "The file is larger than 10 MB. Use MP3, or a shorter recording.",
        )
    })
}

/// `GET /app/calls/{id}/recording`, by session.
pub async fn recording(
    State(core): State<Core>,
    visit: Option<Extension<Visit>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let heard = async { recording::hear(&core, &caller(visit)?, read(&id)?).await };
    match heard.await {
        Ok(heard) => play_recording(&core, heard, &headers).await,
        Err(error) => problem::respond(&error),
    }
}

/// `GET /recordings/{token}`, for whoever has the signed address.
pub async fn linked_recording(State(core): State<Core>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    match recording::hear_linked(&core, &token, Utc::now()).await {
        Ok(heard) => play_recording(&core, heard, &headers).await,
        Err(error) => problem::respond(&error),
    }
}

/// Answers with the recording, or the part of it that was asked for, as it comes from the storage.
pub async fn play_recording(core: &Core, heard: Heard, headers: &HeaderMap) -> Response {
    let total = usize::try_from(heard.size).unwrap_or(usize::MAX);
    let common = [
        (header::CONTENT_TYPE, heard.content_type.clone()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::CONTENT_DISPOSITION, "inline".to_owned()),
    ];
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (range, told) = match range.map_or(Part::Whole, |range| part(range, total)) {
        Part::Whole => (None, None),
        Part::Bytes(first, last) => (
            Some(first as u64..last as u64 + 1),
            Some(format!("bytes {first}-{last}/{total}")),
        ),
        Part::Nothing => {
            let told = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, told).into_response();
        }
    };
    match heard.read(core, range).await {
        Err(error) => problem::respond(&error),
        Ok(stored) => {
            let length = [(
                header::CONTENT_LENGTH,
                (stored.range.end - stored.range.start).to_string(),
            )];
            let body = Body::from_stream(stored.body);
            match told {
                None => (common, length, body).into_response(),
                Some(told) => (
                    StatusCode::PARTIAL_CONTENT,
                    common,
                    length,
                    [(header::CONTENT_RANGE, told)],
                    body,
                )
                    .into_response(),
            }
        }
    }
}

/// What is not an id is nobody's.
pub(crate) fn read<T>(id: &str) -> Result<Id<T>> {
    id.parse().map_err(|_| Error::NotFound)
}

async fn answer(audio: impl Future<Output = Result<Audio>>, headers: &HeaderMap) -> Response {
    audio
        .await
        .map_or_else(|error| problem::respond(&error), |audio| play(audio, headers))
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
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    match range.map_or(Part::Whole, |range| part(range, total)) {
        Part::Whole => (common, Body::from(audio.bytes)).into_response(),
        Part::Bytes(first, last) => {
            let range = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{total}"))];
            (
                StatusCode::PARTIAL_CONTENT,
                common,
                range,
                Body::from(audio.bytes.slice(first..=last)),
            )
                .into_response()
        }
        Part::Nothing => (
            StatusCode::RANGE_NOT_SATISFIABLE,
            [(header::CONTENT_RANGE, format!("bytes */{total}"))],
        )
            .into_response(),
    }
}

/// What a `Range` asks for.
#[derive(Debug, PartialEq)]
enum Part {
    Whole,
    /// First and last byte.
    Bytes(usize, usize),
    /// It begins after the end.
    Nothing,
}

/// RFC 9110, section 14.2: a range that cannot be read, or several at once, may be passed over, and then the answer is the whole.
fn part(range: &str, total: usize) -> Part {
    let read = |text: &str| {
        text.parse::<u64>()
            .ok()
            .map(|n| usize::try_from(n).unwrap_or(usize::MAX))
    };
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|set| set.trim().split_once('-')) else {
        return Part::Whole;
    };
    let (first, last) = match (read(first), read(last)) {
        (None, Some(suffix)) if first.is_empty() && suffix > 0 => (total.saturating_sub(suffix), usize::MAX),
        (None, Some(0)) if first.is_empty() => return Part::Nothing,
        (Some(from), None) if last.is_empty() => (from, usize::MAX),
        (Some(from), Some(to)) if from <= to => (from, to),
        _ => return Part::Whole,
    };
    if first >= total {
        Part::Nothing
    } else {
        Part::Bytes(first, last.min(total - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, part};

    #[test]
    fn a_range_names_its_first_and_last_byte() {
        for (range, bytes) in [
            ("bytes=0-", (0, 9)),
            ("bytes=2-3", (2, 3)),
            ("bytes=2-99", (2, 9)),
            ("bytes=-4", (6, 9)),
            ("bytes=-11", (0, 9)),
            ("bytes=-99999999", (0, 9)),
            ("bytes=-18446744073709551615", (0, 9)),
        ] {
            assert_eq!(part(range, 10), Part::Bytes(bytes.0, bytes.1), "{range}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_the_whole_and_what_is_past_the_end_is_nothing() {
        for range in [
            "bytes=5-4",
            "bytes=a-b",
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=",
            "bytes=-",
            "",
            "bytes=--1",
        ] {
            assert_eq!(part(range, 10), Part::Whole, "{range}");
        }
        for (range, total) in [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-4", 0)] {
            assert_eq!(part(range, total), Part::Nothing, "{range} of {total}");
        }
    }
}
