//! The keys of the issuer outside: fetched when they are needed, once for everybody who waits.

use serde_json::json;
use switchboard::Error;

use super::{BOTH, Issuer, JWKS, stage};
use crate::identity::common::clerk::Rsa;

#[tokio::test]
async fn a3_a_key_name_is_looked_up_and_nothing_else() {
    let stage = stage().await;
    let before = stage.fake.requests();
    for issuer in BOTH {
        for kid in [
            json!("../../../etc/passwd"),
            json!("' or 1=1 --"),
            json!("https://evil.example/jwks"),
            json!("a".repeat(10_000)),
            json!(""),
            json!(null),
            json!(7),
        ] {
            let mut header = stage.header(issuer);
            header["kid"] = kid.clone();
            stage
                .refuses(&stage.seal(issuer, &header, &stage.claims(issuer)), &kid.to_string())
                .await;
        }
        let mut header = stage.header(issuer);
        header.as_object_mut().unwrap().remove("kid");
        stage
            .refuses(&stage.seal(issuer, &header, &stage.claims(issuer)), "missing")
            .await;
    }
    // Nor by a name that could be a key's, where the algorithm says that it is none of Clerk's.
    let mut header = stage.header(Issuer::Ours);
    header["kid"] = "ins_unknown".into();
    let unknown = stage.seal(Issuer::Ours, &header, &stage.claims(Issuer::Ours));
    stage.refuses(&unknown, "unknown").await;
    assert_eq!(stage.fake.requests(), before, "no request was caused");

    // The other issuer's name gets one nowhere either: its key does not fit.
    for issuer in BOTH {
        let other = if issuer == Issuer::Ours {
            Issuer::Clerk
        } else {
            Issuer::Ours
        };
        let swapped = stage.seal(issuer, &stage.header(other), &stage.claims(other));
        stage.refuses(&swapped, "the other's key name").await;
    }
}

#[tokio::test]
async fn a_hundred_first_requests_at_once_fetch_the_keys_once() {
    let stage = stage().await;
    let fresh = stage.world.restarted();
    let before = stage.fake.asked(JWKS).len();
    let token = stage.good(Issuer::Clerk);
    let opened = futures_util::future::join_all((0..100).map(|_| fresh.opens(&token))).await;
    assert!(opened.iter().all(|opened| *opened == Ok(stage.org.clone())));
    assert_eq!(stage.fake.asked(JWKS).len(), before + 1);
}

#[tokio::test]
async fn a_key_that_takes_over_is_found_at_once_and_the_old_one_is_gone() {
    let stage = stage().await;
    let before = stage.fake.asked(JWKS).len();
    let rotated = Rsa::generate("ins_key2");
    stage.fake.publish(&[&rotated]);
    let old = stage.good(Issuer::Clerk);
    let new = rotated.sign(
        &json!({"alg": "RS256", "kid": "ins_key2"}),
        &stage.claims(Issuer::Clerk),
    );
    // The process has looked at the keys a moment ago, and looks again: once for all who come with the new one.
    let opened = futures_util::future::join_all((0..20).map(|_| stage.opens(&new))).await;
    assert!(opened.iter().all(|opened| *opened == Ok(stage.org.clone())));
    assert_eq!(stage.fake.asked(JWKS).len(), before + 1);
    // In a process that has not remembered the old token either.
    let fresh = stage.world.restarted();
    assert_eq!(fresh.opens(&new).await, Ok(stage.org.clone()));
    assert_eq!(fresh.opens(&old).await, Err(Error::Unauthenticated));
}

#[tokio::test]
async fn a3_a_hundred_unknown_names_at_once_cause_one_request() {
    let stage = stage().await;
    let before = stage.fake.asked(JWKS).len();
    let forgeries = (0..100).map(|i| {
        let mut header = stage.header(Issuer::Clerk);
        header["kid"] = format!("ins_unknown{i}").into();
        let token = stage.seal(Issuer::Clerk, &header, &stage.claims(Issuer::Clerk));
        let world = &stage.world;
        async move { world.opens(&token).await }
    });
    for answer in futures_util::future::join_all(forgeries).await {
        assert_eq!(answer, Err(Error::Unauthenticated));
    }
    assert_eq!(stage.fake.asked(JWKS).len(), before + 1);
}
