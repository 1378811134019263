//! Failures of providers, told apart by what may have become of the request.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::json;
use crate::error::{Error, Fault, Provider, Upstream};

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

    /// How long the provider asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.trouble {
            Trouble::Refused { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    pub(super) fn worth_repeating(&self) -> bool {
        !matches!(self.fault(), Fault::Rejected | Fault::Account)
    }

    /// How long the provider asks us to wait; else a little longer each time.
    pub(super) fn pause(&self, attempt: u32) -> Duration {
        // Many processes that failed together must not come back together.
        let jitter = Duration::from_millis(rand::random_range(0..100));
        self.retry_after()
            .unwrap_or(Duration::from_millis(200) * 2_u32.pow(attempt))
            + jitter
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

/// Seconds or an HTTP date (RFC 9110 §10.2.3).
pub(super) fn retry_after_of(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some((at.to_utc() - now).to_std().unwrap_or_default())
}

/// The first thing an error body says, short enough to stand in a sentence. Any JSON is expected, and text is not: it
/// may be a whole page.
pub(super) fn said(body: &[u8]) -> Option<String> {
    let body: Value = json::read(body).ok()?;
    let found = clerk_message(&body)
        .or_else(|| model_message(&body))
        .or_else(|| first_words(&body, ""))?;
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

/// OpenAI's form: one error, with a sentence for people beside its type and its code.
fn model_message(body: &Value) -> Option<String> {
    let said = body.get("error")?.get("message")?.as_str();
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
        assert_eq!(retry_after_of("7", now), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after_of("Fri, 02 Jan 2026 03:04:15 GMT", now),
            Some(Duration::from_secs(10))
        );
        assert_eq!(
            retry_after_of("Fri, 02 Jan 2026 03:04:00 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after_of("soon", now), None);
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
        assert_eq!(
            said(br#"{"error":{"code":"model_not_found","message":"The model 'x' does not exist","param":null}}"#)
                .as_deref(),
            Some("The model 'x' does not exist.")
        );
        assert_eq!(said(b"<html>oops</html>"), None);
        assert_eq!(said(b""), None);
    }
}
