//! Signing in and up in the browser, with a password or a ticket.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use bytes::Bytes;
use serde_json::{Value, json};

use super::backend::answer;
use super::browser::{Browser, wrapped};
use super::errors::{Answer, Fields, Problem};
use super::objects::text;
use super::{App, Clerk, id, invitations, millis, users};

/// Times of an attempt that is not finished, in milliseconds.
const ATTEMPT: i64 = 86_400_000;

fn attempt(status: &str, identifier: Option<&str>, user: Option<&Value>) -> Value {
    let factors = (status == "needs_first_factor").then(|| json!([{ "strategy": "password" }]));
    json!({
        "object": "sign_in_attempt", "id": id("sia_"), "status": status,
        "supported_identifiers": ["email_address"], "supported_first_factors": factors,
        "supported_second_factors": null, "first_factor_verification": null, "second_factor_verification": null,
        "identifier": identifier,
        "user_data": user.map(|user| json!({
            "first_name": user["first_name"], "last_name": user["last_name"], "image_url": user["image_url"],
            "has_image": false,
        })),
        "created_session_id": null, "abandon_at": millis() + ATTEMPT,
    })
}

fn complete(app: &Arc<Clerk>, browser: &Browser, user: &Value, strategy: &str, attempt: &mut Value) -> Answer<()> {
    if user["banned"] == true {
        return Err(Problem::new(403, "user_banned", "This account has been banned."));
    }
    if user["locked"] == true {
        return Err(Problem::new(403, "user_locked", "Your account is locked."));
    }
    let session = app.begin_session(text(user, "id"), &browser.client);
    attempt["status"] = json!("complete");
    attempt["created_session_id"] = session["id"].clone();
    attempt["first_factor_verification"] = json!({
        "object": format!("verification_{strategy}"), "status": "verified", "strategy": strategy, "attempts": null,
        "expire_at": null,
    });
    app.world.write(|world| {
        if let Some(client) = world.clients.get_mut(&browser.client) {
            client["last_active_session_id"] = session["id"].clone();
            client["last_authentication_strategy"] = json!(strategy);
            client["updated_at"] = json!(millis());
        }
    });
    Ok(())
}

fn check_password(app: &Clerk, user: &Value, password: &str) -> Answer<()> {
    let id = text(user, "id");
    let known = app.world.read(|world| world.passwords.get(id).cloned());
    match known {
        None => Err(Problem::new(400, "no_password_set", "This account has no password.")),
        Some(known) if known == users::digest(id, password) => Ok(()),
        Some(_) => {
            let text = "Password is incorrect. Try again, or use another method.";
            Err(Problem::param("form_password_incorrect", "password", text))
        }
    }
}

/// Uses a ticket up and says whose it was.
fn redeem(app: &Clerk, ticket: &str) -> Answer<Value> {
    app.world.write(|world| {
        let invalid = || Problem::new(400, "ticket_invalid_code", "Ticket is invalid.");
        let found = world
            .tickets
            .values_mut()
            .find(|known| known["token"] == ticket)
            .ok_or_else(invalid)?;
        match text(found, "status") {
            "accepted" => {
                return Err(Problem::new(
                    400,
                    "sign_in_token_already_used_code",
                    "The ticket has been used.",
                ));
            }
            "revoked" => {
                return Err(Problem::new(
                    400,
                    "sign_in_token_revoked_code",
                    "The ticket has been revoked.",
                ));
            }
            _ if found["expires_at"].as_i64().is_some_and(|at| at < millis()) => {
                return Err(Problem::new(400, "ticket_expired_code", "Ticket is expired."));
            }
            _ => {}
        }
        found["status"] = json!("accepted");
        let user = text(found, "user_id").to_owned();
        world.users.get(&user).cloned().ok_or_else(invalid)
    })
}

fn by_identifier(app: &Clerk, identifier: &str) -> Answer<Value> {
    let found = app.world.read(|world| world.user_by_identifier(identifier).cloned());
    let text = "Couldn't find your account.";
    found.ok_or_else(|| Problem::param("form_identifier_not_found", "identifier", text))
}

fn keep(app: &Clerk, browser: &Browser, attempt: &Value) {
    app.world.write(|world| {
        world.sign_ins.insert(text(attempt, "id").to_owned(), attempt.clone());
        if let Some(client) = world.clients.get_mut(&browser.client) {
            let open = (attempt["status"] != "complete").then(|| attempt["id"].clone());
            client["sign_in_id"] = json!(open);
        }
    });
}

pub async fn sign_in(State(app): App, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let browser = Browser::of_or_new(&app, &uri, &headers)?;
    let fields = Fields::form(&body);
    let made = match (fields.text("strategy"), fields.text("identifier")) {
        (Some("ticket"), _) => {
            let user = redeem(&app, fields.need("ticket")?)?;
            let mut made = attempt(
                "needs_first_factor",
                Some(super::objects::identifier(&user)),
                Some(&user),
            );
            complete(&app, &browser, &user, "ticket", &mut made)?;
            made
        }
        (strategy, Some(identifier)) => {
            let user = by_identifier(&app, identifier)?;
            let mut made = attempt("needs_first_factor", Some(identifier), Some(&user));
            match (strategy, fields.text("password")) {
                (None | Some("password"), Some(password)) => {
                    check_password(&app, &user, password)?;
                    complete(&app, &browser, &user, "password", &mut made)?;
                }
                (Some("password"), None) => return Err(Problem::missing("password")),
                (None, None) => {}
                (Some(_), _) => {
                    return Err(Problem::new(
                        400,
                        "strategy_for_user_invalid",
                        "The strategy is not valid for this account",
                    ));
                }
            }
            made
        }
        (Some("password"), None) => return Err(Problem::missing("identifier")),
        (_, None) => attempt("needs_identifier", None, None),
    };
    keep(&app, &browser, &made);
    wrapped(&app, &browser, made, &headers)
}

