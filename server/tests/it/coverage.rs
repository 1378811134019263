//! Coverage: every REST route and every server function, as another organization, in every role, and as nobody.
//!
//! The routes come from what is served. A new one fails here until it has a sample.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::rest;
use switchboard::{
    Id,
    calls::Call,
    org::Role,
    resource::{Action, Kind},
};

use crate::support::{Org, World, draft_json};

/// What an organization has that a route could be asked about.
struct Belongings {
    agent: String,
    call: String,
    key: String,
    invitation: String,
    member: String,
}

impl Belongings {
    async fn of(world: &World, org: &Org) -> Self {
        let agent = world.agent(org, &format!("Agent of {}", org.name)).await.id.to_string();
        let placed = world
            .post(
                "/calls",
                &org.key,
                &json!({"agent_id": agent, "to": {"medium": "phone", "number": "+15550100000"}}),
            )
            .await;
        assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text());
        let text = |answer: crate::support::Answer| {
            answer.json()["id"]
                .as_str()
                .unwrap_or_else(|| panic!("{}", answer.text()))
                .to_owned()
        };
        let invitation = world
            .post(
                "/invitations",
                &org.key,
                &json!({"email": format!("guest-of-{}@example.com", org.id), "role": "viewer"}),
            )
            .await;
        let key = world
            .post(
                "/api-keys",
                &org.key,
                &json!({"name": "spare", "scopes": ["agents:read"]}),
            )
            .await;
        Self {
            agent,
            call: text(placed),
            key: text(key),
            invitation: text(invitation),
            member: world.member(org, Role::Viewer).await.0.to_string(),
        }
    }

    /// The path with this organization's things in place of its parameters.
    fn fill(&self, path: &str) -> String {
        let id = match path.split('/').nth(1) {
            Some("agents") => &self.agent,
            Some("calls") => &self.call,
            Some("api-keys") => &self.key,
            Some("invitations") => &self.invitation,
            // Voices belong to the provider's library, which everybody shares.
            Some("voices") => "no-such-voice",
            _ if path.contains("{id}") => {
                panic!("no sample for {path}: add what an organization has of it to Belongings")
            }
            _ => "",
        };
        path.replace("{id}", id).replace("{user_id}", &self.member)
    }
}

/// A good body for a route that takes one.
fn body(method: &Method, path: &str, of: &Belongings) -> Option<Value> {
    match (method.as_str(), path) {
        ("GET" | "DELETE", _) | ("POST", "/agents/{id}/sync" | "/agents/{id}/duplicate" | "/calls/{id}/stop") => None,
        ("POST", "/agents") => Some(draft_json("Another")),
        ("PUT", "/agents/{id}") => Some(draft_json("Changed")),
        ("POST", "/calls") => Some(json!({"agent_id": of.agent, "to": {"medium": "phone", "number": "+15550100000"}})),
        ("POST", "/calls/{id}/messages") => Some(json!({"text": "Hello"})),
        ("PUT", "/members/{user_id}/role") => Some(json!({"role": "viewer"})),
        ("POST", "/invitations") => Some(json!({"email": "somebody@example.com", "role": "viewer"})),
        ("POST", "/api-keys") => Some(json!({"name": "another", "scopes": ["agents:read"]})),
        _ => panic!("no sample body for {method} {path}: add one"),
    }
}

fn guarded() -> Vec<(Method, &'static str, (Action, Kind))> {
    rest::endpoints()
        .into_iter()
        .filter_map(|endpoint| Some((endpoint.method, endpoint.path, endpoint.access?)))
        .collect()
}

#[tokio::test]
async fn only_the_token_route_is_open() {
    let open: Vec<_> = rest::endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.access.is_none())
        .map(|endpoint| endpoint.path)
        .collect();
    assert_eq!(open, ["/auth/token"]);
}

