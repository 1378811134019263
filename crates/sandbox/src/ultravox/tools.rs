//! Tools: the account's own, which ones a call has, and what happens when the agent uses one.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::{http, pace};
use super::errors::{Answer, Problem, Wrong, members};
use super::page::{Ask, Row, page};
use super::{App, Ultravox, query, tool_rules, values};

/// Tools every account has.
const BUILT_IN: &[(&str, &str)] = &[
    ("hangUp", "Ends the call."),
    ("leaveVoicemail", "Leaves a message and ends the call."),
    ("queryCorpus", "Looks something up in a corpus."),
    ("playDtmfSounds", "Presses keys."),
    ("coldTransfer", "Hands the call to another number."),
    ("warmTransfer", "Hands the call to another number with an introduction."),
];

/// Seconds that a tool may take where its definition does not say.
const USUAL_LIMIT: f64 = 2.5;

pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(Duration::from_secs(40))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client without special settings always builds")
}

fn built_in(name: &str) -> Option<Value> {
    let (name, description) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    Some(json!({ "modelToolName": name, "description": description, "client": {} }))
}

/// The tools of a call: those of its template, less and more what the request says.
pub fn chosen(app: &Ultravox, selected: Option<&Value>, overrides: &Value) -> Answer<Vec<Value>> {
    let removed: Vec<&str> = overrides["remove"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let base = selected.and_then(Value::as_array).cloned().unwrap_or_default();
    let base = if overrides["removeAll"] == true {
        Vec::new()
    } else {
        base
    };
    let added = overrides["add"].as_array().cloned().unwrap_or_default();
    let mut tools = Vec::new();
    for selection in base
        .iter()
        .filter(|tool| !removed.contains(&tool_rules::tool_name(tool)))
        .chain(&added)
    {
        let tool = resolve(app, selection)?;
        if removed.contains(&tool["name"].as_str().unwrap_or_default()) && !added.contains(selection) {
            continue;
        }
        tools.push(tool);
    }
    Ok(tools)
}

fn resolve(app: &Ultravox, selection: &Value) -> Answer<Value> {
    let unknown = |name: &Value| Problem::field("selectedTools", format!("Tool {name} does not exist."));
    let (id, definition) = if selection["temporaryTool"].is_object() {
        (Value::Null, selection["temporaryTool"].clone())
    } else if let Some(id) = selection["toolId"].as_str() {
        let tool = app
            .world
            .read(|world| world.tools.get(id).cloned())
            .ok_or_else(|| unknown(&selection["toolId"]))?;
        (tool["toolId"].clone(), tool["definition"].clone())
    } else {
        let name = selection["toolName"].as_str().unwrap_or_default();
        let own = app
            .world
            .read(|world| world.tools.values().find(|tool| tool["name"] == name).cloned());
        match own {
            Some(tool) => (tool["toolId"].clone(), tool["definition"].clone()),
            None => (
                Value::Null,
                built_in(name).ok_or_else(|| unknown(&selection["toolName"]))?,
            ),
        }
    };
    let name = selection["nameOverride"]
        .as_str()
        .or(definition["modelToolName"].as_str())
        .unwrap_or_default();
    if let Some(missing) = unmet(&definition, &selection["authTokens"]) {
        return Err(Problem::field(
            "selectedTools",
            format!("Tool {name} needs the auth token \"{missing}\"."),
        ));
    }
    Ok(json!({
        "callToolId": Uuid::new_v4(), "toolId": id, "name": name, "definition": definition,
        "overrides": selection["parameterOverrides"], "authTokens": selection["authTokens"],
    }))
}

/// A token that the tool needs and the selection does not bring; of several ways to sign in one is enough.
fn unmet(definition: &Value, tokens: &Value) -> Option<String> {
    let options = definition["requirements"]["httpSecurityOptions"]["options"].as_array()?;
    let lacks = |option: &Value| {
        let needed = option["requirements"].as_object()?;
        needed
            .keys()
            .find(|name| tokens[name.as_str()].as_str().is_none())
            .cloned()
    };
    let mut missing = options.iter().map(lacks);
    let first = missing.next()??;
    missing.all(|missing| missing.is_some()).then_some(first)
}

/// Fills the variables of a call in where the provider does: descriptions, fixed values and what signs in.
pub fn render(tool: &mut Value, context: &Value) {
    let fill = |value: &mut Value| {
        if let Some(text) = value.as_str() {
            *value = json!(values::render(text, context));
        }
    };
    tool.pointer_mut("/definition/description").into_iter().for_each(fill);
    let fixed = tool
        .pointer_mut("/definition/staticParameters")
        .and_then(Value::as_array_mut);
    for parameter in fixed.into_iter().flatten() {
        parameter.get_mut("value").into_iter().for_each(fill);
    }
    let tokens = tool.get_mut("authTokens").and_then(Value::as_object_mut);
    tokens.into_iter().flat_map(Map::values_mut).for_each(fill);
}

/// As `GET /api/calls/{id}/tools` shows them.
pub fn shown(tools: &[Value]) -> Vec<Value> {
    tools
        .iter()
        .map(|tool| {
            let mut definition = tool["definition"].as_object().cloned().unwrap_or_default();
            definition.remove("modelToolName");
            definition.remove("requirements");
            json!({
                "callToolId": tool["callToolId"], "toolId": tool["toolId"], "name": tool["name"],
                "definition": definition,
            })
        })
        .collect()
}

/// What the model would fill in: something plausible for every dynamic parameter.
pub fn arguments(tool: &Value, said: &str) -> Value {
    let parameters = tool["definition"]["dynamicParameters"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let value = |parameter: &Value| {
        let schema = &parameter["schema"];
        if let Some(choice) = schema["enum"].get(0).or(schema.get("default")) {
            return choice.clone();
        }
        let name = parameter["name"].as_str().unwrap_or_default().to_lowercase();
        match schema["type"].as_str() {
            Some("integer") => json!(2),
            Some("number") => json!(2.5),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            Some("object") => json!({}),
            _ if name.contains("date") => json!("2026-12-03"),
            _ if name.contains("time") => json!("14:30"),
            _ if name.contains("email") => json!("caller@example.com"),
            _ if name.contains("phone") => json!("+14155550100"),
            _ if name.contains("name") => json!("Alex Example"),
            _ if name.contains("query") || name.contains("question") => json!(said),
            _ => json!("example"),
        }
    };
    parameters
        .iter()
        .map(|parameter| {
            (
                parameter["name"].as_str().unwrap_or_default().to_owned(),
                value(parameter),
            )
        })
        .collect::<Map<_, _>>()
        .into()
}

/// Calls the tool's own server when it is on this machine; else says what it would have been asked.
pub async fn invoke(app: &Ultravox, call: &Value, tool: &Value, arguments: &Value) -> Result<String, String> {
    let definition = &tool["definition"];
    if let Some(text) = definition["staticResponse"]["responseText"].as_str() {
        return Ok(text.to_owned());
    }
    let address = definition["http"]["baseUrlPattern"]
        .as_str()
        .and_then(|pattern| url::Url::parse(pattern).ok());
    let near = |url: &url::Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match address.filter(near) {
        Some(address) => {
            let limit = definition["timeout"]
                .as_str()
                .and_then(values::seconds)
                .unwrap_or(USUAL_LIMIT);
            let limit = Duration::try_from_secs_f64(limit).unwrap_or_default();
            let asked = tokio::time::timeout(limit, ask(app, call, tool, arguments, address));
            asked
                .await
                .unwrap_or_else(|_| Err("The tool did not answer in time.".to_owned()))
        }
        None => Ok(json!({ "ok": true, "simulated": true, "received": arguments }).to_string()),
    }
}

async fn ask(app: &Ultravox, call: &Value, tool: &Value, arguments: &Value, url: url::Url) -> Result<String, String> {
    let definition = &tool["definition"];
    let known = |name: &Value| match name.as_str() {
        Some("KNOWN_PARAM_CALL_ID") => call["callId"].clone(),
        Some("KNOWN_PARAM_CALL_METADATA") => call["metadata"].clone(),
        _ => Value::Null,
    };
    let list = |name: &str| definition[name].as_array().cloned().unwrap_or_default();
    let mut placed: Vec<(Value, Value)> = Vec::new();
    placed.extend(list("dynamicParameters").into_iter().map(|parameter| {
        let value = arguments[parameter["name"].as_str().unwrap_or_default()].clone();
        (parameter, value)
    }));
    placed.extend(list("staticParameters").into_iter().map(|parameter| {
        let value = parameter["value"].clone();
        (parameter, value)
    }));
    placed.extend(list("automaticParameters").into_iter().map(|parameter| {
        let value = known(&parameter["knownValue"]);
        (parameter, value)
    }));
    let (mut url, mut body, mut headers) = (url, Map::new(), Vec::new());
    for (parameter, value) in placed {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = tool["overrides"].get(name).cloned().unwrap_or(value);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match parameter["location"].as_str() {
            Some("PARAMETER_LOCATION_QUERY") => {
                url.query_pairs_mut().append_pair(name, &text);
            }
            Some("PARAMETER_LOCATION_PATH") => {
                let path = url.path().replace(&format!("%7B{name}%7D"), &text);
                url.set_path(&path);
            }
            Some("PARAMETER_LOCATION_HEADER") => headers.push((name.to_owned(), text)),
            _ => {
                body.insert(name.to_owned(), value);
            }
        }
    }
    let method = definition["http"]["httpMethod"]
        .as_str()
        .unwrap_or("POST")
        .parse()
        .unwrap_or(reqwest::Method::POST);
    let mut request = app.client.request(method, url);
    for (name, text) in headers {
        request = request.header(name, text);
    }
    for requirement in definition["requirements"]["httpSecurityOptions"]["options"]
        .as_array()
        .into_iter()
        .flatten()
    {
        for (name, need) in requirement["requirements"].as_object().into_iter().flatten() {
            let Some(token) = tool["authTokens"][name].as_str() else {
                continue;
            };
            request = match (&need["headerApiKey"]["name"], &need["httpAuth"]["scheme"]) {
                (Value::String(header), _) => request.header(header, token),
                (_, Value::String(scheme)) => request.header("authorization", format!("{scheme} {token}")),
                _ => request,
            };
        }
    }
    if !body.is_empty() {
        request = request.json(&body);
    }
    let response = request
        .send()
        .await
        .map_err(|_| "The tool could not be reached.".to_owned())?;
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    if status.is_success() {
        Ok(text)
    } else {
        Err(format!("The tool answered {status}: {text}"))
    }
}

fn check(app: &Ultravox, fields: &Map<String, Value>, own: Option<&str>) -> Answer<()> {
    let mut wrong = Wrong::default();
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() || name.chars().count() > 40 {
        wrong.add("name", "A name of at most 40 characters is needed.");
    }
    let taken = app.world.read(|world| {
        world
            .tools
            .iter()
            .any(|(id, tool)| tool["name"] == name && Some(id.as_str()) != own)
    });
    if taken {
        wrong.add("name", "A tool of this name exists already.");
    }
    match fields.get("definition").filter(|definition| definition.is_object()) {
        None => wrong.add("definition", "This field is required."),
        Some(definition) => {
            if let Some(text) = tool_rules::check_tool(definition) {
                wrong.add("definition", text);
            }
        }
    }
    wrong.check()
}

pub async fn create(State(app): App, body: Bytes) -> Answer {
    let fields = members(&body)?;
    check(&app, &fields, None)?;
    let id = Uuid::new_v4().to_string();
    let tool = json!({
        "toolId": id, "name": fields["name"], "created": pace::now(), "definition": fields["definition"],
        "ownership": "private",
    });
    app.world.write(|world| world.tools.insert(id, tool.clone()));
    Ok((StatusCode::CREATED, Json(tool)).into_response())
}

pub async fn list(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let search = http::first(&query, "search").map(str::to_lowercase);
    let order = http::first(&query, "sortOrder").unwrap_or("default");
    let key = match order {
        "chronologic" | "reverseChronologic" => "created",
        _ => "name",
    };
    let wanted = |tool: &&Value| {
        search
            .as_deref()
            .is_none_or(|text| tool["name"].as_str().unwrap_or_default().to_lowercase().contains(text))
    };
    let rows = app.world.read(|world| {
        world
            .tools
            .values()
            .filter(wanted)
            .map(|tool| Row {
                key: tool[key].as_str().unwrap_or_default().to_lowercase(),
                id: tool["toolId"].as_str().unwrap_or_default().to_owned(),
                value: tool.clone(),
            })
            .collect()
    });
    let url = format!("{}/api/tools", app.url);
    Ok(Json(page(
        rows,
        &Ask {
            url,
            query: &query,
            newest_first: order.starts_with("reverse"),
        },
    )?)
    .into_response())
}

pub async fn show(State(app): App, Path(id): Path<String>) -> Answer {
    let tool = app.world.read(|world| world.tools.get(&id).cloned());
    Ok(Json(tool.ok_or_else(Problem::not_found)?).into_response())
}

pub async fn replace(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = members(&body)?;
    check(&app, &fields, Some(&id))?;
    let tool = app.world.write(|world| {
        let tool = world.tools.get_mut(&id)?;
        tool["name"] = fields["name"].clone();
        tool["definition"] = fields["definition"].clone();
        Some(tool.clone())
    });
    Ok(Json(tool.ok_or_else(Problem::not_found)?).into_response())
}

pub async fn delete(State(app): App, Path(id): Path<String>) -> Answer {
    let removed = app.world.write(|world| world.tools.remove(&id));
    removed
        .map(|_| StatusCode::NO_CONTENT.into_response())
        .ok_or_else(Problem::not_found)
}
