//! Clerk's frontend API: a browser signs in, chooses an organization, refreshes, shakes hands and signs out.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, client};
use crate::clerk_backend::{clerk, id, organization, user};

fn claims(token: &Value) -> Value {
    let payload = token
        .as_str()
        .expect("a token")
        .split('.')
        .nth(1)
        .expect("a payload")
        .to_owned();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}

/// A browser with a development token, and what to add to its addresses.
pub async fn browser(base: &str) -> (Api, String) {
    let api = Api::browser(base);
    let response = api
        .request(Method::POST, "/v1/dev_browser")
        .send()
        .await
        .expect("an answer");
    let token: Value = response.json().await.expect("JSON");
    (
        api,
        format!("__clerk_db_jwt={}", token["token"].as_str().expect("a token")),
    )
}

#[tokio::test]
async fn a_password_signs_in_and_the_organization_is_chosen_by_touch() {
    let (sandbox, backend) = clerk().await;
    let ann = user(&backend, "ann@example.com").await;
    let org = organization(&backend, &ann).await;
    let (api, me) = browser(sandbox.clerk_url()).await;
    api.get("/v1/environment").await;
    assert_eq!(
        api.get("/v1/client").await,
        json!({ "response": null, "client": null }),
        "nobody is known without a token"
    );

    let (status, first) = api
        .form(
            &format!("/v1/client/sign_ins?{me}"),
            &[("identifier", "ann@example.com")],
        )
        .await;
    assert_eq!(
        (status, &first["response"]["status"]),
        (200, &json!("needs_first_factor"))
    );
    let attempt = format!(
        "/v1/client/sign_ins/{}/attempt_first_factor?{me}",
        id(&first["response"])
    );
    let (status, wrong) = api
        .form(&attempt, &[("strategy", "password"), ("password", "wrong horse")])
        .await;
    assert_eq!(
        (status, &wrong["errors"][0]["code"]),
        (422, &json!("form_password_incorrect"))
    );
    let (_, done) = api
        .form(&attempt, &[("strategy", "password"), ("password", "correct horse")])
        .await;
    assert_eq!(done["response"]["status"], "complete");
    let session = done["response"]["created_session_id"].as_str().unwrap().to_owned();
    assert_eq!(done["client"]["last_active_session_id"], json!(session));
    let token = claims(&done["client"]["sessions"][0]["last_active_token"]["jwt"]);
    assert!(token.get("o").is_none(), "a personal workspace first");
    assert_eq!(token["azp"], "http://127.0.0.1:3000");

    let touch = format!("/v1/client/sessions/{session}/touch?{me}");
    let (_, chosen) = api
        .form(&touch, &[("active_organization_id", &org), ("intent", "select_org")])
        .await;
    assert_eq!(
        claims(&chosen["response"]["last_active_token"]["jwt"])["o"]["id"],
        json!(org)
    );
    let (_, fresh) = api
        .form(&format!("/v1/client/sessions/{session}/tokens?{me}"), &[])
        .await;
    assert_eq!(claims(&fresh["jwt"])["o"]["rol"], "admin");
    // Empty is the personal workspace, whatever the session was last used for.
    let (_, personal) = api
        .form(
            &format!("/v1/client/sessions/{session}/tokens?{me}"),
            &[("organization_id", "")],
        )
        .await;
    assert!(claims(&personal["jwt"]).get("o").is_none());
    let (status, _) = api.form(&touch, &[("active_organization_id", "org_foreign")]).await;
    assert_eq!(status, 404);
    let (_, personal) = api.form(&touch, &[("active_organization_id", "")]).await;
    assert!(
        claims(&personal["response"]["last_active_token"]["jwt"])
            .get("o")
            .is_none()
    );

    api.get(&format!("/v1/me?{me}")).await;
    assert_eq!(
        api.get(&format!("/v1/me/organization_memberships?paginated=true&{me}"))
            .await["response"]["total_count"],
        1
    );
    api.get(&format!("/v1/client/sessions/{session}?{me}")).await;
    let (status, out) = api.send(Method::DELETE, &format!("/v1/client?{me}"), None).await;
    assert_eq!((status, &out["response"]["sessions"]), (200, &json!([])));
    let (status, _) = api
        .form(&format!("/v1/client/sessions/{session}/tokens?{me}"), &[])
        .await;
    assert_eq!(status, 404);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_ticket_signs_in_once() {
    let (sandbox, backend) = clerk().await;
    let ann = user(&backend, "ann@example.com").await;
    let ticket = backend.post("/v1/sign_in_tokens", json!({ "user_id": ann })).await;
    let token = ticket["token"].as_str().unwrap();
    let (api, me) = browser(sandbox.clerk_url()).await;
    let path = format!("/v1/client/sign_ins?{me}");
    let (_, done) = api.form(&path, &[("strategy", "ticket"), ("ticket", token)]).await;
    assert_eq!(done["response"]["status"], "complete");
    let (status, again) = api.form(&path, &[("strategy", "ticket"), ("ticket", token)]).await;
    assert_eq!(
        (status, &again["errors"][0]["code"]),
        (400, &json!("sign_in_token_already_used_code"))
    );
    let other = backend.post("/v1/sign_in_tokens", json!({ "user_id": ann })).await;
    let revoked = backend
        .post(&format!("/v1/sign_in_tokens/{}/revoke", id(&other)), json!({}))
        .await;
    assert_eq!(revoked["status"], "revoked");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_new_person_signs_up_makes_an_organization_and_an_invited_one_joins_it() {
    let (sandbox, backend) = clerk().await;
    let (api, me) = browser(sandbox.clerk_url()).await;
    let path = format!("/v1/client/sign_ups?{me}");
    let (_, partial) = api.form(&path, &[("email_address", "new@example.com")]).await;
    assert_eq!(partial["response"]["missing_fields"], json!(["password"]));
    let (_, done) = api
        .form(
            &path,
            &[("email_address", "new@example.com"), ("password", "correct horse")],
        )
        .await;
    assert_eq!(done["response"]["status"], "complete");
    let (status, org) = api
        .form(&format!("/v1/organizations?{me}"), &[("name", "New Ltd")])
        .await;
    assert_eq!((status, &org["response"]["slug"]), (200, &json!("new-ltd")));

    let invitations = format!("/v1/organizations/{}/invitations", id(&org["response"]));
    let invitation = backend
        .post(
            &invitations,
            json!({ "email_address": "eve@example.com", "role": "org:viewer" }),
        )
        .await;
    let (eve, her) = browser(sandbox.clerk_url()).await;
    let ticket = id(&invitation);
    let (_, joined) = eve
        .form(
            &format!("/v1/client/sign_ups?{her}"),
            &[("ticket", &ticket), ("password", "correct horse")],
        )
        .await;
    assert_eq!(joined["response"]["status"], "complete");
    let members = eve
        .get(&format!("/v1/me/organization_memberships?paginated=true&{her}"))
        .await;
    assert_eq!(members["response"]["data"][0]["role"], "org:viewer");

    backend
        .post(
            &invitations,
            json!({ "email_address": "bob@example.com", "role": "org:admin" }),
        )
        .await;
    user(&backend, "bob@example.com").await;
    let (bob, his) = browser(sandbox.clerk_url()).await;
    let fields = [
        ("identifier", "bob@example.com"),
        ("password", "correct horse"),
        ("strategy", "password"),
    ];
    bob.form(&format!("/v1/client/sign_ins?{his}"), &fields).await;
    let offers = bob.get(&format!("/v1/me/organization_invitations?{his}")).await;
    let offer = id(&offers["response"]["data"][0]);
    let (status, _) = bob
        .form(&format!("/v1/me/organization_invitations/{offer}/accept?{his}"), &[])
        .await;
    assert_eq!(status, 200);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_handshake_comes_back_with_signed_cookies() {
    let (sandbox, backend) = clerk().await;
    let ann = user(&backend, "ann@example.com").await;
    let org = organization(&backend, &ann).await;
    let (api, me) = browser(sandbox.clerk_url()).await;
    let back = "redirect_url=http%3A%2F%2F127.0.0.1%3A3000%2Fagents%3Fpage%3D2";
    let shake = async |more: &str| {
        let response = api
            .request(Method::GET, &format!("/v1/client/handshake?{back}&{more}"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 307);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        assert!(
            location
                .as_str()
                .starts_with("http://127.0.0.1:3000/agents?page=2&__clerk_handshake=")
        );
        let payload = location
            .query_pairs()
            .find(|(name, _)| name == "__clerk_handshake")
            .unwrap()
            .1
            .into_owned();
        let cookies = claims(&json!(payload))["handshake"].clone();
        cookies
            .as_array()
            .unwrap()
            .iter()
            .map(|cookie| cookie.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let out = shake(&me).await;
    assert!(out.iter().any(|cookie| cookie.starts_with("__client_uat=0;")));
    assert!(
        out.iter()
            .any(|cookie| cookie.starts_with("__session=;") && cookie.contains("Max-Age=0"))
    );

    let fields = [("identifier", "ann@example.com"), ("password", "correct horse")];
    api.form(&format!("/v1/client/sign_ins?{me}"), &fields).await;
    let cookies = shake(&format!("{me}&organization_id={org}")).await;
    let session = cookies
        .iter()
        .find_map(|cookie| cookie.strip_prefix("__session="))
        .unwrap();
    let token = claims(&json!(session.split(';').next().unwrap()));
    assert_eq!(token["o"]["id"], json!(org));
    assert!(
        cookies.iter().any(|cookie| cookie.starts_with("__session_")),
        "and under its suffixed name"
    );
    let (status, _) = api
        .send(Method::GET, "/v1/client/handshake?redirect_url=nowhere", None)
        .await;
    assert_eq!(status, 422);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_page_of_any_origin_may_ask_and_finds_the_script() {
    let (sandbox, _) = clerk().await;
    let base = sandbox.clerk_url();
    let preflight = client()
        .request(Method::OPTIONS, format!("{base}/v1/client/sign_ins"))
        .header("Origin", "http://localhost:3000")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(
        preflight.headers()["access-control-allow-origin"],
        "http://localhost:3000"
    );
    assert_eq!(preflight.headers()["access-control-allow-credentials"], "true");
    assert_eq!(preflight.headers()["access-control-allow-headers"], "content-type");

    let script = client()
        .get(format!("{base}/npm/@clerk/clerk-js@5/dist/clerk.browser.js"))
        .send()
        .await
        .unwrap();
    assert!(
        script.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/javascript")
    );
    assert!(script.text().await.unwrap().contains("window.Clerk"));
    let instance: Value = client()
        .get(format!("{base}/_sandbox/instance"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let key = instance["publishable_key"]
        .as_str()
        .unwrap()
        .strip_prefix("pk_test_")
        .unwrap();
    let host = String::from_utf8(STANDARD.decode(key).unwrap()).unwrap();
    assert_eq!(format!("http://{host}"), format!("{base}$"));
    Api::browser(base).get("/.well-known/openid-configuration").await;
    sandbox.stop().await;
}
