//! What a token says: in time, complete, for us, and nothing that its holder could have written.

use chrono::Utc;
use serde_json::json;
use switchboard::Error;

use super::{BOTH, Issuer, stage};
use crate::identity::common::ORIGIN;

#[tokio::test]
async fn a5_a_token_counts_only_in_its_time() {
    let stage = stage().await;
    // What the leeway is to the second is tested where the clock is an argument.
    for issuer in BOTH {
        for (name, seconds) in [("exp", -6), ("nbf", 90), ("iat", 90)] {
            let token = stage.with(issuer, |claims| {
                let now = Utc::now().timestamp();
                claims["iat"] = (now - 100).into();
                claims["exp"] = (now + 100).into();
                claims[name] = (now + seconds).into();
            });
            stage.refuses(&token, &format!("{issuer:?} {name}")).await;
        }
    }
}

#[tokio::test]
async fn a6_a_time_that_is_not_a_whole_number_is_none() {
    let stage = stage().await;
    for issuer in BOTH {
        for name in ["exp", "nbf", "iat"] {
            for bad in [
                json!("9999999999"),
                json!(9_999_999_999.5),
                json!(u64::MAX),
                json!(-1),
                json!(null),
                json!({}),
            ] {
                let token = stage.with(issuer, |claims| claims[name] = bad.clone());
                stage.refuses(&token, &format!("{issuer:?} {name} {bad}")).await;
            }
        }
    }
}

#[tokio::test]
async fn a7_every_claim_that_is_required_is_missed() {
    let stage = stage().await;
    let required: [(Issuer, &[&str]); 2] = [
        (
            Issuer::Ours,
            &["iss", "aud", "sub", "org_id", "jti", "iat", "nbf", "exp"],
        ),
        (Issuer::Clerk, &["iss", "azp", "sub", "iat", "nbf", "exp"]),
    ];
    for (issuer, names) in required {
        for name in names {
            let token = stage.with(issuer, |claims| {
                claims.as_object_mut().unwrap().remove(*name);
            });
            stage.refuses(&token, &format!("{issuer:?} {name}")).await;
        }
    }
}

#[tokio::test]
async fn a8_a_token_for_somebody_else_is_not_for_us() {
    let stage = stage().await;
    for issuer in BOTH {
        for (name, value) in [
            ("iss", json!("https://evil.example")),
            ("iss", json!(format!("{ORIGIN}/"))),
            ("aud", json!("another")),
            ("aud", json!(["switchboard", "another"])),
            ("aud", json!([])),
            ("azp", json!("https://evil.example")),
            ("azp", json!("https://voice.example.com.evil.example")),
            ("azp", json!([ORIGIN])),
            ("sub", json!("org_acme")),
            ("sub", json!("")),
            ("sub", json!(7)),
        ] {
            let token = stage.with(issuer, |claims| claims[name] = value.clone());
            stage.refuses(&token, &format!("{issuer:?} {name} {value}")).await;
        }
    }
    for issuer in BOTH {
        for (typ, good) in [("at+jwt", false), ("", false), ("jwt", true)] {
            let mut header = stage.header(issuer);
            header["typ"] = typ.into();
            let token = stage.seal(issuer, &header, &stage.claims(issuer));
            assert_eq!(stage.opens(&token).await.is_ok(), good, "{issuer:?} {typ}");
        }
    }
    let pending = stage.with(Issuer::Clerk, |claims| claims["sts"] = "pending".into());
    stage.refuses(&pending, "pending").await;
}

#[tokio::test]
async fn a15_what_a_person_may_write_about_themselves_counts_for_nothing() {
    let stage = stage().await;
    for issuer in BOTH {
        let token = stage.with(issuer, |claims| {
            claims["user_metadata"] = json!({"org_id": "org_bell", "role": "owner", "org_role": "owner"});
            claims["unsafe_metadata"] = json!({"org_id": "org_bell"});
        });
        assert_eq!(stage.opens(&token).await, Ok(stage.org.clone()), "{issuer:?}");
    }
    // Where it is all that names an organization, none is named; one of ours always names one.
    for (issuer, refused) in [(Issuer::Ours, Error::Unauthenticated), (Issuer::Clerk, Error::NoOrg)] {
        let only = stage.with(issuer, |claims| {
            claims
                .as_object_mut()
                .unwrap()
                .retain(|name, _| name != "o" && name != "org_id");
            claims["user_metadata"] = json!({"org_id": "org_acme", "org_role": "owner"});
        });
        assert_eq!(stage.opens(&only).await, Err(refused), "{issuer:?}");
    }
    let server = stage.with(Issuer::Clerk, |claims| {
        claims.as_object_mut().unwrap().remove("o");
        claims["app_metadata"] = json!({"org_id": "org_acme"});
    });
    assert_eq!(stage.opens(&server).await, Ok(stage.org.clone()));
}
