//! The keys an outside issuer signs with: fetched, kept for minutes, and never fetched because of what a token wishes.

use std::{collections::HashMap, time::Duration};

use jsonwebtoken::DecodingKey;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::{
    sync::{Mutex, RwLock},
    time::Instant,
};
use url::Url;

/// Keys are looked at again after this.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// While the issuer cannot be reached, the keys it last showed still count for this long: its bad minute signs nobody out.
const USABLE: Duration = Duration::from_secs(15 * 60);
/// However many unknown key names ensure_provisioned, the issuer is asked because of them no more often than this.
const PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Jwks {
    url: Url,
    /// What the issuer knows us by.
    secret_key: SecretString,
    http: reqwest::Client,
    known: RwLock<Known>,
    /// Held by the one request that fetches; it holds when the issuer was last asked in vain, or for a new name while
    /// its keys were fresh.
    attempt: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    fetched: Option<Instant>,
}

impl Known {
    fn younger(&self, age: Duration) -> bool {
        self.fetched.is_some_and(|at| at.elapsed() < age)
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Key>,
}

/// Only what an RSA signing key needs; others in the document are none of ours.
#[derive(Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
}

impl Jwks {
    pub fn new(url: Url, secret_key: SecretString, http: reqwest::Client) -> Self {
        Self {
            url,
            secret_key,
            http,
            known: RwLock::default(),
            attempt: Mutex::default(),
        }
    }

    #[cfg(test)]
    pub fn holding(kid: &str, key: DecodingKey) -> Self {
        let nowhere = Url::parse("http://127.0.0.1:9/").expect("a URL");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self {
            known: RwLock::new(Known {
                keys: HashMap::from([(kid.to_owned(), key)]),
                fetched: Some(Instant::now()),
            }),
            ..Self::new(nowhere, "sk_test_x".into(), http)
        }
    }

    /// The RSA key of this name. The name is looked up in a map and used for nothing else.
    pub async fn key(&self, kid: &str) -> Option<DecodingKey> {
        if !plausible(kid) {
            return None;
        }
        if let Some(known) = self.look(kid, FRESH).await {
            return Some(known);
        }
        self.refresh(kid).await;
        self.look(kid, USABLE).await
    }

    async fn look(&self, kid: &str, age: Duration) -> Option<DecodingKey> {
        let known = self.known.read().await;
        known.keys.get(kid).filter(|_| known.younger(age)).cloned()
    }

    /// Asks the issuer, unless another request has just done so.
    async fn refresh(&self, kid: &str) {
        let mut attempt = self.attempt.lock().await;
        if self.look(kid, FRESH).await.is_some() || attempt.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        let renews = !self.known.read().await.younger(FRESH);
        // Before asking: a request that goes away meanwhile has asked as well.
        *attempt = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                *self.known.write().await = Known {
                    keys,
                    fetched: Some(Instant::now()),
                };
                // No name was unknown yet: a key that takes over a moment later is looked for at once.
                if renews {
                    *attempt = None;
                }
            }
            Err(error) => tracing::warn!(%error, "the issuer's keys cannot be fetched"),
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, DecodingKey>, reqwest::Error> {
        let request = self
            .http
            .get(self.url.clone())
            .bearer_auth(self.secret_key.expose_secret());
        let answer = request.timeout(Duration::from_secs(5)).send();
        let document: Document = answer.await?.error_for_status()?.json().await?;
        Ok(document.keys.into_iter().filter_map(Key::decode).collect())
    }
}

impl Key {
    fn decode(self) -> Option<(String, DecodingKey)> {
        let signs = self.kty == "RSA"
            && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == "RS256");
        signs.then_some(())?;
        let key = DecodingKey::from_rsa_components(&self.n?, &self.e?).ok()?;
        Some((self.kid.filter(|kid| plausible(kid))?, key))
    }
}

/// A name that cannot be a key's causes no request at all.
fn plausible(kid: &str) -> bool {
    (1..=128).contains(&kid.len()) && kid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn keys_outlive_a_bad_minute_of_their_issuer_but_not_a_bad_hour() {
        let jwks = Jwks::holding("k1", DecodingKey::from_secret(b"stands for any key"));
        tokio::time::advance(Duration::from_secs(4 * 60)).await;
        assert!(jwks.key("k1").await.is_some());
        assert!(
            jwks.attempt.lock().await.is_none(),
            "a fresh key is not asked for again"
        );
        tokio::time::advance(Duration::from_secs(4 * 60)).await;
        assert!(jwks.key("k1").await.is_some());
        assert!(jwks.attempt.lock().await.is_some());
        tokio::time::advance(Duration::from_secs(8 * 60)).await;
        assert!(jwks.key("k1").await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_name_makes_the_issuer_be_asked_at_once_and_others_wait() {
        let jwks = Jwks::holding("k1", DecodingKey::from_secret(b"stands for any key"));
        assert!(jwks.key("k2").await.is_none());
        let first = jwks.attempt.lock().await.expect("it was asked");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(jwks.key("k3").await.is_none() && jwks.key("k1").await.is_some());
        assert_eq!(*jwks.attempt.lock().await, Some(first));
        tokio::time::advance(PAUSE).await;
        assert!(jwks.key("k3").await.is_none());
        assert_ne!(*jwks.attempt.lock().await, Some(first));
    }

    #[tokio::test]
    async fn a_name_that_cannot_be_a_keys_causes_no_request() {
        let jwks = Jwks::holding("k1", DecodingKey::from_secret(b"stands for any key"));
        for kid in [
            "",
            "../etc/passwd",
            "https://evil.example",
            "' or 1=1",
            &"k".repeat(129),
        ] {
            assert!(jwks.key(kid).await.is_none());
        }
        assert!(jwks.attempt.lock().await.is_none());
    }
}
