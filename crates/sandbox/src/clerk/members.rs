//! Memberships: who belongs to which organization, in which role.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::http;
use super::backend::{answer, order, query, slice};
use super::errors::{Answer, Fields, Problem, merge};
use super::objects::{View, email, membership, text};
use super::{App, Clerk, World, id, millis, organizations, roles};

/// Adds a member and tells about it.
pub fn add(
    app: &Arc<Clerk>,
    organization: &str,
    user: &str,
    role: &str,
    public: &Value,
    private: &Value,
) -> Answer<Value> {
    roles::name(role)?;
    let shown = app.world.write(|world| {
        if !world.users.contains_key(user) {
            return Err(Problem::not_found("user"));
        }
        if world.membership(organization, user).is_some() {
            let text = "This user is already a member of the organization.";
            return Err(Problem::new(400, "already_a_member_in_organization", text));
        }
        let most = world
            .organizations
            .get(organization)
            .and_then(|org| org["max_allowed_memberships"].as_u64());
        if most.is_some_and(|most| most > 0 && world.members_in(organization).count() as u64 >= most) {
            let text = "The organization has reached its limit of members.";
            return Err(Problem::new(403, "organization_membership_quota_exceeded", text));
        }
        let now = millis();
        let member = json!({
            "id": id("orgmem_"), "organization_id": organization, "user_id": user, "role": role,
            "public_metadata": public, "private_metadata": private, "created_at": now, "updated_at": now,
        });
        world.memberships.insert(text(&member, "id").to_owned(), member.clone());
        Ok(membership(world, &member, View::Backend))
    })?;
    app.tell("organizationMembership.created", shown.clone());
    Ok(shown)
}

pub async fn create(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    let org = organizations::find(&app, &id)?;
    let (user, role) = (fields.need("user_id")?, fields.need("role")?);
    let nothing = json!({});
    let public = fields.object("public_metadata")?.unwrap_or(&nothing);
    let private = fields.object("private_metadata")?.unwrap_or(&nothing);
    answer(add(&app, text(&org, "id"), user, role, public, private)?)
}

fn matching(world: &World, query: &[(String, String)], view: View, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    let (roles, users) = (http::all(query, "role"), http::all(query, "user_id"));
    let addresses = http::all(query, "email_address");
    let wanted = http::first(query, "query").map(str::to_lowercase);
    let passes = |member: &&Value| {
        let user = world.users.get(text(member, "user_id"));
        let address = user.map(email).unwrap_or_default().to_lowercase();
        fits(member)
            && (roles.is_empty() || roles.contains(&text(member, "role")))
            && (users.is_empty() || users.contains(&text(member, "user_id")))
            && (addresses.is_empty() || addresses.iter().any(|wanted| wanted.eq_ignore_ascii_case(&address)))
            && wanted.as_deref().is_none_or(|wanted| {
                address.contains(wanted)
                    || user.is_some_and(|user| {
                        ["id", "first_name", "last_name", "username"]
                            .iter()
                            .any(|field| text(user, field).to_lowercase().contains(wanted))
                    })
            })
    };
    let found = world.memberships.values().filter(passes);
    found.map(|member| membership(world, member, view)).collect()
}

const ORDERS: &[&str] = &[
    "created_at",
    "first_name",
    "last_name",
    "email_address",
    "username",
    "phone_number",
];

/// The members of an organization whom the query asks for.
pub fn page(app: &Clerk, org: &Value, query: &[(String, String)], view: View) -> Answer<Value> {
    let fits = |member: &Value| member["organization_id"] == org["id"];
    let mut found = app.world.read(|world| matching(world, query, view, fits));
    order(&mut found, query, ORDERS)?;
    Ok(slice(query)?.page(found))
}

pub async fn list(State(app): App, Path(id): Path<String>, uri: Uri) -> Answer {
    let org = organizations::find(&app, &id)?;
    answer(page(&app, &org, &query(&uri), View::Backend)?)
}

