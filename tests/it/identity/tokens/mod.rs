//! Forged, stale and borrowed tokens, of both issuers: none opens anything, and none says why.

mod claims;
mod keys;
mod limits;
mod signature;
mod standing;

use crate::identity::common::{
    ORIGIN, World,
    clerk::{FakeClerk, Rsa, sign},
    world,
};
use aws_lc_rs::signature::Ed25519KeyPair;
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use switchboard::{
    Error,
    auth::session,
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
const JWKS: &str = "GET /v1/jwks";

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
