//! The websocket of a text or voice call: data messages both ways, sound ignored.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::errors::{Answer, Problem};
use super::said::Said;
use super::{App, Ultravox};

/// Whoever has the join address is let in, once: it needs no key.
pub async fn join(
    State(app): App,
    Path((id, medium)): Path<(String, String)>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let waiting = app.world.read(|world| {
        world.calls.get(&id).is_some_and(|call| {
            call.doc["medium"]["serverWebSocket"].is_object() && call.doc["joined"].is_null() && !call.is_over()
        })
    });
    if medium != "server_web_socket" || !waiting {
        return Err(Problem::not_found());
    }
    let upgrade = upgrade.map_err(|cause| Problem::detail(cause.status(), cause.body_text()))?;
    Ok(upgrade.on_upgrade(move |socket| carry(app, id, socket)))
}

async fn carry(app: Arc<Ultravox>, id: String, mut socket: WebSocket) {
    let (sender, mut outbox) = mpsc::unbounded_channel();
    if !app.speak_into(&id, Said::Joined(sender)) {
        return;
    }
    loop {
        tokio::select! {
            () = app.desk.stop.cancelled() => break,
            message = outbox.recv() => {
                // The line drops its end when the call is over.
                let Some(message) = message else { break };
                if socket.send(Message::text(message.to_string())).await.is_err() {
                    break;
                }
            }
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => {
                    if let Some(reply) = hear(&app, &id, &text)
                        && socket.send(Message::text(reply.to_string())).await.is_err()
                    {
                        break;
                    }
                }
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    app.speak_into(&id, Said::Closed);
    // The other side may have closed first.
    socket.send(Message::Close(None)).await.ok();
}

fn hear(app: &Ultravox, id: &str, text: &str) -> Option<Value> {
    let message: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    if message["type"] == "ping" {
        return Some(json!({ "type": "pong", "timestamp": message["timestamp"] }));
    }
    match Said::parse(&message, true) {
        Ok(said) => {
            app.speak_into(id, said);
            None
        }
        Err((field, cause)) => Some(json!({ "type": "debug", "message": format!("{field}: {cause}") })),
    }
}
