//! A receiver of webhooks, and how their signatures are checked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::Notify;

use crate::api::DEADLINE;

#[derive(Clone)]
pub struct Hook {
    pub headers: HeaderMap,
    pub raw: Bytes,
    pub body: Value,
}

impl Hook {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn event(&self) -> &str {
        self.body["event"]
            .as_str()
            .or(self.body["type"].as_str())
            .unwrap_or_default()
    }

    /// Body, then timestamp; any of the signatures will do.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
        mac.update(&self.raw);
        mac.update(self.header("x-ultravox-webhook-timestamp").as_bytes());
        let expected = hex::encode(mac.finalize().into_bytes());
        self.header("x-ultravox-webhook-signature")
            .split(',')
            .any(|signature| signature.trim() == expected)
    }
}

#[derive(Default)]
struct Seen {
    hooks: Mutex<Vec<Hook>>,
    refusals: Mutex<u32>,
    changed: Notify,
}

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    seen: Arc<Seen>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        Receiver::refusing(0).await
    }

    /// Answers 503 so many times first.
    pub async fn refusing(times: u32) -> Receiver {
        let seen = Arc::new(Seen {
            refusals: Mutex::new(times),
            ..Seen::default()
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hooks", listener.local_addr().expect("an address"));
        let router = Router::new()
            .route("/hooks", post(receive))
            .with_state(Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Receiver { url, seen }
    }

    pub fn all(&self) -> Vec<Hook> {
        self.seen.hooks.lock().expect("the hooks").clone()
    }

    pub async fn until(&self, wanted: impl Fn(&[Hook]) -> bool) -> Vec<Hook> {
        let waiting = async {
            loop {
                let changed = self.seen.changed.notified();
                let hooks = self.all();
                if wanted(&hooks) {
                    return hooks;
                }
                changed.await;
            }
        };
        tokio::time::timeout(DEADLINE, waiting).await.unwrap_or_else(|_| {
            let events: Vec<_> = self.all().iter().map(|hook| hook.event().to_owned()).collect();
            panic!("the wanted webhooks never came, but {events:?}")
        })
    }

    pub async fn until_event(&self, event: &str) -> Vec<Hook> {
        self.until(|hooks| hooks.iter().any(|hook| hook.event() == event)).await
    }
}

async fn receive(State(seen): State<Arc<Seen>>, headers: HeaderMap, raw: Bytes) -> StatusCode {
    let mut refusals = seen.refusals.lock().expect("the refusals");
    if *refusals > 0 {
        *refusals -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    drop(refusals);
    let body = serde_json::from_slice(&raw).unwrap_or(Value::Null);
    seen.hooks.lock().expect("the hooks").push(Hook { headers, raw, body });
    seen.changed.notify_waiters();
    StatusCode::NO_CONTENT
}
