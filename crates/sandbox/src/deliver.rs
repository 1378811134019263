//! How webhooks go out: in order to each receiver, signed anew at every attempt, repeated while refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use serde_json::json;
use tokio::sync::mpsc;

use super::fault::{Desk, Effect};
use super::pace;
use super::sign::{Signer, Twist};
use super::state::lock;

/// What a provider waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// An event held back for reordering goes out after so many simulated seconds even if none follows.
const HELD: f64 = 60.0;

#[derive(Clone)]
pub struct Post {
    pub event: String,
    pub url: String,
    pub body: Bytes,
    pub signer: Signer,
    /// The provider's own object for the receiver, told about failures.
    pub receiver: Option<String>,
}

/// Told the receiver, what went wrong, and whether it was the last attempt.
type OnFailure = Box<dyn Fn(&str, &str, bool) + Send + Sync>;

pub struct Courier {
    desk: Arc<Desk>,
    client: reqwest::Client,
    /// Simulated seconds between attempts.
    schedule: &'static [f64],
    on_failure: OnFailure,
    queues: Mutex<HashMap<String, mpsc::UnboundedSender<Post>>>,
}

impl Courier {
    pub fn new(
        desk: Arc<Desk>,
        schedule: &'static [f64],
        on_failure: impl Fn(&str, &str, bool) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            // A redirect counts as a refusal with both providers.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client without special settings always builds");
        let on_failure = Box::new(on_failure);
        Arc::new(Self {
            desk,
            client,
            schedule,
            on_failure,
            queues: Mutex::default(),
        })
    }

    pub fn send(self: &Arc<Self>, post: Post) {
        let mut queues = lock(&self.queues);
        let queue = queues.entry(post.url.clone()).or_insert_with(|| {
            let (queue, posts) = mpsc::unbounded_channel();
            tokio::spawn(Arc::clone(self).work(posts));
            queue
        });
        if queue.send(post).is_err() {
            tracing::debug!("a webhook came after the sandbox had stopped");
        }
    }

    async fn work(self: Arc<Self>, mut posts: mpsc::UnboundedReceiver<Post>) {
        let mut held: Option<Post> = None;
        loop {
            let post = tokio::select! {
                () = self.desk.stop.cancelled() => return,
                () = self.desk.pace.sleep(HELD), if held.is_some() => held.take(),
                post = posts.recv() => match post {
                    Some(post) => self.hand_over(post, &mut held).await,
                    None => return,
                },
            };
            if let Some(post) = post {
                self.first(&post, Twist::None).await;
            }
        }
    }

    /// Lets a fault strike; returns what was held back and is due now.
    async fn hand_over(self: &Arc<Self>, post: Post, held: &mut Option<Post>) -> Option<Post> {
        match self.desk.on_webhook(&post.event) {
            Some(Effect::Drop) => self.note(&post, 0, "dropped"),
            Some(Effect::Reorder) if held.is_none() => {
                *held = Some(post);
                return None;
            }
            Some(Effect::Duplicate) => {
                self.first(&post, Twist::None).await;
                self.first(&post, Twist::None).await;
            }
            Some(Effect::Delay { ms }) => {
                let courier = Arc::clone(self);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    courier.first(&post, Twist::None).await;
                });
            }
            Some(Effect::WrongSecret) => self.first(&post, Twist::WrongSecret).await,
            Some(Effect::OldTimestamp) => self.first(&post, Twist::OldTimestamp).await,
            _ => self.first(&post, Twist::None).await,
        }
        held.take()
    }

    /// The first attempt keeps the order; the following ones go on by themselves.
    async fn first(self: &Arc<Self>, post: &Post, twist: Twist) {
        if self.attempt(post, 0, twist).await {
            return;
        }
        let (courier, post) = (Arc::clone(self), post.clone());
        tokio::spawn(async move {
            for (done, wait) in courier.schedule.iter().enumerate() {
                tokio::select! {
                    () = courier.desk.stop.cancelled() => return,
                    () = courier.desk.pace.sleep(*wait) => {}
                }
                // A forged signature stays forged: else a retry would undo the fault.
                if courier.attempt(&post, done + 1, twist).await {
                    return;
                }
            }
        });
    }

    async fn attempt(&self, post: &Post, number: usize, twist: Twist) -> bool {
        let mut request = self.client.post(&post.url).header("content-type", "application/json");
        for (name, value) in post.signer.headers(&post.body, Utc::now(), twist) {
            request = request.header(name, value);
        }
        let outcome = match request.body(post.body.clone()).send().await {
            Ok(response) if response.status().is_success() => {
                self.note(post, number, response.status().as_str());
                return true;
            }
            Ok(response) => format!("HTTP {}", response.status().as_u16()),
            Err(cause) if cause.is_timeout() => "timed out".to_owned(),
            Err(_) => "could not connect".to_owned(),
        };
        self.note(post, number, &outcome);
        if let Some(receiver) = &post.receiver {
            (self.on_failure)(receiver, &outcome, number == self.schedule.len());
        }
        false
    }

    fn note(&self, post: &Post, attempt: usize, outcome: &str) {
        self.desk.delivered(json!({
            "at": pace::now(),
            "event": post.event,
            "url": post.url,
            "attempt": attempt + 1,
            "outcome": outcome,
        }));
    }
}
