//! Asking a provider: at a bounded pace, repeated where a moment may help, with a key that is never written anywhere.
//! Every question here may be repeated: a read, or a value set to what it shall be.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::{ClaimsError, Options, fault::Fault};
use crate::pace::Pace;

const ATTEMPTS: u32 = 5;
/// Whoever asks for a longer wait is not available; the run stops and can be taken up later.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// A page of a hundred people with all the metadata they may have stays far below.
const LARGEST: usize = 16 << 20;

pub struct Http {
    client: Client,
    pub base: Url,
    key: SecretString,
    pace: Mutex<Pace>,
    backoff: Duration,
}

impl Http {
    /// # Errors
    /// When the address is none a key may be sent to, or the key cannot be sent.
    pub fn new(base: &str, options: &Options) -> Result<Self, ClaimsError> {
        let base = address(base)?;
        let key = options.key.clone().ok_or(ClaimsError::NoKey)?;
        let sendable =
            !key.expose_secret().is_empty() && key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic());
        if !sendable {
            return Err(ClaimsError::OddKey);
        }
        // No redirect is followed, because the key would go along.
        let client = Client::builder()
            .connect_timeout(options.timeout)
            .timeout(options.timeout)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("switchboard-warden/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| ClaimsError::NoClient)?;
        Ok(Self {
            client,
            base,
            key,
            pace: Mutex::new(Pace::new(options.rate, Instant::now())),
            backoff: options.backoff,
        })
    }

    pub fn key(&self) -> &str {
        self.key.expose_secret()
    }

    /// An address below the base; the parts may hold anything.
    pub fn at<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("an http address has a path")
            .pop_if_empty()
            .extend(parts);
        url
    }

    /// A question with the key in its `Authorization`.
    pub fn request(&self, method: reqwest::Method, url: Url) -> RequestBuilder {
        self.client.request(method, url).bearer_auth(self.key())
    }

    pub async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Fault> {
        let mut attempt = 0;
        loop {
            let slot = self.pace().take(1, Instant::now());
            tokio::time::sleep_until(slot).await;
            let once = request.try_clone().expect("bodies are in memory");
            let (fault, asked) = match self.once(once).await {
                Ok(body) => match serde_json::from_slice(&body) {
                    Ok(answer) => return Ok(answer),
                    Err(_) => (Fault::Garbled, None),
                },
                Err(failed) => failed,
            };
            attempt += 1;
            // Many that failed together must not come back together.
            let pause = self.backoff * 2_u32.pow(attempt) + self.backoff.mul_f64(rand::random());
            let pause = asked.map_or(pause, |asked| asked + self.backoff.mul_f64(rand::random()));
            if attempt == ATTEMPTS || !fault.is_passing() || pause > LONGEST_WAIT {
                tracing::debug!(%fault, attempt, "a provider failed");
                return Err(fault);
            }
            let until = Instant::now() + pause;
            if asked.is_some() {
                // What the provider asks of one it asks of all.
                self.pace().hold(until);
            }
            tokio::time::sleep_until(until).await;
        }
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body of a success; else what was wrong, and how long the provider asks us to wait.
    async fn once(&self, request: RequestBuilder) -> Result<Vec<u8>, (Fault, Option<Duration>)> {
        let response = request.send().await.map_err(|error| {
            // No connection, no request: the one failure after which nothing can have happened.
            let fault = if error.is_connect() {
                Fault::Unreachable
            } else {
                Fault::NoAnswer
            };
            (fault, None)
        })?;
        let status = response.status();
        let wait = wait(&response);
        let body = read(response).await;
        if status.is_success() {
            return body.map_err(|fault| (fault, None));
        }
        if status == StatusCode::NOT_FOUND {
            return Err((Fault::Unknown, None));
        }
        let code = body.ok().and_then(|body| self.code(&body));
        let status = status.as_u16();
        Err((Fault::Refused { status, code }, wait))
    }

    /// The word a provider has for its refusal: Clerk's `errors[0].code`, Supabase's `error_code`. A word of the
    /// protocol and nothing else.
    fn code(&self, body: &[u8]) -> Option<String> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let code = body.pointer("/errors/0/code").or(body.get("error_code"))?.as_str()?;
        let word = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        (word && !code.contains(self.key())).then(|| code.to_owned())
    }
}

/// A key goes over TLS, or does not leave this machine.
///
/// # Errors
/// [`ClaimsError::Address`] with what is wrong with it.
pub fn address(text: &str) -> Result<Url, ClaimsError> {
    let wrong = |why| ClaimsError::Address(why);
    let url = Url::parse(text).map_err(|_| wrong("is no address"))?;
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(wrong("names no host")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a password: the key comes from WARDEN_CLAIMS_KEY"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("ends with its path"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        "http" => Err(wrong("must begin with https: a key would go over an open wire")),
        _ => Err(wrong("must begin with https")),
    }
}

/// Both providers say it in seconds.
fn wait(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

async fn read(mut response: Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Fault::NoAnswer)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Fault::Garbled);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_over_tls_or_to_this_machine() {
        for good in [
            "https://api.clerk.com",
            "http://127.0.0.1:4012",
            "http://localhost:4012/",
            "http://[::1]:1",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.clerk.com",
            "https://user:secret@api.clerk.com",
            "https://a.example/?key=secret",
            "ftp://localhost",
            "api.clerk.com",
            "http://127.0.0.1.example",
        ] {
            let error = address(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
