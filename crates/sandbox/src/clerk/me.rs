//! The signed-in person: who they are, where they belong, where they are invited.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::browser::{Browser, wrapped};
use super::errors::{Answer, Fields};
use super::objects::{self, View, text};
use super::{App, Clerk, invitations, organizations};

pub async fn show(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let user = browser.user(&app)?;
    let shown = app.world.read(|world| objects::user(world, &user, View::Frontend));
    wrapped(&app, &browser, shown, &headers)
}

pub async fn memberships(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let user = browser.user(&app)?;
    let data: Vec<Value> = app.world.read(|world| {
        let members = world.memberships_of(text(&user, "id"));
        members
            .map(|member| objects::membership(world, member, View::Frontend))
            .collect()
    });
    wrapped(
        &app,
        &browser,
        json!({ "total_count": data.len(), "data": data }),
        &headers,
    )
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

pub async fn invitations(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let user = browser.user(&app)?;
    let data: Vec<Value> = app.world.read(|world| {
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
    wrapped(
        &app,
        &browser,
        json!({ "total_count": data.len(), "data": data }),
        &headers,
    )
}

pub async fn accept(State(app): App, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Answer {
    let browser = Browser::of(&app, &uri, &headers)?;
    let accepted = invitations::accept(&app, &id, &browser.user(&app)?)?;
    let shown = app.world.read(|world| offered(world, &accepted));
    wrapped(&app, &browser, shown, &headers)
}

/// The signed-in person makes an organization and is its admin.
pub async fn create_organization(app: Arc<Clerk>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let browser = Browser::of(&app, &parts.uri, &parts.headers)?;
    let user = browser.user(&app)?;
    let body = axum::body::to_bytes(body, 1 << 16).await.unwrap_or_default();
    let mut fields = Fields::form(&body);
    fields.0.insert("created_by".into(), user["id"].clone());
    let made = organizations::make(&app, &fields)?;
    let shown = app.world.read(|world| {
        let found = world.organizations.get(text(&made, "id"));
        found.map(|org| objects::organization(world, org, View::Frontend))
    });
    let response = wrapped(&app, &browser, json!(shown), &parts.headers)?;
    Ok(with_origin(response, &parts.headers))
}

/// What `cors` does, for the one answer that is given outside it.
fn with_origin(mut response: Response, headers: &HeaderMap) -> Response {
    if let Some(origin) = headers.get(header::ORIGIN) {
        response
            .headers_mut()
            .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.headers_mut().insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
    response
}
