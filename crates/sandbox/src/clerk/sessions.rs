//! Sessions: who is signed in, in which browser, with which organization active.

use axum::extract::{Path, State};
use axum::http::Uri;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::http;
use super::backend::{answer, query, slice};
use super::errors::{Answer, Fields, Problem};
use super::objects::{self, text};
use super::{App, Clerk, id, millis};

/// A session lasts a week, and is abandoned a month later.
const LIFE: i64 = 7 * 86_400_000;

impl Clerk {
    pub fn begin_session(&self, user: &str, client: &str) -> Value {
        let now = millis();
        let session = json!({
            "id": id("sess_"), "user_id": user, "client_id": client, "status": "active",
            "last_active_organization_id": null, "last_active_at": now, "expire_at": now + LIFE,
            "abandon_at": now + 4 * LIFE, "created_at": now, "updated_at": now,
        });
        let told = self.world.write(|world| {
            world.sessions.insert(text(&session, "id").to_owned(), session.clone());
            let user = world.users.get_mut(user)?;
            user["last_sign_in_at"] = json!(now);
            user["last_active_at"] = json!(now);
            Some(user.clone())
        });
        let mut data = objects::session(&session);
        data["user"] = json!(told);
        self.tell("session.created", data);
        session
    }

    /// Ends the active sessions that fit.
    pub fn end_sessions(&self, fits: impl Fn(&Value) -> bool, status: &str) {
        let ended: Vec<Value> = self.world.write(|world| {
            let active = world
                .sessions
                .values_mut()
                .filter(|session| session["status"] == "active" && fits(session));
            active
                .map(|session| {
                    session["status"] = json!(status);
                    session["updated_at"] = json!(millis());
                    session.clone()
                })
                .collect()
        });
        for session in ended {
            let mut data = objects::session(&session);
            data["user"] = self
                .world
                .read(|world| world.users.get(text(&session, "user_id")).cloned())
                .into();
            self.tell(&format!("session.{status}"), data);
        }
    }
}

fn find(app: &Clerk, id: &str) -> Answer<Value> {
    app.world
        .read(|world| world.sessions.get(id).cloned())
        .ok_or_else(|| Problem::not_found("session"))
}

pub async fn list(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let get = |name| http::first(&query, name);
    let fits = |session: &&Value| {
        ["user_id", "client_id", "status"]
            .iter()
            .all(|name| get(name).is_none_or(|wanted| session[*name] == wanted))
    };
    let found = app
        .world
        .read(|world| world.sessions.values().filter(fits).map(objects::session).collect());
    answer(Value::Array(slice(&query)?.of(found)))
}

/// Only in development: a session without a browser.
pub async fn create(State(app): App, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    let user = fields.need("user_id")?;
    if !app.world.read(|world| world.users.contains_key(user)) {
        return Err(Problem::not_found("user"));
    }
    let client = app.make_client();
    let session = app.begin_session(user, text(&client, "id"));
    if let Some(org) = fields.text("active_organization_id") {
        app.activate(text(&session, "id"), org)?;
    }
    answer(objects::session(&find(&app, text(&session, "id"))?))
}

pub async fn show(State(app): App, Path(id): Path<String>) -> Answer {
    answer(objects::session(&find(&app, &id)?))
}

pub async fn revoke(State(app): App, Path(id): Path<String>) -> Answer {
    find(&app, &id)?;
    app.end_sessions(|session| session["id"] == id, "revoked");
    answer(objects::session(&find(&app, &id)?))
}

pub async fn token(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    if find(&app, &id)?["status"] != "active" {
        return Err(Problem::not_found("session"));
    }
    let seconds = match fields.get("expires_in_seconds") {
        None | Some(Value::Null) => 60,
        Some(seconds) => seconds
            .as_i64()
            .filter(|s| (30..=315_360_000).contains(s))
            .ok_or_else(|| Problem::invalid("expires_in_seconds"))?,
    };
    answer(json!({ "object": "token", "jwt": app.session_token(&id, None, None, seconds)? }))
}

pub async fn token_of_template(State(app): App, Path((id, _template)): Path<(String, String)>, body: Bytes) -> Answer {
    token(State(app), Path(id), body).await
}
