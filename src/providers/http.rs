//! Asking a provider: one client, one deadline, and repeats only where they are safe.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use chrono::Utc;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use serde::de::DeserializeOwned;

use super::{
    failure::{Failure, Trouble, retry_after_of, said},
    json,
};
use crate::{db, error::Provider};

/// For a whole question, repeats included. Shorter than the lease of an intent (`src/provider_sync`).
pub const DEADLINE: Duration = Duration::from_secs(30);
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

/// A success or a redirect, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: Option<String>,
    pub location: Option<String>,
    pub body: Bytes,
}

/// A success or a redirect that is read piece by piece.
pub struct Incoming {
    question: Question,
    response: Response,
}

impl Incoming {
    pub fn location(&self) -> Option<&str> {
        let location = self.response.headers().get(header::LOCATION);
        location
            .filter(|_| self.response.status().is_redirection())?
            .to_str()
            .ok()
    }

    pub fn content_type(&self) -> Option<&str> {
        self.response.headers().get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// The next piece; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let chunk = self.response.chunk().await;
        chunk.map_err(|_| self.question.failure(Trouble::NoAnswer))
    }
}

/// One kind of question to one provider, as it appears in logs and metrics.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub provider: Provider,
    pub operation: &'static str,
    pub repeat: Repeat,
    /// For all attempts together.
    pub deadline: Duration,
}

impl Question {
    pub async fn json<T: DeserializeOwned>(self, request: RequestBuilder) -> Result<T, Failure> {
        self.json_up_to(request, LARGEST_JSON).await
    }

    /// The same, of an answer that is never larger than this.
    pub async fn json_up_to<T: DeserializeOwned>(self, request: RequestBuilder, largest: usize) -> Result<T, Failure> {
        let answer = self.ask(request, Take::UpTo(largest)).await?;
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
        self.note(outcome.as_ref().map(|answer| answer.status), started);
        outcome
    }

    /// Begins to read what may be long, once its head is there. Nothing is repeated: whoever reads it may have used some of it.
    pub async fn open(self, request: RequestBuilder, whole: Duration) -> Result<Incoming, Failure> {
        db::assert_none(self.provider.name());
        let started = Instant::now();
        let outcome = self.send(request.timeout(whole)).await;
        self.note(outcome.as_ref().map(Response::status), started);
        Ok(Incoming {
            question: self,
            response: outcome?,
        })
    }

    /// Measures and logs a question that has been answered, or has failed.
    fn note(self, outcome: Result<StatusCode, &Failure>, started: Instant) {
        let word = match &outcome {
            Ok(status) => status.as_str().to_owned(),
            Err(failure) => failure
                .status()
                .map_or_else(|| format!("{:?}", failure.trouble), |status| status.to_string()),
        };
        let (provider, operation) = (self.provider.name(), self.operation);
        metrics::histogram!(
            "switchboard_provider_seconds",
            "provider" => provider,
            "operation" => operation,
            "outcome" => word.clone(),
        )
        .record(started.elapsed().as_secs_f64());
        let ms = started.elapsed().as_millis() as u64;
        match outcome {
            Ok(_) => tracing::debug!(provider, operation, outcome = word, ms),
            Err(failure) => {
                let said = failure.said().unwrap_or_default();
                tracing::warn!(provider, operation, outcome = word, said, ms, "a provider failed");
            }
        }
    }

    async fn ask_again(self, request: RequestBuilder, take: Take, started: Instant) -> Result<Answer, Failure> {
        let mut attempt = 0;
        loop {
            let left = self.deadline.saturating_sub(started.elapsed());
            let once = request.try_clone().expect("bodies are in memory").timeout(left);
            let failure = match self.ask_once(once, take).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempt += 1;
            let pause = failure.pause(attempt);
            let over = attempt == ATTEMPTS || started.elapsed() + pause >= self.deadline;
            if self.repeat == Repeat::Never || over || !failure.worth_repeating() {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask_once(self, request: RequestBuilder, take: Take) -> Result<Answer, Failure> {
        let response = self.send(request).await?;
        let text = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        Ok(Answer {
            status: response.status(),
            content_type: text(header::CONTENT_TYPE),
            location: text(header::LOCATION),
            body: match take {
                Take::Nothing if response.status().is_success() => Bytes::new(),
                Take::Nothing => self.read(response, LARGEST_JSON).await?,
                Take::UpTo(largest) => self.read(response, largest).await?,
            },
        })
    }

    /// An answer of success or a redirect, of which only the head is read.
    async fn send(self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| {
            // No connection, no request: the one failure after which nothing can have happened.
            self.failure(if error.is_connect() {
                Trouble::Unreachable
            } else {
                Trouble::NoAnswer
            })
        })?;
        let status = response.status();
        if status.is_success() || status.is_redirection() {
            return Ok(response);
        }
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| retry_after_of(value.to_str().ok()?, Utc::now()));
        // Whoever refuses a key may quote it.
        let said = if status.is_client_error() && status != StatusCode::UNAUTHORIZED {
            let body = self.read(response, LARGEST_JSON).await.ok();
            body.and_then(|body| said(&body))
        } else {
            None
        };
        Err(self.failure(Trouble::Refused {
            status: status.as_u16(),
            said,
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
