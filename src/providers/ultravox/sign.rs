//! Whether an event is Ultravox's: HMAC-SHA256 in lower-case hex over body and timestamp, in this order, nothing between.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The provider's advice. Its retries carry a fresh timestamp.
const TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// Several signatures may be given, one for each secret the provider knows; one of ours suffices.
pub fn verify(secret: &[u8], timestamp: &str, signatures: &str, body: &[u8], now: DateTime<Utc>) -> bool {
    let Ok(at) = DateTime::parse_from_rfc3339(timestamp) else {
        return false;
    };
    if (now - at.to_utc()).abs() > TOLERANCE {
        return false;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(body);
    mac.update(timestamp.as_bytes());
    signatures
        .split(',')
        .filter_map(|signature| hex::decode(signature.trim()).ok())
        .any(|signature| mac.clone().verify_slice(&signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"uv-test-secret";
    const AT: &str = "2026-01-02T03:04:05.678901+00:00";
    const BODY: &[u8] = br#"{"event":"call.ended","call":{"callId":"3c90c3cc-0d44-4b50-8888-8dd25736052a"}}"#;
    const SIGNATURE: &str = "c6d51f2000b922c6c8d6d2bbe00524f086866d463f72a7424189de267323520e";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(AT).unwrap().to_utc() + TimeDelta::seconds(seconds)
    }

    #[test]
    fn the_documented_example_is_genuine() {
        assert!(verify(SECRET, AT, SIGNATURE, BODY, at(0)));
        assert!(verify(
            SECRET,
            AT,
            &format!("{}, {SIGNATURE}", "0".repeat(64)),
            BODY,
            at(59)
        ));
    }

    #[test]
    fn anything_else_is_not() {
        assert!(!verify(b"other", AT, SIGNATURE, BODY, at(0)));
        assert!(!verify(SECRET, AT, SIGNATURE, b"{}", at(0)));
        assert!(!verify(
            SECRET,
            "2026-01-02T03:04:06.678901+00:00",
            SIGNATURE,
            BODY,
            at(0)
        ));
        assert!(!verify(SECRET, AT, "", BODY, at(0)));
        assert!(!verify(SECRET, AT, "zz", BODY, at(0)));
        assert!(!verify(SECRET, AT, &SIGNATURE[..62], BODY, at(0)));
        assert!(!verify(SECRET, "", SIGNATURE, BODY, at(0)));
    }

    #[test]
    fn an_old_event_and_one_from_the_future_are_refused() {
        assert!(!verify(SECRET, AT, SIGNATURE, BODY, at(61)));
        assert!(!verify(SECRET, AT, SIGNATURE, BODY, at(-61)));
    }
}
