//! Events from providers: verify the bytes, keep the event, answer at once; the worker applies it.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use switchboard::{
    auth::clerk_events::{self, Signed},
    core::Core,
    jobs::event,
    providers::json,
};

/// `POST /webhooks/ultravox`
pub async fn ultravox(State(core): State<Core>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let (timestamp, signature) = (
        text("x-ultravox-webhook-timestamp"),
        text("x-ultravox-webhook-signature"),
    );
    if !core.ultravox.verify(timestamp, signature, &body, chrono::Utc::now()) {
        return StatusCode::UNAUTHORIZED;
    }
    kept(event::receive_ultravox(&core, &body).await)
}

/// `POST /webhooks/clerk`: applied at once, because an event says what is, not what to do, and may be applied twice.
pub async fn clerk(State(core): State<Core>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(secret) = core
        .config
        .clerk
        .as_ref()
        .and_then(|clerk| clerk.webhook_secret.as_ref())
    else {
        return StatusCode::NOT_FOUND;
    };
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let signed = Signed {
        id: text("svix-id"),
        timestamp: text("svix-timestamp"),
        signature: text("svix-signature"),
    };
    if !clerk_events::verify(secret, signed, &body, chrono::Utc::now()) {
        return StatusCode::UNAUTHORIZED;
    }
    match json::read(&body) {
        Ok(event) => kept(clerk_events::apply(&core, &event).await),
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// Anything but success makes the provider send it again, which is what a failure to keep it needs.
fn kept(result: switchboard::Result<()>) -> StatusCode {
    match result {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(switchboard::Error::Invalid(_)) => StatusCode::BAD_REQUEST,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
