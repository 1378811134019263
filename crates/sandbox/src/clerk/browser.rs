//! The frontend API: the browser's client, its sessions, and who it is.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::http;
use super::backend::{answer, query};
use super::errors::{Answer, Fields, Problem};
use super::objects::{self, text};
use super::{App, Clerk, assets, environment, handshake, id, keys, me, millis, signing_in, teams};

pub fn router() -> Router<Arc<Clerk>> {
    Router::new()
        .route("/npm/@clerk/{package}/dist/{file}", get(assets::script))
        .route("/sandbox", get(assets::picture))
        .route("/.well-known/jwks.json", get(public_keys))
        .route("/.well-known/openid-configuration", get(environment::openid))
        .route("/v1/environment", get(environment::show).patch(environment::show))
        .route("/v1/dev_browser", post(dev_browser))
        .route("/v1/client", get(show).put(create).post(create).delete(sign_out))
        .route("/v1/client/sign_ins", post(signing_in::sign_in))
        .route("/v1/client/sign_ins/{id}", get(signing_in::show_sign_in))
        .route(
            "/v1/client/sign_ins/{id}/attempt_first_factor",
            post(signing_in::attempt_first_factor),
        )
        .route("/v1/client/sign_ups", post(signing_in::sign_up))
        .route("/v1/client/handshake", get(handshake::handshake))
        .route("/v1/client/sessions", axum::routing::delete(sign_out))
        .route("/v1/client/sessions/{id}", get(show_session))
        .route("/v1/client/sessions/{id}/touch", post(touch))
        .route("/v1/client/sessions/{id}/tokens", post(token))
        .route("/v1/client/sessions/{id}/end", post(end))
        .route("/v1/client/sessions/{id}/remove", post(end))
        .route("/v1/client/sessions/{id}/tokens/{template}", post(token_of_template))
        .merge(me::router())
        .merge(teams::router())
}

/// Who asks: a browser that has a client.
pub struct Browser {
    pub client: String,
}

pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// In the query, as in development; in the header, as native apps; or in the cookie.
fn token_of(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let query = query(uri);
    let named = http::first(&query, "__clerk_db_jwt")
        .or(http::first(&query, "__dev_session"))
        .or(http::text(headers, "authorization").map(|value| value.trim_start_matches("Bearer ")))
        .or(cookie(headers, "__client"));
    named.filter(|token| !token.is_empty()).map(str::to_owned)
}

impl Browser {
    pub fn of(app: &Clerk, uri: &Uri, headers: &HeaderMap) -> Answer<Browser> {
        let found = token_of(uri, headers).and_then(|token| {
            app.world.read(|world| {
                let client = world.clients.values().find(|client| client["token"] == token)?;
                Some(Browser {
                    client: text(client, "id").to_owned(),
                })
            })
        });
        found.ok_or_else(|| Problem::new(401, "dev_browser_unauthenticated", "Browser unauthenticated"))
    }

    /// One that says it has a client has to be known.
    pub fn of_or_new(app: &Clerk, uri: &Uri, headers: &HeaderMap) -> Answer<Browser> {
        if token_of(uri, headers).is_some() {
            return Browser::of(app, uri, headers);
        }
        Ok(Browser {
            client: text(&app.make_client(), "id").to_owned(),
        })
    }

    /// The session that the browser used last.
    pub fn session(&self, app: &Clerk) -> Option<Value> {
        app.world.read(|world| {
            let last = text(world.clients.get(&self.client)?, "last_active_session_id");
            world
                .sessions
                .get(last)
                .filter(|session| session["status"] == "active")
                .cloned()
        })
    }

    pub fn user(&self, app: &Clerk) -> Answer<Value> {
        let signed_out = || Problem::new(401, "signed_out", "You are signed out");
        let session = self.session(app).ok_or_else(signed_out)?;
        app.world
            .read(|world| world.users.get(text(&session, "user_id")).cloned())
            .ok_or_else(signed_out)
    }

    fn own_session(&self, app: &Clerk, id: &str) -> Answer<Value> {
        let found = app.world.read(|world| world.sessions.get(id).cloned());
        found
            .filter(|session| session["client_id"] == self.client && session["status"] == "active")
            .ok_or_else(|| Problem::not_found("session"))
    }
}

impl Clerk {
    pub fn make_client(&self) -> Value {
        let now = millis();
        let client = json!({
            "id": id("client_"), "token": id("dvb_"), "sign_in_id": null, "last_active_session_id": null,
            "last_authentication_strategy": null, "created_at": now, "updated_at": now,
        });
        self.world
            .write(|world| world.clients.insert(text(&client, "id").to_owned(), client.clone()));
        client
    }

