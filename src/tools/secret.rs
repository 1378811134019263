//! A tool's secret at rest: sealed for one tool of one organization, and never read but to be sent.

use super::{SecretValue, Tool, ToolSecret};
use crate::{db::OrgTx, error::Result, id::Id};

const SEAL: &str = "tools";
/// Of a shorter value, four characters would tell too much.
const SHOWN_FROM: usize = 16;

/// The new value, sealed; nothing where the stored one stays or there is none.
pub(super) fn seal(tx: &OrgTx, id: Id<Tool>, secret: &ToolSecret) -> Result<Option<Vec<u8>>> {
    if secret.value.is_empty() || secret.header.is_empty() {
        return Ok(None);
    }
    tx.seal(SEAL, &id.to_string(), secret.value.expose().as_bytes())
        .map(Some)
}

/// Nothing where it was sealed for another tool, or under another secret of the installation.
pub(super) fn open(tx: &OrgTx, id: Id<Tool>, sealed: Vec<u8>) -> Option<SecretValue> {
    let plain = tx.unseal(SEAL, &id.to_string(), sealed)?;
    String::from_utf8(plain).ok().map(SecretValue::from)
}

/// What is shown of a value, so that people know which one it is.
pub(super) fn ending(value: &SecretValue) -> &str {
    let value = value.expose();
    // ASCII, by its check.
    match value.len() {
        SHOWN_FROM.. => value.get(value.len() - 4..).unwrap_or_default(),
        _ => "",
    }
}

/// Takes the secret out of a text, wherever somebody repeated it.
pub(crate) fn mask(text: &str, secret: Option<&SecretValue>) -> String {
    let Some(secret) = secret.map(SecretValue::expose).filter(|secret| !secret.is_empty()) else {
        return text.to_owned();
    };
    let masked = text.replace(secret, MASK);
    // A server may repeat the token without its scheme, or the password in a list of words.
    match secret.rsplit_once(' ') {
        Some((_, token)) if token.len() >= 8 => masked.replace(token, MASK),
        _ => masked,
    }
}

pub(crate) const MASK: &str = "••••••••";

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(value: &str) -> SecretValue {
        SecretValue::from(value.to_owned())
    }

    #[test]
    fn of_a_long_value_the_last_four_characters_are_shown() {
        assert_eq!(ending(&secret("Bearer 0123456789abcdef")), "cdef");
        assert_eq!(ending(&secret("short")), "");
        assert_eq!(ending(&secret("")), "");
    }

    #[test]
    fn a_secret_is_masked_wherever_it_is_repeated() {
        let bearer = secret("Bearer tok_12345678");
        assert_eq!(
            mask(
                "got Bearer tok_12345678; token tok_12345678, tok_12345678",
                Some(&bearer)
            ),
            format!("got {MASK}; token {MASK}, {MASK}")
        );
        assert_eq!(mask("plain", Some(&bearer)), "plain");
        assert_eq!(mask("plain", None), "plain");
        assert_eq!(mask("plain", Some(&secret(""))), "plain");
    }
}
