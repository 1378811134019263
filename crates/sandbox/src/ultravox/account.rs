//! The account: its limits, its models, and the keys it keeps for others.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::errors::{Answer, Problem, members};
use super::page::{Ask, numbered, page};
use super::{App, Ultravox, query, rules};

pub const ID: &str = "5a4db0f1-5a4d-4b0f-8a4d-5a4db0f15a4d";
const TTS: [&str; 6] = ["elevenLabs", "cartesia", "lmnt", "google", "inworld", "respeecher"];

fn account(app: &Ultravox) -> Value {
    let (active, cap) = app
        .world
        .read(|world| (world.calls.values().filter(|call| !call.is_over()).count(), world.cap));
    json!({
        "accountId": ID, "name": "Sandbox", "billingUrl": format!("{}/_sandbox", app.url), "freeTimeUsed": "1800s",
        "freeTimeRemaining": "0s", "hasActiveSubscription": true, "subscriptionTier": "Pro",
        "subscriptionCadence": "MONTHLY", "subscriptionExpiration": null, "subscriptionScheduledUpdate": null,
        "subscriptionRenewal": null, "activeCalls": active, "allowedConcurrentCalls": cap, "allowedVoices": null,
        "allowedCorpora": 2,
    })
}

pub async fn me(State(app): App) -> Answer {
    Ok(Json(account(&app)).into_response())
}

pub async fn all(State(app): App) -> Answer {
    Ok(Json(json!([account(&app)])).into_response())
}

pub async fn models(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let rows = numbered(rules::MODELS.iter().map(|name| json!({ "name": name })));
    let url = format!("{}/api/models", app.url);
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

/// Keys go in whole and come out as their first letters.
pub async fn tts_keys(State(app): App) -> Answer {
    let keys: Map<String, Value> = app.world.read(|world| {
        world
            .tts_keys
            .iter()
            .map(|(name, prefix)| (name.clone(), json!({ "prefix": prefix })))
            .collect()
    });
    Ok(Json(keys).into_response())
}

pub async fn set_tts_keys(State(app): App, body: Bytes) -> Answer {
    for (name, key) in members(&body)? {
        if !TTS.contains(&name.as_str()) {
            return Err(Problem::field(&name, "Unknown provider."));
        }
        app.world.write(|world| match key.as_str() {
            Some(key) => world.tts_keys.insert(name, key.chars().take(6).collect()),
            None => world.tts_keys.remove(&name),
        });
    }
    tts_keys(State(app)).await
}

pub async fn twilio(State(app): App) -> Answer {
    let config = app.world.read(|world| world.carriers.get("twilio").cloned());
    Ok(Json(config.ok_or_else(Problem::not_found)?).into_response())
}

pub async fn set_twilio(State(app): App, method: axum::http::Method, body: Bytes) -> Answer {
    let mut fields = members(&body)?;
    let is_new = method == axum::http::Method::POST;
    let known = app.world.read(|world| world.carriers.get("twilio").cloned());
    let mut config = match known {
        Some(_) if is_new => {
            return Err(Problem::field("non_field_errors", "Twilio is configured already."));
        }
        None if !is_new => return Err(Problem::not_found()),
        known => known.unwrap_or_else(|| json!({ "callCreationAllowAllAgents": false })),
    };
    for name in ["accountSid", "authToken"] {
        if is_new && !rules::is_set(&fields, name) {
            return Err(Problem::field(name, "This field is required."));
        }
    }
    if let Some(token) = fields.remove("authToken") {
        let prefix: String = token.as_str().unwrap_or_default().chars().take(4).collect();
        config["authTokenPrefix"] = json!({ "prefix": prefix });
    }
    for (name, value) in fields {
        config[name] = value;
    }
    app.world
        .write(|world| world.carriers.insert("twilio".to_owned(), config.clone()));
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(config)).into_response())
}

pub async fn remove_twilio(State(app): App) -> Answer {
    app.world.write(|world| world.carriers.remove("twilio"));
    Ok(StatusCode::NO_CONTENT.into_response())
}