    pub fn activate(&self, session: &str, organization: &str) -> Answer<()> {
        self.world.write(|world| {
            let user = world
                .sessions
                .get(session)
                .map(|session| text(session, "user_id").to_owned())
                .unwrap_or_default();
            let named = |org: &&Value| org["id"] == organization || org["slug"] == organization;
            let found = world
                .organizations
                .values()
                .find(named)
                .map(|org| text(org, "id").to_owned());
            let active = match (organization, found) {
                ("", _) => None,
                (_, Some(org)) if world.membership(&org, &user).is_some() => Some(org),
                _ => {
                    let text = "Given organization not found, or you don't have permission to access it";
                    return Err(Problem::new(404, "organization_not_found_or_unauthorized", text));
                }
            };
            if let Some(session) = world.sessions.get_mut(session) {
                session["last_active_organization_id"] = json!(active);
                session["last_active_at"] = json!(millis());
                session["updated_at"] = json!(millis());
            }
            Ok(())
        })
    }

    /// The browser's client with the sessions that are still good, each with a fresh token.
    fn client_document(&self, client: &str, azp: Option<&str>) -> Value {
        let sessions: Vec<Value> = self.world.read(|world| {
            world
                .sessions
                .values()
                .filter(|s| s["client_id"] == client && s["status"] == "active")
                .cloned()
                .collect()
        });
        let sessions: Vec<Value> = sessions
            .iter()
            .map(|session| self.session_document(session, azp))
            .collect();
        self.world.read(|world| {
            let Some(client) = world.clients.get(client) else {
                return Value::Null;
            };
            json!({
                "object": "client", "id": client["id"], "sessions": sessions,
                "sign_in": world.sign_ins.get(text(client, "sign_in_id")), "sign_up": null,
                "last_active_session_id": client["last_active_session_id"],
                "last_authentication_strategy": client["last_authentication_strategy"],
                "cookie_expires_at": null, "captcha_bypass": false, "created_at": client["created_at"],
                "updated_at": client["updated_at"],
            })
        })
    }

    fn session_document(&self, session: &Value, azp: Option<&str>) -> Value {
        let token = self.session_token(text(session, "id"), None, azp, 60).ok();
        self.world.read(|world| objects::browser_session(world, session, token))
    }
}

fn origin(headers: &HeaderMap) -> Option<&str> {
    http::text(headers, "origin")
}

/// `{response, client}`, and the cookie that makes this the client's browser.
pub fn wrapped(app: &Clerk, browser: &Browser, response: Value, headers: &HeaderMap) -> Answer {
    let client = app.client_document(&browser.client, origin(headers));
    let token = app.world.read(|world| {
        world
            .clients
            .get(&browser.client)
            .map(|client| text(client, "token").to_owned())
    });
    let mut answer = Json(json!({ "response": response, "client": client })).into_response();
    let cookie = format!(
        "__client={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=315360000",
        token.unwrap_or_default()
    );
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

async fn public_keys(State(app): App) -> Json<Value> {
    Json(app.world.read(|world| keys::jwks(&world.keys)))
}

async fn dev_browser(State(app): App) -> Json<Value> {
    let client = app.make_client();
    Json(json!({ "object": "dev_browser", "id": client["token"], "token": client["token"] }))
}

async fn show(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    if token_of(&uri, &headers).is_none() {
        return answer(json!({ "response": null, "client": null }));
    }
    let browser = Browser::of(&app, &uri, &headers)?;
    let client = app.client_document(&browser.client, origin(&headers));
    answer(json!({ "response": client, "client": null }))
}

async fn create(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of_or_new(&app, &uri, &headers)?;
    let client = app.client_document(&browser.client, origin(&headers));
    wrapped(&app, &browser, client, &headers)
}

async fn sign_out(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    app.end_sessions(|session| session["client_id"] == browser.client, "ended");
    app.world.write(|world| {
        if let Some(client) = world.clients.get_mut(&browser.client) {
            client["last_active_session_id"] = Value::Null;
        }
    });
    answer(json!({ "response": app.client_document(&browser.client, None), "client": null }))
}

async fn show_session(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let session = browser.own_session(&app, &id)?;
    wrapped(
        &app,
        &browser,
        app.session_document(&session, origin(&headers)),
        &headers,
    )
}

async fn touch(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    browser.own_session(&app, &id)?;
    if let Some(organization) = Fields::form(&body).text("active_organization_id") {
        app.activate(&id, organization)?;
    }
    app.world.write(|world| {
        if let Some(client) = world.clients.get_mut(&browser.client) {
            client["last_active_session_id"] = json!(id);
        }
    });
    let session = browser.own_session(&app, &id)?;
    wrapped(
        &app,
        &browser,
        app.session_document(&session, origin(&headers)),
        &headers,
    )
}

async fn token(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    browser.own_session(&app, &id)?;
    let fields = Fields::form(&body);
    // Empty is the personal workspace; absent is what the session was last used for.
    let jwt = app.session_token(&id, fields.text("organization_id"), origin(&headers), 60)?;
    answer(json!({ "jwt": jwt }))
}

async fn token_of_template(
    state: App,
    Path((id, _template)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    token(state, Path(id), uri, headers, body).await
}

async fn end(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    browser.own_session(&app, &id)?;
    app.end_sessions(
        |session| session["id"] == id,
        if uri.path().ends_with("/remove") {
            "removed"
        } else {
            "ended"
        },
    );
    let session = app.world.read(|world| {
        world
            .sessions
            .get(&id)
            .map(|session| objects::browser_session(world, session, None))
    });
    wrapped(&app, &browser, json!(session), &headers)
}