pub async fn all(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let mut found = app.world.read(|world| matching(world, &query, View::Backend, |_| true));
    order(&mut found, &query, ORDERS)?;
    answer(slice(&query)?.page(found))
}

pub async fn of_user(State(app): App, Path(id): Path<String>, uri: Uri) -> Answer {
    if !app.world.read(|world| world.users.contains_key(&id)) {
        return Err(Problem::not_found("user"));
    }
    let query = query(&uri);
    let mut found = app
        .world
        .read(|world| matching(world, &[], View::Backend, |member| member["user_id"] == id));
    order(&mut found, &query, ORDERS)?;
    answer(slice(&query)?.page(found))
}

/// Changes one membership and tells about it.
fn change(app: &Arc<Clerk>, org: &str, user: &str, change: impl FnOnce(&mut Value)) -> Answer<Value> {
    let org = organizations::find(app, org)?;
    let shown = app.world.write(|world| {
        let key = text(world.membership(text(&org, "id"), user)?, "id").to_owned();
        let member = world.memberships.get_mut(&key)?;
        change(member);
        member["updated_at"] = json!(millis());
        let member = member.clone();
        Some(membership(world, &member, View::Backend))
    });
    let shown = shown.ok_or_else(|| Problem::not_found("organization membership"))?;
    app.tell("organizationMembership.updated", shown.clone());
    Ok(shown)
}

/// An organization keeps somebody who may manage its members.
fn keeps_a_manager(app: &Clerk, org: &str, user: &str) -> Answer<()> {
    let org = organizations::find(app, org)?;
    let keeps = app.world.read(|world| {
        let id = text(&org, "id");
        let leaves = world
            .membership(id, user)
            .is_some_and(|member| roles::may_manage(text(member, "role")));
        let others = world.members_in(id).filter(|member| member["user_id"] != user);
        !leaves || others.into_iter().any(|member| roles::may_manage(text(member, "role")))
    });
    let text = "There has to be at least one organization member with the minimum required permissions.";
    if keeps {
        Ok(())
    } else {
        Err(Problem::new(400, "organization_minimum_permissions_needed", text))
    }
}

pub fn set_role(app: &Arc<Clerk>, org: &str, user: &str, role: &str) -> Answer<Value> {
    roles::name(role)?;
    if !roles::may_manage(role) {
        keeps_a_manager(app, org, user)?;
    }
    change(app, org, user, |member| member["role"] = json!(role))
}

pub async fn update(State(app): App, Path((org, user)): Path<(String, String)>, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    answer(set_role(&app, &org, &user, fields.need("role")?)?)
}

pub async fn merge_metadata(State(app): App, Path((org, user)): Path<(String, String)>, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    fields.only(&["public_metadata", "private_metadata"])?;
    let changed = change(&app, &org, &user, |member| {
        for (name, changes) in &fields.0 {
            merge(&mut member[name], changes);
        }
    });
    answer(changed?)
}

pub fn remove(app: &Clerk, org: &str, user: &str) -> Answer<Value> {
    keeps_a_manager(app, org, user)?;
    let org = organizations::find(app, org)?;
    let removed = app.world.write(|world| {
        let member = world.membership(text(&org, "id"), user)?.clone();
        let shown = membership(world, &member, View::Backend);
        world.memberships.remove(text(&member, "id"));
        let sessions = world.sessions.values_mut().filter(|session| session["user_id"] == user);
        for session in sessions.filter(|session| session["last_active_organization_id"] == org["id"]) {
            session["last_active_organization_id"] = Value::Null;
        }
        Some(shown)
    });
    let removed = removed.ok_or_else(|| Problem::not_found("organization membership"))?;
    app.tell("organizationMembership.deleted", removed.clone());
    Ok(removed)
}

pub async fn delete(State(app): App, Path((org, user)): Path<(String, String)>) -> Answer {
    answer(remove(&app, &org, &user)?)
}
