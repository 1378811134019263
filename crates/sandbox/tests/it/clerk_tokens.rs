//! Session tokens: what they say, and that anybody can check them against the published keys.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::clerk_backend::{clerk, id, organization, user};

async fn verified(api: &Api, token: &str) -> Result<Value, String> {
    let keys: JwkSet = serde_json::from_value(api.get("/v1/jwks").await).expect("a key set");
    let header = decode_header(token).map_err(|cause| cause.to_string())?;
    let kid = header.kid.ok_or("no kid")?;
    let key = keys.find(&kid).ok_or("unknown kid")?;
    let key = DecodingKey::from_jwk(key).map_err(|cause| cause.to_string())?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = 5;
    validation.validate_nbf = true;
    validation.set_issuer(&[&api.base]);
    let data = decode::<Value>(token, &key, &validation).map_err(|cause| cause.to_string())?;
    Ok(data.claims)
}

async fn mint(api: &Api, ask: Value) -> String {
    api.post("/_sandbox/tokens", ask).await["jwt"]
        .as_str()
        .expect("a token")
        .to_owned()
}

#[tokio::test]
async fn a_session_token_names_the_active_organization_and_what_is_permitted() {
    let (sandbox, api) = clerk().await;
    let ann = user(&api, "ann@example.com").await;
    let org = organization(&api, &ann).await;
    let session = api
        .post("/v1/sessions", json!({ "user_id": ann, "active_organization_id": org }))
        .await;
    let path = format!("/v1/sessions/{}/tokens", id(&session));
    let token = api.post(&path, json!({})).await;
    let claims = verified(&api, token["jwt"].as_str().unwrap()).await.unwrap();
    assert_eq!(
        (&claims["sub"], &claims["sid"], &claims["v"]),
        (&json!(ann), &session["id"], &json!(2))
    );
    assert_eq!(claims["o"]["id"], json!(org));
    assert_eq!(claims["o"]["rol"], "admin", "without its prefix");
    assert_eq!(claims["fea"], "o:agents,o:calls,o:billing");
    assert_eq!(
        (&claims["o"]["per"], &claims["o"]["fpm"]),
        (&json!("manage,read"), &json!("3,3,3"))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);

    let (status, _) = api
        .send(Method::POST, "/_sandbox/settings", Some(&json!({ "token_version": 1 })))
        .await;
    assert_eq!(status, 204);
    let token = api.post(&path, json!({ "expires_in_seconds": 300 })).await;
    let claims = verified(&api, token["jwt"].as_str().unwrap()).await.unwrap();
    assert_eq!(
        (&claims["org_id"], &claims["org_role"]),
        (&json!(org), &json!("org:admin"))
    );
    assert!(
        claims["org_permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("org:agents:manage"))
    );
    assert!(claims.get("v").is_none() && claims.get("o").is_none());

    api.get("/v1/sessions").await;
    let revoked = api
        .post(&format!("/v1/sessions/{}/revoke", id(&session)), json!({}))
        .await;
    assert_eq!(revoked["status"], "revoked");
    api.refused(Method::POST, &path, json!({}), 404).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn somebody_who_was_removed_no_longer_gets_the_organization() {
    let (sandbox, api) = clerk().await;
    let (ann, bob) = (user(&api, "ann@example.com").await, user(&api, "bob@example.com").await);
    let org = organization(&api, &ann).await;
    api.post(
        &format!("/v1/organizations/{org}/memberships"),
        json!({ "user_id": bob, "role": "org:viewer" }),
    )
    .await;
    let session = api
        .post("/v1/sessions", json!({ "user_id": bob, "active_organization_id": org }))
        .await;
    api.send(
        Method::DELETE,
        &format!("/v1/organizations/{org}/memberships/{bob}"),
        None,
    )
    .await;
    let token = api
        .post(&format!("/v1/sessions/{}/tokens", id(&session)), json!({}))
        .await;
    let claims = verified(&api, token["jwt"].as_str().unwrap()).await.unwrap();
    assert!(claims.get("o").is_none());
    let foreign = json!({ "user_id": bob, "active_organization_id": org });
    api.refused(Method::POST, "/v1/sessions", foreign, 404).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn keys_rotate_and_tokens_of_the_old_one_hold_until_it_is_dropped() {
    let (sandbox, api) = clerk().await;
    let old = mint(&api, json!({})).await;
    verified(&api, &old).await.unwrap();
    assert_eq!(
        api.post("/_sandbox/rotate", json!({})).await["keys"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let new = mint(&api, json!({})).await;
    assert_ne!(decode_header(&old).unwrap().kid, decode_header(&new).unwrap().kid);
    verified(&api, &old).await.unwrap();
    verified(&api, &new).await.unwrap();
    api.post("/_sandbox/rotate", json!({ "drop": true })).await;
    assert_eq!(verified(&api, &old).await.unwrap_err(), "unknown kid");
    verified(&api, &new).await.unwrap();
    let public = Api::browser(&api.base).get("/.well-known/jwks.json").await;
    assert_eq!(public, api.get("/v1/jwks").await);
    sandbox.stop().await;
}

#[tokio::test]
async fn any_good_token_can_be_minted() {
    let (sandbox, api) = clerk().await;
    let ask = json!({
        "user": "user_a", "org": "org_b", "slug": "bee", "role": "developer", "azp": "http://localhost:3000",
        "permissions": ["org:calls:read", "org:agents:manage", "org:agents:read"], "claims": { "extra": 1 },
    });
    let claims = verified(&api, &mint(&api, ask).await).await.unwrap();
    assert_eq!(
        claims["o"],
        json!({ "id": "org_b", "slg": "bee", "rol": "developer", "per": "read,manage", "fpm": "1,3" })
    );
    assert_eq!(
        (&claims["azp"], &claims["extra"], &claims["fea"]),
        (&json!("http://localhost:3000"), &json!(1), &json!("o:calls,o:agents"))
    );
    let pending = verified(&api, &mint(&api, json!({ "sts": "pending" })).await)
        .await
        .unwrap();
    assert_eq!(pending["sts"], "pending");
    assert!(pending.get("azp").is_none());
    sandbox.stop().await;
}

#[tokio::test]
async fn any_bad_token_can_be_minted() {
    let (sandbox, api) = clerk().await;
    for (ask, expected) in [
        (json!({ "exp": -30 }), "ExpiredSignature"),
        (json!({ "nbf": 30 }), "ImmatureSignature"),
        (json!({ "iss": "https://evil.example" }), "InvalidIssuer"),
        (json!({ "forge": "tampered" }), "InvalidSignature"),
        (json!({ "forge": "unknown_kid" }), "unknown kid"),
        (json!({ "forge": "hs256" }), "InvalidAlgorithm"),
    ] {
        let token = mint(&api, ask.clone()).await;
        assert_eq!(verified(&api, &token).await.unwrap_err(), expected, "{ask}");
    }
    let none = mint(&api, json!({ "forge": "none" })).await;
    assert!(none.ends_with('.') && verified(&api, &none).await.is_err());
    sandbox.stop().await;
}
