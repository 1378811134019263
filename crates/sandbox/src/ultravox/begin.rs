//! How a call is made: an agent's template and a request become one call, and its line opens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::{http, pace};
use super::calls::{Call, find};
use super::errors::{Answer, Problem, members};
use super::rules::{self, Form};
use super::{App, Ultravox, line, query, tools, values, voices, webhooks};

pub async fn create_for_agent(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let request = members(&body)?;
    let call = begin_for_agent(&app, &id, &request)?;
    Ok((StatusCode::CREATED, Json(call)).into_response())
}

/// Also the way in for calls that the sandbox lets come in.
pub fn begin_for_agent(app: &Arc<Ultravox>, agent_id: &str, request: &Map<String, Value>) -> Answer<Value> {
    let agent = app
        .world
        .read(|world| world.agents.get(agent_id).cloned())
        .ok_or_else(Problem::not_found)?;
    let mut wrong = rules::check(request, Form::AgentCall);
    voices::check_known(app, request, &mut wrong, "");
    let mut fields = agent["callTemplate"].as_object().cloned().unwrap_or_default();
    let context = request.get("templateContext").cloned().unwrap_or_else(|| json!({}));
    if let Some(schema) = fields.get("contextSchema") {
        values::context(&mut wrong, schema, &context, "");
    }
    wrong.check()?;
    for name in ["systemPrompt", "languageHint", "timeExceededMessage"] {
        if let Some(Value::String(text)) = fields.get_mut(name) {
            *text = values::render(text, &context);
        }
    }
    for message in fields
        .get_mut("inactivityMessages")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        message["message"] = json!(values::render(
            message["message"].as_str().unwrap_or_default(),
            &context
        ));
    }
    if rules::is_set(request, "voice") {
        fields.remove("externalVoice");
    }
    let kept = ["templateContext", "toolOverrides", "agentId"];
    fields.extend(
        request
            .iter()
            .filter(|(name, value)| !value.is_null() && !kept.contains(&name.as_str()))
            .map(clone_pair),
    );
    let overrides = request.get("toolOverrides").cloned().unwrap_or_default();
    let mut tools = tools::chosen(app, fields.get("selectedTools"), &overrides)?;
    tools.iter_mut().for_each(|tool| tools::render(tool, &context));
    begin(app, fields, tools, Some(&agent))
}

