//! What Clerk's own script sends, and what it is told: its way to say a method, organizations, refusals that a page can read.

use reqwest::Method;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::api::{Api, client};
use crate::clerk_backend::{clerk, id, organization, user};
use crate::clerk_browser::browser;

/// A browser in which this person is signed in, and what to add to its addresses.
async fn signed_in(sandbox: &Sandbox, address: &str) -> (Api, String) {
    let (api, me) = browser(sandbox.clerk_url()).await;
    let fields = [
        ("identifier", address),
        ("password", "correct horse"),
        ("strategy", "password"),
    ];
    let (status, _) = api.form(&format!("/v1/client/sign_ins?{me}"), &fields).await;
    assert_eq!(status, 200);
    (api, me)
}

/// Asks for what the official document does not describe.
async fn raw(api: &Api, method: Method, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = match method {
        Method::GET => api.request(Method::GET, path),
        Method::POST => api.request(Method::POST, path).body(body),
        method => api
            .request(Method::POST, &format!("{path}&_method={method}"))
            .body(body),
    };
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let response = request.send().await.expect("an answer");
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "http://127.0.0.1:3000",
        "{path}"
    );
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_post_is_of_the_method_that_its_query_names() {
    let (sandbox, backend) = clerk().await;
    let ann = user(&backend, "ann@example.com").await;
    let org = organization(&backend, &ann).await;
    user(&backend, "bob@example.com").await;
    let (api, me) = signed_in(&sandbox, "ann@example.com").await;

    let (status, changed) = api
        .meant(
            Method::PATCH,
            &format!("/v1/me?{me}"),
            &[("first_name", "Anna"), ("last_name", "")],
        )
        .await;
    assert_eq!((status, &changed["response"]["first_name"]), (200, &json!("Anna")));
    assert!(changed["response"]["last_name"].is_null());
    assert_eq!(backend.get(&format!("/v1/users/{ann}")).await["first_name"], "Anna");
    let (status, refused) = api
        .meant(Method::PATCH, &format!("/v1/me?{me}"), &[("banned", "true")])
        .await;
    assert_eq!(
        (status, &refused["errors"][0]["code"]),
        (422, &json!("form_param_unknown"))
    );

    let bare = api.get(&format!("/v1/me/organization_memberships?{me}")).await;
    assert_eq!(bare["response"][0]["organization"]["id"], json!(org));
    let page = api
        .get(&format!("/v1/me/organization_memberships?paginated=true&limit=1&{me}"))
        .await;
    assert_eq!(page["response"]["total_count"], 1);

    // The only admin stays, until somebody else is one.
    let leave = format!("/v1/me/organization_memberships/{org}?{me}");
    let (status, refused) = api.meant(Method::DELETE, &leave, &[]).await;
    assert_eq!(
        (status, &refused["errors"][0]["code"]),
        (400, &json!("organization_minimum_permissions_needed"))
    );
    let bob = backend.get("/v1/users?email_address=bob@example.com").await[0].clone();
    let members = format!("/v1/organizations/{org}/memberships");
    backend
        .post(&members, json!({ "user_id": bob["id"], "role": "org:admin" }))
        .await;
    let (status, left) = api.meant(Method::DELETE, &leave, &[]).await;
    assert_eq!((status, &left["response"]["deleted"]), (200, &json!(true)));

    let (status, gone) = api.meant(Method::DELETE, &format!("/v1/me?{me}"), &[]).await;
    assert_eq!((status, &gone["response"]["id"]), (200, &json!(ann)));
    let (status, _) = api.send(Method::GET, &format!("/v1/me?{me}"), None).await;
    assert_eq!(status, 401);
    sandbox.stop().await;
}