pub async fn show_sign_in(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let found = app
        .world
        .read(|world| world.sign_ins.get(&id).cloned())
        .ok_or_else(|| Problem::not_found("sign in"))?;
    wrapped(&app, &browser, found, &headers)
}

pub async fn attempt_first_factor(
    State(app): App,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let fields = Fields::form(&body);
    let mut found = app
        .world
        .read(|world| world.sign_ins.get(&id).cloned())
        .ok_or_else(|| Problem::not_found("sign in"))?;
    if found["status"] == "complete" {
        return Err(Problem::new(
            400,
            "verification_already_verified",
            "This verification has already been verified.",
        ));
    }
    match fields.need("strategy")? {
        "password" => {
            let user = by_identifier(&app, text(&found, "identifier"))?;
            check_password(&app, &user, fields.need("password")?)?;
            complete(&app, &browser, &user, "password", &mut found)?;
        }
        "ticket" => {
            let user = redeem(&app, fields.need("ticket")?)?;
            complete(&app, &browser, &user, "ticket", &mut found)?;
        }
        _ => {
            return Err(Problem::new(
                400,
                "verification_strategy_invalid",
                "The verification strategy is not valid",
            ));
        }
    }
    keep(&app, &browser, &found);
    wrapped(&app, &browser, found, &headers)
}

/// An address and a password are all it takes; an invitation's ticket brings its organization along.
pub async fn sign_up(State(app): App, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let browser = Browser::of_or_new(&app, &uri, &headers)?;
    let fields = Fields::form(&body);
    let ticket = fields.text("ticket");
    let invited = ticket.and_then(|key| app.world.read(|world| world.invitations.get(key).cloned()));
    if ticket.is_some() && invited.is_none() {
        return Err(Problem::new(400, "ticket_invalid_code", "Ticket is invalid."));
    }
    let address = invited
        .as_ref()
        .map(|inv| text(inv, "email_address"))
        .or(fields.text("email_address"));
    let given = [
        ("email_address", address.is_some()),
        ("password", fields.text("password").is_some()),
    ];
    let missing: Vec<_> = given
        .iter()
        .filter(|(_, given)| !given)
        .map(|(name, _)| *name)
        .collect();
    let mut made = json!({
        "object": "sign_up_attempt", "id": id("sua_"), "status": "missing_requirements",
        "required_fields": ["email_address", "password"], "optional_fields": ["first_name", "last_name"],
        "missing_fields": missing, "unverified_fields": [],
        "verifications": { "email_address": null, "phone_number": null, "web3_wallet": null, "external_account": null },
        "username": null, "email_address": address, "phone_number": null, "web3_wallet": null,
        "password_enabled": fields.text("password").is_some(), "first_name": fields.get("first_name"),
        "last_name": fields.get("last_name"), "unsafe_metadata": {}, "public_metadata": {}, "custom_action": false,
        "external_id": null, "created_session_id": null, "created_user_id": null, "abandon_at": millis() + ATTEMPT,
        "legal_accepted_at": null,
    });
    if let Some(address) = address.filter(|_| missing.is_empty()) {
        let user = users::make(&app, Some(address), None, &fields)?;
        if let Some(invitation) = &invited {
            invitations::accept(&app, text(invitation, "id"), &user)?;
        }
        let mut attempt = attempt("needs_first_factor", Some(address), Some(&user));
        complete(&app, &browser, &user, "password", &mut attempt)?;
        made["status"] = json!("complete");
        made["created_user_id"] = user["id"].clone();
        made["created_session_id"] = attempt["created_session_id"].clone();
    }
    wrapped(&app, &browser, made, &headers)
}

pub async fn create_ticket(State(app): App, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    let user = fields.need("user_id")?;
    if !app.world.read(|world| world.users.contains_key(user)) {
        return Err(Problem::not_found("user"));
    }
    let seconds = fields
        .get("expires_in_seconds")
        .and_then(Value::as_i64)
        .unwrap_or(2_592_000);
    let (now, key, token) = (millis(), id("sit_"), id("ticket_"));
    let ticket = json!({
        "object": "sign_in_token", "id": key, "status": "pending", "user_id": user, "token": token,
        "url": format!("{}/v1/tickets/accept?ticket={token}", app.url), "created_at": now, "updated_at": now,
        "expires_at": now + seconds * 1000,
    });
    app.world.write(|world| world.tickets.insert(key, ticket.clone()));
    answer(shown(ticket))
}

fn shown(mut ticket: Value) -> Value {
    if let Some(members) = ticket.as_object_mut() {
        members.remove("expires_at");
    }
    ticket
}

pub async fn revoke_ticket(State(app): App, Path(id): Path<String>) -> Answer {
    let ticket = app.world.write(|world| {
        let ticket = world.tickets.get_mut(&id)?;
        if ticket["status"] == "pending" {
            ticket["status"] = json!("revoked");
        }
        Some(ticket.clone())
    });
    answer(shown(ticket.ok_or_else(|| Problem::not_found("sign in token"))?))
}
