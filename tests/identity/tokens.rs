//! Forged, stale and borrowed tokens, of both issuers: none opens anything, and none says why.

use crate::common::{
    ORIGIN, World,
    clerk::{FakeClerk, Rsa, sign},
    world,
};
use aws_lc_rs::signature::Ed25519KeyPair;
use chrono::{TimeDelta, Utc};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use sha2::Sha256;
use switchboard::{
    Error,
    auth::{self, session},
    org::{OrgId, Role, UserId, store},
};

/// A person in one organization and their credentials from both issuers.
struct Stage {
    world: World,
    fake: FakeClerk,
    rsa: Rsa,
    user: UserId,
    org: OrgId,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Issuer {
    Ours,
    Clerk,
}

const BOTH: [Issuer; 2] = [Issuer::Ours, Issuer::Clerk];

async fn stage() -> Stage {
    let fake = FakeClerk::start().await;
    let rsa = Rsa::generate("ins_key1");
    fake.publish(&[&rsa]);
    let variables = fake.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let stage = Stage {
        world: world(&variables).await,
        fake,
        rsa,
        user: UserId::parse("user_ada").unwrap(),
        org: OrgId::parse("org_acme").unwrap(),
    };
    stage.fake.answer(
        "GET /v1/organizations/org_acme",
        200,
        json!({"id": "org_acme", "name": "Acme", "public_metadata": {}, "updated_at": 1}),
    );
    stage.fake.answer(
        "PATCH /v1/organizations/org_acme/metadata",
        200,
        json!({"id": "org_acme", "name": "Acme"}),
    );
    // The first token brings the person, the organization and the membership.
    assert_eq!(stage.opens(&stage.good(Issuer::Clerk)).await, Ok(stage.org.clone()));
    stage
}

impl Stage {
    fn claims(&self, issuer: Issuer) -> Value {
        let now = Utc::now().timestamp();
        match issuer {
            Issuer::Ours => json!({
                "iss": ORIGIN, "aud": "switchboard", "sub": self.user, "org_id": self.org, "jti": "1",
                "iat": now, "nbf": now, "exp": now + 300,
            }),
            Issuer::Clerk => json!({
                "iss": self.fake.url, "azp": ORIGIN, "sub": self.user, "sid": "sess_1", "v": 2, "sts": "active",
                "o": {"id": self.org, "rol": "admin", "slg": "acme"},
                "iat": now, "nbf": now, "exp": now + 60,
            }),
        }
    }

    fn header(&self, issuer: Issuer) -> Value {
        match issuer {
            Issuer::Ours => {
                let jwks = self.world.tokens.jwks();
                json!({"alg": "EdDSA", "typ": "JWT", "kid": jwks["keys"][0]["kid"]})
            }
            Issuer::Clerk => json!({"alg": "RS256", "typ": "JWT", "kid": self.rsa.kid, "oiat": 1}),
        }
    }

    fn seal(&self, issuer: Issuer, header: &Value, claims: &Value) -> String {
        match issuer {
            Issuer::Ours => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&self.world.secret.key("jwt-ed25519")).unwrap();
                let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
                sign(header, claims, |message| {
                    jsonwebtoken::crypto::sign(message, &key, Algorithm::EdDSA).unwrap()
                })
            }
            Issuer::Clerk => self.rsa.sign(header, claims),
        }
    }

    fn good(&self, issuer: Issuer) -> String {
        self.seal(issuer, &self.header(issuer), &self.claims(issuer))
    }

    fn with(&self, issuer: Issuer, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims(issuer);
        change(&mut claims);
        self.seal(issuer, &self.header(issuer), &claims)
    }

    async fn opens(&self, token: &str) -> Result<OrgId, Error> {
        self.world.opens(token).await
    }

    async fn refuses(&self, token: &str, why: &str) {
        assert_eq!(self.opens(token).await, Err(Error::Unauthenticated), "{why}");
    }
}

