//! Ultravox: the provider that carries the calls. Each function is one question to its API; nothing here knows
//! organizations or the database.

pub mod duration;
pub mod shape;
mod sign;

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::{
    Method, RequestBuilder,
    header::{CONTENT_TYPE, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::http::{Answer, Audio, Failure, Question, Repeat, Take, Trouble};
use crate::{config::is_loopback, error::Provider};
use shape::{Agent, Call, Message, Page, Tool, Voice, Webhook};

/// The most pages a list is followed for; far beyond any list that is read here.
const MOST_PAGES: usize = 200;
const LARGEST_PREVIEW: usize = 8 << 20;
/// Four hours at 16 kHz, one channel.
const LARGEST_RECORDING: usize = 480 << 20;
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

/// Whether a recording can be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingState {
    Ready,
    NotYet,
}

impl Ultravox {
    pub fn new(access: UltravoxAccess, http: reqwest::Client) -> Self {
        Self { access, http }
    }

    /// Whether an event that reached us was signed by our account within the last minute. Over the raw body.
    pub fn verify(&self, timestamp: &str, signature: &str, body: &[u8], now: DateTime<Utc>) -> bool {
        sign::verify(
            self.access.webhook_secret.expose_secret().as_bytes(),
            timestamp,
            signature,
            body,
            now,
        )
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

    pub async fn create_agent(&self, name: &str, template: &Value) -> Result<Agent, Failure> {
        let body = json!({ "name": name, "callTemplate": template });
        self.post("create_agent", &["agents"], &body, Repeat::Never).await
    }

    pub async fn agent(&self, id: &str) -> Result<Agent, Failure> {
        let url = self.url(&["agents", id]);
        question("get_agent", Repeat::Safe)
            .json(self.request(Method::GET, url))
            .await
    }

    /// Repeats are safe: the same template twice is the same template.
    pub async fn update_agent(&self, id: &str, name: &str, template: &Value) -> Result<Agent, Failure> {
        let request = self.request(Method::PATCH, self.url(&["agents", id]));
        let body = json!({ "name": name, "callTemplate": template });
        question("update_agent", Repeat::Safe).json(request.json(&body)).await
    }

    /// An agent that is already gone is fine.
    pub async fn delete_agent(&self, id: &str) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, self.url(&["agents", id]));
        match question("delete_agent", Repeat::Safe).done(request).await {
            Err(failure) if failure.is_gone() => Ok(()),
            other => other,
        }
    }

    /// Agents whose name contains the mark, made at `since` or later.
    pub async fn agents_marked(&self, mark: &str, since: DateTime<Utc>) -> Result<Vec<Agent>, Failure> {
        let mut found: Vec<Agent> = self
            .list("search_agents", &["agents"], &[("search", mark)], |_: &Agent| true)
            .await?;
        found.retain(|agent| agent.name.contains(mark));
        if found.is_empty() {
            // How names are indexed for the search, and how soon, is not documented. Newest first cannot miss one.
            let since = since - SKEW;
            found = self
                .list(
                    "recent_agents",
                    &["agents"],
                    &[("sort", "-created")],
                    |agent: &Agent| agent.created >= since,
                )
                .await?;
            found.retain(|agent| agent.name.contains(mark));
        }
        Ok(found)
    }

    pub async fn create_tool(&self, name: &str, definition: &Value) -> Result<Tool, Failure> {
        let body = json!({ "name": name, "definition": definition });
        self.post("create_tool", &["tools"], &body, Repeat::Never).await
    }

    pub async fn tool(&self, id: &str) -> Result<Tool, Failure> {
        let url = self.url(&["tools", id]);
        question("get_tool", Repeat::Safe)
            .json(self.request(Method::GET, url))
            .await
    }

    /// Tools are only ever replaced whole, so repeats are safe.
    pub async fn replace_tool(&self, id: &str, name: &str, definition: &Value) -> Result<Tool, Failure> {
        let request = self.request(Method::PUT, self.url(&["tools", id]));
        let body = json!({ "name": name, "definition": definition });
        question("replace_tool", Repeat::Safe).json(request.json(&body)).await
    }

    /// A tool that is already gone is fine.
    pub async fn delete_tool(&self, id: &str) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, self.url(&["tools", id]));
        match question("delete_tool", Repeat::Safe).done(request).await {
            Err(failure) if failure.is_gone() => Ok(()),
            other => other,
        }
    }

    /// Tools of exactly this name, made at `since` or later.
    pub async fn tools_named(&self, name: &str, since: DateTime<Utc>) -> Result<Vec<Tool>, Failure> {
        let query = [("ownership", "private"), ("search", name)];
        let mut found: Vec<Tool> = self.list("search_tools", &["tools"], &query, |_: &Tool| true).await?;
        found.retain(|tool| tool.name == name);
        if found.is_empty() {
            // As with agents, the search may not know it yet.
            let since = since - SKEW;
            let query = [("ownership", "private"), ("sortOrder", "reverseChronologic")];
            let newer = |tool: &Tool| tool.created >= since;
            found = self.list("recent_tools", &["tools"], &query, newer).await?;
            found.retain(|tool| tool.name == name);
        }
        Ok(found)
    }

    /// Places a call with an agent's copy, or with what the body brings along. Never asked twice: there are no idempotency keys, and somebody's phone would ring twice.
    pub async fn place_call(&self, agent_id: Option<&str>, body: &Value) -> Result<Call, Failure> {
        let path: &[&str] = match agent_id {
            Some(agent_id) => &["agents", agent_id, "calls"],
            None => &["calls"],
        };
        self.post("create_call", path, body, Repeat::Never).await
    }

    pub async fn call(&self, id: &str) -> Result<Call, Failure> {
        let url = self.url(&["calls", id]);
        question("get_call", Repeat::Safe)
            .json(self.request(Method::GET, url))
            .await
    }

    /// Calls that carry this pair of metadata, made at `since` or later, oldest first.
    pub async fn calls_marked(&self, key: &str, value: &str, since: DateTime<Utc>) -> Result<Vec<Call>, Failure> {
        let filter = format!("metadata.{key}");
        let from = (since - SKEW).to_rfc3339_opts(SecondsFormat::Secs, true);
        let query = [(filter.as_str(), value), ("fromDate", from.as_str())];
        let mut found = self.list("find_calls", &["calls"], &query, |_: &Call| true).await?;
        // A filter that the service did not understand would be ignored rather than refused.
        found.retain(|call| call.belongs_to(key, value));
        found.sort_by_key(|call| call.created);
        Ok(found)
    }

    /// Everything said in all stages of a call, in order.
    pub async fn messages(&self, id: &str) -> Result<Vec<Message>, Failure> {
        let query = [("mode", "in_call"), ("pageSize", "200")];
        self.list("get_messages", &["calls", id, "messages"], &query, |_| true)
            .await
    }

    /// Answers false if nobody is on the line (any more, or yet): the provider takes no message then.
    pub async fn say(&self, id: &str, text: &str) -> Result<bool, Failure> {
        let message = json!({ "type": "user_text_message", "text": text, "urgency": "soon" });
        self.tell("say", id, &message, Repeat::Never).await
    }

    /// As [`Ultravox::say`]; hanging up twice is hanging up.
    pub async fn hang_up(&self, id: &str) -> Result<bool, Failure> {
        self.tell(
            "hang_up",
            id,
            &json!({ "type": "hang_up", "message": "" }),
            Repeat::Safe,
        )
        .await
    }

    async fn tell(&self, operation: &'static str, id: &str, message: &Value, repeat: Repeat) -> Result<bool, Failure> {
        let request = self.request(Method::POST, self.url(&["calls", id, "send_data_message"]));
        match question(operation, repeat).done(request.json(message)).await {
            Ok(()) => Ok(true),
            Err(failure) if failure.status() == Some(422) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Asks for the recording without fetching it: where the answer is the sound itself, its connection is dropped.
    pub async fn recording_state(&self, id: &str) -> Result<RecordingState, Failure> {
        let url = self.url(&["calls", id, "recording"]);
        match question("recording_state", Repeat::Safe)
            .ask(self.request(Method::GET, url), Take::Nothing)
            .await
        {
            Ok(answer) if answer.status.is_success() || answer.location.is_some() => Ok(RecordingState::Ready),
            Ok(_) => Ok(RecordingState::NotYet),
            Err(failure) if matches!(failure.status(), Some(404 | 425)) => Ok(RecordingState::NotYet),
            Err(failure) => Err(failure),
        }
    }

    pub async fn recording(&self, id: &str) -> Result<Audio, Failure> {
        self.sound(
            "get_recording",
            self.url(&["calls", id, "recording"]),
            LARGEST_RECORDING,
        )
        .await
    }

    /// Voices that every account has and that cost nothing beside the call.
    pub async fn public_voices(&self) -> Result<Vec<Voice>, Failure> {
        let query = [
            ("ownership", "public"),
            ("billingStyle", "VOICE_BILLING_STYLE_INCLUDED"),
            ("pageSize", "200"),
        ];
        let mut voices: Vec<Voice> = self.list("list_voices", &["voices"], &query, |_| true).await?;
        // A private voice is a person's, and belongs to one organization at most.
        voices.retain(|voice| voice.ownership.as_deref() == Some("public"));
        Ok(voices)
    }

    /// A voice of the account's own, made of a sample. Never asked twice: an account may have few of them.
    pub async fn clone_voice(
        &self,
        name: &str,
        description: &str,
        language: &str,
        sample: &Audio,
    ) -> Result<Voice, Failure> {
        let file = if sample.content_type == "audio/mpeg" {
            "sample.mp3"
        } else {
            "sample.wav"
        };
        let fields = [("name", name), ("description", description), ("language", language)];
        let (content_type, body) = form(&fields, (file, sample));
        let request = self
            .request(Method::POST, self.url(&["voices"]))
            .header(CONTENT_TYPE, content_type)
            .body(body);
        question("clone_voice", Repeat::Never).json(request).await
    }

    /// Private voices whose name begins with the mark.
    pub async fn voices_marked(&self, mark: &str) -> Result<Vec<Voice>, Failure> {
        let query = [("ownership", "private"), ("pageSize", "200")];
        // All of them: how names are indexed for a search, and how soon, is not documented, and an account has few.
        let mut found: Vec<Voice> = self.list("private_voices", &["voices"], &query, |_| true).await?;
        found.retain(|voice| voice.name.starts_with(mark));
        Ok(found)
    }

    /// A voice that is already gone is fine.
    pub async fn delete_voice(&self, id: &str) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, self.url(&["voices", id]));
        match question("delete_voice", Repeat::Safe).done(request).await {
            Err(failure) if failure.is_gone() => Ok(()),
            other => other,
        }
    }

    pub async fn preview(&self, voice_id: &str) -> Result<Audio, Failure> {
        self.sound(
            "get_preview",
            self.url(&["voices", voice_id, "preview"]),
            LARGEST_PREVIEW,
        )
        .await
    }

    /// Sound, directly or from the storage that the answer points to. Storage is another host: our key stays here.
    async fn sound(&self, operation: &'static str, url: Url, largest: usize) -> Result<Audio, Failure> {
        let question = question(operation, Repeat::Safe);
        let mut answer: Answer = question
            .ask(self.request(Method::GET, url.clone()), Take::UpTo(largest))
            .await?;
        if answer.status.is_redirection() {
            let target = answer.location.as_deref().and_then(|location| url.join(location).ok());
            let Some(target) = target.filter(|target| target.scheme() == url.scheme() || target.scheme() == "https")
            else {
                return Err(Failure {
                    provider: Provider::Ultravox,
                    trouble: Trouble::Garbled,
                });
            };
            answer = question.ask(self.http.get(target), Take::UpTo(largest)).await?;
        }
        if !answer.status.is_success() {
            return Err(Failure {
                provider: Provider::Ultravox,
                trouble: Trouble::Garbled,
            });
        }
        // Whatever the storage calls it, a browser must never take it for a page.
        let content_type = answer
            .content_type
            .filter(|kind| kind.starts_with("audio/"))
            .unwrap_or_else(|| "audio/wav".to_owned());
        Ok(Audio {
            content_type,
            bytes: answer.body,
        })
    }

    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Failure> {
        self.list("list_webhooks", &["webhooks"], &[], |_| true).await
    }

    /// Our secret is sent along and never logged.
    pub async fn create_webhook(&self, url: &str, events: &[&str]) -> Result<Webhook, Failure> {
        let body = json!({ "url": url, "events": events, "secrets": [self.access.webhook_secret.expose_secret()] });
        self.post("create_webhook", &["webhooks"], &body, Repeat::Never).await
    }

    pub async fn update_webhook(&self, id: &str, url: &str, events: &[&str]) -> Result<Webhook, Failure> {
        let body = json!({ "url": url, "events": events, "secrets": [self.access.webhook_secret.expose_secret()] });
        let request = self.request(Method::PATCH, self.url(&["webhooks", id]));
        question("update_webhook", Repeat::Safe).json(request.json(&body)).await
    }

    /// Whether a webhook signs with our secret and with nothing else.
    pub fn is_ours(&self, webhook: &Webhook) -> bool {
        webhook.secrets == [self.access.webhook_secret.expose_secret()]
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

/// A form with one file. In memory, unlike the client's own, so that it can be sent as every other question is.
fn form(fields: &[(&str, &str)], (file_name, file): (&str, &Audio)) -> (String, Vec<u8>) {
    let boundary = format!("form-{}", Uuid::new_v4().simple());
    let mut body = Vec::with_capacity(file.bytes.len() + 1024);
    for (name, value) in fields {
        let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    let kind = &file.content_type;
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    body.extend(head.as_bytes());
    body.extend(&file.bytes);
    body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

fn question(operation: &'static str, repeat: Repeat) -> Question {
    Question {
        provider: Provider::Ultravox,
        operation,
        repeat,
    }
}

#[cfg(test)]
pub(crate) mod contract;
#[cfg(test)]
mod tests;
