//! What Clerk tells by Svix: every event has its documented shape and a good signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use reqwest::Method;
use sandbox::{Options, Sandbox, Target};
use serde_json::json;
use sha2::Sha256;

use crate::api::{Api, SPEED};
use crate::clerk_backend::{organization, user};
use crate::hooks::{Hook, Receiver};
use crate::spec;

const SECRET: &str = "whsec_Y2xlcmstc2FuZGJveC1zaWduaW5nLXNlY3JldCEhISE=";

fn is_signed(hook: &Hook) -> bool {
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key");
    let head = format!("{}.{}.", hook.header("svix-id"), hook.header("svix-timestamp"));
    mac.update(head.as_bytes());
    mac.update(&hook.raw);
    hook.header("svix-signature") == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn start(receiver: &Receiver) -> (Sandbox, Api) {
    let clerk_webhook = Some(Target {
        url: receiver.url.clone(),
        secret: SECRET.into(),
    });
    let sandbox = Sandbox::start(Options {
        speed: SPEED,
        clerk_webhook,
        ..Options::default()
    })
    .await
    .expect("a sandbox on free ports");
    let api = Api::clerk(sandbox.clerk_url());
    (sandbox, api)
}

#[tokio::test]
async fn every_change_is_told_with_the_documented_shape() {
    let receiver = Receiver::start().await;
    let (sandbox, api) = start(&receiver).await;
    let (ann, bob) = (user(&api, "ann@example.com").await, user(&api, "bob@example.com").await);
    let org = organization(&api, &ann).await;
    let members = format!("/v1/organizations/{org}/memberships");
    api.post(&members, json!({ "user_id": bob, "role": "org:member" }))
        .await;
    api.send(
        Method::PATCH,
        &format!("{members}/{bob}"),
        Some(&json!({ "role": "org:admin" })),
    )
    .await;
    api.send(
        Method::PATCH,
        &format!("/v1/organizations/{org}"),
        Some(&json!({ "name": "Other" })),
    )
    .await;
    api.post(
        &format!("/v1/organizations/{org}/invitations"),
        json!({ "email_address": "eve@example.com", "role": "org:member" }),
    )
    .await;
    api.post("/v1/sessions", json!({ "user_id": bob })).await;
    api.send(Method::DELETE, &format!("{members}/{ann}"), None).await;
    api.send(Method::DELETE, &format!("/v1/users/{bob}"), None).await;
    api.send(Method::DELETE, &format!("/v1/organizations/{org}"), None)
        .await;

    let hooks = receiver.until_event("organization.deleted").await;
    let told: Vec<_> = hooks.iter().map(Hook::event).collect();
    assert_eq!(
        told,
        [
            "user.created",
            "user.created",
            "organization.created",
            "organizationMembership.created",
            "organizationMembership.created",
            "organizationMembership.updated",
            "organization.updated",
            "organizationInvitation.created",
            "session.created",
            "organizationMembership.deleted",
            "session.removed",
            "organizationMembership.deleted",
            "user.deleted",
            "organization.deleted",
        ]
    );
    for hook in &hooks {
        assert!(is_signed(hook));
        if let Some(spec) = spec::clerk_events() {
            spec.check_event(&hook.body);
        }
    }
    assert_eq!(
        hooks[13].body["data"],
        json!({ "object": "organization", "id": org, "slug": "acme-ltd", "deleted": true })
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn a_doubled_event_keeps_its_id_and_a_shuffled_one_comes_after_the_next() {
    let receiver = Receiver::start().await;
    let (sandbox, api) = start(&receiver).await;
    api.post(
        "/_sandbox/faults",
        json!({ "kind": "duplicate", "event": "user.created" }),
    )
    .await;
    let ann = user(&api, "ann@example.com").await;
    let hooks = receiver.until(|hooks| hooks.len() == 2).await;
    assert_eq!(hooks[0].header("svix-id"), hooks[1].header("svix-id"));

    api.post(
        "/_sandbox/faults",
        json!({ "kind": "reorder", "event": "organization.created" }),
    )
    .await;
    organization(&api, &ann).await;
    let hooks = receiver.until(|hooks| hooks.len() == 4).await;
    let told: Vec<_> = hooks[2..].iter().map(Hook::event).collect();
    assert_eq!(told, ["organizationMembership.created", "organization.created"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_refused_event_is_repeated_with_the_same_id() {
    let receiver = Receiver::refusing(2).await;
    let (sandbox, api) = start(&receiver).await;
    user(&api, "ann@example.com").await;
    let hooks = receiver.until_event("user.created").await;
    assert!(is_signed(&hooks[0]));
    let deliveries = api.get("/_sandbox/deliveries").await;
    let outcomes: Vec<_> = deliveries
        .as_array()
        .unwrap()
        .iter()
        .map(|sent| sent["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "HTTP 503").count(), 2);
    sandbox.stop().await;
}
