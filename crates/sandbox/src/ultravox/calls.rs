//! Calls: what can be read of them, what can be said into them, and what is left when one is deleted.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::state::lock;
use super::super::{http, pace};
use super::errors::{Answer, Problem, members};
use super::page::{Ask, Row, numbered, page};
use super::said::Said;
use super::{App, Ultravox, query, tools, values};

#[derive(Clone, Serialize, Deserialize)]
pub struct Call {
    /// The call as the API shows it.
    pub doc: Value,
    pub stage_id: String,
    pub initial_messages: Vec<Value>,
    pub messages: Vec<Value>,
    pub events: Vec<Value>,
    /// Each with the name the model sees and its definition.
    pub tools: Vec<Value>,
}

impl Call {
    pub fn id(&self) -> &str {
        self.doc["callId"].as_str().unwrap_or_default()
    }

    pub fn is_over(&self) -> bool {
        !self.doc["ended"].is_null()
    }

    pub fn is_live(&self) -> bool {
        !self.doc["joined"].is_null() && !self.is_over()
    }
}

pub fn find(app: &Ultravox, id: &str) -> Answer<Call> {
    app.world
        .read(|world| world.calls.get(id).cloned())
        .ok_or_else(Problem::not_found)
}

pub async fn show(State(app): App, Path(id): Path<String>) -> Answer {
    Ok(Json(find(&app, &id)?.doc).into_response())
}

pub async fn list(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let rows = filtered(&app, &query)?;
    let newest_first = match http::first(&query, "sort").unwrap_or("-created") {
        "-created" => true,
        "created" => false,
        other => {
            return Err(Problem::field("sort", format!("\"{other}\" is not a valid choice.")));
        }
    };
    let url = format!("{}/api/calls", app.url);
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

pub async fn of_agent(State(app): App, Path(id): Path<String>, uri: Uri) -> Answer {
    if !app.world.read(|world| world.agents.contains_key(&id)) {
        return Err(Problem::not_found());
    }
    let query = query(&uri);
    let url = format!("{}/api/agents/{id}/calls", app.url);
    let rows = filtered(&app, &[("agentIds".to_owned(), id)])?;
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

/// A day without a time means its first moment, or its last.
fn moment(query: &[(String, String)], name: &str, end_of_day: bool) -> Answer<Option<DateTime<Utc>>> {
    let Some(text) = http::first(query, name) else {
        return Ok(None);
    };
    let day = || {
        let day = text.parse::<NaiveDate>().ok()?;
        let time = if end_of_day {
            day.and_hms_micro_opt(23, 59, 59, 999_999)?
        } else {
            day.and_hms_opt(0, 0, 0)?
        };
        Some(time.and_utc())
    };
    let parsed = DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .ok()
        .or_else(day);
    parsed
        .map(Some)
        .ok_or_else(|| Problem::field(name, "Enter a valid date/time."))
}

fn filtered(app: &Ultravox, query: &[(String, String)]) -> Answer<Vec<Row>> {
    let agents = http::all(query, "agentIds");
    let from = moment(query, "fromDate", false)?.map(pace::stamp);
    let to = moment(query, "toDate", true)?.map(pace::stamp);
    let bound = |name| match http::first(query, name) {
        None => Ok(None),
        Some(text) => values::seconds(text)
            .map(Some)
            .ok_or_else(|| Problem::field(name, "Enter a valid duration.")),
    };
    let (shortest, longest) = (bound("durationMin")?, bound("durationMax")?);
    let voice = http::first(query, "voiceId");
    let search = http::first(query, "search").map(str::to_lowercase);
    let metadata: Vec<_> = query
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("metadata.")?, value.as_str())))
        .collect();
    let clock = |name| http::first(query, name);
    let (day_start, day_end) = (clock("timeOfDayStart"), clock("timeOfDayEnd"));

    let wanted = |call: &&Call| {
        let doc = &call.doc;
        let created = doc["created"].as_str().unwrap_or_default();
        let time = created.get(11..19).unwrap_or_default();
        let length = length(doc);
        let found = |text: &String| {
            ["shortSummary", "summary", "callId"].iter().any(|field| {
                doc[*field]
                    .as_str()
                    .is_some_and(|value| value.to_lowercase().contains(text))
            }) || doc["agent"]["name"]
                .as_str()
                .is_some_and(|name| name.to_lowercase().contains(text))
        };
        (agents.is_empty() || agents.contains(&doc["agentId"].as_str().unwrap_or_default()))
            && from.as_deref().is_none_or(|from| created >= from)
            && to.as_deref().is_none_or(|to| created <= to)
            && shortest.is_none_or(|least| length.is_some_and(|length| length >= least))
            && longest.is_none_or(|most| length.is_some_and(|length| length <= most))
            && voice.is_none_or(|voice| doc["voice"] == voice)
            && search.as_ref().is_none_or(found)
            && day_start.is_none_or(|start| time >= start)
            && day_end.is_none_or(|end| time <= end)
            && metadata.iter().all(|(key, value)| doc["metadata"][*key] == *value)
    };
    Ok(app.world.read(|world| {
        world
            .calls
            .values()
            .filter(wanted)
            .map(|call| Row {
                key: call.doc["created"].as_str().unwrap_or_default().to_owned(),
                id: call.id().to_owned(),
                value: call.doc.clone(),
            })
            .collect()
    }))
}

