//! Clerk's backend API: users, organizations, members, invitations, and how it refuses.

use reqwest::Method;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::api::{Api, SPEED, client};

pub async fn clerk() -> (Sandbox, Api) {
    let sandbox = Sandbox::start(Options {
        speed: SPEED,
        ..Options::default()
    })
    .await
    .expect("a sandbox on free ports");
    let api = Api::clerk(sandbox.clerk_url());
    (sandbox, api)
}

pub async fn user(api: &Api, address: &str) -> String {
    let fields =
        json!({ "email_address": [address], "password": "correct horse", "first_name": "Ann", "last_name": "Example" });
    id(&api.post("/v1/users", fields).await)
}

pub fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

pub async fn organization(api: &Api, creator: &str) -> String {
    id(&api
        .post(
            "/v1/organizations",
            json!({ "name": "Acme Ltd", "created_by": creator }),
        )
        .await)
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["code"].as_str().unwrap_or_default()
}

pub async fn refused(api: &Api, method: Method, path: &str, body: Value, status: u16, expected: &str) {
    let answer = api.refused(method, path, body, status).await;
    assert_eq!(code(&answer), expected, "{path}: {answer}");
    assert!(answer["errors"][0]["long_message"].is_string());
}

#[tokio::test]
async fn a_user_is_made_found_changed_and_removed() {
    let (sandbox, api) = clerk().await;
    let ann = user(&api, "ann@example.com").await;
    user(&api, "bob@example.com").await;
    assert!(ann.starts_with("user_"));
    let found = api.get("/v1/users?email_address=ann@example.com").await;
    assert_eq!(found.as_array().expect("a bare array").len(), 1);
    assert_eq!(api.get("/v1/users/count").await["total_count"], 2);
    assert_eq!(api.get("/v1/users?limit=1&offset=1").await.as_array().unwrap().len(), 1);
    assert_eq!(
        api.get("/v1/users?query=bob").await[0]["email_addresses"][0]["email_address"],
        "bob@example.com"
    );

    let path = format!("/v1/users/{ann}");
    let (_, changed) = api
        .send(
            Method::PATCH,
            &path,
            Some(&json!({ "last_name": "Other", "external_id": "x1" })),
        )
        .await;
    assert_eq!(
        (&changed["last_name"], &changed["external_id"]),
        (&json!("Other"), &json!("x1"))
    );
    assert_eq!(api.post(&format!("{path}/ban"), json!({})).await["banned"], true);
    assert_eq!(api.post(&format!("{path}/unban"), json!({})).await["banned"], false);
    let (_, gone) = api.send(Method::DELETE, &path, None).await;
    assert_eq!(
        gone,
        json!({ "object": "user", "id": ann, "deleted": true, "external_id": "x1" })
    );
    refused(&api, Method::GET, &path, Value::Null, 404, "resource_not_found").await;

    let taken = json!({ "email_address": ["BOB@example.com"], "password": "correct horse" });
    refused(&api, Method::POST, "/v1/users", taken, 422, "form_identifier_exists").await;
    let short = json!({ "email_address": ["eve@example.com"], "password": "short" });
    refused(
        &api,
        Method::POST,
        "/v1/users",
        short,
        422,
        "form_password_length_too_short",
    )
    .await;
    let odd = json!({ "email_address": ["eve@example.com"], "password": "correct horse", "shoe_size": 42 });
    refused(&api, Method::POST, "/v1/users", odd, 422, "form_param_unknown").await;
    sandbox.stop().await;
}

