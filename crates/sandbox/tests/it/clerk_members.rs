//! Who belongs to an organization, and who is invited.

use reqwest::Method;
use serde_json::{Value, json};

use crate::clerk_backend::{clerk, id, organization, refused, user};

#[tokio::test]
async fn members_come_and_go_but_somebody_who_manages_stays() {
    let (sandbox, api) = clerk().await;
    let (ann, bob) = (user(&api, "ann@example.com").await, user(&api, "bob@example.com").await);
    let org = organization(&api, &ann).await;
    let path = format!("/v1/organizations/{org}/memberships");
    let made = api.post(&path, json!({ "user_id": bob, "role": "org:member" })).await;
    assert!(made["id"].as_str().unwrap().starts_with("orgmem_"));
    refused(
        &api,
        Method::POST,
        &path,
        json!({ "user_id": bob, "role": "org:member" }),
        400,
        "already_a_member_in_organization",
    )
    .await;
    refused(
        &api,
        Method::POST,
        &path,
        json!({ "user_id": bob, "role": "org:king" }),
        404,
        "resource_not_found",
    )
    .await;
    assert_eq!(api.get(&format!("{path}?role=org:admin")).await["total_count"], 1);
    assert_eq!(
        api.get(&format!("/v1/users/{bob}/organization_memberships")).await["total_count"],
        1
    );

    let one = |user: &str| format!("{path}/{user}");
    refused(
        &api,
        Method::DELETE,
        &one(&ann),
        Value::Null,
        400,
        "organization_minimum_permissions_needed",
    )
    .await;
    refused(
        &api,
        Method::PATCH,
        &one(&ann),
        json!({ "role": "org:member" }),
        400,
        "organization_minimum_permissions_needed",
    )
    .await;
    let (_, risen) = api
        .send(Method::PATCH, &one(&bob), Some(&json!({ "role": "org:admin" })))
        .await;
    assert_eq!(risen["role_name"], "Admin");
    let metadata = json!({ "public_metadata": { "desk": 4 } });
    let (_, marked) = api
        .send(Method::PATCH, &format!("{}/metadata", one(&bob)), Some(&metadata))
        .await;
    assert_eq!(marked["public_metadata"], json!({ "desk": 4 }));
    let (status, removed) = api.send(Method::DELETE, &one(&ann), None).await;
    assert_eq!((status, &removed["public_user_data"]["user_id"]), (200, &json!(ann)));
    api.get("/v1/organization_roles").await;
    api.get("/v1/organization_permissions").await;
    sandbox.stop().await;
}

#[tokio::test]
async fn invitations_are_unique_listed_and_revoked_once() {
    let (sandbox, api) = clerk().await;
    let ann = user(&api, "ann@example.com").await;
    let org = organization(&api, &ann).await;
    let path = format!("/v1/organizations/{org}/invitations");
    let ask = json!({ "email_address": "new@example.com", "role": "org:member", "inviter_user_id": ann, "redirect_url": "http://127.0.0.1:3000/join" });
    let made = api.post(&path, ask.clone()).await;
    assert_eq!(made["status"], "pending");
    assert!(made["url"].as_str().unwrap().contains("__clerk_ticket="));
    refused(
        &api,
        Method::POST,
        &path,
        ask,
        400,
        "organization_invitation_not_unique",
    )
    .await;
    let own = json!({ "email_address": "ann@example.com", "role": "org:member" });
    refused(&api, Method::POST, &path, own, 400, "already_a_member_in_organization").await;
    let bulk = json!([{ "email_address": "a@example.com", "role": "org:member" }, { "email_address": "b@example.com", "role": "org:admin" }]);
    assert_eq!(api.post(&format!("{path}/bulk"), bulk).await["total_count"], 2);
    assert_eq!(api.get(&format!("{path}?status=pending")).await["total_count"], 3);
    let one = format!("{path}/{}", id(&made));
    assert_eq!(api.get(&one).await["id"], made["id"]);
    assert_eq!(api.post(&format!("{one}/revoke"), json!({})).await["status"], "revoked");
    refused(
        &api,
        Method::POST,
        &format!("{one}/revoke"),
        json!({}),
        404,
        "organization_invitation_not_pending",
    )
    .await;
    sandbox.stop().await;
}
