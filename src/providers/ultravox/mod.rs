//! Ultravox: the provider that carries the calls. Each function is one question to its API; nothing here knows
//! organizations or the database.

mod agents;
mod calls;
pub mod duration;
pub mod shape;
mod sign;
mod tools;
mod voices;
mod webhooks;

use std::collections::HashSet;

use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use super::{
    failure::{Failure, Trouble},
    http::{Answer, Audio, DEADLINE, Question, Repeat, Take},
};
use crate::{config::is_loopback, error::Provider};
pub use calls::RecordingState;
use shape::Page;

/// The most pages a list is followed for; far beyond any list that is read here.
const MOST_PAGES: usize = 200;
/// How far two clocks may differ.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// How an installation reaches its account.
#[derive(Clone, Debug)]
pub struct UltravoxAccess {
    pub url: Url,
    pub key: SecretString,
    /// `sip`, `twilio`, `telnyx` or `plivo`: how phone calls leave the provider.
    pub medium: String,
    /// The number or SIP address phone calls come from.
    pub from: String,
    pub sip_host: Option<String>,
    /// Signs the events of our own webhook.
    pub webhook_secret: SecretString,
}

pub struct Ultravox {
    access: UltravoxAccess,
    http: reqwest::Client,
}

impl Ultravox {
    pub fn new(access: UltravoxAccess, http: reqwest::Client) -> Self {
        Self { access, http }
    }

    /// The `medium` of a call to a number; `None` if this installation has no line to call from.
    pub fn phone_medium(&self, number: &str) -> Option<Value> {
        let from = self.access.from.trim();
        if from.is_empty() {
            return None;
        }
        if self.access.medium != "sip" {
            return Some(json!({ self.access.medium.as_str(): { "outgoing": { "to": number, "from": from } } }));
        }
        // SIP takes addresses only, never bare numbers.
        let host = self.access.sip_host.as_deref()?;
        let address = |user: &str| match user {
            address if address.starts_with("sip:") => address.to_owned(),
            address if address.contains('@') => format!("sip:{address}"),
            user => format!("sip:{user}@{host}"),
        };
        Some(json!({ "sip": { "outgoing": { "to": address(number), "from": address(from) } } }))
    }

    /// What phone calls come from, as it is shown.
    pub fn phone_from(&self) -> &str {
        &self.access.from
    }

    /// Sound, directly or from the storage that the answer points to. Storage is another host: our key stays here.
    async fn sound(&self, operation: &'static str, url: Url, largest: usize) -> Result<Audio, Failure> {
        let question = question(operation, Repeat::Safe);
        let mut answer: Answer = question
            .ask(self.request(Method::GET, url.clone()), Take::UpTo(largest))
            .await?;
        if answer.status.is_redirection() {
            let target = storage_of(&url, answer.location.as_deref().unwrap_or_default())?;
            answer = question.ask(self.http.get(target), Take::UpTo(largest)).await?;
        }
        if !answer.status.is_success() {
            return Err(Failure {
                provider: Provider::Ultravox,
                trouble: Trouble::Garbled,
            });
        }
        Ok(Audio {
            content_type: sound_type(answer.content_type.as_deref()),
            bytes: answer.body,
        })
    }

    /// Whether the provider runs on this machine, so that it can reach what only this machine can.
    pub fn is_local(&self) -> bool {
        is_loopback(&self.access.url)
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.access.url.clone();
        url.path_segments_mut()
            .expect("an http URL has a path")
            .pop_if_empty()
            .push("api")
            .extend(path);
        url
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let mut key =
            HeaderValue::from_str(self.access.key.expose_secret()).unwrap_or_else(|_| HeaderValue::from_static(""));
        key.set_sensitive(true);
        self.http.request(method, url).header("X-API-Key", key)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &[&str],
        body: &impl Serialize,
        repeat: Repeat,
    ) -> Result<T, Failure> {
        let request = self.request(Method::POST, self.url(path));
        question(operation, repeat).json(request.json(body)).await
    }

    /// What is already gone is fine.
    async fn delete(&self, operation: &'static str, path: &[&str]) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, self.url(path));
        match question(operation, Repeat::Safe).done(request).await {
            Err(failure) if failure.is_gone() => Ok(()),
            other => other,
        }
    }

    /// All rows of all pages, or those up to the first that is not `wanted`. Pages are followed, never computed.
    async fn list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, Failure> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let (mut rows, mut seen) = (Vec::new(), HashSet::new());
        while seen.len() < MOST_PAGES && seen.insert(url.to_string()) {
            let page: Page<T> = question(operation, Repeat::Safe)
                .json(self.request(Method::GET, url.clone()))
                .await?;
            for row in page.results {
                if !wanted(&row) {
                    return Ok(rows);
                }
                rows.push(row);
            }
            match page.next.and_then(|next| self.here(&next)) {
                Some(next) => url = next,
                None => break,
            }
        }
        Ok(rows)
    }

    /// The page that `next` names, at the address we know: a key goes nowhere else, whatever an answer says.
    fn here(&self, next: &str) -> Option<Url> {
        let next = self.access.url.join(next).ok()?;
        let mut url = self.access.url.clone();
        url.set_path(next.path());
        url.set_query(next.query());
        Some(url)
    }
}

/// Where an answer points to, if it is as safe as where it came from.
fn storage_of(url: &Url, location: &str) -> Result<Url, Failure> {
    let target = url.join(location).ok();
    target
        .filter(|target| target.scheme() == url.scheme() || target.scheme() == "https")
        .ok_or(Failure {
            provider: Provider::Ultravox,
            trouble: Trouble::Garbled,
        })
}

/// Whatever the storage calls it, a browser must never take it for a page.
fn sound_type(told: Option<&str>) -> String {
    told.filter(|kind| kind.starts_with("audio/"))
        .unwrap_or("audio/wav")
        .to_owned()
}

fn question(operation: &'static str, repeat: Repeat) -> Question {
    Question {
        provider: Provider::Ultravox,
        operation,
        repeat,
        deadline: DEADLINE,
    }
}

#[cfg(test)]
pub(crate) mod contract;
#[cfg(test)]
mod tests;
