//! Forged, stale and borrowed tokens, of both issuers: none opens anything, and none says why.

use crate::common::{
    ORIGIN, World,
    clerk::{FakeClerk, Rsa, sign},
    world,
};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chrono::Utc;
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
const JWKS: &str = "GET /.well-known/jwks.json";

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

    /// The organization and the role as a version of Clerk's token says them.
    fn placed(&self, version: u8, org: &str, role: &str) -> String {
        self.with(Issuer::Clerk, |claims| {
            if version == 2 {
                claims["o"] = json!({"id": org, "rol": role});
                return;
            }
            claims
                .as_object_mut()
                .unwrap()
                .retain(|name, _| name != "o" && name != "v" && name != "sts");
            claims["org_id"] = org.into();
            claims["org_role"] = format!("org:{role}").into();
        })
    }

    /// Another organization, known to Clerk, in which its tokens say that the person is.
    fn bell(&self) -> OrgId {
        self.fake.answer(
            "GET /v1/organizations/org_bell",
            200,
            json!({"id": "org_bell", "name": "Bell"}),
        );
        self.fake
            .answer("PATCH /v1/organizations/org_bell/metadata", 200, json!({}));
        OrgId::parse("org_bell").unwrap()
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
}

#[tokio::test]
async fn both_versions_of_clerks_token_open_their_organization_as_a_bearer_and_as_the_session_cookie() {
    let stage = stage().await;
    for version in [1, 2] {
        let token = stage.placed(version, "org_acme", "admin");
        assert_eq!(stage.opens(&token).await, Ok(stage.org.clone()), "v{version}");
        let visit = session::visit_clerk(&stage.world.core, &token).await.unwrap().unwrap();
        let place = visit.place.unwrap();
        assert_eq!(
            (place.org_id, place.role),
            (stage.org.clone(), Role::Admin),
            "v{version}"
        );
        assert_eq!(visit.caller.unwrap().org(), &stage.org);
    }
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

#[tokio::test]
async fn a4_a_token_does_not_bring_its_own_key() {
    let stage = stage().await;
    let evil = FakeClerk::start().await;
    let mallory = Rsa::generate("mallory");
    evil.publish(&[&mallory]);
    let url = format!("{}/.well-known/jwks.json", evil.url);
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
    let bell = stage.bell();
    assert_eq!(stage.opens(&theirs).await, Ok(bell.clone()));

    // Ours, signed by ourselves, for somebody who is not a member there.
    let token = stage.world.tokens.issue(&stage.user, &bell, Utc::now());
    stage.refuses(&token, "not a member").await;
    let token = stage
        .world
        .tokens
        .issue(&stage.user, &OrgId::personal(&other), Utc::now());
    stage.refuses(&token, "another's workspace").await;
    // Clerk's, naming the organization without a role: then only our own record counts, and there is none.
    let token = stage.with(Issuer::Clerk, |claims| claims["o"] = json!({"id": "org_bell"}));
    stage.refuses(&token, "no role, no membership").await;

    // The organization finds it in its log: once, however often it is tried.
    let told: Vec<(String, String)> = sqlx::query_as(
        "select a.action, a.object_id from app.audit_log a join app.clients c on c.id = a.client_id where c.org_id = 'org_bell'",
    )
    .fetch_all(stage.world.admin())
    .await
    .unwrap();
    assert_eq!(told, [("refuse".to_owned(), stage.user.to_string())]);
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
    let bell = stage.bell();
    let clerks = |org: &str| stage.placed(2, org, "admin");
    assert_eq!(stage.opens(&clerks("org_bell")).await, Ok(bell.clone()));
    for issuer in BOTH {
        let in_org = |org: &OrgId| match issuer {
            Issuer::Ours => stage.world.tokens.issue(&stage.user, org, Utc::now()),
            Issuer::Clerk => clerks(org.as_str()),
        };
        let (old, new) = (in_org(&stage.org), in_org(&bell));
        // Both on their way at once, the newer one used already: each stays where it belongs.
        for _ in 0..2 {
            assert_eq!(stage.opens(&new).await, Ok(bell.clone()), "{issuer:?}");
            assert_eq!(stage.opens(&old).await, Ok(stage.org.clone()), "{issuer:?}");
        }
        for (name, value) in [
            ("o", json!({"id": "org_bell", "rol": "admin"})),
            ("app_metadata", json!({"org_id": "org_bell"})),
        ] {
            let both = stage.with(issuer, |claims| {
                claims["org_id"] = "org_acme".into();
                claims[name] = value;
            });
            stage
                .refuses(&both, &format!("{issuer:?} two organizations: {name}"))
                .await;
        }
    }
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
    // Again, in the same second perhaps.
    session::sign_out_everywhere(&stage.world.core, &stage.user)
        .await
        .unwrap();
    stage.refuses(&fresh.token, "signed out again").await;
}

#[tokio::test]
async fn permissions_in_a_token_take_away_and_never_add() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    let token = stage.with(Issuer::Clerk, |claims| {
        claims["fea"] = "o:agents,o:organization,o:calls".into();
        claims["o"] = json!({"id": "org_acme", "rol": "viewer", "per": "read,delete", "fpm": "3,3,0"});
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
async fn of_two_tokens_of_one_second_the_weaker_role_holds_whichever_comes_first() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    let at = Utc::now().timestamp();
    let another = stage.world.restarted();
    // The process that has seen the first token, and one that has not.
    for (user, roles, second) in [
        ("user_grace", ["admin", "viewer"], &stage.world),
        ("user_joan", ["viewer", "admin"], &another),
    ] {
        for (role, process) in roles.into_iter().zip([&stage.world, second]) {
            let token = stage.with(Issuer::Clerk, |claims| {
                claims["sub"] = user.into();
                claims["iat"] = at.into();
                claims["o"]["rol"] = role.into();
            });
            let caller = auth::bearer(&process.core, &token).await.unwrap();
            let may = caller.begin(&process.db, Action::Create, Kind::Agent).await.map(drop);
            let alone = roles[0] == "admin" && role == "admin";
            assert_eq!(may, if alone { Ok(()) } else { Err(Error::Forbidden) }, "{user} {role}");
        }
        let kept: String = sqlx::query_scalar("select role from identity.memberships where user_id = $1")
            .bind(user)
            .fetch_one(stage.world.admin())
            .await
            .unwrap();
        assert_eq!(kept, "viewer", "{user}");
    }
}

#[tokio::test]
async fn a_weaker_role_in_a_token_holds_though_our_record_is_newer() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    stage
        .world
        .arrange("update identity.memberships set role = 'admin', stated_at = now() + interval '1 hour'")
        .await;
    for version in [1, 2] {
        let token = stage.placed(version, "org_acme", "viewer");
        let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
        let visit = session::visit_clerk(&stage.world.core, &token).await.unwrap().unwrap();
        assert!(!visit.place.unwrap().permissions.permit(Action::Create, Kind::Agent));
        for caller in [caller, visit.caller.unwrap()] {
            assert_eq!(
                caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.err(),
                Some(Error::Forbidden),
                "v{version}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_that_carries_less_is_not_exchanged_for_more() {
    let stage = stage().await;
    let grace = stage.with(Issuer::Clerk, |claims| claims["sub"] = "user_grace".into());
    stage.opens(&grace).await.unwrap();
    let limited = stage.with(Issuer::Clerk, |claims| {
        claims["fea"] = "o:members".into();
        claims["o"] = json!({"id": "org_acme", "rol": "admin", "per": "read,update", "fpm": "3"});
    });
    let caller = auth::bearer(&stage.world.core, &limited).await.unwrap();
    assert_eq!(
        auth::token_for(&stage.world.core, &caller).await.err(),
        Some(Error::Forbidden)
    );
    // It may change members, but hands out nothing that it does not carry itself.
    let grace = UserId::parse("user_grace").unwrap();
    assert_eq!(
        store::set_role(&stage.world.core, &caller, &grace, Role::Developer).await,
        Err(Error::Forbidden)
    );
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
