//! Where people make things go wrong: `/_sandbox` on each provider's port, a page and the same as JSON.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{delete, get};
use axum::{Form, Json, Router};
use serde_json::{Map, Value, json};

use super::fault::{Desk, Effect, Fault};

const STYLE: &str = include_str!("admin.css");

/// The routes both providers have; `notes` is what is special about this one, in HTML.
pub fn router(desk: Arc<Desk>, notes: String) -> Router {
    let show = move |State(desk): State<Arc<Desk>>| async move { Html(page(&desk, &notes)) };
    Router::new()
        .route("/_sandbox", get(show))
        .route(
            "/_sandbox/style.css",
            get(|| async { ([(header::CONTENT_TYPE, "text/css")], STYLE) }),
        )
        .route("/_sandbox/faults", get(faults).post(inject).delete(clear))
        .route("/_sandbox/faults/form", axum::routing::post(inject_form))
        .route("/_sandbox/faults/clear", axum::routing::post(clear_form))
        .route("/_sandbox/faults/{id}", delete(clear_one))
        .route(
            "/_sandbox/requests",
            get(|State(desk): State<Arc<Desk>>| async move { Json(desk.requests()) }),
        )
        .route(
            "/_sandbox/deliveries",
            get(|State(desk): State<Arc<Desk>>| async move { Json(desk.deliveries()) }),
        )
        .with_state(desk)
}

async fn faults(State(desk): State<Arc<Desk>>) -> Json<Vec<Fault>> {
    Json(desk.faults())
}

async fn inject(State(desk): State<Arc<Desk>>, body: bytes::Bytes) -> Response {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => (StatusCode::CREATED, Json(desk.inject(fault))).into_response(),
        Err(cause) => (StatusCode::BAD_REQUEST, Json(json!({ "error": cause.to_string() }))).into_response(),
    }
}

/// The page's form: empty fields mean "any", numbers come as text.
async fn inject_form(State(desk): State<Arc<Desk>>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let members: Map<String, Value> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let number = matches!(name.as_str(), "status" | "retry_after" | "ms" | "count");
            let value = value
                .parse::<u64>()
                .ok()
                .filter(|_| number)
                .map_or_else(|| json!(value), |value| json!(value));
            (name, value)
        })
        .collect();
    match serde_json::from_value::<Fault>(Value::Object(members)) {
        Ok(fault) => {
            desk.inject(fault);
            Redirect::to("/_sandbox").into_response()
        }
        Err(cause) => (StatusCode::BAD_REQUEST, cause.to_string()).into_response(),
    }
}

async fn clear(State(desk): State<Arc<Desk>>) -> StatusCode {
    desk.clear(None);
    StatusCode::NO_CONTENT
}

async fn clear_form(State(desk): State<Arc<Desk>>) -> Redirect {
    desk.clear(None);
    Redirect::to("/_sandbox")
}

async fn clear_one(State(desk): State<Arc<Desk>>, Path(id): Path<u64>) -> StatusCode {
    desk.clear(Some(id));
    StatusCode::NO_CONTENT
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("<td>{}</td>", escaped(&text))
}

fn table(caption: &str, columns: &[&str], rows: &[Value]) -> String {
    if rows.is_empty() {
        return format!("<h2>{caption}</h2><p>None.</p>");
    }
    let head: String = columns
        .iter()
        .map(|column| format!("<th scope=\"col\">{column}</th>"))
        .collect();
    let body: String = rows
        .iter()
        .map(|row| {
            format!(
                "<tr>{}</tr>",
                columns.iter().map(|column| cell(&row[*column])).collect::<String>()
            )
        })
        .collect();
    format!(
        "<h2>{caption}</h2><div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\
         <table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
}

fn fault_row(fault: &Fault) -> Value {
    let (effect, detail) = match &fault.effect {
        Effect::Status { status, .. } => ("status", status.to_string()),
        Effect::Slow { ms } => ("slow", format!("{ms} ms")),
        Effect::Delay { ms } => ("delay", format!("{ms} ms")),
        Effect::Timeout => ("timeout", String::new()),
        Effect::LostAnswer => ("lost answer", String::new()),
        Effect::Garbage => ("garbage", String::new()),
        Effect::Omit { member } => ("omit", member.clone()),
        Effect::Spoil { member } => ("spoil", member.clone()),
        Effect::Drop => ("drop webhook", String::new()),
        Effect::Duplicate => ("duplicate webhook", String::new()),
        Effect::Reorder => ("reorder webhook", String::new()),
        Effect::WrongSecret => ("wrong secret", String::new()),
        Effect::OldTimestamp => ("old timestamp", String::new()),
    };
    let any = |text: &Option<String>| text.clone().unwrap_or_else(|| "any".to_owned());
    json!({
        "fault": effect,
        "detail": detail,
        "method": any(&fault.method),
        "path": any(&fault.path),
        "event": any(&fault.event),
        "left": fault.count.map_or_else(|| "until cleared".to_owned(), |count| count.to_string()),
    })
}

fn page(desk: &Desk, notes: &str) -> String {
    let faults: Vec<_> = desk.faults().iter().map(fault_row).collect();
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{provider} sandbox</title><link rel="stylesheet" href="/_sandbox/style.css"></head>
<body><main>
<h1>{provider} sandbox</h1>
<p>A simulated provider. Nothing here rings a real phone or costs money.</p>
{faults}
<form method="post" action="/_sandbox/faults/clear"><button>Clear all faults</button></form>
<h2>Make something go wrong</h2>
<form method="post" action="/_sandbox/faults/form" class="grid">
<label>What<select name="kind">
<option value="status">Answer with a status</option><option value="timeout">Never answer</option>
<option value="slow">Answer late</option><option value="lost_answer">Do the work, lose the answer</option>
<option value="garbage">Answer with broken JSON</option>
<option value="omit">Leave a member out</option><option value="spoil">Spoil the texts of a member</option><option value="drop">Drop a webhook</option>
<option value="duplicate">Send a webhook twice</option><option value="reorder">Send a webhook after the next one</option>
<option value="delay">Send a webhook late</option><option value="wrong_secret">Sign with a wrong secret</option>
<option value="old_timestamp">Sign with an old timestamp</option></select></label>
<label>Status<input name="status" inputmode="numeric" value="500"></label>
<label>Retry-After, seconds<input name="retry_after" inputmode="numeric"></label>
<label>Milliseconds<input name="ms" inputmode="numeric" value="3000"></label>
<label>Method<input name="method" placeholder="any"></label>
<label>Path begins with<input name="path" placeholder="any"></label>
<label>Webhook event<input name="event" placeholder="any"></label>
<label>Member<input name="member" value="endReason"></label>
<label>How often<input name="count" inputmode="numeric" value="1"></label>
<button>Inject</button>
</form>
{notes}
{deliveries}
{requests}
</main></body></html>"#,
        provider = desk.provider,
        faults = table(
            "Faults",
            &["fault", "detail", "method", "path", "event", "left"],
            &faults
        ),
        deliveries = table(
            "Webhooks sent",
            &["at", "event", "url", "attempt", "outcome"],
            &desk.deliveries()
        ),
        requests = table(
            "Requests",
            &["at", "method", "path", "status", "ms", "key", "fault", "body"],
            &desk.requests()
        ),
    )
}
