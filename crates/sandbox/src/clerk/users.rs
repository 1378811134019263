//! Users, as the backend sees them.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::http;
use super::backend::{SeparateMetadata, answer, order, query, slice};
use super::errors::{Answer, Fields, Problem, merge};
use super::objects::{View, email, membership, new_user, text};
use super::{App, Clerk, id, millis};

const CREATE: &[&str] = &[
    "external_id",
    "first_name",
    "last_name",
    "locale",
    "email_address",
    "phone_number",
    "username",
    "password",
    "skip_password_checks",
    "skip_password_requirement",
    "public_metadata",
    "private_metadata",
    "unsafe_metadata",
    "delete_self_enabled",
    "legal_accepted_at",
    "skip_legal_checks",
    "create_organization_enabled",
    "create_organizations_limit",
    "created_at",
    "email_address_identification_status",
    "skip_user_requirement",
    "bypass_client_trust",
    "banned",
    "locked",
];
const UPDATE: &[&str] = &[
    "external_id",
    "first_name",
    "last_name",
    "locale",
    "username",
    "password",
    "skip_password_checks",
    "sign_out_of_other_sessions",
    "delete_self_enabled",
    "create_organization_enabled",
    "legal_accepted_at",
    "skip_legal_checks",
    "create_organizations_limit",
    "created_at",
    "bypass_client_trust",
    "primary_email_address_id",
    "notify_primary_email_address_changed",
];
const METADATA: &[&str] = &["public_metadata", "private_metadata", "unsafe_metadata"];

/// A digest that is good enough for play passwords.
pub fn digest(user: &str, password: &str) -> String {
    super::super::sign::ultravox(user, password.as_bytes(), "")
}

/// Makes a user, with a password where one is given, and tells about it. Whoever has no address has a phone number.
pub fn make(app: &Clerk, address: Option<&str>, phone: Option<&str>, fields: &Fields) -> Answer<Value> {
    if address.is_some_and(|address| !address.contains('@') || address.contains(char::is_whitespace)) {
        let text = "email_address must be a valid email address.";
        return Err(Problem::param("form_param_format_invalid", "email_address", text));
    }
    if phone.is_some_and(|phone| phone.len() < 8 || !phone.starts_with('+')) {
        let text = "phone_number must be a valid phone number according to E.164 international standard.";
        return Err(Problem::param("form_param_format_invalid", "phone_number", text));
    }
    if let Some(password) = fields
        .text("password")
        .filter(|_| fields.get("skip_password_checks") != Some(&json!(true)))
        && password.chars().count() < 8
    {
        let text = "Passwords must be 8 characters or more.";
        return Err(Problem::param("form_password_length_too_short", "password", text));
    }
    let made = app.world.write(|world| {
        if address.is_some_and(|address| world.user_by_email(address).is_some()) {
            let text = "That email address is taken. Please try another.";
            return Err(Problem::param("form_identifier_exists", "email_address", text));
        }
        let external = fields.text("external_id");
        if external.is_some()
            && world
                .users
                .values()
                .any(|user| user["external_id"].as_str() == external)
        {
            return Err(Problem::param(
                "form_identifier_exists",
                "external_id",
                "That external ID is taken.",
            ));
        }
        let user_id = id("user_");
        let user = new_user(&user_id, address, phone, fields);
        if let Some(password) = fields.text("password") {
            world.passwords.insert(user_id.clone(), digest(&user_id, password));
        }
        world.users.insert(user_id, user.clone());
        Ok(user)
    })?;
    app.tell("user.created", made.clone());
    Ok(made)
}

pub async fn create(State(app): App, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    fields.only(CREATE)?;
    let first = |name: &str| fields.get(name)?.get(0)?.as_str();
    let (address, phone) = (first("email_address"), first("phone_number"));
    if address.or(phone).is_none() {
        return Err(Problem::param(
            "form_data_missing",
            "email_address",
            "email_address is required",
        ));
    }
    if fields.text("password").is_none() && fields.get("skip_password_requirement") != Some(&json!(true)) {
        return Err(Problem::missing("password"));
    }
    answer(make(&app, address, phone, &fields)?)
}

fn found(app: &Clerk, query: &[(String, String)]) -> Vec<Value> {
    let lists = ["email_address", "user_id", "external_id", "username", "organization_id"];
    let wanted: Vec<(&str, Vec<&str>)> = lists.iter().map(|name| (*name, http::all(query, name))).collect();
    let text_query = http::first(query, "query")
        .or(http::first(query, "email_address_query"))
        .map(str::to_lowercase);
    app.world.read(|world| {
        let fits = |user: &&Value| {
            let belongs = |name: &str, values: &[&str]| match name {
                "email_address" => values.iter().any(|value| value.eq_ignore_ascii_case(email(user))),
                "user_id" => values.contains(&text(user, "id")),
                "organization_id" => values
                    .iter()
                    .any(|org| world.membership(org, text(user, "id")).is_some()),
                name => values.contains(&text(user, name)),
            };
            let named = text_query.as_deref().is_none_or(|wanted| {
                [
                    email(user),
                    text(user, "first_name"),
                    text(user, "last_name"),
                    text(user, "id"),
                ]
                .iter()
                .any(|value| value.to_lowercase().contains(wanted))
            });
            named
                && wanted
                    .iter()
                    .all(|(name, values)| values.is_empty() || belongs(name, values))
        };
        world.users.values().filter(fits).cloned().collect()
    })
}

