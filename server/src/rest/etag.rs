//! ETags: which revision of a thing somebody has read, and what that means for their request.

use std::fmt::Display;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use switchboard::Error;

use super::problem::Failure;

/// What is said of `If-Match` and `If-None-Match` wherever they are taken.
pub const IF_MATCH: (&str, &str) = (
    "If-Match",
    "The ETag the change started from; a newer save is then never overwritten.",
);
pub const IF_NONE_MATCH: (&str, &str) = (
    "If-None-Match",
    "An ETag that is known already; while it is right the answer is 304 without a body.",
);

/// Names the thing as well: revisions of different things are the same numbers.
pub fn tag_of(id: &impl Display, revision: i64) -> String {
    format!("\"{id}.{revision}\"")
}

/// The answer, or that it is still the one which is known already.
pub fn unless_known(headers: &HeaderMap, answer: Response) -> Response {
    let tag = &answer.headers()[header::ETAG];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|known| is_tag(known, tag))) {
        (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.clone())]).into_response()
    } else {
        answer
    }
}

/// Whether it is this tag, or any. A tag may be weak: what it is asked for is whether anything changed.
fn is_tag(known: &str, tag: &HeaderValue) -> bool {
    let known = known.trim();
    known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes()
}

/// The revision that a change of this thing has to start from, where the request says so.
pub fn expected_revision(headers: &HeaderMap, id: &impl Display) -> Result<Option<i64>, Failure> {
    let Some(tag) = headers.get(header::IF_MATCH).filter(|tag| *tag != "*") else {
        return Ok(None);
    };
    let text = tag.to_str().unwrap_or_default().trim().trim_matches('"');
    let revision = text.rsplit('.').next().and_then(|revision| revision.parse().ok());
    let revision = revision.filter(|revision| *tag == tag_of(id, *revision));
    match revision {
        Some(revision) => Ok(Some(revision)),
        None => Err(Error::invalid("If-Match", "Use the ETag as it was given.").into()),
    }
}

/// Why a save was refused; where the request named a revision, an older one is a precondition that does not hold.
pub fn refused(error: Error, expected: Option<i64>) -> Failure {
    let failure = Failure::from(error);
    match expected {
        Some(_) => failure.precondition(),
        None => failure,
    }
}
