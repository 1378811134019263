//! Reads the JSON of others: what Postgres can hold nowhere is dropped, and the rest is read.
//!
//! U+0000, half a surrogate or a byte that is no UTF-8 in one text would else keep away all that comes with it.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

/// Reads what another service sent.
pub fn read<T: DeserializeOwned>(sent: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(&storable(sent))
}

fn storable(sent: &[u8]) -> Cow<'_, [u8]> {
    let mut text = match std::str::from_utf8(sent) {
        Ok(_) => Cow::Borrowed(sent),
        Err(_) => Cow::Owned(
            sent.utf8_chunks()
                .map(|chunk| chunk.valid())
                .collect::<String>()
                .into_bytes(),
        ),
    };
    if text.windows(2).any(|pair| pair == br"\u") {
        text = Cow::Owned(without_unstorable_escapes(&text));
    }
    text
}

/// A backslash stands only inside of texts, so the rest need not be understood.
fn without_unstorable_escapes(json: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(json.len());
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let length = match (byte, unit(json, at)) {
            // U+0000, and the second half of a pair whose first half is not there.
            (b'\\', Some(0 | 0xdc00..=0xdfff)) => {
                at += 6;
                continue;
            }
            (b'\\', Some(0xd800..=0xdbff)) => match unit(json, at + 6) {
                Some(0xdc00..=0xdfff) => 12,
                _ => {
                    at += 6;
                    continue;
                }
            },
            (b'\\', Some(_)) => 6,
            (b'\\', None) => 2,
            _ => 1,
        };
        let end = json.len().min(at + length);
        kept.extend_from_slice(&json[at..end]);
        at = end;
    }
    kept
}

/// The UTF-16 unit that is written here as an escape.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(br"\u")?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn what_cannot_be_stored_is_dropped_and_the_rest_is_read() {
        for (sent, read) in [
            (&br#"{"a":"x\u0000y","b":1}"#[..], json!({"a": "xy", "b": 1})),
            (br#"{"a":"x\ud83dy"}"#, json!({"a": "xy"})),
            (br#"{"a":"x\uDE00y"}"#, json!({"a": "xy"})),
            (br#"{"a":"\ud83d\ud83d\ude00\ude00"}"#, json!({"a": "\u{1f600}"})),
            (br#"{"a":"\ud83d\u0000\ude00"}"#, json!({"a": ""})),
            (br#"{"k\u0000":["\u0000"]}"#, json!({"k": [""]})),
            (b"{\"a\":\"x\xed\xa0\xbdy\xff\"}", json!({"a": "xy"})),
            (br#"{"a":"\u00e9\n\"\\u0000\\"}"#, json!({"a": "é\n\"\\u0000\\"})),
            (br#"{"a":"\\\u0000"}"#, json!({"a": "\\"})),
            (br#"{"a":"plain"}"#, json!({"a": "plain"})),
        ] {
            let found = super::read::<Value>(sent).unwrap();
            assert_eq!(found, read, "{}", String::from_utf8_lossy(sent));
        }
    }

    #[test]
    fn what_is_no_json_is_no_json_afterwards() {
        for sent in [
            &br#"{"a":"\u00"#[..],
            br#"{"a":"\ud83d"#,
            br#"{"a":"\"#,
            br"\u0000",
            b"\xff",
            b"",
        ] {
            assert!(super::read::<Value>(sent).is_err(), "{}", String::from_utf8_lossy(sent));
        }
    }
}