fn clone_pair((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

pub async fn create(State(app): App, uri: Uri, body: Bytes) -> Answer {
    let mut fields = members(&body)?;
    let mut wrong = rules::check(&fields, Form::Call);
    voices::check_known(&app, &fields, &mut wrong, "");
    if let Some(prior) = http::first(&query(&uri), "priorCallId") {
        if fields.contains_key("initialMessages") {
            wrong.add("initialMessages", "May not be set together with priorCallId.");
        }
        let prior = find(&app, prior)?;
        for name in [
            "systemPrompt",
            "temperature",
            "model",
            "voice",
            "languageHint",
            "maxDuration",
            "medium",
        ] {
            if !fields.contains_key(name) && !prior.doc[name].is_null() {
                fields.insert(name.into(), prior.doc[name].clone());
            }
        }
        fields.insert("initialMessages".into(), json!(prior.messages));
    }
    wrong.check()?;
    let tools = tools::chosen(&app, fields.get("selectedTools"), &Value::Null)?;
    let call = begin(&app, fields, tools, None)?;
    Ok((StatusCode::CREATED, Json(call)).into_response())
}

fn begin(app: &Arc<Ultravox>, fields: Map<String, Value>, tools: Vec<Value>, agent: Option<&Value>) -> Answer<Value> {
    let full = app.world.read(|world| {
        world
            .cap
            .is_some_and(|cap| world.calls.values().filter(|call| !call.is_over()).count() >= cap)
    });
    if full {
        return Err(Problem::throttled(1));
    }
    let id = Uuid::new_v4().to_string();
    let doc = document(app, &id, &fields, agent);
    let call = Call {
        doc: doc.clone(),
        stage_id: Uuid::new_v4().to_string(),
        initial_messages: fields
            .get("initialMessages")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
        messages: Vec::new(),
        events: Vec::new(),
        tools,
    };
    app.world.write(|world| world.calls.insert(id.clone(), call));
    webhooks::tell(app, "call.started", &doc);
    line::open(app, &id);
    Ok(doc)
}

fn document(app: &Ultravox, id: &str, fields: &Map<String, Value>, agent: Option<&Value>) -> Value {
    let get = |name: &str, default: Value| {
        fields
            .get(name)
            .filter(|value| !value.is_null())
            .cloned()
            .unwrap_or(default)
    };
    let medium = match get("medium", Value::Null) {
        Value::Object(medium) if !medium.is_empty() => Value::Object(medium),
        _ => json!({ "webRtc": {} }),
    };
    let first_speaker = get(
        "firstSpeakerSettings",
        match fields.get("firstSpeaker").and_then(Value::as_str) {
            Some("FIRST_SPEAKER_USER") => json!({ "user": {} }),
            _ => json!({ "agent": {} }),
        },
    );
    let kind = medium
        .as_object()
        .and_then(|medium| medium.keys().next())
        .map_or("webRtc", String::as_str);
    let path = match kind {
        "webRtc" => "web_rtc",
        "serverWebSocket" => "server_web_socket",
        other => other,
    };
    let dials_by_sip = medium["sip"]["outgoing"].is_object();
    let output = match fields.get("initialOutputMedium").and_then(Value::as_str) {
        Some("MESSAGE_MEDIUM_TEXT") => "MESSAGE_MEDIUM_TEXT",
        _ => "MESSAGE_MEDIUM_VOICE",
    };
    let retention = match fields.get("retentionPolicy").and_then(Value::as_str) {
        Some("CALL_RETENTION_POLICY_AUTO_DELETE") => "auto_delete",
        _ => "retain",
    };
    let mut doc = json!({
        "callId": id,
        "clientVersion": null,
        "created": pace::now(),
        "joined": null,
        "ended": null,
        "endReason": null,
        "billedDuration": null,
        "billedSideInputTokens": null,
        "billedSideOutputTokens": null,
        "billingStatus": "BILLING_STATUS_PENDING",
        "firstSpeaker": if first_speaker["user"].is_object() { "FIRST_SPEAKER_USER" } else { "FIRST_SPEAKER_AGENT" },
        "firstSpeakerSettings": first_speaker,
        "inactivityMessages": get("inactivityMessages", json!([])),
        "initialOutputMedium": output,
        "joinTimeout": get("joinTimeout", json!("30s")),
        "joinUrl": (!dials_by_sip).then(|| format!("{}/calls/{id}/{path}", app.url.replacen("http", "ws", 1))),
        "languageHint": get("languageHint", Value::Null),
        "maxDuration": get("maxDuration", json!("3600s")),
        "medium": medium,
        "model": get("model", json!("ultravox-v0.7")),
        "recordingEnabled": get("recordingEnabled", json!(false)),
        "retentionPolicy": retention,
        "systemPrompt": get("systemPrompt", Value::Null),
        "temperature": get("temperature", json!(0.0)),
        "timeExceededMessage": get("timeExceededMessage", Value::Null),
        "voice": get("voice", Value::Null),
        "transcriptOptional": get("transcriptOptional", json!(true)),
        "vadSettings": get("vadSettings", Value::Null),
        "shortSummary": null,
        "summary": null,
        "agent": agent.map(|agent| json!({ "agentId": agent["agentId"], "name": agent["name"] })),
        "agentId": agent.map(|agent| agent["agentId"].clone()),
        "experimentalSettings": get("experimentalSettings", json!({})),
        "metadata": get("metadata", json!({})),
        "initialState": get("initialState", json!({})),
        "requestContext": {},
        "sipDetails": null,
    });
    let optional = [
        ("externalVoice", "externalVoice"),
        ("voiceOverrides", "voiceOverrides"),
        ("callbacks", "callbacks"),
        ("dataConnection", "dataConnectionConfig"),
    ];
    for (field, shown) in optional {
        if let Some(value) = fields.get(field).filter(|value| value.is_object()) {
            doc[shown] = value.clone();
        }
    }
    // A call that belongs to no agent names none: the schema has no null there.
    if agent.is_none() {
        doc["agent"] = json!({ "agentId": Uuid::nil(), "name": "" });
    }
    doc
}
