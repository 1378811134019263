//! Sending a test's request: within the tool's time limit, to an address that was looked at before, following nothing.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use reqwest::Response;

use super::{
    SecretValue, TestOutcome, TestResult,
    reach::{self, Unreachable},
    request::{Prepared, shown},
    secret::mask,
};
use crate::{db, error::Result};

/// How much of an answer is read; the agent's model would not make use of more.
const LARGEST: usize = 64 << 10;

pub(super) async fn send(
    prepared: Prepared,
    limit: Duration,
    public: bool,
    secret: Option<&SecretValue>,
) -> Result<TestResult> {
    db::assert_none("a tool's server");
    let sent = prepared.shown(secret);
    let started = Instant::now();
    let outcome = match tokio::time::timeout(limit, ask(prepared, public, secret)).await {
        Ok(outcome) => outcome,
        Err(_) => TestOutcome::TimedOut,
    };
    Ok(TestResult {
        sent,
        outcome,
        duration_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
    })
}

async fn ask(prepared: Prepared, public: bool, secret: Option<&SecretValue>) -> TestOutcome {
    let addresses = match reach::resolve(&prepared.url, public).await {
        Ok(addresses) => addresses,
        Err(Unreachable::Refused(reason)) => {
            return TestOutcome::Refused {
                reason: reason.to_owned(),
            };
        }
        Err(Unreachable::Unknown) => {
            return TestOutcome::Unreachable {
                reason: "No server is known by this name.".to_owned(),
            };
        }
    };
    let client = reach::client(&prepared.url, &addresses, public);
    let mut request = client
        .request(prepared.method, prepared.url.clone())
        .headers(prepared.headers);
    if let Some(body) = &prepared.body {
        request = request.json(body);
    }
    match request.send().await {
        Ok(response) => read(response, secret).await,
        Err(error) if error.is_connect() => TestOutcome::Unreachable {
            reason: refusal(&error),
        },
        Err(_) => TestOutcome::Broken,
    }
}

/// Why there is no connection, in our words: the cause may quote the whole address.
pub(crate) fn refusal(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => return "The server refuses the connection.".to_owned(),
                std::io::ErrorKind::InvalidData => {
                    return "The server's certificate is not one that is trusted.".to_owned();
                }
                _ => {}
            }
        }
        cause = inner.source();
    }
    "No connection could be made.".to_owned()
}

async fn read(mut response: Response, secret: Option<&SecretValue>) -> TestOutcome {
    let (status, headers) = (response.status().as_u16(), shown(response.headers(), secret));
    let (mut body, mut cut) = (Vec::new(), false);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) => return TestOutcome::Broken,
        }
        if body.len() > LARGEST {
            body.truncate(LARGEST);
            cut = true;
            break;
        }
    }
    TestOutcome::Answered {
        status,
        headers,
        body: mask(&String::from_utf8_lossy(&body), secret),
        cut,
    }
}
