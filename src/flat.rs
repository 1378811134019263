//! Flat objects: two structs that travel as one. serde's own `flatten` keeps a copy of all that it has not placed yet, in
//! code that the browser would load; reading the value twice costs it next to nothing.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;

use crate::read::{DecodeError, from_value};

/// Both parts of an object, each from the fields it knows.
pub fn split_object<'de, D: Deserializer<'de>, A: DeserializeOwned, B: DeserializeOwned>(
    deserializer: D,
) -> Result<(A, B), D::Error> {
    let value = Value::deserialize(deserializer)?;
    let read = |value| Ok((from_value(value)?, from_value(value)?));
    read(&value).map_err(D::Error::custom::<DecodeError>)
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use crate::{agents::AgentDraft, keys::NewApiKey};

    #[test]
    fn both_parts_are_read_and_what_is_wrong_with_either_is_said() {
        let key = json!({
            "id": "0198c2f0-0000-7000-8000-000000000000", "name": "Booking site", "short": "abc", "scopes": ["agents:read"],
            "created_by": null, "maker": null, "maker_left": false, "created_at": "2026-01-01T00:00:00Z", "expires_at": null, "revoked_at": null,
            "used_at": null, "secret": "sb_live_abc_def"
        });
        let new: NewApiKey = from_value(key.clone()).unwrap();
        assert_eq!(
            (new.key.name.as_str(), new.secret.as_str()),
            ("Booking site", "sb_live_abc_def")
        );
        assert_eq!(serde_json::to_value(&new).unwrap(), key);
        assert!(from_value::<NewApiKey>(json!({ "secret": "sb_live_abc_def" })).is_err());

        let (draft, rest): (AgentDraft, AgentDraft) = super::split_object(json!({ "name": "Front desk" })).unwrap();
        assert_eq!((draft.name.as_str(), &draft), ("Front desk", &rest));
    }
}
