//! Organizations as their members' browsers see them: an organization, who is in it, who is invited.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::{get, patch, post};
use bytes::Bytes;
use serde_json::{Value, json};

use super::backend::query;
use super::browser::{Browser, wrapped};
use super::errors::{Answer, Fields, Problem};
use super::objects::{self, View, text};
use super::{App, Clerk, invitations, members, organizations, roles};

pub fn router() -> Router<Arc<Clerk>> {
    Router::new()
        .route("/v1/organizations", post(create))
        .route("/v1/organizations/{id}", get(show).patch(update).delete(delete))
        .route("/v1/organizations/{id}/roles", get(list_roles))
        .route("/v1/organizations/{id}/memberships", get(list_members))
        .route(
            "/v1/organizations/{id}/memberships/{user}",
            patch(set_role).delete(remove_member),
        )
        .route("/v1/organizations/{id}/invitations", get(list_invitations).post(invite))
        .route("/v1/organizations/{id}/invitations/{invitation}/revoke", post(withdraw))
}

/// Who asks, and what of.
struct Asked {
    browser: Browser,
    user: Value,
    org: Value,
}

const PROFILE: &str = "org:sys_profile:manage";
const DELETE: &str = "org:sys_profile:delete";
const READ: &str = "org:sys_memberships:read";
const MANAGE: &str = "org:sys_memberships:manage";

impl Asked {
    /// Somebody who may do this in the organization. Of one they do not belong to they hear nothing.
    fn by(app: &Clerk, org: &str, permission: Option<&str>, uri: &Uri, headers: &HeaderMap) -> Answer<Self> {
        let browser = Browser::of(app, uri, headers)?;
        let user = browser.user(app)?;
        let foreign = || {
            let text = "Given organization not found, or you don't have permission to access it";
            Problem::new(404, "organization_not_found_or_unauthorized", text)
        };
        let org = organizations::find(app, org).map_err(|_| foreign())?;
        let role = app.world.read(|world| {
            let member = world.membership(text(&org, "id"), text(&user, "id"))?;
            Some(text(member, "role").to_owned())
        });
        let role = role.ok_or_else(foreign)?;
        if permission.is_some_and(|permission| !roles::permissions(&role).iter().any(|has| has == permission)) {
            let text = "Current user is missing an organization permission.";
            return Err(Problem::new(403, "missing_organization_permission", text));
        }
        Ok(Self { browser, user, org })
    }

    fn id(&self) -> &str {
        text(&self.org, "id")
    }

    fn shown(&self, app: &Clerk) -> Value {
        let found = app.world.read(|world| {
            let org = world.organizations.get(self.id())?;
            Some(objects::organization(world, org, View::Frontend))
        });
        json!(found)
    }

    fn member(&self, app: &Clerk, user: &str) -> Value {
        let found = app.world.read(|world| {
            let member = world.membership(self.id(), user)?;
            Some(objects::membership(world, member, View::Frontend))
        });
        json!(found)
    }
}

/// Whoever makes an organization is its admin.
async fn create(State(app): App, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let user = browser.user(&app)?;
    let mut fields = Fields::form(&body);
    fields.only(&["name", "slug"])?;
    fields.0.insert("created_by".into(), user["id"].clone());
    let org = organizations::make(&app, &fields)?;
    let asked = Asked { browser, user, org };
    wrapped(&app, &asked.browser, asked.shown(&app), &headers)
}

async fn show(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let asked = Asked::by(&app, &id, None, &uri, &headers)?;
    wrapped(&app, &asked.browser, asked.shown(&app), &headers)
}

async fn update(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let asked = Asked::by(&app, &id, Some(PROFILE), &uri, &headers)?;
    let fields = Fields::form(&body);
    fields.only(&["name", "slug"])?;
    organizations::set(&app, asked.id(), &fields)?;
    wrapped(&app, &asked.browser, asked.shown(&app), &headers)
}

async fn delete(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let asked = Asked::by(&app, &id, Some(DELETE), &uri, &headers)?;
    let deleted = organizations::remove(&app, asked.id())?;
    wrapped(&app, &asked.browser, deleted, &headers)
}

async fn list_roles(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let asked = Asked::by(&app, &id, Some(READ), &uri, &headers)?;
    wrapped(&app, &asked.browser, roles::page(), &headers)
}

async fn list_members(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let asked = Asked::by(&app, &id, Some(READ), &uri, &headers)?;
    let query = query(&uri);
    let page = members::page(&app, &asked.org, &query, View::Frontend)?;
    wrapped(&app, &asked.browser, paginated(page, &query), &headers)
}

async fn set_role(
    State(app): App,
    Path((id, user)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let asked = Asked::by(&app, &id, Some(MANAGE), &uri, &headers)?;
    let fields = Fields::form(&body);
    fields.only(&["role"])?;
    members::set_role(&app, asked.id(), &user, fields.need("role")?)?;
    wrapped(&app, &asked.browser, asked.member(&app, &user), &headers)
}

async fn remove_member(
    State(app): App,
    Path((id, user)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::by(&app, &id, Some(MANAGE), &uri, &headers)?;
    let member = asked.member(&app, &user);
    members::remove(&app, asked.id(), &user)?;
    wrapped(&app, &asked.browser, member, &headers)
}

async fn list_invitations(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let asked = Asked::by(&app, &id, Some(MANAGE), &uri, &headers)?;
    let mut page = invitations::page(&app, &asked.org, &query(&uri))?;
    if let Some(invitations) = page["data"].as_array_mut() {
        invitations.iter_mut().for_each(hide);
    }
    wrapped(&app, &asked.browser, page, &headers)
}

async fn invite(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap, body: Bytes) -> Answer {
    let asked = Asked::by(&app, &id, Some(MANAGE), &uri, &headers)?;
    let mut fields = Fields::form(&body);
    fields.only(&["email_address", "role"])?;
    fields.0.insert("inviter_user_id".into(), asked.user["id"].clone());
    let mut made = invitations::make(&app, asked.id(), &fields)?;
    hide(&mut made);
    wrapped(&app, &asked.browser, made, &headers)
}

async fn withdraw(
    State(app): App,
    Path((id, invitation)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let asked = Asked::by(&app, &id, Some(MANAGE), &uri, &headers)?;
    let mut withdrawn = invitations::withdraw(&app, asked.id(), &invitation)?;
    hide(&mut withdrawn);
    wrapped(&app, &asked.browser, withdrawn, &headers)
}

/// What browsers do not see of an invitation.
fn hide(invitation: &mut Value) {
    if let Some(members) = invitation.as_object_mut() {
        members.retain(|name, _| !matches!(name.as_str(), "private_metadata" | "url"));
    }
}

/// Memberships are a page where `paginated=true` asks for one, else the bare list.
pub fn paginated(page: Value, query: &[(String, String)]) -> Value {
    match super::super::http::first(query, "paginated") {
        Some("true") => page,
        _ => page["data"].clone(),
    }
}
