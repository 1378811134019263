//! How each provider signs what it sends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

#[derive(Clone, Debug)]
pub enum Signer {
    /// Body first, then the timestamp, nothing between; hex; one signature for each secret.
    Ultravox { secrets: Vec<String> },
    /// `id.timestamp.body`; base64; the key is what the secret's base64 holds.
    Svix { id: String, secret: String },
}

/// What a fault does to a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    None,
    WrongSecret,
    OldTimestamp,
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

pub fn ultravox(secret: &str, body: &[u8], timestamp: &str) -> String {
    hex::encode(mac(secret.as_bytes(), &[body, timestamp.as_bytes()]))
}

pub fn svix(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = STANDARD.decode(encoded).unwrap_or_else(|_| encoded.as_bytes().to_vec());
    let signed = mac(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    format!("v1,{}", STANDARD.encode(signed))
}

impl Signer {
    /// The headers for an attempt made at `now`: an attempt that is repeated is signed again.
    pub fn headers(&self, body: &[u8], now: DateTime<Utc>, twist: Twist) -> Vec<(&'static str, String)> {
        let at = if twist == Twist::OldTimestamp {
            now - Duration::hours(1)
        } else {
            now
        };
        let wrong = twist == Twist::WrongSecret;
        match self {
            Signer::Ultravox { secrets } => {
                let timestamp = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, false);
                let signatures: Vec<_> = secrets
                    .iter()
                    .map(|secret| ultravox(if wrong { "not the secret" } else { secret }, body, &timestamp))
                    .collect();
                vec![
                    ("X-Ultravox-Webhook-Timestamp", timestamp),
                    ("X-Ultravox-Webhook-Signature", signatures.join(",")),
                ]
            }
            Signer::Svix { id, secret } => {
                let timestamp = at.timestamp().to_string();
                let secret = if wrong { "whsec_bm90IHRoZSBzZWNyZXQ=" } else { secret };
                let signature = svix(secret, id, &timestamp, body);
                vec![
                    ("svix-id", id.clone()),
                    ("svix-timestamp", timestamp),
                    ("svix-signature", signature),
                ]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ultravox_signs_the_body_and_then_the_timestamp() {
        let body = br#"{"event":"call.ended","call":{"callId":"3c90c3cc-0d44-4b50-8888-8dd25736052a"}}"#;
        assert_eq!(
            ultravox("uv-test-secret", body, "2026-01-02T03:04:05.678901+00:00"),
            "c6d51f2000b922c6c8d6d2bbe00524f086866d463f72a7424189de267323520e"
        );
    }

    #[test]
    fn svix_signs_the_id_the_timestamp_and_the_body() {
        let body = br#"{"data":{"id":"org_test","object":"organization","deleted":true},"object":"event","type":"organization.deleted","timestamp":1767323045678,"instance_id":"ins_test"}"#;
        let secret = "whsec_Y2xlcmstc2FuZGJveC1zaWduaW5nLXNlY3JldCEhISE=";
        assert_eq!(
            svix(secret, "msg_2abcDEFghiJKLmnoPQRstuVWXyz", "1767323045", body),
            "v1,Rv4mi37mFhMBc+4OWwHtZeSkmXQ+gFveKpw0cDzBLj4="
        );
    }
}
