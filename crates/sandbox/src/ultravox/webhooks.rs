//! Who is told about calls: the account's webhooks, a call's own callbacks, and the receiver set up by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::deliver::Post;
use super::super::sign::Signer;
use super::super::state::lock;
use super::super::{http, pace};
use super::errors::{Answer, Problem, Wrong, members};
use super::page::{Ask, Row, page};
use super::{App, Ultravox, query};

const EVENTS: [&str; 4] = ["call.started", "call.joined", "call.ended", "call.billed"];
/// Failures that a webhook remembers.
const KEPT: usize = 10;

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

pub fn tell(app: &Arc<Ultravox>, event: &str, call: &Value) {
    let mut receivers: Vec<(String, Vec<String>, Option<String>)> = app.world.read(|world| {
        let wanted = |webhook: &&Value| {
            strings(&webhook["events"]).iter().any(|wanted| wanted == event)
                && (webhook["agentId"].is_null() || webhook["agentId"] == call["agentId"])
        };
        world
            .webhooks
            .iter()
            .filter(|(_, webhook)| wanted(webhook))
            .map(|(id, webhook)| {
                (
                    webhook["url"].as_str().unwrap_or_default().to_owned(),
                    strings(&webhook["secrets"]),
                    Some(id.clone()),
                )
            })
            .collect()
    });
    let callback = &call["callbacks"][event.trim_start_matches("call.")];
    if let Some(url) = callback["url"].as_str() {
        receivers.push((url.to_owned(), strings(&callback["secrets"]), None));
    }
    if let Some(target) = lock(&app.target).clone() {
        receivers.push((target.url, vec![target.secret], None));
    }
    let body = Bytes::from(json!({ "event": event, "call": call }).to_string());
    for (url, secrets, receiver) in receivers {
        let signer = Signer::Ultravox { secrets };
        app.courier.send(Post {
            event: event.to_owned(),
            url,
            body: body.clone(),
            signer,
            receiver,
        });
    }
}

pub fn failed(app: &Ultravox, id: &str, failure: &str, last: bool) {
    app.world.write(|world| {
        let Some(webhook) = world.webhooks.get_mut(id) else {
            return;
        };
        if let Some(failures) = webhook["recentFailures"].as_array_mut() {
            failures.insert(0, json!({ "timestamp": pace::now(), "failure": failure }));
            failures.truncate(KEPT);
        }
        if last && webhook["status"] != "unhealthy" {
            webhook["status"] = json!("unhealthy");
            webhook["lastStatusChange"] = json!(pace::now());
        }
    });
}

fn check(fields: &Map<String, Value>, partial: bool) -> Answer<()> {
    let mut wrong = Wrong::default();
    match fields.get("url") {
        None if partial => {}
        Some(Value::String(url)) if url.len() > 200 => {
            wrong.add("url", "Ensure this field has no more than 200 characters.");
        }
        Some(Value::String(url)) if url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) => {}
        Some(_) => wrong.add("url", "Enter a valid URL."),
        None => wrong.add("url", "This field is required."),
    }
    match fields.get("events") {
        None if partial => {}
        Some(Value::Array(events)) if !events.is_empty() => {
            for event in events
                .iter()
                .filter(|event| !EVENTS.iter().any(|known| *event == known))
            {
                wrong.add("events", format!("{event} is not a valid choice."));
            }
        }
        Some(_) => wrong.add("events", "This list may not be empty."),
        None => wrong.add("events", "This field is required."),
    }
    if strings(fields.get("secrets").unwrap_or(&Value::Null))
        .iter()
        .any(|secret| secret.len() > 120)
    {
        wrong.add("secrets", "Ensure this field has no more than 120 characters.");
    }
    wrong.check()
}

pub async fn create(State(app): App, body: Bytes) -> Answer {
    let fields = members(&body)?;
    check(&fields, false)?;
    if let Some(Value::String(agent)) = fields.get("agentId")
        && !app.world.read(|world| world.agents.contains_key(agent))
    {
        return Err(Problem::field(
            "agentId",
            format!("Invalid pk \"{agent}\" - object does not exist."),
        ));
    }
    let id = Uuid::new_v4().to_string();
    let secrets = strings(fields.get("secrets").unwrap_or(&Value::Null));
    let secrets = if secrets.is_empty() {
        vec![Uuid::new_v4().simple().to_string()]
    } else {
        secrets
    };
    let webhook = json!({
        "webhookId": id, "agentId": fields.get("agentId"), "created": pace::now(), "url": fields["url"],
        "secrets": secrets, "events": fields["events"], "status": "normal", "lastStatusChange": null,
        "recentFailures": [],
    });
    app.world.write(|world| world.webhooks.insert(id, webhook.clone()));
    Ok((StatusCode::CREATED, Json(webhook)).into_response())
}

pub async fn list(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let agent = http::first(&query, "agentId");
    let rows = app.world.read(|world| {
        let wanted = |webhook: &&Value| agent.is_none_or(|agent| webhook["agentId"] == agent);
        world
            .webhooks
            .values()
            .filter(wanted)
            .map(|webhook| Row {
                key: webhook["created"].as_str().unwrap_or_default().to_owned(),
                id: webhook["webhookId"].as_str().unwrap_or_default().to_owned(),
                value: webhook.clone(),
            })
            .collect()
    });
    let url = format!("{}/api/webhooks", app.url);
    Ok(Json(page(
        rows,
        &Ask {
            url,
            query: &query,
            newest_first: true,
        },
    )?)
    .into_response())
}

pub async fn show(State(app): App, Path(id): Path<String>) -> Answer {
    let webhook = app.world.read(|world| world.webhooks.get(&id).cloned());
    Ok(Json(webhook.ok_or_else(Problem::not_found)?).into_response())
}

pub async fn update(State(app): App, method: axum::http::Method, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = members(&body)?;
    check(&fields, method == axum::http::Method::PATCH)?;
    let webhook = app.world.write(|world| {
        let webhook = world.webhooks.get_mut(&id)?;
        for name in ["url", "events", "secrets", "agentId"] {
            if let Some(value) = fields.get(name) {
                webhook[name] = value.clone();
            }
        }
        // A receiver that was repaired starts afresh.
        webhook["status"] = json!("normal");
        Some(webhook.clone())
    });
    Ok(Json(webhook.ok_or_else(Problem::not_found)?).into_response())
}

pub async fn delete(State(app): App, Path(id): Path<String>) -> Answer {
    let removed = app.world.write(|world| world.webhooks.remove(&id));
    removed
        .map(|_| StatusCode::NO_CONTENT.into_response())
        .ok_or_else(Problem::not_found)
}
