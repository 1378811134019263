//! Events from providers: verify the bytes, keep the event, answer at once; the worker applies it.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use switchboard::{auth::clerk_events, core::Core, work::inbox};

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
    kept(inbox::receive_ultravox(&core, &body).await)
}

/// `POST /webhooks/clerk`
pub async fn clerk(State(core): State<Core>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let signed = clerk_events::Signed {
        id: text("svix-id"),
        timestamp: text("svix-timestamp"),
        signature: text("svix-signature"),
        body: &body,
    };
    if !clerk_events::verify(&core, &signed, chrono::Utc::now()) {
        return StatusCode::UNAUTHORIZED;
    }
    kept(clerk_events::receive(&core, &signed).await)
}

/// Anything but success makes the provider send it again, which is what a failure to keep it needs.
fn kept(result: switchboard::Result<()>) -> StatusCode {
    match result {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(switchboard::Error::Invalid(_)) => StatusCode::BAD_REQUEST,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