#[tokio::test]
async fn metadata_is_merged_deeply_by_patch_and_replaced_by_put() {
    let (sandbox, api) = clerk().await;
    let org = organization(&api, &user(&api, "ann@example.com").await).await;
    let path = format!("/v1/organizations/{org}/metadata");
    let set = json!({ "public_metadata": { "a": { "b": 1, "c": 2 } }, "private_metadata": { "client_id": "cl_1" } });
    api.send(Method::PATCH, &path, Some(&set)).await;
    let (_, merged) = api
        .send(
            Method::PATCH,
            &path,
            Some(&json!({ "public_metadata": { "a": { "b": null, "d": 3 } } })),
        )
        .await;
    assert_eq!(merged["public_metadata"], json!({ "a": { "c": 2, "d": 3 } }));
    assert_eq!(
        merged["private_metadata"],
        json!({ "client_id": "cl_1" }),
        "what is not named is not touched"
    );
    let (_, replaced) = api
        .send(Method::PUT, &path, Some(&json!({ "public_metadata": { "x": 1 } })))
        .await;
    assert_eq!(replaced["public_metadata"], json!({ "x": 1 }));
    assert_eq!(replaced["private_metadata"], json!({ "client_id": "cl_1" }));
    refused(
        &api,
        Method::PATCH,
        &path,
        json!({ "public_metadata": 7 }),
        422,
        "form_param_type_invalid",
    )
    .await;

    let user_id = user(&api, "bob@example.com").await;
    let path = format!("/v1/users/{user_id}/metadata");
    let (_, merged) = api
        .send(Method::PATCH, &path, Some(&json!({ "private_metadata": { "k": [1] } })))
        .await;
    assert_eq!(merged["private_metadata"], json!({ "k": [1] }));
    sandbox.stop().await;
}

