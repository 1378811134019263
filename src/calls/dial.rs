//! Dialing: what the provider is asked to do for one call.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Call, Destination};
use crate::{
    agents::{AgentDraft, BRACES, fill, publish::first_speaker},
    id::Id,
    providers::Ultravox,
};

/// Under which our id travels with a call: what a lost answer is found by.
pub(crate) const MARK: &str = "switchboard_call";

/// `None` where the installation has no line to call from.
pub(crate) fn request(
    ultravox: &Ultravox,
    id: Id<Call>,
    to: &Destination,
    agent: &AgentDraft,
    variables: &BTreeMap<String, Value>,
) -> Option<Value> {
    let mut request = Map::new();
    let mut set = |name: &str, value: Value| request.insert(name.to_owned(), value);
    set("metadata", json!({ MARK: id.to_string() }));
    set(
        "templateContext",
        variables
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain([(BRACES.to_owned(), json!("{{"))])
            .collect(),
    );
    match to {
        Destination::Phone { number } => drop(set("medium", ultravox.phone_medium(number)?)),
        Destination::Text {} => {
            // The one medium that a server can join by itself. Its sound is not used.
            set("medium", json!({ "serverWebSocket": { "inputSampleRate": 48_000 } }));
            set("initialOutputMedium", json!("MESSAGE_MEDIUM_TEXT"));
            set("recordingEnabled", json!(false));
        }
    }
    // The provider fills placeholders in everywhere but in first words.
    let words = filled_in(&agent.first_message, variables);
    if words != agent.first_message {
        set("firstSpeakerSettings", first_speaker(agent, words.trim()));
    }
    Some(Value::Object(request))
}

fn filled_in(text: &str, variables: &BTreeMap<String, Value>) -> String {
    fill(text, |name| match variables.get(name)? {
        Value::Null => None,
        Value::String(value) => Some(value.clone()),
        value => Some(value.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_with_the_values_of_the_call() {
        let variables = BTreeMap::from([
            ("name".to_owned(), json!("Ann")),
            ("count".to_owned(), json!(3)),
            ("none".to_owned(), Value::Null),
        ]);
        assert_eq!(
            filled_in("Hi {{ name }}, {{count}} new{{none}}{{missing}}. {{", &variables),
            "Hi Ann, 3 new. {{"
        );
        assert_eq!(filled_in("plain", &variables), "plain");
        assert_eq!(filled_in(r"Say \{{name}}, {{name}}.", &variables), "Say {{name}}, Ann.");
    }

    fn ultravox() -> Ultravox {
        let access = crate::providers::UltravoxAccess {
            url: "http://localhost".parse().unwrap(),
            key: "k".to_owned().into(),
            medium: "sip".into(),
            from: "+15550100000".into(),
            sip_host: Some("trunk.example.com".into()),
            webhook_secret: "s".to_owned().into(),
        };
        Ultravox::new(access, crate::providers::client())
    }

    #[test]
    fn a_request_carries_our_id_and_its_own_first_words() {
        let agent = AgentDraft {
            first_message: "Hi {{name}}!".into(),
            ..AgentDraft::default()
        };
        let variables = BTreeMap::from([("name".to_owned(), json!("Ann")), ("none".to_owned(), Value::Null)]);
        let id = Id::new();
        let phone = request(
            &ultravox(),
            id,
            &Destination::Phone {
                number: "+14155550100".into(),
            },
            &agent,
            &variables,
        )
        .unwrap();
        assert_eq!(phone["metadata"], json!({ "switchboard_call": id.to_string() }));
        assert_eq!(phone["templateContext"], json!({ "name": "Ann", "_braces": "{{" }));
        assert_eq!(phone["firstSpeakerSettings"], json!({ "agent": { "text": "Hi Ann!" } }));
        let text = request(
            &ultravox(),
            id,
            &Destination::Text {},
            &AgentDraft::default(),
            &BTreeMap::new(),
        )
        .unwrap();
        assert!(text.get("firstSpeakerSettings").is_none());
        if let Some(contract) = crate::providers::ultravox::contract::Contract::load() {
            contract.check("ultravox.v1.StartAgentCallRequest", &phone);
            contract.check("ultravox.v1.StartAgentCallRequest", &text);
        }
    }
}
