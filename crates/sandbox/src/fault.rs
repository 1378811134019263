//! What goes wrong on purpose: which faults there are, what they match, and what they do to a request.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::http;
use super::pace::{self, Pace};
use super::state::lock;

/// Requests and deliveries kept for the admin page.
const KEPT: usize = 200;
/// Voice samples are the largest thing that anybody uploads.
pub const LARGEST_BODY: usize = 12 << 20;
/// Bodies longer than this are not shown.
const LARGEST_SHOWN: usize = 16 << 10;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Answers with this status and the provider's own error body.
    Status {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// Never answers.
    Timeout,
    /// Answers properly, but late.
    Slow {
        ms: u64,
    },
    /// Does the work, then closes the connection without an answer.
    LostAnswer,
    /// Does the work, then answers with broken JSON.
    Garbage,
    /// Answers without this member, wherever it stands.
    Omit {
        member: String,
    },
    /// Answers with U+0000 and half a surrogate in the texts of this member, wherever it stands.
    Spoil {
        member: String,
    },
    Drop,
    Duplicate,
    /// Sends the event after the one that follows it.
    Reorder,
    Delay {
        ms: u64,
    },
    WrongSecret,
    OldTimestamp,
}

impl Effect {
    fn on_webhooks(&self) -> bool {
        use Effect::{Delay, Drop, Duplicate, OldTimestamp, Reorder, WrongSecret};
        matches!(
            self,
            Drop | Duplicate | Reorder | Delay { .. } | WrongSecret | OldTimestamp
        )
    }
}

fn once() -> Option<u32> {
    Some(1)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    #[serde(default)]
    pub id: u64,
    #[serde(flatten)]
    pub effect: Effect,
    /// Any method where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The beginning of the path; any path where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What stands in the body; any body where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// For webhook faults: the event's name; any event where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// How often it still strikes: once where absent, until cleared where null.
    #[serde(default = "once")]
    pub count: Option<u32>,
}

/// What one provider's admin page shows and changes.
pub struct Desk {
    pub provider: &'static str,
    pub pace: Pace,
    pub stop: CancellationToken,
    /// Shapes an injected error as the provider would.
    refuse: fn(StatusCode) -> Value,
    faults: Mutex<Vec<Fault>>,
    next_fault: AtomicU64,
    requests: Mutex<VecDeque<Value>>,
    deliveries: Mutex<VecDeque<Value>>,
}

impl Desk {
    pub fn new(provider: &'static str, pace: Pace, stop: CancellationToken, refuse: fn(StatusCode) -> Value) -> Self {
        Self {
            provider,
            pace,
            stop,
            refuse,
            faults: Mutex::default(),
            next_fault: AtomicU64::new(1),
            requests: Mutex::default(),
            deliveries: Mutex::default(),
        }
    }

    pub fn inject(&self, mut fault: Fault) -> Fault {
        fault.id = self.next_fault.fetch_add(1, Ordering::Relaxed);
        lock(&self.faults).push(fault.clone());
        fault
    }

    /// Removes one fault, or all of them.
    pub fn clear(&self, id: Option<u64>) {
        lock(&self.faults).retain(|fault| id.is_some_and(|id| fault.id != id));
    }

    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.faults).clone()
    }

    pub fn requests(&self) -> Vec<Value> {
        lock(&self.requests).iter().rev().cloned().collect()
    }

    pub fn deliveries(&self) -> Vec<Value> {
        lock(&self.deliveries).iter().rev().cloned().collect()
    }

    pub fn forget(&self) {
        lock(&self.requests).clear();
        lock(&self.deliveries).clear();
    }

    pub fn delivered(&self, delivery: Value) {
        keep(&self.deliveries, delivery);
    }

    fn strike(&self, matches: impl Fn(&Fault) -> bool) -> Option<Effect> {
        let mut faults = lock(&self.faults);
        let found = faults.iter().position(matches)?;
        let effect = faults[found].effect.clone();
        if let Some(count) = &mut faults[found].count {
            *count = count.saturating_sub(1);
            if *count == 0 {
                faults.remove(found);
            }
        }
        Some(effect)
    }

    fn on_request(&self, method: &str, path: &str, body: &[u8]) -> Option<Effect> {
        let body = String::from_utf8_lossy(body);
        self.strike(|fault| {
            !fault.effect.on_webhooks()
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && fault.path.as_deref().is_none_or(|wanted| path.starts_with(wanted))
                && fault.contains.as_deref().is_none_or(|wanted| body.contains(wanted))
        })
    }

    pub fn on_webhook(&self, event: &str) -> Option<Effect> {
        self.strike(|fault| fault.effect.on_webhooks() && fault.event.as_deref().is_none_or(|wanted| wanted == event))
    }
}

