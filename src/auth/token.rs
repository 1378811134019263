//! Tokens: our own, signed with Ed25519 for five minutes, and Clerk's, verified with the keys it publishes.

use std::{hash::Hash, sync::Arc, time::Duration};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use moka::future::Cache;
use serde::Deserialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{
    claims::{self, AUDIENCE, LIFETIME, Verified},
    jwks::Jwks,
};
use crate::{
    config,
    id::Id,
    keys::ApiKey,
    org::{OrgId, Role, UserId},
    secret::{Master, fingerprint},
};

/// A session token fits in a cookie; nothing longer is looked at.
const LONGEST: usize = 8 * 1024;

/// Issues and verifies, and remembers for a short while what it has verified.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    /// The public key as it is published, and the name it is published by.
    public: String,
    kid: String,
    issuer: String,
    origin: String,
    clerk: Option<ClerkIssuer>,
    /// By hash, so that memory holds no credential. A verified signature does not change; what it gives access to is
    /// asked of the database every time.
    verified: Cache<[u8; 32], Arc<Verified>>,
    pub(super) memory: Memory,
}

/// What this process has seen to already. Forgetting any of it costs a round trip and nothing else.
pub(super) struct Memory {
    /// Has a client and a user row.
    pub provisioned: Cache<(OrgId, UserId), ()>,
    /// What a token of Clerk said of a person and an organization has been written down.
    pub kept_claims: Cache<Said, ()>,
    /// Was told no, which the organization's log says once.
    pub refused: Cache<(OrgId, UserId), ()>,
    /// An API key by the hash of all of it. Whether it still counts is asked inside the organization.
    pub keys: Cache<[u8; 32], (OrgId, Id<ApiKey>)>,
    /// The API keys that were good when they last came, by the same hash.
    pub familiar_keys: Cache<[u8; 32], ()>,
}

/// Who, where, as what and when: two tokens of one second may say different roles.
type Said = (UserId, Option<OrgId>, Option<Role>, DateTime<Utc>);

struct ClerkIssuer {
    issuer: String,
    jwks: Jwks,
}

/// `jku`, `jwk` and `x5u` would let a token bring its own key: they are not even parsed.
#[derive(Deserialize)]
struct TokenHeader {
    alg: String,
    kid: String,
    /// Absent, or what we read: an issuer signs other things with the same key, such as access tokens for others.
    #[serde(default)]
    typ: Option<String>,
    /// Extensions that must be understood; we understand none.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

impl Tokens {
    pub fn new(secret: &Master, public_url: &Url, clerk: Option<&config::Clerk>, http: reqwest::Client) -> Self {
        let seed = secret.key("jwt-ed25519");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes are an Ed25519 seed");
        let private = pair.to_pkcs8v1().expect("a key pair can be written down");
        let public = pair.public_key().as_ref();
        Self {
            signing: EncodingKey::from_ed_der(private.as_ref()),
            verifying: DecodingKey::from_ed_der(public),
            public: URL_SAFE_NO_PAD.encode(public),
            kid: hex::encode(&fingerprint(&hex::encode(public))[..8]),
            issuer: public_url.as_str().trim_end_matches('/').to_owned(),
            origin: public_url.origin().ascii_serialization(),
            clerk: clerk.map(|clerk| ClerkIssuer {
                issuer: clerk.frontend_api.as_str().trim_end_matches('/').to_owned(),
                jwks: Jwks::new(
                    clerk.api_url.join("/v1/jwks").expect("an absolute path joins any base"),
                    clerk.secret_key.clone(),
                    http,
                ),
            }),
            verified: minute(),
            memory: Memory {
                provisioned: hour(),
                kept_claims: minute(),
                refused: minute(),
                keys: minute(),
                familiar_keys: hour(),
            },
        }
    }