/// A bare array: users are not of the organization family.
pub async fn list(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let mut users = found(&app, &query);
    order(
        &mut users,
        &query,
        &[
            "created_at",
            "updated_at",
            "last_active_at",
            "last_sign_in_at",
            "first_name",
        ],
    )?;
    if let Some(after) = http::first(&query, "starting_after") {
        let place = users
            .iter()
            .position(|user| user["id"] == after)
            .ok_or_else(|| Problem::invalid("starting_after"))?;
        users.drain(..=place);
    }
    answer(Value::Array(slice(&query)?.of(users)))
}

pub async fn count(State(app): App, uri: Uri) -> Json<Value> {
    Json(json!({ "object": "total_count", "total_count": found(&app, &query(&uri)).len() }))
}

pub async fn show(State(app): App, Path(id): Path<String>) -> Answer {
    answer(
        app.world
            .read(|world| world.users.get(&id).cloned())
            .ok_or_else(|| Problem::not_found("user"))?,
    )
}

/// Changes a user and tells about it.
pub fn change(app: &Clerk, id: &str, change: impl FnOnce(&mut Value)) -> Answer<Value> {
    let user = app.world.write(|world| {
        let user = world.users.get_mut(id)?;
        change(user);
        user["updated_at"] = json!(millis());
        Some(user.clone())
    });
    let user = user.ok_or_else(|| Problem::not_found("user"))?;
    app.tell("user.updated", user.clone());
    Ok(user)
}

pub async fn update(
    State(app): App,
    Extension(separate): Extension<SeparateMetadata>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let fields = Fields::json(&body)?;
    if separate.0 {
        fields.only(UPDATE)?;
    } else {
        fields.only(&[UPDATE, METADATA].concat())?;
    }
    if let Some(password) = fields.text("password") {
        let digest = digest(&id, password);
        app.world.write(|world| world.passwords.insert(id.clone(), digest));
    }
    let changed = change(&app, &id, |user| {
        for name in ["external_id", "first_name", "last_name", "username", "locale"]
            .iter()
            .chain(METADATA)
        {
            if let Some(value) = fields.get(name) {
                user[*name] = value.clone();
            }
        }
    });
    answer(changed?)
}

pub async fn merge_metadata(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    fields.only(METADATA)?;
    for name in METADATA {
        fields.object(name)?;
    }
    let changed = change(&app, &id, |user| {
        for name in METADATA {
            if let Some(changes) = fields.get(name) {
                merge(&mut user[*name], changes);
            }
        }
    });
    answer(changed?)
}

pub async fn replace_metadata(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    fields.only(METADATA)?;
    let changed = change(&app, &id, |user| {
        for name in METADATA {
            if let Some(value) = fields.get(name) {
                user[*name] = if value.is_null() { json!({}) } else { value.clone() };
            }
        }
    });
    answer(changed?)
}

pub async fn change_standing(State(app): App, Path((id, what)): Path<(String, String)>) -> Answer {
    let (field, value) = match what.as_str() {
        "ban" => ("banned", true),
        "unban" => ("banned", false),
        "lock" => ("locked", true),
        "unlock" => ("locked", false),
        _ => return Err(Problem::not_found("endpoint")),
    };
    if (field, value) == ("banned", true) {
        app.end_sessions(|session| session["user_id"] == id, "revoked");
    }
    answer(change(&app, &id, |user| user[field] = json!(value))?)
}

pub fn remove(app: &Clerk, id: &str) -> Answer<Value> {
    // Sessions first: what is told of them names their user.
    app.end_sessions(|session| session["user_id"] == id, "removed");
    let removed = app.world.write(|world| {
        let user = world.users.get(id)?.clone();
        let members: Vec<Value> = world
            .memberships_of(id)
            .map(|member| membership(world, member, View::Backend))
            .collect();
        world.memberships.retain(|_, member| member["user_id"] != id);
        world.passwords.remove(id);
        world.users.remove(id);
        Some((user, members))
    });
    let (user, members) = removed.ok_or_else(|| Problem::not_found("user"))?;
    for member in members {
        app.tell("organizationMembership.deleted", member);
    }
    let mut deleted = json!({ "object": "user", "id": id, "deleted": true });
    if !user["external_id"].is_null() {
        deleted["external_id"] = user["external_id"].clone();
    }
    app.tell("user.deleted", deleted.clone());
    Ok(deleted)
}

pub async fn delete(State(app): App, Path(id): Path<String>) -> Answer {
    answer(remove(&app, &id)?)
}
