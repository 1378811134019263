//! Asking a provider: one client, one deadline, repeats only where they are safe, and failures told apart by what may
//! have become of the request.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::json;
use crate::{
    db,
    error::{Error, Fault, Provider, Upstream},
};

/// For a whole question, repeats included. Shorter than the lease of an intent (`provider_sync.rs`).
const DEADLINE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 3;
/// No list page and no object of a provider comes near it.
const LARGEST_JSON: usize = 16 << 20;

/// The client that all providers share. It follows no redirect, because a key would go along.
pub fn client() -> Client {
    Client::builder()
        .connect_timeout(CONNECT)
        .timeout(DEADLINE)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a client without special settings always builds")
}

/// Sound as a provider keeps it.
#[derive(Clone, Debug)]
pub struct Audio {
    pub content_type: String,
    pub bytes: Bytes,
}

/// How much of an answer is read.
#[derive(Clone, Copy, Debug)]
pub enum Take {
    /// Its head only; the connection is dropped under the rest.
    Nothing,
    UpTo(usize),
}

/// Whether a question may be asked again without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    Safe,
    /// Asking twice may do it twice.
    Never,
}

/// How a question to a provider failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}: {trouble:?}", provider.name())]
pub struct Failure {
    pub provider: Provider,
    pub trouble: Trouble,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    Unreachable,
    NoAnswer,
    /// It answered with success and something that cannot be read.
    Garbled,
    Refused {
        status: u16,
        said: Option<String>,
        retry_after: Option<Duration>,
    },
}

impl Failure {
    pub fn status(&self) -> Option<u16> {
        match self.trouble {
            Trouble::Refused { status, .. } => Some(status),
            _ => None,
        }
    }

    /// The thing asked about is not there.
    pub fn is_gone(&self) -> bool {
        self.status() == Some(404)
    }

    /// What a person is told. 503 with `Retry-After` is how Ultravox refuses a call below the plan's priority.
    pub fn fault(&self) -> Fault {
        match &self.trouble {
            Trouble::Unreachable => Fault::Unreachable,
            Trouble::NoAnswer => Fault::NoAnswer,
            Trouble::Garbled => Fault::Failing,
            Trouble::Refused {
                status, retry_after, ..
            } => match status {
                401..=403 => Fault::Account,
                408 => Fault::NoAnswer,
                429 => Fault::Busy,
                503 if retry_after.is_some() => Fault::Busy,
                500.. => Fault::Failing,
                _ => Fault::Rejected,
            },
        }
    }

    /// Whether the provider may have done what it was asked to.
    pub fn may_have_acted(&self) -> bool {
        matches!(self.fault(), Fault::NoAnswer | Fault::Failing)
    }

    /// What the provider said, if it is fit to repeat.
    pub fn said(&self) -> Option<&str> {
        match &self.trouble {
            Trouble::Refused { said, .. } => said.as_deref(),
            _ => None,
        }
    }

    fn worth_repeating(&self) -> bool {
        !matches!(self.fault(), Fault::Rejected | Fault::Account)
    }

    /// How long the provider asks us to wait; else a little longer each time.
    fn pause(&self, attempt: u32) -> Duration {
        let asked = match self.trouble {
            Trouble::Refused { retry_after, .. } => retry_after,
            _ => None,
        };
        // Many processes that failed together must not come back together.
        let jitter = Duration::from_millis(rand::random_range(0..100));
        asked.unwrap_or(Duration::from_millis(200) * 2_u32.pow(attempt)) + jitter
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Upstream(Upstream {
            provider: failure.provider,
            fault: failure.fault(),
            said: match failure.trouble {
                Trouble::Refused { said, .. } => said,
                _ => None,
            },
        })
    }
}

/// A success or a redirect, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: Option<String>,
    pub location: Option<String>,
    pub body: Bytes,
}

/// One kind of question to one provider, as it appears in logs and metrics.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub provider: Provider,
    pub operation: &'static str,
    pub repeat: Repeat,
}

