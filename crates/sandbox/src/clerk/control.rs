//! What only the sandbox has: rotating keys, minting tokens, settings, a receiver for webhooks, a fresh start.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::Target;
use super::super::state::lock;
use super::backend::answer;
use super::errors::{Answer, Fields};
use super::keys;
use super::{App, Clerk, World, tokens};

/// What the admin page says about this provider.
pub const NOTES: &str = r#"
<h2>Keys and tokens</h2>
<p>As JSON with POST: <code>/_sandbox/rotate</code> publishes a new signing key beside the old one, and with
<code>{"drop": true}</code> drops the old ones. <code>/_sandbox/tokens</code> makes any session token, good or bad:
<code>version</code> 1 or 2, <code>user</code>, <code>session</code>, <code>org</code>, <code>slug</code>,
<code>role</code>, <code>permissions</code>, <code>azp</code>, <code>iss</code>, <code>sts</code>, <code>exp</code>,
<code>nbf</code> and <code>iat</code> in seconds from now, <code>claims</code> to merge, <code>kid</code> of a published
key, and <code>forge</code>: none, hs256, unknown_kid, tampered. <code>/_sandbox/settings</code> takes
<code>token_version</code>, <code>rate_limit</code>, <code>token_seconds</code> (how long a session token lives, else 60) and
<code>ahead_s</code> (how far this provider's clock is ahead, in seconds). <code>GET /_sandbox/instance</code> tells the publishable key.</p>
"#;

pub fn router() -> Router<Arc<Clerk>> {
    Router::new()
        .route("/_sandbox/rotate", post(rotate))
        .route("/_sandbox/tokens", post(tokens::mint))
        .route("/_sandbox/settings", post(settings))
        .route("/_sandbox/webhook", post(webhook))
        .route("/_sandbox/instance", get(instance))
        .route("/_sandbox/reset", post(reset))
}

/// A new key signs from now on; the old ones are still published until dropped.
async fn rotate(State(app): App, body: Bytes) -> Answer {
    let drop_old = Fields::json(&body)?.get("drop") == Some(&json!(true));
    if drop_old {
        app.world.write(|world| world.keys.truncate(1));
    } else {
        let key = keys::make().await?;
        app.world.write(|world| world.keys.insert(0, key));
    }
    answer(app.world.read(|world| keys::jwks(&world.keys)))
}

async fn settings(State(app): App, body: Bytes) -> Answer<StatusCode> {
    let fields = Fields::json(&body)?;
    app.world.write(|world| {
        if let Some(version) = fields.get("token_version") {
            world.token_version = version.as_u64().filter(|version| (1..=2).contains(version));
        }
        if let Some(limited) = fields.get("rate_limit").and_then(Value::as_bool) {
            world.unlimited = !limited;
        }
        if let Some(seconds) = fields.get("token_seconds") {
            world.token_seconds = seconds.as_i64().filter(|seconds| (2..=3600).contains(seconds));
        }
        if let Some(ahead) = fields.get("ahead_s").and_then(Value::as_i64) {
            world.ahead_s = ahead;
        }
    });
    Ok(StatusCode::NO_CONTENT)
}

/// Sets or removes the receiver of every event: `{"url", "secret"}` or `{}`.
async fn webhook(State(app): App, body: Bytes) -> Answer<StatusCode> {
    let fields = Fields::json(&body)?;
    let text = |name: &str| fields.text(name).map(str::to_owned);
    *lock(&app.target) = text("url")
        .zip(text("secret"))
        .map(|(url, secret)| Target { url, secret });
    Ok(StatusCode::NO_CONTENT)
}

async fn instance(State(app): App) -> Json<Value> {
    let id = app.world.read(|world| world.instance.clone());
    Json(json!({ "id": id, "publishable_key": app.publishable_key(), "frontend_api": app.url }))
}

/// Forgets everybody and everything but the keys.
async fn reset(State(app): App) -> StatusCode {
    app.world.write(|world| {
        let (instance, keys) = (std::mem::take(&mut world.instance), std::mem::take(&mut world.keys));
        *world = World {
            instance,
            keys,
            ..World::default()
        };
    });
    lock(&app.recent).clear();
    app.desk.clear(None);
    app.desk.forget();
    StatusCode::NO_CONTENT
}