    /// What others verify our tokens with (RFC 8037).
    pub fn jwks(&self) -> serde_json::Value {
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": self.public,
        }] })
    }

    pub fn issue(&self, user: &UserId, org: &OrgId, now: DateTime<Utc>) -> String {
        let header = Header {
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let claims = json!({
            "iss": self.issuer, "aud": AUDIENCE, "sub": user, "org_id": org, "jti": Uuid::new_v4(),
            "iat": now.timestamp(), "nbf": now.timestamp(), "exp": (now + LIFETIME).timestamp(),
        });
        jsonwebtoken::encode(&header, &claims, &self.signing).expect("plain claims and a good key can be signed")
    }

    /// What the token proves, or nothing. Never says why.
    pub(super) async fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Arc<Verified>> {
        if token.len() > LONGEST {
            return None;
        }
        let mark = fingerprint(token);
        if let Some(known) = self.verified.get(&mark).await
            && now < known.expires_at
        {
            return Some(known);
        }
        let verified = Arc::new(self.examine(token, now).await?);
        self.verified.insert(mark, verified.clone()).await;
        Some(verified)
    }

    async fn examine(&self, token: &str, now: DateTime<Utc>) -> Option<Verified> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let head: TokenHeader = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        let session = head.typ.as_ref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        if head.crit.is_some() || !session {
            return None;
        }
        // One algorithm per key: which one is ours to know, the header can only agree.
        if head.kid == self.kid {
            (head.alg == "EdDSA").then_some(())?;
            signed(message, signature, &self.verifying, Algorithm::EdDSA)?;
            let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
            return claims::local(&payload, &self.issuer, &self.origin, now);
        }
        let clerk = self.clerk.as_ref().filter(|_| head.alg == "RS256")?;
        let payload = clerk.signed(&head, message, payload, signature).await?;
        claims::clerk(&payload, &clerk.issuer, &self.origin, now)
    }

    /// Why a session token of Clerk is not taken, where it is Clerk's indeed. The log says it too.
    pub async fn clerk_refusal(&self, token: &str, now: DateTime<Utc>) -> Option<String> {
        let clerk = self.clerk.as_ref().filter(|_| token.len() <= LONGEST)?;
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let head: TokenHeader = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        (head.alg == "RS256").then_some(())?;
        let payload = clerk.signed(&head, message, payload, signature).await?;
        let reason = claims::clerk_refusal(&payload, &clerk.issuer, &self.origin, now)?;
        tracing::warn!(reason, "a session of Clerk is not taken");
        Some(reason)
    }
}

impl ClerkIssuer {
    /// What the token says, if Clerk has signed it.
    async fn signed(&self, head: &TokenHeader, message: &str, payload: &str, signature: &str) -> Option<Vec<u8>> {
        let key = self.jwks.key(&head.kid).await?;
        signed(message, signature, &key, Algorithm::RS256)?;
        URL_SAFE_NO_PAD.decode(payload).ok()
    }
}

/// Remembers ten thousand things for a minute.
fn minute<K, V>() -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(10_000)
        .time_to_live(Duration::from_secs(60))
        .build()
}

/// Remembers a hundred thousand things for an hour.
fn hour<K, V>() -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(100_000)
        .time_to_live(Duration::from_secs(3600))
        .build()
}

fn signed(message: &str, signature: &str, key: &DecodingKey, algorithm: Algorithm) -> Option<()> {
    jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm)
        .ok()?
        .then_some(())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        encoding::{AsDer, Pkcs8V1Der},
        rsa::{self, KeySize},
    };
    use chrono::TimeDelta;

    use super::*;

    const ORIGIN: &str = "https://voice.example.com";
    const CLERK: &str = "https://example.accounts.dev";

    /// A verifier, and a token of each issuer that ends at `ends`.
    fn both(ends: DateTime<Utc>) -> (Tokens, [String; 2]) {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        let jwks = Jwks::holding("ins_1", DecodingKey::from_jwk(&jwk).unwrap());
        let url = Url::parse(ORIGIN).unwrap();
        let mut tokens = Tokens::new(&Master::fresh(), &url, None, crate::providers::client());
        tokens.clerk = Some(ClerkIssuer {
            issuer: CLERK.to_owned(),
            jwks,
        });
        let (user, org) = (UserId::parse("user_1").unwrap(), OrgId::parse("org_1").unwrap());
        let ours = tokens.issue(&user, &org, ends - LIFETIME);
        let header = Header {
            kid: Some("ins_1".into()),
            ..Header::new(Algorithm::RS256)
        };
        let begins = (ends - TimeDelta::seconds(60)).timestamp();
        let claims = json!({
            "iss": CLERK, "azp": ORIGIN, "sub": user, "iat": begins, "nbf": begins, "exp": ends.timestamp(),
        });
        let clerks = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        (tokens, [ours, clerks])
    }

    #[tokio::test]
    async fn a5_a_token_that_was_good_a_moment_ago_is_not_remembered_past_its_end() {
        let ends = DateTime::from_timestamp(1_763_700_000, 0).unwrap();
        let (tokens, both) = both(ends);
        for token in both {
            for (seconds, good) in [(-30, true), (-1, true), (4, true), (5, false), (6, false), (-1, true)] {
                let now = ends + TimeDelta::seconds(seconds);
                assert_eq!(tokens.verify(&token, now).await.is_some(), good, "{seconds}");
            }
        }
    }
}