#[tokio::test]
async fn members_see_their_organization_and_only_those_who_may_change_it() {
    let (sandbox, backend) = clerk().await;
    let ann = user(&backend, "ann@example.com").await;
    let org = organization(&backend, &ann).await;
    let hers_at_team = format!("/v1/organizations/{org}/memberships/{ann}");
    let bob = user(&backend, "bob@example.com").await;
    user(&backend, "eve@example.com").await;
    let team = format!("/v1/organizations/{org}");
    let viewer = json!({ "user_id": bob, "role": "org:viewer" });
    backend.post(&format!("{team}/memberships"), viewer).await;

    let (ann, hers) = signed_in(&sandbox, "ann@example.com").await;
    assert_eq!(ann.get(&format!("{team}?{hers}")).await["response"]["members_count"], 2);
    let (_, renamed) = ann
        .meant(Method::PATCH, &format!("{team}?{hers}"), &[("name", "Acme Inc")])
        .await;
    assert_eq!(renamed["response"]["name"], "Acme Inc");
    let people = format!("{team}/memberships?{hers}&paginated=true");
    let (_, listed) = raw(&ann, Method::GET, &people, &[]).await;
    assert_eq!(listed["response"]["total_count"], 2);
    assert!(listed["response"]["data"][0].get("private_metadata").is_none());
    let his = format!("{team}/memberships/{bob}?{hers}");
    let (_, changed) = raw(&ann, Method::PATCH, &his, &[("role", "org:operator")]).await;
    assert_eq!(changed["response"]["role"], "org:operator");
    let (_, invited) = raw(
        &ann,
        Method::POST,
        &format!("{team}/invitations?{hers}"),
        &[("email_address", "new@example.com"), ("role", "org:viewer")],
    )
    .await;
    let invitation = id(&invited["response"]);
    assert!(invited["response"].get("url").is_none(), "only mail has the way in");
    let waiting = format!("{team}/invitations?{hers}&status=pending");
    assert_eq!(
        raw(&ann, Method::GET, &waiting, &[]).await.1["response"]["total_count"],
        1
    );
    raw(
        &ann,
        Method::POST,
        &format!("{team}/invitations/{invitation}/revoke?{hers}"),
        &[],
    )
    .await;
    assert_eq!(
        raw(&ann, Method::GET, &waiting, &[]).await.1["response"]["total_count"],
        0
    );

    // One who may look, and one who belongs elsewhere.
    let (bob, of_bob) = signed_in(&sandbox, "bob@example.com").await;
    let (eve, of_eve) = signed_in(&sandbox, "eve@example.com").await;
    assert_eq!(
        raw(&bob, Method::GET, &format!("{team}/roles?{of_bob}"), &[]).await.0,
        200
    );
    for path in [team.clone(), hers_at_team.clone()] {
        let (status, refused) = raw(&bob, Method::DELETE, &format!("{path}?{of_bob}"), &[]).await;
        assert_eq!(
            (status, &refused["errors"][0]["code"]),
            (403, &json!("missing_organization_permission"))
        );
        let (status, refused) = raw(&eve, Method::DELETE, &format!("{path}?{of_eve}"), &[]).await;
        assert_eq!(
            (status, &refused["errors"][0]["code"]),
            (404, &json!("organization_not_found_or_unauthorized"))
        );
    }
    assert_eq!(raw(&ann, Method::DELETE, &his, &[]).await.0, 200);
    let (_, gone) = ann.meant(Method::DELETE, &format!("{team}?{hers}"), &[]).await;
    assert_eq!(gone["response"]["deleted"], true);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_page_can_read_every_refusal() {
    let (sandbox, backend) = clerk().await;
    user(&backend, "ann@example.com").await;
    let (api, me) = signed_in(&sandbox, "ann@example.com").await;
    for (method, path, said) in [
        (
            Method::POST,
            "/v1/me/totp",
            "The sandbox does not simulate POST /v1/me/totp",
        ),
        (
            Method::DELETE,
            "/v1/client/sign_ins",
            "The sandbox does not simulate DELETE /v1/client/sign_ins",
        ),
        (
            Method::POST,
            "/v1/organizations/org_1/domains",
            "The sandbox does not simulate POST /v1/organizations/org_1/domains",
        ),
    ] {
        let (status, refused) = raw(&api, method, &format!("{path}?{me}"), &[]).await;
        assert_eq!(
            (status, &refused["errors"][0]["code"]),
            (404, &json!("resource_not_found"))
        );
        assert_eq!(refused["errors"][0]["message"], said);
    }
    // A token that this instance never gave, as after it has been emptied.
    let (status, refused) = raw(&api, Method::GET, "/v1/client?__clerk_db_jwt=dvb_gone", &[]).await;
    assert_eq!(
        (status, &refused["errors"][0]["code"]),
        (401, &json!("dev_browser_unauthenticated"))
    );
    let (status, _) = raw(&api, Method::POST, "/v1/client/sign_ins?__clerk_db_jwt=dvb_gone", &[]).await;
    assert_eq!(status, 401);
    // What is made to go wrong goes wrong where the page can see it.
    let fault = json!({ "kind": "status", "status": 503, "path": "/v1/environment" });
    backend.post("/_sandbox/faults", fault).await;
    assert_eq!(raw(&api, Method::GET, "/v1/environment", &[]).await.0, 503);
    // Whoever has the secret key is no page.
    let other = backend.request(Method::DELETE, "/v1/jwks").send().await.unwrap();
    assert_eq!(other.status(), 404);
    assert!(other.headers().get("access-control-allow-origin").is_none());
    sandbox.stop().await;
}

#[tokio::test]
async fn under_a_name_it_serves_the_script_of_a_folder() {
    let folder = std::env::temp_dir().join(format!("clerk-script-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(folder.join("dist")).unwrap();
    std::fs::write(folder.join("dist/clerk.browser.js"), "window.Clerk = 1").unwrap();
    std::fs::write(folder.join("dist/signin_clerk.browser.js"), "2").unwrap();
    std::fs::write(folder.join("secret.js"), "3").unwrap();
    let sandbox = Sandbox::start(Options {
        clerk_name: Some("clerk.sandbox.lcl.dev".into()),
        clerk_script: Some(folder.join("dist")),
        ..Options::default()
    })
    .await
    .unwrap();
    let base = sandbox.clerk_url().to_owned();
    let get = async |path: &str| {
        let answer = client().get(format!("{base}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(
        get("/npm/@clerk/clerk-js@5/dist/clerk.browser.js").await,
        (200, "window.Clerk = 1".into())
    );
    assert_eq!(
        get("/npm/@clerk/clerk-js@5.128.0/dist/signin_clerk.browser.js").await.0,
        200
    );
    for path in [
        "absent.js",
        "..%2Fsecret.js",
        "%2e%2e%2fsecret.js",
        ".js",
        "clerk.browser.map",
    ] {
        assert_eq!(
            get(&format!("/npm/@clerk/clerk-js@5/dist/{path}")).await.0,
            404,
            "{path}"
        );
    }

    let instance: Value = serde_json::from_str(&get("/_sandbox/instance").await.1).unwrap();
    // `clerk.sandbox.lcl.dev$` in base64
    assert_eq!(instance["publishable_key"], "pk_test_Y2xlcmsuc2FuZGJveC5sY2wuZGV2JA==");
    assert_eq!(instance["frontend_api"], "https://clerk.sandbox.lcl.dev");
    let minted = Api::clerk(&base).post("/_sandbox/tokens", json!({})).await;
    assert_eq!(minted["claims"]["iss"], "https://clerk.sandbox.lcl.dev");
    sandbox.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn somebody_may_have_a_phone_number_and_no_address() {
    let (sandbox, backend) = clerk().await;
    let phone = json!({ "phone_number": ["+442079460958"], "password": "correct horse" });
    let made = backend.post("/v1/users", phone).await;
    assert_eq!(made["phone_numbers"][0]["phone_number"], "+442079460958");
    assert_eq!(made["primary_phone_number_id"], made["phone_numbers"][0]["id"]);
    assert_eq!(
        (&made["email_addresses"], &made["primary_email_address_id"]),
        (&json!([]), &Value::Null)
    );
    let org = organization(&backend, &id(&made)).await;
    let members = backend.get(&format!("/v1/organizations/{org}/memberships")).await;
    assert_eq!(members["data"][0]["public_user_data"]["identifier"], "+442079460958");
    signed_in(&sandbox, "+442079460958").await;
    for wrong in [json!({}), json!({ "phone_number": ["12"] })] {
        let (status, _) = backend.send(Method::POST, "/v1/users", Some(&wrong)).await;
        assert_eq!(status, 422);
    }
    sandbox.stop().await;
}
