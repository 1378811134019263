//! The instance's signing keys: made, published, rotated.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::{Answer, Problem};

/// One RSA key of 2048 bits, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub struct Key {
    pub kid: String,
    /// PKCS #8, base64.
    secret: String,
    n: String,
    e: String,
}

impl Key {
    fn make() -> Option<Key> {
        let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
        let secret = pair.as_der().ok()?;
        let (n, e) = numbers(pair.public_key().as_ref())?;
        Some(Key {
            kid: super::id("ins_"),
            secret: URL_SAFE_NO_PAD.encode(secret.as_ref()),
            n,
            e,
        })
    }

    pub fn public(&self) -> Value {
        json!({ "use": "sig", "kty": "RSA", "kid": self.kid, "alg": "RS256", "n": self.n, "e": self.e })
    }

    /// The public key as text, for those who sign with the wrong thing on purpose.
    pub fn modulus(&self) -> &str {
        &self.n
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let der = URL_SAFE_NO_PAD.decode(&self.secret).unwrap_or_default();
        let pair = KeyPair::from_pkcs8(&der).expect("a key that was made here");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a buffer of the right size");
        signature
    }
}

/// Takes a moment, and takes it where nobody else waits.
pub async fn make() -> Answer<Key> {
    let made = tokio::task::spawn_blocking(Key::make).await.ok().flatten();
    made.ok_or_else(|| Problem::new(500, "internal_clerk_error", "No signing key could be made."))
}

/// Modulus and exponent out of a DER `RSAPublicKey`, base64url as a JWK wants them.
fn numbers(der: &[u8]) -> Option<(String, String)> {
    let (content, _) = element(0x30, der)?;
    let (n, rest) = element(0x02, content)?;
    let (e, _) = element(0x02, rest)?;
    let bare = |number: &[u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        URL_SAFE_NO_PAD.encode(&number[zeros..])
    };
    Some((bare(n), bare(e)))
}

/// The content of a DER element and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let digits = usize::from(first & 0x7f);
        let (digits, rest) = rest.split_at_checked(digits)?;
        (
            digits
                .iter()
                .fold(0, |length, digit| (length << 8) | usize::from(*digit)),
            rest,
        )
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

pub fn jwks(keys: &[Key]) -> Value {
    json!({ "keys": keys.iter().map(Key::public).collect::<Vec<_>>() })
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A JWT signed by this key.
pub fn jwt(key: &Key, claims: &Value) -> String {
    let head = json!({ "alg": "RS256", "cat": "cl_B7d4PD111AAA", "kid": key.kid, "typ": "JWT" });
    let signed = format!("{}.{}", part(&head), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// How a token can be wrong in its envelope.
pub fn forged(key: &Key, claims: &Value, how: &str) -> Option<String> {
    let unsigned = |head: Value| format!("{}.{}", part(&head), part(claims));
    Some(match how {
        "none" => format!("{}.", unsigned(json!({ "alg": "none", "typ": "JWT" }))),
        "hs256" => {
            let signed = unsigned(json!({ "alg": "HS256", "kid": key.kid, "typ": "JWT" }));
            let mac = super::super::sign::ultravox(key.modulus(), signed.as_bytes(), "");
            format!(
                "{signed}.{}",
                URL_SAFE_NO_PAD.encode(hex::decode(mac).unwrap_or_default())
            )
        }
        "unknown_kid" => {
            let signed = unsigned(json!({ "alg": "RS256", "kid": super::id("ins_"), "typ": "JWT" }));
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())))
        }
        "tampered" => {
            let good = jwt(key, claims);
            let (head, rest) = good.split_once('.')?;
            let (_, signature) = rest.split_once('.')?;
            let mut claims = claims.clone();
            claims["sub"] = json!(super::id("user_"));
            format!("{head}.{}.{signature}", part(&claims))
        }
        _ => return None,
    })
}
