//! Agents: a name and the template of their calls.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::{http, pace};
use super::errors::{Answer, Problem, Wrong, members};
use super::page::{Ask, Row, page};
use super::rules::{self, Form};
use super::{App, Ultravox, World, query, voices};

pub async fn create(State(app): App, body: Bytes) -> Answer {
    let fields = members(&body)?;
    check(&app, &fields)?;
    let now = pace::now();
    let name = fields
        .get("name")
        .and_then(Value::as_str)
        .map_or_else(|| "New Agent".to_owned(), str::to_owned);
    let template = fields
        .get("callTemplate")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let agent = json!({
        "agentId": Uuid::new_v4(),
        "publishedRevisionId": Uuid::new_v4(),
        "name": name,
        "created": now,
        "callTemplate": filled(template, &name, &now, &now),
        "statistics": { "calls": 0 },
    });
    app.world.write(|world| {
        world
            .agents
            .insert(agent["agentId"].as_str().unwrap_or_default().to_owned(), agent.clone());
    });
    let agent = app.world.read(|world| shown(world, &agent));
    Ok((StatusCode::CREATED, Json(agent)).into_response())
}

pub async fn list(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let search = http::first(&query, "search").map(str::to_lowercase);
    let sort = http::first(&query, "sort").unwrap_or("-created");
    let (field, newest_first) = sort.strip_prefix('-').map_or((sort, false), |field| (field, true));
    if !["created", "name"].contains(&field) {
        return Err(Problem::field("sort", format!("\"{sort}\" is not a valid choice.")));
    }
    let rows = app.world.read(|world| {
        let wanted = |agent: &&Value| {
            search
                .as_deref()
                .is_none_or(|text| agent["name"].as_str().unwrap_or_default().to_lowercase().contains(text))
        };
        world
            .agents
            .iter()
            .filter(|(_, agent)| wanted(agent))
            .map(|(id, agent)| Row {
                key: agent[field].as_str().unwrap_or_default().to_lowercase(),
                id: id.clone(),
                value: shown(world, agent),
            })
            .collect()
    });
    let url = format!("{}/api/agents", app.url);
    Ok(Json(page(
        rows,
        &Ask {
            url,
            query: &query,
            newest_first,
        },
    )?)
    .into_response())
}

pub async fn show(State(app): App, Path(id): Path<String>) -> Answer {
    let agent = app
        .world
        .read(|world| world.agents.get(&id).map(|agent| shown(world, agent)));
    Ok(Json(agent.ok_or_else(Problem::not_found)?).into_response())
}

/// Only members that are named change; `callTemplate` is replaced member by member, one level deep.
pub async fn update(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = members(&body)?;
    let found = app
        .world
        .read(|world| world.agents.get(&id).cloned())
        .ok_or_else(Problem::not_found)?;
    let mut merged = Map::new();
    merged.insert("name".into(), fields.get("name").unwrap_or(&found["name"]).clone());
    let mut template = found["callTemplate"].as_object().cloned().unwrap_or_default();
    match fields.get("callTemplate") {
        None => {}
        Some(Value::Object(changes)) => {
            for (name, value) in changes {
                if value.is_null() {
                    template.remove(name);
                } else {
                    template.insert(name.clone(), value.clone());
                }
            }
            // Naming one of two alternatives drops the other.
            for (one, other) in [("voice", "externalVoice"), ("externalVoice", "voice")] {
                if rules::is_set(changes, one) && !rules::is_set(changes, other) {
                    template.remove(other);
                }
            }
        }
        Some(_) => {
            return Err(Problem::field("callTemplate", "Expected a dictionary of items."));
        }
    }
    merged.insert("callTemplate".into(), Value::Object(template.clone()));
    check(&app, &merged)?;
    let updated = app.world.write(|world| {
        let agent = world.agents.get_mut(&id)?;
        let name = merged["name"].as_str().unwrap_or_default().to_owned();
        let created = agent["created"].as_str().unwrap_or_default().to_owned();
        agent["callTemplate"] = filled(template, &name, &created, &pace::now());
        agent["name"] = json!(name);
        agent["publishedRevisionId"] = json!(Uuid::new_v4());
        let agent = agent.clone();
        Some(shown(world, &agent))
    });
    Ok(Json(updated.ok_or_else(Problem::not_found)?).into_response())
}

pub async fn delete(State(app): App, Path(id): Path<String>) -> Answer<Response> {
    let removed = app.world.write(|world| world.agents.remove(&id));
    removed
        .map(|_| StatusCode::NO_CONTENT.into_response())
        .ok_or_else(Problem::not_found)
}

fn check(app: &Ultravox, fields: &Map<String, Value>) -> Answer<()> {
    let mut wrong = Wrong::default();
    match fields.get("name") {
        None => {}
        Some(Value::String(name)) if name.trim().is_empty() => wrong.add("name", "This field may not be blank."),
        Some(Value::String(name)) if name.chars().count() > 64 => {
            wrong.add("name", "Ensure this field has no more than 64 characters.");
        }
        Some(Value::String(_)) => {}
        Some(_) => wrong.add("name", "Not a valid string."),
    }
    match fields.get("callTemplate") {
        None | Some(Value::Null) => {}
        Some(Value::Object(template)) => {
            wrong.merge(rules::check(template, Form::Template).under("callTemplate"));
            voices::check_known(app, template, &mut wrong, "callTemplate");
        }
        Some(_) => wrong.add("callTemplate", "Expected a dictionary of items."),
    }
    wrong.check()
}

/// The template as it is returned: defaults that the documentation states are filled in.
fn filled(mut template: Map<String, Value>, name: &str, created: &str, updated: &str) -> Value {
    let defaults = json!({
        "joinTimeout": "30s", "maxDuration": "3600s", "model": "ultravox-v0.7", "temperature": 0.0,
        "recordingEnabled": false, "initialOutputMedium": "MESSAGE_MEDIUM_VOICE", "medium": { "webRtc": {} },
        "firstSpeakerSettings": { "agent": {} },
    });
    for (field, value) in defaults.as_object().into_iter().flatten() {
        template.entry(field).or_insert_with(|| value.clone());
    }
    template.insert("name".into(), json!(name));
    template.insert("created".into(), json!(created));
    template.insert("updated".into(), json!(updated));
    Value::Object(template)
}

/// The secrets are kept for signing, and never returned.
fn shown(world: &World, agent: &Value) -> Value {
    let mut agent = agent.clone();
    if let Some(template) = agent["callTemplate"].as_object_mut() {
        template.remove("sharedSecrets");
    }
    let id = agent["agentId"].clone();
    agent["statistics"]["calls"] = json!(world.calls.values().filter(|call| call.doc["agentId"] == id).count());
    agent
}
