//! Organizations, as the backend sees them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::http;
use super::backend::{SeparateMetadata, answer, order, query, slice};
use super::errors::{Answer, Fields, Problem, merge};
use super::objects::{View, membership, organization, text};
use super::{App, Clerk, World, id, members, millis};

const METADATA: &[&str] = &["public_metadata", "private_metadata"];

/// By id or slug.
fn key(world: &World, name: &str) -> Option<String> {
    let fits = |(id, org): &(&String, &Value)| *id == name || org["slug"] == name;
    world.organizations.iter().find(fits).map(|(id, _)| id.clone())
}

pub fn find(app: &Clerk, name: &str) -> Answer<Value> {
    let found = app
        .world
        .read(|world| key(world, name).and_then(|key| world.organizations.get(&key).cloned()));
    found.ok_or_else(|| Problem::not_found("organization"))
}

fn slug(name: &str) -> String {
    let dashed: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let parts: Vec<_> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

/// Makes an organization; its creator, where there is one, becomes its admin.
pub fn make(app: &Arc<Clerk>, fields: &Fields) -> Answer<Value> {
    let name = fields.need("name")?;
    if name.chars().count() > 256 {
        return Err(Problem::param(
            "form_param_max_length_exceeded",
            "name",
            "name is too long",
        ));
    }
    let creator = fields.text("created_by");
    if creator.is_some_and(|user| !app.world.read(|world| world.users.contains_key(user))) {
        let text = "The creator of the organization was not found.";
        return Err(Problem::new(400, "organization_creator_not_found", text));
    }
    let asked = fields.text("slug");
    if asked.is_some_and(|asked| asked.is_empty() || slug(asked) != asked) {
        let text = "slug may contain lower-case letters, digits and dashes only.";
        return Err(Problem::param("form_param_format_invalid", "slug", text));
    }
    let metadata = |name| Ok::<_, Problem>(fields.object(name)?.cloned().unwrap_or_else(|| json!({})));
    let (public, private) = (metadata("public_metadata")?, metadata("private_metadata")?);
    let now = fields.get("created_at").and_then(Value::as_i64).unwrap_or_else(millis);
    let made = app.world.write(|world| {
        let taken = |slug: &str| world.organizations.values().any(|org| org["slug"] == slug);
        let slug = match asked {
            Some(slug) if taken(slug) => {
                return Err(Problem::param(
                    "form_identifier_exists",
                    "slug",
                    "That slug is taken. Please try another.",
                ));
            }
            Some(slug) => slug.to_owned(),
            None => Some(slug(name))
                .filter(|slug| !taken(slug))
                .unwrap_or_else(|| format!("{}-{}", slug(name), millis())),
        };
        let id = id("org_");
        let mut org = json!({
            "object": "organization", "id": id, "name": name, "slug": slug,
            "image_url": "https://img.clerk.com/sandbox", "has_image": false,
            "max_allowed_memberships": fields.get("max_allowed_memberships").and_then(Value::as_u64).unwrap_or(0),
            "admin_delete_enabled": true, "public_metadata": public, "private_metadata": private,
            "created_at": now, "updated_at": now, "role_set_key": null,
        });
        if let Some(creator) = creator {
            org["created_by"] = json!(creator);
        }
        world.organizations.insert(id, org.clone());
        Ok(org)
    })?;
    let shown = |app: &Clerk| app.world.read(|world| organization(world, &made, View::Backend));
    app.tell("organization.created", shown(app));
    if let Some(creator) = creator {
        members::add(app, text(&made, "id"), creator, "org:admin", &json!({}), &json!({}))?;
    }
    Ok(shown(app))
}

pub async fn create(State(app): App, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    answer(make(&app, &fields)?)
}

pub async fn list(State(app): App, uri: Uri) -> Answer {
    let query = query(&uri);
    let wanted = http::first(&query, "query").map(str::to_lowercase);
    let (users, ids) = (http::all(&query, "user_id"), http::all(&query, "organization_id"));
    let mut found: Vec<Value> = app.world.read(|world| {
        let fits = |org: &&Value| {
            let id = text(org, "id");
            wanted.as_deref().is_none_or(|wanted| {
                ["name", "slug", "id"]
                    .iter()
                    .any(|field| text(org, field).to_lowercase().contains(wanted))
            }) && (ids.is_empty() || ids.contains(&id))
                && (users.is_empty() || users.iter().any(|user| world.membership(id, user).is_some()))
        };
        world
            .organizations
            .values()
            .filter(fits)
            .map(|org| organization(world, org, View::Backend))
            .collect()
    });
    order(&mut found, &query, &["created_at", "name", "members_count"])?;
    answer(slice(&query)?.page(found))
}

pub async fn show(State(app): App, Path(id): Path<String>) -> Answer {
    let org = find(&app, &id)?;
    answer(app.world.read(|world| organization(world, &org, View::Backend)))
}

fn change(app: &Clerk, name: &str, change: impl FnOnce(&mut Value)) -> Answer<Value> {
    let shown = app.world.write(|world| {
        let key = key(world, name)?;
        let org = world.organizations.get_mut(&key)?;
        change(org);
        org["updated_at"] = json!(millis());
        let org = org.clone();
        Some(organization(world, &org, View::Backend))
    });
    let shown = shown.ok_or_else(|| Problem::not_found("organization"))?;
    app.tell("organization.updated", shown.clone());
    Ok(shown)
}

pub async fn update(
    State(app): App,
    Extension(separate): Extension<SeparateMetadata>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let fields = Fields::json(&body)?;
    let known: &[&str] = &[
        "name",
        "slug",
        "max_allowed_memberships",
        "admin_delete_enabled",
        "role_set_key",
        "created_at",
    ];
    if separate.0 {
        fields.only(known)?;
    } else {
        fields.only(&[known, METADATA].concat())?;
    }
    answer(set(&app, &id, &fields)?)
}

/// Sets these fields of an organization.
pub fn set(app: &Clerk, id: &str, fields: &Fields) -> Answer<Value> {
    if let Some(slug) = fields.text("slug") {
        let own = text(&find(app, id)?, "id").to_owned();
        let taken = app
            .world
            .read(|world| key(world, slug).is_some_and(|other| other != own));
        if taken {
            return Err(Problem::param(
                "form_identifier_exists",
                "slug",
                "That slug is taken. Please try another.",
            ));
        }
    }
    change(app, id, |org| {
        for (name, value) in &fields.0 {
            org[name] = value.clone();
        }
    })
}

pub async fn merge_metadata(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    fields.only(METADATA)?;
    for name in METADATA {
        fields.object(name)?;
    }
    let changed = change(&app, &id, |org| {
        for (name, changes) in &fields.0 {
            merge(&mut org[name], changes);
        }
    });
    answer(changed?)
}

pub async fn replace_metadata(State(app): App, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::json(&body)?;
    fields.only(METADATA)?;
    let changed = change(&app, &id, |org| {
        for (name, value) in &fields.0 {
            org[name] = if value.is_null() { json!({}) } else { value.clone() };
        }
    });
    answer(changed?)
}

/// Memberships and invitations go with it, and no session keeps it active.
pub fn remove(app: &Clerk, id: &str) -> Answer<Value> {
    let org = find(app, id)?;
    let id = text(&org, "id");
    let members = app.world.write(|world| {
        let members: Vec<Value> = world
            .members_in(id)
            .map(|member| membership(world, member, View::Backend))
            .collect();
        world.memberships.retain(|_, member| member["organization_id"] != id);
        world
            .invitations
            .retain(|_, invitation| invitation["organization_id"] != id);
        for session in world
            .sessions
            .values_mut()
            .filter(|session| session["last_active_organization_id"] == id)
        {
            session["last_active_organization_id"] = Value::Null;
        }
        world.organizations.remove(id);
        members
    });
    for member in members {
        app.tell("organizationMembership.deleted", member);
    }
    let deleted = json!({ "object": "organization", "id": id, "slug": org["slug"], "deleted": true });
    app.tell("organization.deleted", deleted.clone());
    Ok(deleted)
}

pub async fn delete(State(app): App, Path(id): Path<String>) -> Answer {
    answer(remove(&app, &id)?)
}