#[tokio::test]
async fn nobody_is_let_in() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let belongings = Belongings::of(&world, &org).await;
    for (method, path, _) in guarded() {
        let filled = belongings.fill(path);
        for bearer in [
            None,
            Some("sb_live_0000000000_0000000000000000000000000000000000000000000"),
            Some("a.b.c"),
        ] {
            let answer = world
                .rest(
                    method.clone(),
                    &filled,
                    bearer,
                    body(&method, path, &belongings).as_ref(),
                )
                .await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.json()["type"], "unauthenticated", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn another_organization_finds_nothing_and_changes_nothing() {
    let world = World::new().await;
    let (mine, other) = (world.org("Canary Mine").await, world.org("Other").await);
    let belongings = Belongings::of(&world, &mine).await;
    let before = snapshot(&world, &mine).await;
    for (method, path, _) in guarded() {
        if !path.contains('{') {
            let answer = world
                .rest(
                    method.clone(),
                    path,
                    Some(&other.key),
                    body(&method, path, &belongings).as_ref(),
                )
                .await;
            assert!(
                !answer.text().contains("Canary") && !answer.text().contains(mine.id.as_str()),
                "{method} {path}: {}",
                answer.text()
            );
            continue;
        }
        let sample = body(&method, path, &belongings);
        let foreign = world
            .rest(
                method.clone(),
                &belongings.fill(path),
                Some(&other.key),
                sample.as_ref(),
            )
            .await;
        let random = path
            .replace("{id}", &Id::<Call>::new().to_string())
            .replace("{user_id}", "user_nobody");
        let random = world
            .rest(method.clone(), &random, Some(&other.key), sample.as_ref())
            .await;
        assert_eq!(
            foreign.status,
            StatusCode::NOT_FOUND,
            "{method} {path}: {}",
            foreign.text()
        );
        assert_eq!(
            foreign.bytes, random.bytes,
            "{method} {path} tells a foreign id from a random one"
        );
    }
    assert_eq!(
        snapshot(&world, &mine).await,
        before,
        "another organization changed something"
    );
}

#[tokio::test]
async fn every_role_may_do_what_the_table_says_and_no_more() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let mut tokens = BTreeMap::new();
    for role in Role::ALL {
        tokens.insert(role, world.member(&org, role).await.1);
    }
    for (method, path, (action, kind)) in guarded() {
        for (role, token) in &tokens {
            let belongings = Belongings::of_fresh(&world, &org).await;
            let answer = world
                .rest(
                    method.clone(),
                    &belongings.fill(path),
                    Some(token),
                    body(&method, path, &belongings).as_ref(),
                )
                .await;
            let refused = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert_eq!(
                refused,
                !role.permits(action, kind),
                "{method} {path} as {role:?}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
}

impl Belongings {
    /// Things nobody has touched yet: names are unique, and what was deleted is gone.
    async fn of_fresh(world: &World, org: &Org) -> Self {
        let renamed = Org {
            name: format!("{} {}", org.name, crate::support::serial()),
            id: org.id.clone(),
            user: org.user.clone(),
            email: org.email.clone(),
            key: org.key.clone(),
        };
        sqlx::query("delete from app.agents where org_id = $1")
            .bind(org.id.as_str())
            .execute(&world.db.admin)
            .await
            .unwrap();
        sqlx::query("delete from identity.invitations where org_id = $1")
            .bind(org.id.as_str())
            .execute(&world.db.admin)
            .await
            .unwrap();
        Self::of(world, &renamed).await
    }
}

/// Everything of an organization, to compare.
async fn snapshot(world: &World, org: &Org) -> Vec<String> {
    let mut lines = Vec::new();
    for path in ["/agents", "/members", "/invitations", "/api-keys", "/audit"] {
        lines.push(world.get(path, &org.key).await.text());
    }
    let calls = world.get("/calls", &org.key).await.json();
    lines.push(calls["items"].as_array().unwrap().len().to_string());
    lines
}

#[test]
fn the_document_describes_exactly_what_is_served() {
    let document = serde_json::to_value(rest::openapi::document()).unwrap();
    let mut described: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut served: Vec<_> = rest::endpoints()
        .iter()
        .map(|endpoint| (endpoint.method.to_string(), endpoint.path.to_owned()))
        .collect();
    described.sort();
    served.sort();
    assert_eq!(described, served);
}

/// The arguments of every server function, and what a stranger to the organization is told.
fn arguments(name: &str, org: &str, of: &Belongings) -> (&'static str, String) {
    let form = "application/x-www-form-urlencoded";
    let json_type = "application/json";
    let _ = (&of.call, json_type);
    match name {
        _ if name.is_empty() => (form, format!("org={org}")),
        _ => (form, format!("org={org}&id={}", of.agent)),
    }
}

#[tokio::test]
async fn every_server_function_is_a_post_and_asks_who_is_there() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let belongings = Belongings::of(&world, &org).await;
    let open = [
        "sign_in",
        "sign_up",
        "verify_email",
        "resend",
        "forgot",
        "reset",
        "offer",
        "mail",
    ];
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        assert_eq!(
            method,
            Method::POST,
            "{path} changes things by GET, which any site can cause"
        );
        let name = path.rsplit('/').next().unwrap_or_default();
        if open.iter().any(|word| name.contains(word)) {
            continue;
        }
        let (kind, body) = arguments(name, org.id.as_str(), &belongings);
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, kind)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .unwrap();
        let answer = world.send(request).await;
        assert!(!answer.status.is_success(), "{path} answers nobody: {}", answer.text());
    }
}