#[tokio::test]
async fn the_newest_version_takes_no_metadata_in_a_patch() {
    let (sandbox, api) = clerk().await;
    let org = organization(&api, &user(&api, "ann@example.com").await).await;
    let url = format!("{}/v1/organizations/{org}", sandbox.clerk_url());
    let send = async |version: &str, query: &str| {
        let request = api
            .request(Method::PATCH, &format!("{url}{query}"))
            .header("Clerk-API-Version", version);
        let response = request
            .json(&json!({ "public_metadata": { "a": 1 } }))
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    assert_eq!(send("2025-11-10", "").await.0, 200);
    assert_eq!(code(&send("2026-05-12", "").await.1), "form_param_unknown");
    let (status, both) = send("2026-05-12", "?__clerk_api_version=2026-05-12").await;
    assert_eq!((status, code(&both)), (400, "api_version_invalid"));
    assert_eq!(send("1999-01-01", "").await.0, 400);
    sandbox.stop().await;
}

#[tokio::test]
async fn an_organization_is_made_found_by_slug_changed_and_removed() {
    let (sandbox, api) = clerk().await;
    let ann = user(&api, "ann@example.com").await;
    let org = organization(&api, &ann).await;
    let second = api
        .post("/v1/organizations", json!({ "name": "Beta", "slug": "beta" }))
        .await;
    assert_eq!(second["members_count"], 0);
    assert_eq!(api.get("/v1/organizations/acme-ltd").await["id"], json!(org));
    let page = api.get("/v1/organizations?order_by=%2Bname&limit=1").await;
    assert_eq!(
        (&page["total_count"], &page["data"][0]["name"]),
        (&json!(2), &json!("Acme Ltd"))
    );
    assert_eq!(
        api.get(&format!("/v1/organizations?user_id={ann}")).await["total_count"],
        1
    );
    let path = format!("/v1/organizations/{org}");
    let (_, changed) = api.send(Method::PATCH, &path, Some(&json!({ "name": "Acme" }))).await;
    assert_eq!(changed["name"], "Acme");
    refused(
        &api,
        Method::PATCH,
        &path,
        json!({ "slug": "beta" }),
        422,
        "form_identifier_exists",
    )
    .await;
    refused(
        &api,
        Method::POST,
        "/v1/organizations",
        json!({}),
        422,
        "form_param_missing",
    )
    .await;
    let nobody = json!({ "name": "X", "created_by": "user_nobody" });
    refused(
        &api,
        Method::POST,
        "/v1/organizations",
        nobody,
        400,
        "organization_creator_not_found",
    )
    .await;
    refused(
        &api,
        Method::GET,
        "/v1/organizations?limit=501",
        Value::Null,
        422,
        "form_param_value_invalid",
    )
    .await;
    let (_, gone) = api.send(Method::DELETE, &path, None).await;
    assert_eq!(
        gone,
        json!({ "object": "organization", "id": org, "slug": "acme-ltd", "deleted": true })
    );
    assert_eq!(api.get("/v1/organization_memberships").await["total_count"], 0);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_wrong_key_is_told_what_is_wrong_with_it() {
    let (sandbox, _) = clerk().await;
    let url = format!("{}/v1/users", sandbox.clerk_url());
    let ask = async |value: Option<&str>| {
        let request = client().get(&url);
        let request = match value {
            Some(value) => request.header("Authorization", value),
            None => request,
        };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        code(&response.json::<Value>().await.unwrap()).to_owned()
    };
    assert_eq!(ask(None).await, "authentication_invalid");
    assert_eq!(
        ask(Some("sk_test_0123456789abcdefghij")).await,
        "authorization_header_format_invalid"
    );
    assert_eq!(ask(Some("Bearer pk_test_0123456789")).await, "clerk_key_invalid");
    sandbox.stop().await;
}

#[tokio::test]
async fn an_object_that_is_changed_too_often_says_when_to_come_back() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let api = Api::clerk(sandbox.clerk_url());
    let org = organization(&api, &user(&api, "ann@example.com").await).await;
    let path = format!("/v1/organizations/{org}/metadata");
    for number in 0..10 {
        api.send(
            Method::PATCH,
            &path,
            Some(&json!({ "public_metadata": { "n": number } })),
        )
        .await;
    }
    let response = api.request(Method::PATCH, &path).json(&json!({})).send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert!(
        response.headers()["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            <= 11
    );
    assert_eq!(code(&response.json().await.unwrap()), "too_many_requests");
    api.get(&format!("/v1/organizations/{org}")).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn the_small_endpoints_have_their_documented_shapes() {
    let (sandbox, api) = clerk().await;
    api.get("/v1/instance").await;
    api.get("/v1/instance/organization_settings").await;
    api.post("/v1/testing_tokens", json!({})).await;
    api.post("/v1/webhooks/svix_url", json!({})).await;
    refused(
        &api,
        Method::GET,
        "/v1/users/user_none",
        Value::Null,
        404,
        "resource_not_found",
    )
    .await;
    let fault = json!({ "kind": "status", "status": 503, "path": "/v1/users" });
    api.post("/_sandbox/faults", fault).await;
    refused(&api, Method::GET, "/v1/users", Value::Null, 503, "service_unavailable").await;
    sandbox.stop().await;
}

#[tokio::test]
async fn people_are_found_by_their_ids_and_their_metadata_is_merged() {
    let (sandbox, api) = clerk().await;
    let (ann, bob) = (user(&api, "ann@example.com").await, user(&api, "bob@example.com").await);
    user(&api, "eve@example.com").await;
    let found = api
        .get(&format!(
            "/v1/users?limit=100&user_id={bob}&user_id={ann}&user_id=user_nobody"
        ))
        .await;
    let mut ids: Vec<_> = found.as_array().expect("a bare array").iter().map(id).collect();
    ids.sort();
    let mut both = [ann.clone(), bob];
    both.sort();
    assert_eq!(ids, both);

    let path = format!("/v1/users/{ann}/metadata");
    let set = json!({ "public_metadata": { "plan": "pro" }, "unsafe_metadata": { "theme": "dark" } });
    api.send(Method::PATCH, &path, Some(&set)).await;
    let claim = |org: Value| json!({ "public_metadata": { "app_metadata": { "org_id": org } } });
    let (_, merged) = api.send(Method::PATCH, &path, Some(&claim(json!("org_1")))).await;
    assert_eq!(
        merged["public_metadata"],
        json!({ "plan": "pro", "app_metadata": { "org_id": "org_1" } })
    );
    assert_eq!(merged["unsafe_metadata"], json!({ "theme": "dark" }));
    let (_, removed) = api.send(Method::PATCH, &path, Some(&claim(Value::Null))).await;
    assert_eq!(removed["public_metadata"], json!({ "plan": "pro", "app_metadata": {} }));
    let nobody = "/v1/users/user_nobody/metadata";
    refused(
        &api,
        Method::PATCH,
        nobody,
        claim(json!("org_1")),
        404,
        "resource_not_found",
    )
    .await;
    sandbox.stop().await;
}