#[tokio::test]
async fn a_good_token_of_either_issuer_opens_its_organization() {
    let stage = stage().await;
    for issuer in BOTH {
        assert_eq!(
            stage.opens(&stage.good(issuer)).await,
            Ok(stage.org.clone()),
            "{issuer:?}"
        );
    }
    let issued = stage.world.tokens.issue(&stage.user, &stage.org, Utc::now());
    assert_eq!(stage.opens(&issued).await, Ok(stage.org.clone()));
    let v1 = stage.with(Issuer::Clerk, |claims| {
        claims
            .as_object_mut()
            .unwrap()
            .retain(|name, _| name != "o" && name != "v" && name != "sts");
        claims["org_id"] = json!("org_acme");
        claims["org_role"] = json!("org:admin");
    });
    assert_eq!(stage.opens(&v1).await, Ok(stage.org.clone()));
}

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
async fn a3_a_hundred_unknown_names_at_once_cause_one_request_and_a_new_key_is_found() {
    let stage = stage().await;
    let fresh = stage.world.restarted();
    let jwks = "GET /.well-known/jwks.json";
    let before = stage.fake.asked(jwks).len();
    let forgeries = (0..100).map(|i| {
        let mut header = stage.header(Issuer::Clerk);
        header["kid"] = format!("ins_unknown{i}").into();
        let token = stage.seal(Issuer::Clerk, &header, &stage.claims(Issuer::Clerk));
        let world = &fresh;
        async move { world.opens(&token).await }
    });
    for answer in futures_util::future::join_all(forgeries).await {
        assert_eq!(answer, Err(Error::Unauthenticated));
    }
    assert_eq!(stage.fake.asked(jwks).len(), before + 1);

    // Rotated: a process that has not just asked finds the new key, and the old one is gone.
    let rotated = Rsa::generate("ins_key2");
    stage.fake.publish(&[&rotated]);
    let fresh = stage.world.restarted();
    let token = rotated.sign(
        &json!({"alg": "RS256", "kid": "ins_key2"}),
        &stage.claims(Issuer::Clerk),
    );
    assert_eq!(fresh.opens(&token).await, Ok(stage.org.clone()));
    assert_eq!(
        fresh.opens(&stage.good(Issuer::Clerk)).await,
        Err(Error::Unauthenticated)
    );
}