/// From joined to ended, in seconds.
pub fn length(doc: &Value) -> Option<f64> {
    let time = |name: &str| DateTime::parse_from_rfc3339(doc[name].as_str()?).ok();
    let span = time("ended")? - time("joined")?;
    Some(span.num_milliseconds() as f64 / 1000.0)
}

pub async fn delete(State(app): App, Path(id): Path<String>) -> Answer {
    let call = find(&app, &id)?;
    if call.is_live() {
        return Err(Problem::detail(
            StatusCode::BAD_REQUEST,
            "Cannot delete a call that is in progress.",
        ));
    }
    lock(&app.lines).remove(&id);
    app.world.write(|world| {
        world.calls.remove(&id);
        let doc = call.doc;
        let tombstone = json!({
            "callId": id, "accountId": super::account::ID, "created": doc["created"],
            "deletionTime": pace::now(), "joined": doc["joined"], "ended": doc["ended"],
            "maxDuration": doc["maxDuration"], "endReason": doc["endReason"],
            "recordingEnabled": doc["recordingEnabled"], "hadSummary": !doc["summary"].is_null(),
        });
        world.deleted_calls.insert(id, tombstone);
    });
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub async fn deleted(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let rows = app.world.read(|world| numbered(world.deleted_calls.values().cloned()));
    let url = format!("{}/api/deleted_calls", app.url);
    Ok(Json(page(
        rows,
        &Ask {
            url,
            query: &query,
            newest_first: false,
        },
    )?)
    .into_response())
}

pub async fn tombstone(State(app): App, Path(id): Path<String>) -> Answer {
    let found = app.world.read(|world| world.deleted_calls.get(&id).cloned());
    Ok(Json(found.ok_or_else(Problem::not_found)?).into_response())
}

pub async fn messages(State(app): App, Path(id): Path<String>, uri: Uri) -> Answer {
    let (call, query) = (find(&app, &id)?, query(&uri));
    let all = match http::first(&query, "mode").unwrap_or("last_stage") {
        "in_call" => call.messages,
        "last_stage" => [call.initial_messages, call.messages].concat(),
        other => {
            return Err(Problem::field("mode", format!("\"{other}\" is not a valid choice.")));
        }
    };
    let url = format!("{}/api/calls/{id}/messages", app.url);
    Ok(Json(page(
        numbered(all),
        &Ask {
            url,
            query: &query,
            newest_first: false,
        },
    )?)
    .into_response())
}

pub async fn events(State(app): App, Path(id): Path<String>, uri: Uri) -> Answer {
    const SEVERITIES: [&str; 4] = ["debug", "info", "warning", "error"];
    let (call, query) = (find(&app, &id)?, query(&uri));
    let rank = |name: &str| SEVERITIES.iter().position(|severity| *severity == name);
    let least = http::first(&query, "minimum_severity").unwrap_or("info");
    let least = rank(least).ok_or_else(|| Problem::field("minimum_severity", "Not a valid choice."))?;
    let kind = http::first(&query, "type");
    let wanted = |event: &Value| {
        rank(event["severity"].as_str().unwrap_or_default()) >= Some(least)
            && kind.is_none_or(|kind| event["type"] == kind)
    };
    let url = format!("{}/api/calls/{id}/events", app.url);
    let rows = numbered(call.events.into_iter().filter(wanted));
    Ok(Json(page(
        rows,
        &Ask {
            url,
            query: &query,
            newest_first: false,
        },
    )?)
    .into_response())
}

pub async fn send_data_message(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let message = Value::Object(members(&body)?);
    let call = find(&app, &id)?;
    let said = Said::parse(&message, false).map_err(|(field, text)| Problem::field(field, text))?;
    if !call.is_live() || !app.speak_into(&id, said) {
        return Err(Problem::detail(StatusCode::UNPROCESSABLE_ENTITY, "Call is not active."));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub async fn tools(State(app): App, Path(id): Path<String>) -> Answer {
    Ok(Json(tools::shown(&find(&app, &id)?.tools)).into_response())
}

fn stage_of(app: &Ultravox, id: &str, stage: &str) -> Answer<Call> {
    let call = find(app, id)?;
    if call.stage_id == stage {
        Ok(call)
    } else {
        Err(Problem::not_found())
    }
}

pub async fn stage_tools(State(app): App, Path((id, stage)): Path<(String, String)>) -> Answer {
    Ok(Json(tools::shown(&stage_of(&app, &id, &stage)?.tools)).into_response())
}

fn stage_document(call: &Call) -> Value {
    let doc = &call.doc;
    json!({
        "callId": doc["callId"], "callStageId": call.stage_id, "created": doc["created"],
        "inactivityMessages": doc["inactivityMessages"], "initialTokenCount": null, "latestTokenCount": null,
        "languageHint": doc["languageHint"], "model": doc["model"], "systemPrompt": doc["systemPrompt"],
        "temperature": doc["temperature"], "timeExceededMessage": doc["timeExceededMessage"], "voice": doc["voice"],
        "errorCount": 0, "experimentalSettings": null, "initialState": doc["initialState"],
    })
}

pub async fn stages(State(app): App, Path(id): Path<String>, uri: Uri) -> Answer {
    let (call, query) = (find(&app, &id)?, query(&uri));
    let url = format!("{}/api/calls/{id}/stages", app.url);
    let rows = numbered([stage_document(&call)]);
    Ok(Json(page(
        rows,
        &Ask {
            url,
            query: &query,
            newest_first: false,
        },
    )?)
    .into_response())
}

pub async fn stage(State(app): App, Path((id, stage)): Path<(String, String)>) -> Answer {
    Ok(Json(stage_document(&stage_of(&app, &id, &stage)?)).into_response())
}

pub async fn stage_messages(State(app): App, Path((id, stage)): Path<(String, String)>, uri: Uri) -> Answer {
    let (call, query) = (stage_of(&app, &id, &stage)?, query(&uri));
    let url = format!("{}/api/calls/{id}/stages/{stage}/messages", app.url);
    let rows = numbered([call.initial_messages, call.messages].concat());
    Ok(Json(page(
        rows,
        &Ask {
            url,
            query: &query,
            newest_first: false,
        },
    )?)
    .into_response())
}