fn keep(log: &Mutex<VecDeque<Value>>, entry: Value) {
    let mut log = lock(log);
    if log.len() == KEPT {
        log.pop_front();
    }
    log.push_back(entry);
}

/// Records each request and lets the faults strike.
pub async fn guard(State(desk): State<std::sync::Arc<Desk>>, request: Request, next: Next) -> Response<Body> {
    if request.uri().path().starts_with("/_sandbox") {
        return next.run(request).await;
    }
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return http::plain(StatusCode::PAYLOAD_TOO_LARGE, "too large");
    };
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let mut seen = json!({
        "at": pace::now(),
        "method": method,
        "path": path,
        "query": masked_query(parts.uri.query().unwrap_or_default()),
        "key": masked_key(&parts.headers),
        "body": shown(&body),
    });
    let effect = desk.on_request(&method, &path, &body);
    seen["fault"] = json!(effect);

    let work = next.run(Request::from_parts(parts, Body::from(body)));
    let response = match effect {
        None => work.await,
        Some(Effect::Status { status, retry_after }) => refusal(&desk, status, retry_after),
        Some(Effect::Timeout) => {
            desk.stop.cancelled().await;
            http::cut()
        }
        Some(Effect::Slow { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            work.await
        }
        Some(Effect::Omit { member }) => altered(work.await, |json| omit(json, &member)).await,
        Some(Effect::Spoil { member }) => altered(work.await, |json| spoil(json, &member, false)).await,
        Some(Effect::Garbage) => {
            drop(work.await);
            http::garbage()
        }
        Some(_) => {
            drop(work.await);
            http::cut()
        }
    };
    seen["status"] = json!(response.status().as_u16());
    seen["ms"] = json!(started.elapsed().as_millis() as u64);
    keep(&desk.requests, seen);
    response
}

/// Stands in a text where what no JSON value of ours can hold is to be.
const SPOT: char = '\u{e000}';

/// An answer whose JSON is not as it was made; any other stays.
async fn altered(response: Response<Body>, alter: impl FnOnce(&mut Value)) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut json) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    alter(&mut json);
    parts.headers.remove(header::CONTENT_LENGTH);
    let text = json.to_string().replace(SPOT, r"\u0000\ud83d");
    Response::from_parts(parts, Body::from(text))
}

fn omit(json: &mut Value, member: &str) {
    match json {
        Value::Object(members) => {
            members.remove(member);
            members.values_mut().for_each(|value| omit(value, member));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| omit(item, member)),
        _ => {}
    }
}

fn spoil(json: &mut Value, member: &str, within: bool) {
    match json {
        Value::String(text) if within => text.push(SPOT),
        Value::Object(members) => {
            for (name, value) in members {
                spoil(value, member, name == member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| spoil(item, member, within)),
        _ => {}
    }
}

fn refusal(desk: &Desk, status: u16, retry_after: Option<u64>) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from((desk.refuse)(status).to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let retry_after = retry_after.or((status == StatusCode::TOO_MANY_REQUESTS).then_some(1));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn masked(text: &str) -> String {
    let shown: String = text.chars().take(8).collect();
    format!("{shown}…")
}

fn masked_key(headers: &HeaderMap) -> Option<String> {
    let key = http::text(headers, "x-api-key").map(masked);
    key.or_else(|| http::text(headers, "authorization").map(|value| masked(value.trim_start_matches("Bearer "))))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "token", "ticket", "jwt", "key"]
        .iter()
        .any(|part| name.contains(part))
}

fn masked_query(query: &str) -> Value {
    let pairs = http::pairs(query);
    pairs
        .into_iter()
        .map(|(name, value)| {
            if is_secret(&name) {
                (name, json!(masked(&value)))
            } else {
                (name, json!(value))
            }
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn shown(body: &[u8]) -> Value {
    if body.is_empty() || body.len() > LARGEST_SHOWN {
        return Value::Null;
    }
    let mut value = serde_json::from_slice(body).unwrap_or(Value::Null);
    mask(&mut value);
    value
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if is_secret(name) => *text = masked(text),
                    other => mask(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}
