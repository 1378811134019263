//! What a token is signed with: nothing but the key of its issuer, over all that it says.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use sha2::Sha256;

use super::{BOTH, Issuer, stage};
use crate::identity::common::clerk::{FakeClerk, Rsa, sign};

#[tokio::test]
async fn a1_no_algorithm_is_no_signature() {
    let stage = stage().await;
    for issuer in BOTH {
        for alg in [
            json!("none"),
            json!("None"),
            json!("nOnE"),
            json!(""),
            json!(null),
            json!(["RS256"]),
        ] {
            let mut header = stage.header(issuer);
            header["alg"] = alg.clone();
            let signed = stage.seal(issuer, &header, &stage.claims(issuer));
            stage.refuses(&signed, &format!("{issuer:?} {alg}")).await;
            let bare = sign(&header, &stage.claims(issuer), |_| String::new());
            stage.refuses(&bare, &format!("{issuer:?} {alg} unsigned")).await;
        }
        let mut header = stage.header(issuer);
        header.as_object_mut().unwrap().remove("alg");
        stage
            .refuses(&stage.seal(issuer, &header, &stage.claims(issuer)), "missing")
            .await;
    }
}

#[tokio::test]
async fn a2_a_public_key_is_not_a_shared_secret() {
    let stage = stage().await;
    let x = stage.world.tokens.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
    for issuer in BOTH {
        let publics: Vec<Vec<u8>> = match issuer {
            Issuer::Ours => vec![x.clone().into_bytes(), base64_url(&x)],
            Issuer::Clerk => vec![
                stage.rsa.public_der.clone(),
                stage.rsa.jwk()["n"].to_string().into_bytes(),
            ],
        };
        for public in publics {
            for alg in ["HS256", "RS256", "EdDSA"] {
                let mut header = stage.header(issuer);
                header["alg"] = alg.into();
                let forged = sign(&header, &stage.claims(issuer), |message| {
                    let mut mac = Hmac::<Sha256>::new_from_slice(&public).unwrap();
                    mac.update(message);
                    encode(&mac.finalize().into_bytes())
                });
                stage.refuses(&forged, &format!("{issuer:?} {alg}")).await;
            }
        }
    }
}

fn base64_url(text: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a4_a_token_does_not_bring_its_own_key() {
    let stage = stage().await;
    let evil = FakeClerk::start().await;
    let mallory = Rsa::generate("mallory");
    evil.publish(&[&mallory]);
    let url = format!("{}/v1/jwks", evil.url);
    let theirs = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let key = EncodingKey::from_ed_der(theirs.to_pkcs8v1().unwrap().as_ref());
    let x = encode(theirs.public_key().as_ref());
    for issuer in BOTH {
        let jwk = match issuer {
            Issuer::Ours => json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "mallory", "x": x}),
            Issuer::Clerk => mallory.jwk(),
        };
        for kid in [stage.header(issuer)["kid"].clone(), "mallory".into()] {
            for (name, value) in [
                ("jku", json!(url)),
                ("x5u", json!(url)),
                ("jwk", jwk.clone()),
                ("x5c", json!(["MII"])),
            ] {
                let mut header = stage.header(issuer);
                header["kid"] = kid.clone();
                header[name] = value;
                let claims = stage.claims(issuer);
                let token = match issuer {
                    Issuer::Ours => sign(&header, &claims, |message| {
                        jsonwebtoken::crypto::sign(message, &key, Algorithm::EdDSA).unwrap()
                    }),
                    Issuer::Clerk => mallory.sign(&header, &claims),
                };
                stage.refuses(&token, &format!("{issuer:?} {name}")).await;
            }
        }
    }
    assert_eq!(evil.requests(), 0);
    for issuer in BOTH {
        let mut header = stage.header(issuer);
        header["crit"] = json!(["b64"]);
        stage
            .refuses(&stage.seal(issuer, &header, &stage.claims(issuer)), "crit")
            .await;
    }
}

#[tokio::test]
async fn a9_a_claim_changed_after_signing_breaks_the_signature() {
    let stage = stage().await;
    for issuer in BOTH {
        let good = stage.good(issuer);
        let parts: Vec<_> = good.split('.').collect();
        for (name, value) in [
            ("sub", json!("user_mallory")),
            ("org_id", json!("org_bell")),
            ("o", json!({"id": "org_bell", "rol": "owner"})),
        ] {
            let mut claims = stage.claims(issuer);
            claims[name] = value;
            let changed = encode(claims.to_string().as_bytes());
            stage
                .refuses(
                    &format!("{}.{changed}.{}", parts[0], parts[2]),
                    &format!("{issuer:?} {name}"),
                )
                .await;
        }
        stage.refuses(&format!("{}.{}.", parts[0], parts[1]), "cut").await;
        stage.refuses(&format!("{good}.{good}"), "two").await;
        stage.refuses(&format!("{good}A"), "longer").await;
        stage.refuses(&format!(" {good}"), "padded").await;
    }
    for nothing in ["", ".", "..", "a.b.c", "sb_live_", "sb_live_abcdefgh_x"] {
        stage.refuses(nothing, nothing).await;
    }
}
