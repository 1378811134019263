//! What only the sandbox has: calls that come in, a cap on live calls, a receiver for webhooks, a fresh start.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::state::lock;
use super::super::{Target, http};
use super::errors::{Answer, Problem, members};
use super::plan::{self, Plan};
use super::{App, World, begin};

/// What the admin page says about this provider.
pub fn notes() -> String {
    let rows: String = plan::TABLE
        .iter()
        .map(|(from, to, what, plan)| row(*from, *to, what, *plan))
        .collect();
    format!(
        r#"<h2>Numbers to call</h2>
<p>The last two digits of +1 415 555 01<em>yy</em> decide what happens. Any other number answers and talks.</p>
<div class="wide" role="region" aria-label="Numbers to call" tabindex="0"><table>
<thead><tr><th scope="col">yy</th><th scope="col">The number</th><th scope="col">End reason</th></tr></thead>
<tbody>{rows}</tbody></table></div>
<h2>Let a call come in</h2>
<form method="post" action="/_sandbox/inbound" class="grid">
<label>Agent id<input name="agentId" required></label>
<label>From<input name="from" value="+14155550100"></label>
<button>Ring</button></form>"#
    )
}

fn row(from: u8, to: u8, what: &str, plan: Plan) -> String {
    let digits = if from == to {
        format!("{from:02}")
    } else {
        format!("{from:02}–{to:02}")
    };
    let end = match plan {
        Plan::Unanswered(_, sip) => format!("unjoined, {sip}"),
        Plan::Answered(_, ending) => ending.reason().to_owned(),
    };
    format!("<tr><td>{digits}</td><td>{what}</td><td>{end}</td></tr>")
}

/// Forgets every object, request and fault.
pub async fn reset(State(app): App) -> StatusCode {
    app.world.write(|world| *world = World::default());
    lock(&app.lines).clear();
    app.desk.clear(None);
    app.desk.forget();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
pub struct Limits {
    concurrent: Option<usize>,
}

/// How many calls may be live at once; null lifts the cap.
pub async fn limits(State(app): App, Json(limits): Json<Limits>) -> StatusCode {
    app.world.write(|world| world.cap = limits.concurrent);
    StatusCode::NO_CONTENT
}

/// Sets or removes the receiver of every event: `{"url", "secret"}` or `{}`.
pub async fn webhook(State(app): App, body: Bytes) -> Answer<Response> {
    let fields = members(&body)?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    *lock(&app.target) = text("url")
        .zip(text("secret"))
        .map(|(url, secret)| Target { url, secret });
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Somebody calls the agent's number. JSON or the page's form.
pub async fn ring(State(app): App, headers: axum::http::HeaderMap, body: Bytes) -> Answer<Response> {
    let is_json = http::text(&headers, header::CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("json"));
    let fields = if is_json {
        Value::Object(members(&body)?)
    } else {
        let pairs = http::pairs(&String::from_utf8_lossy(&body));
        pairs
            .into_iter()
            .map(|(name, value)| (name, json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let agent = fields["agentId"]
        .as_str()
        .ok_or_else(|| Problem::field("agentId", "This field is required."))?;
    let mut metadata = fields["metadata"].as_object().cloned().unwrap_or_default();
    metadata.insert(
        "sandbox.from".into(),
        json!(fields["from"].as_str().unwrap_or("+14155550100")),
    );
    if let Some(to) = fields["to"].as_str() {
        metadata.insert("sandbox.to".into(), json!(to));
    }
    let request = json!({ "medium": { "sip": { "incoming": {} } }, "metadata": metadata });
    let request = request.as_object().cloned().unwrap_or_default();
    let call = begin::begin_for_agent(&app, agent, &request)?;
    if is_json {
        return Ok((StatusCode::CREATED, Json(call)).into_response());
    }
    Ok(Redirect::to("/_sandbox").into_response())
}