#[tokio::test]
async fn a4_a_token_does_not_bring_its_own_key() {
    let stage = stage().await;
    let evil = FakeClerk::start().await;
    let mallory = Rsa::generate("mallory");
    evil.publish(&[&mallory]);
    let url = format!("{}/.well-known/jwks.json", evil.url);
    for kid in [stage.rsa.kid.clone(), "mallory".to_owned()] {
        for (name, value) in [
            ("jku", json!(url)),
            ("x5u", json!(url)),
            ("jwk", mallory.jwk()),
            ("x5c", json!(["MII"])),
        ] {
            let mut header = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
            header[name] = value;
            stage
                .refuses(&mallory.sign(&header, &stage.claims(Issuer::Clerk)), name)
                .await;
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
async fn a5_a_token_counts_only_in_its_time() {
    let stage = stage().await;
    let now = Utc::now().timestamp();
    for issuer in BOTH {
        for (name, at) in [("exp", now - 6), ("nbf", now + 7), ("iat", now + 7)] {
            let token = stage.with(issuer, |claims| {
                claims["iat"] = (now - 100).into();
                claims["exp"] = (now + 100).into();
                claims[name] = at.into();
            });
            stage.refuses(&token, &format!("{issuer:?} {name}")).await;
        }
    }
}

#[tokio::test]
async fn a5_a_token_that_was_good_a_moment_ago_is_not_remembered_past_its_end() {
    let stage = stage().await;
    for issuer in BOTH {
        let now = Utc::now().timestamp();
        // In its last second of grace.
        let token = stage.with(issuer, |claims| {
            claims["iat"] = (now - 100).into();
            claims["nbf"] = (now - 100).into();
            claims["exp"] = (now - 4).into();
        });
        assert_eq!(stage.opens(&token).await, Ok(stage.org.clone()), "{issuer:?}");
        while Utc::now() < crate::common::second(now + 1) + TimeDelta::milliseconds(20) {
            tokio::task::yield_now().await;
        }
        stage.refuses(&token, "over").await;
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
    let pending = stage.with(Issuer::Clerk, |claims| claims["sts"] = "pending".into());
    stage.refuses(&pending, "pending").await;
}

#[tokio::test]
async fn a9_a_claim_changed_after_signing_breaks_the_signature() {
    let stage = stage().await;
    for issuer in BOTH {
        let good = stage.good(issuer);
        let mut claims = stage.claims(issuer);
        claims["sub"] = "user_mallory".into();
        let parts: Vec<_> = good.split('.').collect();
        let changed = encode(claims.to_string().as_bytes());
        stage
            .refuses(&format!("{}.{changed}.{}", parts[0], parts[2]), "changed")
            .await;
        stage.refuses(&format!("{}.{}.", parts[0], parts[1]), "cut").await;
        stage.refuses(&format!("{good}.{good}"), "two").await;
        stage.refuses(&format!("{good}A"), "longer").await;
        stage.refuses(&format!(" {good}"), "padded").await;
    }
    for nothing in ["", ".", "..", "a.b.c", "sb_live_", "sb_live_abcdefgh_x"] {
        stage.refuses(nothing, nothing).await;
    }
}

#[tokio::test]
async fn a10_a_good_token_for_an_organization_of_others_opens_nothing() {
    let stage = stage().await;
    let other = UserId::parse("user_grace").unwrap();
    let theirs = stage.seal(Issuer::Clerk, &stage.header(Issuer::Clerk), &{
        let mut claims = stage.claims(Issuer::Clerk);
        claims["sub"] = json!(other);
        claims["o"]["id"] = "org_bell".into();
        claims
    });
    stage.fake.answer(
        "GET /v1/organizations/org_bell",
        200,
        json!({"id": "org_bell", "name": "Bell"}),
    );
    stage
        .fake
        .answer("PATCH /v1/organizations/org_bell/metadata", 200, json!({}));
    assert_eq!(
        stage.opens(&theirs).await,
        OrgId::parse("org_bell").map_err(|_| Error::NotFound)
    );

    // Ours, signed by ourselves, for somebody who is not a member there.
    let token = stage
        .world
        .tokens
        .issue(&stage.user, &OrgId::parse("org_bell").unwrap(), Utc::now());
    stage.refuses(&token, "not a member").await;
    let token = stage
        .world
        .tokens
        .issue(&stage.user, &OrgId::personal(&other), Utc::now());
    stage.refuses(&token, "another's workspace").await;
    // Clerk's, naming the organization without a role: then only our own record counts, and there is none.
    let token = stage.with(Issuer::Clerk, |claims| claims["o"] = json!({"id": "org_bell"}));
    stage.refuses(&token, "no role, no membership").await;
}

#[tokio::test]
async fn a12_who_was_removed_is_out_at_the_next_request_and_no_older_token_brings_them_back() {
    let stage = stage().await;
    stage.world.arrange(
        "update identity.memberships set stated_at = now(), removed_at = now() where user_id = 'user_ada' and org_id = 'org_acme'",
    )
    .await;
    for issuer in BOTH {
        stage.refuses(&stage.good(issuer), &format!("{issuer:?}")).await;
    }
    let fresh = stage.world.restarted();
    assert_eq!(
        fresh.opens(&stage.good(Issuer::Clerk)).await,
        Err(Error::Unauthenticated)
    );
    // Invited again at Clerk: a token issued after the removal says so.
    stage
        .world
        .arrange("update identity.memberships set stated_at = now() - interval '1 hour' where user_id = 'user_ada'")
        .await;
    assert_eq!(
        fresh.restarted().opens(&stage.good(Issuer::Clerk)).await,
        Ok(stage.org.clone())
    );
}

#[tokio::test]
async fn a12_a_person_who_is_disabled_and_an_organization_that_is_deleted_open_nothing() {
    let stage = stage().await;
    stage
        .world
        .arrange("update identity.users set disabled_at = now() where id = 'user_ada'")
        .await;
    for issuer in BOTH {
        stage.refuses(&stage.good(issuer), "disabled").await;
    }
    stage
        .world
        .arrange("update identity.users set disabled_at = null")
        .await;
    stage
        .world
        .arrange("update identity.organizations set deleted_at = now() where id = 'org_acme'")
        .await;
    for issuer in BOTH {
        stage.refuses(&stage.good(issuer), "deleted").await;
    }
}

#[tokio::test]
async fn a13_who_was_demoted_may_do_less_at_the_next_request() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    for issuer in BOTH {
        let token = stage.good(issuer);
        let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
        assert!(caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.is_ok());
        stage
            .world
            .arrange("update identity.memberships set role = 'viewer', stated_at = now() + interval '1 hour' where user_id = 'user_ada'")
            .await;
        assert_eq!(
            caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.err(),
            Some(Error::Forbidden)
        );
        let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
        assert_eq!(
            caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.err(),
            Some(Error::Forbidden)
        );
        stage
            .world
            .arrange("update identity.memberships set role = 'admin', stated_at = 'epoch' where user_id = 'user_ada'")
            .await;
    }
}

#[tokio::test]
async fn a14_a_token_stays_in_the_organization_it_was_issued_for() {
    let stage = stage().await;
    let old = stage.good(Issuer::Clerk);
    stage.fake.answer(
        "GET /v1/organizations/org_bell",
        200,
        json!({"id": "org_bell", "name": "Bell"}),
    );
    let new = stage.with(Issuer::Clerk, |claims| claims["o"]["id"] = "org_bell".into());
    assert_eq!(
        stage.opens(&new).await,
        OrgId::parse("org_bell").map_err(|_| Error::NotFound)
    );
    assert_eq!(stage.opens(&old).await, Ok(stage.org.clone()));
    let both = stage.with(Issuer::Clerk, |claims| claims["org_id"] = "org_bell".into());
    stage.refuses(&both, "two organizations").await;
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
    let only = stage.with(Issuer::Clerk, |claims| {
        claims.as_object_mut().unwrap().remove("o");
        claims["user_metadata"] = json!({"org_id": "org_acme"});
    });
    assert_eq!(stage.opens(&only).await, Err(Error::NoOrg));
    let server = stage.with(Issuer::Clerk, |claims| {
        claims.as_object_mut().unwrap().remove("o");
        claims["app_metadata"] = json!({"org_id": "org_acme"});
    });
    assert_eq!(stage.opens(&server).await, Ok(stage.org.clone()));
}

#[tokio::test]
async fn signing_out_everywhere_ends_tokens_of_this_very_second_and_a_new_one_works_at_once() {
    let stage = stage().await;
    let tokens = BOTH.map(|issuer| stage.good(issuer));
    session::sign_out_everywhere(&stage.world.core, &stage.user)
        .await
        .unwrap();
    for token in &tokens {
        stage.refuses(token, "signed out").await;
    }
    assert!(
        session::visit_clerk(&stage.world.core, &tokens[1])
            .await
            .unwrap()
            .is_none()
    );
    let fresh = auth::token_for(&stage.world.core, &stage.world.caller(&stage.user, &stage.org).await)
        .await
        .unwrap();
    assert_eq!(stage.opens(&fresh.token).await, Ok(stage.org.clone()));
}

#[tokio::test]
async fn permissions_in_a_token_take_away_and_never_add() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    let token = stage.with(Issuer::Clerk, |claims| {
        claims["fea"] = "o:agents,o:organization".into();
        claims["o"] = json!({"id": "org_acme", "rol": "viewer", "per": "read,delete", "fpm": "3,3"});
    });
    let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
    assert!(caller.begin(&stage.world.db, Action::Read, Kind::Agent).await.is_ok());
    for (action, kind) in [
        (Action::Delete, Kind::Agent),
        (Action::Read, Kind::Call),
        (Action::Delete, Kind::Organization),
    ] {
        assert_eq!(
            caller.begin(&stage.world.db, action, kind).await.err(),
            Some(Error::Forbidden),
            "{action:?} {kind:?}"
        );
    }
}

#[tokio::test]
async fn a_clerk_person_works_in_the_personal_workspace_only_after_choosing_it() {
    let stage = stage().await;
    let core = &stage.world.core;
    let none = stage.with(Issuer::Clerk, |claims| {
        claims.as_object_mut().unwrap().remove("o");
    });
    let visit = session::visit_clerk(core, &none).await.unwrap().unwrap();
    assert!(visit.place.is_none() && visit.caller.is_none());
    assert_eq!(stage.opens(&none).await, Err(Error::NoOrg));

    session::choose_personal_clerk(core, &none).await.unwrap();
    let again = session::visit_clerk(core, &none).await.unwrap().unwrap();
    assert_eq!(again.session, visit.session);
    assert_eq!(again.place.unwrap().org_id, OrgId::personal(&stage.user));
    assert_eq!(stage.opens(&none).await, Ok(OrgId::personal(&stage.user)));
    // The organization of the token wins over what was chosen before.
    let visit = session::visit_clerk(core, &stage.good(Issuer::Clerk))
        .await
        .unwrap()
        .unwrap();
    let place = visit.place.unwrap();
    assert_eq!((place.org_id, place.role), (stage.org.clone(), Role::Admin));
    assert_eq!(store::choices(core, &stage.user).await.unwrap().len(), 1);
}

#[tokio::test]
async fn our_own_token_is_no_session_cookie_and_a_clerk_token_is_none_of_ours() {
    let stage = stage().await;
    assert!(
        session::visit_clerk(&stage.world.core, &stage.good(Issuer::Ours))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        session::visit(&stage.world.core, &stage.good(Issuer::Clerk))
            .await
            .unwrap()
            .is_none()
    );
}
