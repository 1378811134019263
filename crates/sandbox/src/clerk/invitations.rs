//! Invitations into an organization.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::http;
use super::backend::{answer, order, query, slice};
use super::errors::{Answer, Fields, Problem};
use super::objects::{email, invitation, text};
use super::{App, Clerk, id, members, millis, organizations, roles};

pub fn make(app: &Clerk, organization: &str, fields: &Fields) -> Answer<Value> {
    let (address, role) = (fields.need("email_address")?, fields.need("role")?);
    if !address.contains('@') {
        let text = "email_address must be a valid email address.";
        return Err(Problem::param("form_param_format_invalid", "email_address", text));
    }
    roles::name(role)?;
    let days = match fields.get("expires_in_days") {
        None | Some(Value::Null) => 30,
        Some(days) => days
            .as_i64()
            .filter(|days| (1..=365).contains(days))
            .ok_or_else(|| Problem::invalid("expires_in_days"))?,
    };
    let metadata = |name| Ok::<_, Problem>(fields.object(name)?.cloned().unwrap_or_else(|| json!({})));
    let (public, private) = (metadata("public_metadata")?, metadata("private_metadata")?);
    let shown = app.world.write(|world| {
        let known = world.user_by_email(address).map(|user| text(user, "id").to_owned());
        if known.is_some_and(|user| world.membership(organization, &user).is_some()) {
            let text = "This user is already a member of the organization.";
            return Err(Problem::new(400, "already_a_member_in_organization", text));
        }
        let pending = |inv: &Value| {
            inv["organization_id"] == organization
                && inv["status"] == "pending"
                && text(inv, "email_address").eq_ignore_ascii_case(address)
        };
        if world.invitations.values().any(pending) {
            let text = "There is already a pending invitation for this email address.";
            return Err(Problem::new(400, "organization_invitation_not_unique", text));
        }
        let (now, key) = (millis(), id("orginv_"));
        let redirect = fields
            .text("redirect_url")
            .map_or_else(|| app.url.clone(), str::to_owned);
        let separator = if redirect.contains('?') { '&' } else { '?' };
        let made = json!({
            "object": "organization_invitation", "id": key, "email_address": address, "role": role,
            "organization_id": organization, "inviter_id": fields.get("inviter_user_id"), "status": "pending",
            "public_metadata": public, "private_metadata": private,
            "url": format!("{redirect}{separator}__clerk_ticket={key}&__clerk_status=sign_up"),
            "expires_at": now + days * 86_400_000, "created_at": now, "updated_at": now,
        });
        world.invitations.insert(key, made.clone());
        Ok(invitation(world, &made))
    })?;
    app.tell("organizationInvitation.created", shown.clone());
    Ok(shown)
}

pub async fn create(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let org = organizations::find(&app, &id)?;
    answer(make(&app, text(&org, "id"), &Fields::json(&body)?)?)
}

pub async fn create_many(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let org = organizations::find(&app, &id)?;
    let Ok(Value::Array(items)) = serde_json::from_slice(&body) else {
        return Err(Problem::new(400, "request_body_invalid", "Request body is not a list"));
    };
    if items.is_empty() || items.len() > 10 {
        return Err(Problem::new(
            400,
            "bulk_size_exceeded",
            "Between 1 and 10 invitations can be made at once.",
        ));
    }
    let mut made = Vec::new();
    for item in items {
        let fields = Fields(item.as_object().cloned().unwrap_or_default());
        made.push(make(&app, text(&org, "id"), &fields)?);
    }
    answer(json!({ "total_count": made.len(), "data": made }))
}

/// The invitations into an organization that the query asks for.
pub fn page(app: &Clerk, org: &Value, query: &[(String, String)]) -> Answer<Value> {
    let statuses = http::all(query, "status");
    let mut found: Vec<Value> = app.world.read(|world| {
        let of = |inv: &&Value| {
            inv["organization_id"] == org["id"] && (statuses.is_empty() || statuses.contains(&text(inv, "status")))
        };
        world
            .invitations
            .values()
            .filter(of)
            .map(|inv| invitation(world, inv))
            .collect()
    });
    order(&mut found, query, &["created_at", "email_address"])?;
    Ok(slice(query)?.page(found))
}

pub async fn list(State(app): App, Path(id): Path<String>, uri: Uri) -> Answer {
    answer(page(&app, &organizations::find(&app, &id)?, &query(&uri))?)
}

fn find(app: &Clerk, org: &str, key: &str) -> Answer<Value> {
    let org = organizations::find(app, org)?;
    let found = app.world.read(|world| world.invitations.get(key).cloned());
    found
        .filter(|inv| inv["organization_id"] == org["id"])
        .ok_or_else(|| Problem::not_found("organization invitation"))
}

pub async fn show(State(app): App, Path((org, key)): Path<(String, String)>) -> Answer {
    let found = find(&app, &org, &key)?;
    answer(app.world.read(|world| invitation(world, &found)))
}

fn set_status(app: &Clerk, key: &str, status: &str) -> Option<Value> {
    app.world.write(|world| {
        let found = world.invitations.get_mut(key)?;
        found["status"] = json!(status);
        found["updated_at"] = json!(millis());
        let found = found.clone();
        Some(invitation(world, &found))
    })
}

pub fn withdraw(app: &Clerk, org: &str, key: &str) -> Answer<Value> {
    if find(app, org, key)?["status"] != "pending" {
        return Err(Problem::new(
            404,
            "organization_invitation_not_pending",
            "The invitation is not pending.",
        ));
    }
    let shown = set_status(app, key, "revoked").ok_or_else(|| Problem::not_found("organization invitation"))?;
    app.tell("organizationInvitation.revoked", shown.clone());
    Ok(shown)
}

pub async fn revoke(State(app): App, Path((org, key)): Path<(String, String)>) -> Answer {
    answer(withdraw(&app, &org, &key)?)
}

/// The invited person accepts: a membership is made.
pub fn accept(app: &Arc<Clerk>, key: &str, user: &Value) -> Answer<Value> {
    let found = app.world.read(|world| world.invitations.get(key).cloned());
    let found = found.filter(|inv| text(inv, "email_address").eq_ignore_ascii_case(email(user)));
    let found = found.ok_or_else(|| Problem::not_found("organization invitation"))?;
    match text(&found, "status") {
        "pending" if found["expires_at"].as_i64().is_some_and(|at| at < millis()) => {
            set_status(app, key, "expired");
            return Err(Problem::new(
                404,
                "organization_invitation_not_pending",
                "The invitation has expired.",
            ));
        }
        "pending" => {}
        "accepted" => {
            let text = "The invitation has been accepted already.";
            return Err(Problem::new(400, "organization_invitation_already_accepted", text));
        }
        _ => {
            return Err(Problem::new(
                404,
                "organization_invitation_not_pending",
                "The invitation is not pending.",
            ));
        }
    }
    let (public, private) = (&found["public_metadata"], &found["private_metadata"]);
    members::add(
        app,
        text(&found, "organization_id"),
        text(user, "id"),
        text(&found, "role"),
        public,
        private,
    )?;
    let mut shown = set_status(app, key, "accepted").ok_or_else(|| Problem::not_found("organization invitation"))?;
    let answer = shown.clone();
    shown["user_id"] = user["id"].clone();
    app.tell("organizationInvitation.accepted", shown);
    Ok(answer)
}