impl Question {
    pub async fn json<T: DeserializeOwned>(self, request: RequestBuilder) -> Result<T, Failure> {
        let answer = self.ask(request, Take::UpTo(LARGEST_JSON)).await?;
        json::read(&answer.body).map_err(|error| {
            // The message names a place in the answer, never its contents.
            tracing::warn!(provider = self.provider.name(), operation = self.operation, line = error.line(), column = error.column(), kind = ?error.classify(), "unreadable answer");
            self.failure(Trouble::Garbled)
        })
    }

    /// For answers whose body says nothing.
    pub async fn done(self, request: RequestBuilder) -> Result<(), Failure> {
        self.ask(request, Take::UpTo(LARGEST_JSON)).await.map(drop)
    }

    pub async fn ask(self, request: RequestBuilder, take: Take) -> Result<Answer, Failure> {
        db::assert_none(self.provider.name());
        let started = Instant::now();
        let outcome = self.ask_again(request, take, started).await;
        let word = match &outcome {
            Ok(answer) => answer.status.as_str().to_owned(),
            Err(failure) => failure
                .status()
                .map_or_else(|| format!("{:?}", failure.trouble), |status| status.to_string()),
        };
        metrics::histogram!(
            "switchboard_provider_seconds",
            "provider" => self.provider.name(),
            "operation" => self.operation,
            "outcome" => word.clone(),
        )
        .record(started.elapsed().as_secs_f64());
        let ms = started.elapsed().as_millis() as u64;
        match &outcome {
            Ok(_) => tracing::debug!(
                provider = self.provider.name(),
                operation = self.operation,
                outcome = word,
                ms
            ),
            Err(failure) => tracing::warn!(
                provider = self.provider.name(),
                operation = self.operation,
                outcome = word,
                said = failure.said().unwrap_or_default(),
                ms,
                "a provider failed"
            ),
        }
        outcome
    }

