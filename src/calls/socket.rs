//! The socket of a written conversation: whoever placed it stays on the line, so that the provider keeps it open.
//!
//! Words are read through the API like those of any call; what arrives here only says when to look.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::{Call, store, watch};
use crate::{
    auth::Caller,
    core::Core,
    error::Result,
    id::Id,
    providers,
    resource::{Action, Kind},
};

const CONNECT: Duration = Duration::from_secs(10);
/// Keeps what lies between from closing a quiet line.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Joins in the background and stays until the call is over. Should this process die, the provider ends the call, and
/// whoever watches it sees that.
pub(crate) fn hold(core: Core, worker: Caller, id: Id<Call>, url: String) {
    tokio::spawn(async move {
        if let Err(problem) = stay(&core, &worker, id, &url).await {
            tracing::warn!(call = %id, problem, "a written conversation lost its line");
            if let Err(error) = note(&core, &worker, id, problem).await {
                tracing::warn!(call = %id, %error, "and could not say so");
            }
        }
        look(&core, &worker, id).await;
    });
}

async fn stay(core: &Core, worker: &Caller, id: Id<Call>, url: &str) -> std::result::Result<(), &'static str> {
    let connecting = tokio::time::timeout(CONNECT, connect_async(url));
    let (mut socket, _) = connecting
        .await
        .map_err(|_| "could not join in time")?
        .map_err(|_| "could not join")?;
    let mut beat = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            received = socket.next() => match received {
                Some(Ok(Message::Text(text))) if is_news(&text) => look(core, worker, id).await,
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                // Sound, and what tells the state of the agent's voice.
                Some(Ok(_)) => {}
                Some(Err(_)) => return Err("the connection broke"),
            },
            _ = beat.tick() => {
                let ping = json!({ "type": "ping", "timestamp": chrono::Utc::now().timestamp_millis() });
                if socket.send(Message::text(ping.to_string())).await.is_err() {
                    return Err("the connection broke");
                }
            }
        }
    }
}

/// Whether something was said to its end, or the call has begun.
fn is_news(text: &str) -> bool {
    let message: Value = providers::json::read(text.as_bytes()).unwrap_or_default();
    match message["type"].as_str() {
        Some("call_started") => true,
        Some("transcript") => message["final"] == true,
        _ => false,
    }
}

async fn look(core: &Core, worker: &Caller, id: Id<Call>) {
    // The watcher looks every second anyway; this one is only sooner.
    if let Err(error) = watch::refresh_from_provider(core, worker, id).await {
        tracing::debug!(call = %id, %error, "an early look failed");
    }
}

async fn note(core: &Core, worker: &Caller, id: Id<Call>, problem: &str) -> Result<()> {
    let mut tx = worker.begin(&core.db, Action::Update, Kind::Call).await?;
    store::add_event(&mut tx, id, "line_lost", problem).await?;
    tx.commit().await
}
