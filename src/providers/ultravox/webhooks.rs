//! Webhooks, and what comes by them.

use chrono::{DateTime, Utc};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Ultravox, question, shape::Webhook, sign};
use crate::providers::{Failure, http::Repeat};

impl Ultravox {
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
}