    async fn ask_again(self, request: RequestBuilder, take: Take, started: Instant) -> Result<Answer, Failure> {
        let mut attempt = 0;
        loop {
            let left = DEADLINE.saturating_sub(started.elapsed());
            let once = request.try_clone().expect("bodies are in memory").timeout(left);
            let failure = match self.ask_once(once, take).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempt += 1;
            let pause = failure.pause(attempt);
            let over = attempt == ATTEMPTS || started.elapsed() + pause >= DEADLINE;
            if self.repeat == Repeat::Never || over || !failure.worth_repeating() {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask_once(self, request: RequestBuilder, take: Take) -> Result<Answer, Failure> {
        let response = request.send().await.map_err(|error| {
            // No connection, no request: the one failure after which nothing can have happened.
            self.failure(if error.is_connect() {
                Trouble::Unreachable
            } else {
                Trouble::NoAnswer
            })
        })?;
        let status = response.status();
        let text = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (content_type, location) = (text(header::CONTENT_TYPE), text(header::LOCATION));
        let retry_after = text(header::RETRY_AFTER).and_then(|value| retry_after(&value, Utc::now()));
        let body = match take {
            Take::Nothing if status.is_success() => Ok(Bytes::new()),
            Take::Nothing => self.read(response, LARGEST_JSON).await,
            Take::UpTo(largest) => self.read(response, largest).await,
        };
        if status.is_success() || status.is_redirection() {
            return Ok(Answer {
                status,
                content_type,
                location,
                body: body?,
            });
        }
        Err(self.failure(Trouble::Refused {
            status: status.as_u16(),
            said: body
                .ok()
                .filter(|_| status.is_client_error())
                .and_then(|body| said(&body)),
            retry_after,
        }))
    }

    async fn read(self, mut response: Response, largest: usize) -> Result<Bytes, Failure> {
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| self.failure(Trouble::NoAnswer))? {
            if body.len() + chunk.len() > largest {
                return Err(self.failure(Trouble::Garbled));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn failure(self, trouble: Trouble) -> Failure {
        Failure {
            provider: self.provider,
            trouble,
        }
    }
}

/// Seconds or an HTTP date (RFC 9110 §10.2.3).
fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some((at.to_utc() - now).to_std().unwrap_or_default())
}

/// The first thing an error body says, short enough to stand in a sentence. Any JSON is expected, and text is not: it
/// may be a whole page.
fn said(body: &[u8]) -> Option<String> {
    let body: Value = json::read(body).ok()?;
    let found = clerk_message(&body).or_else(|| first_words(&body, ""))?;
    let mut short: String = found.chars().filter(|c| !c.is_control()).take(200).collect();
    if !short.ends_with(['.', '!', '?']) {
        short.push('.');
    }
    Some(short)
}

/// Clerk's form: a list of errors, each with a sentence for people among its codes.
fn clerk_message(body: &Value) -> Option<String> {
    let error = body.get("errors")?.get(0)?;
    let said = ["long_message", "message"]
        .into_iter()
        .find_map(|field| error.get(field)?.as_str());
    said.filter(|said| !said.trim().is_empty()).map(str::to_owned)
}

fn first_words(value: &Value, field: &str) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) if ["", "detail", "non_field_errors"].contains(&field) => Some(text.clone()),
        Value::String(text) => Some(format!("{field}: {text}")),
        Value::Array(items) => items.iter().find_map(|item| first_words(item, field)),
        Value::Object(members) => members.iter().find_map(|(name, member)| first_words(member, name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, retry_after: Option<u64>) -> Failure {
        let retry_after = retry_after.map(Duration::from_secs);
        Failure {
            provider: Provider::Ultravox,
            trouble: Trouble::Refused {
                status,
                said: None,
                retry_after,
            },
        }
    }

    #[test]
    fn failures_are_told_apart_by_what_may_have_happened() {
        let cases = [
            (refused(400, None), Fault::Rejected, false),
            (refused(401, None), Fault::Account, false),
            (refused(402, None), Fault::Account, false),
            (refused(403, None), Fault::Account, false),
            (refused(404, None), Fault::Rejected, false),
            (refused(422, None), Fault::Rejected, false),
            (refused(429, Some(1)), Fault::Busy, false),
            (refused(500, None), Fault::Failing, true),
            (refused(503, None), Fault::Failing, true),
            (refused(503, Some(2)), Fault::Busy, false),
            (
                Failure {
                    provider: Provider::Ultravox,
                    trouble: Trouble::NoAnswer,
                },
                Fault::NoAnswer,
                true,
            ),
            (
                Failure {
                    provider: Provider::Ultravox,
                    trouble: Trouble::Garbled,
                },
                Fault::Failing,
                true,
            ),
            (
                Failure {
                    provider: Provider::Ultravox,
                    trouble: Trouble::Unreachable,
                },
                Fault::Unreachable,
                false,
            ),
        ];
        for (failure, fault, acted) in cases {
            assert_eq!((failure.fault(), failure.may_have_acted()), (fault, acted), "{failure}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-01-02T03:04:05Z").unwrap().to_utc();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Fri, 02 Jan 2026 03:04:15 GMT", now),
            Some(Duration::from_secs(10))
        );
        assert_eq!(retry_after("Fri, 02 Jan 2026 03:04:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn the_first_words_of_an_error_are_repeated_and_pages_are_not() {
        assert_eq!(said(br#"{"detail":"Not found."}"#).as_deref(), Some("Not found."));
        assert_eq!(
            said(br#"{"name":["Too long"],"voice":["No"]}"#).as_deref(),
            Some("name: Too long.")
        );
        assert_eq!(
            said(br#"{"non_field_errors":["One of both."]}"#).as_deref(),
            Some("One of both.")
        );
        assert_eq!(
            said(br#"{"errors":[{"code":"x","message":"is invalid","long_message":"This role is unknown."}],"clerk_trace_id":"t"}"#)
                .as_deref(),
            Some("This role is unknown.")
        );
        assert_eq!(said(b"<html>oops</html>"), None);
        assert_eq!(said(b""), None);
    }
}
