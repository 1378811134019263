//! The signed-in person: who they are, where they belong, where they are invited.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::{delete, get, post};
use bytes::Bytes;
use serde_json::{Value, json};

use super::backend::{query, slice};
use super::browser::{Browser, wrapped};
use super::errors::{Answer, Fields};
use super::objects::{self, View, text};
use super::teams::paginated;
use super::{App, Clerk, invitations, members, organizations, users};

pub fn router() -> Router<Arc<Clerk>> {
    Router::new()
        .route("/v1/me", get(show).patch(update).delete(leave_instance))
        .route("/v1/me/organization_memberships", get(memberships))
        .route("/v1/me/organization_memberships/{id}", delete(leave))
        .route("/v1/me/organization_invitations", get(invitations))
        .route("/v1/me/organization_invitations/{id}/accept", post(accept))
        .route("/v1/me/organization_suggestions", get(suggestions))
}

async fn show(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let user = browser.user(&app)?;
    let shown = app.world.read(|world| objects::user(world, &user, View::Frontend));
    wrapped(&app, &browser, shown, &headers)
}

/// Names are all that people of this instance change about themselves.
async fn update(State(app): App, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let user = browser.user(&app)?;
    let fields = Fields::form(&body);
    fields.only(&["username", "first_name", "last_name"])?;
    let changed = users::change(&app, text(&user, "id"), |user| {
        for (name, value) in &fields.0 {
            user[name] = if value == "" { Value::Null } else { value.clone() };
        }
    })?;
    let shown = app.world.read(|world| objects::user(world, &changed, View::Frontend));
    wrapped(&app, &browser, shown, &headers)
}

async fn leave_instance(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let deleted = users::remove(&app, text(&browser.user(&app)?, "id"))?;
    wrapped(&app, &browser, deleted, &headers)
}

async fn memberships(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let (user, query) = (browser.user(&app)?, query(&uri));
    let found: Vec<Value> = app.world.read(|world| {
        let members = world.memberships_of(text(&user, "id"));
        members
            .map(|member| objects::membership(world, member, View::Frontend))
            .collect()
    });
    let page = slice(&query)?.page(found);
    wrapped(&app, &browser, paginated(page, &query), &headers)
}

async fn leave(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let user = browser.user(&app)?;
    let org = organizations::find(&app, &id)?;
    let left = members::remove(&app, text(&org, "id"), text(&user, "id"))?;
    let deleted = json!({ "object": "organization_membership", "id": left["id"], "deleted": true });
    wrapped(&app, &browser, deleted, &headers)
}

/// An invitation as the invited person sees it.
fn offered(world: &super::World, invitation: &Value) -> Value {
    let organization = world.organizations.get(text(invitation, "organization_id"));
    json!({
        "object": "organization_invitation", "id": invitation["id"], "email_address": invitation["email_address"],
        "role": invitation["role"], "role_name": super::roles::name(text(invitation, "role")).unwrap_or_default(),
        "status": invitation["status"], "public_metadata": invitation["public_metadata"],
        "organization_id": invitation["organization_id"],
        "public_organization_data": organization.map(|org| json!({
            "id": org["id"], "name": org["name"], "slug": org["slug"], "image_url": org["image_url"],
            "has_image": false,
        })),
        "expires_at": invitation["expires_at"], "url": null, "created_at": invitation["created_at"],
        "updated_at": invitation["updated_at"],
    })
}

async fn invitations(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let (user, query) = (browser.user(&app)?, query(&uri));
    let found: Vec<Value> = app.world.read(|world| {
        let mine = |inv: &&Value| {
            text(inv, "email_address").eq_ignore_ascii_case(objects::email(&user)) && inv["status"] == "pending"
        };
        world
            .invitations
            .values()
            .filter(mine)
            .map(|invitation| offered(world, invitation))
            .collect()
    });
    wrapped(&app, &browser, slice(&query)?.page(found), &headers)
}

async fn accept(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let accepted = invitations::accept(&app, &id, &browser.user(&app)?)?;
    let shown = app.world.read(|world| offered(world, &accepted));
    wrapped(&app, &browser, shown, &headers)
}

/// Organizations suggest themselves by the domains of addresses, which this instance does not know.
async fn suggestions(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    browser.user(&app)?;
    wrapped(&app, &browser, json!({ "data": [], "total_count": 0 }), &headers)
}
