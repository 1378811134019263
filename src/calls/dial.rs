//! Dialing: what the provider is asked to do for one call. A call of the live version refers to the agent's copy there; a call of
//! another one, or of the draft, brings everything along.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Call, Destination};
use crate::{
    agents::{
        AgentDraft, BRACES, fill,
        publish::{self, first_speaker},
    },
    id::Id,
    providers::Ultravox,
};

/// Under which our id travels with a call: what a lost answer is found by.
pub(crate) const MARK: &str = "switchboard_call";

/// A call of an agent's copy. `None` where the installation has no line to call from.
pub(crate) fn request(
    ultravox: &Ultravox,
    id: Id<Call>,
    to: &Destination,
    agent: &AgentDraft,
    variables: &BTreeMap<String, Value>,
) -> Option<Value> {
    let mut request = around(ultravox, id, to)?;
    let mut set = |name: &str, value: Value| request.insert(name.to_owned(), value);
    set(
        "templateContext",
        variables
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain([(BRACES.to_owned(), json!("{{"))])
            .collect(),
    );
    // The provider fills placeholders in everywhere but in first words.
    let words = filled_in(&agent.first_message, variables);
    if words != agent.first_message {
        set("firstSpeakerSettings", first_speaker(agent, words.trim()));
    }
    Some(Value::Object(request))
}

/// A call that refers to no copy: what the agent is made of, with the values of the call in place, and its tools as they are
/// selected. `None` as for [`request`].
pub(crate) fn whole(
    ultravox: &Ultravox,
    id: Id<Call>,
    to: &Destination,
    agent: &AgentDraft,
    mut tools: Vec<Value>,
    variables: &BTreeMap<String, Value>,
) -> Option<Value> {
    let mut request = publish::template(agent, &[]);
    // What a call may pass in is checked here.
    request.remove("contextSchema");
    for text in ["systemPrompt", "timeExceededMessage", "inactivityMessages"] {
        request
            .get_mut(text)
            .into_iter()
            .for_each(|value| fill_in(value, variables));
    }
    for tool in &mut tools {
        for text in ["/temporaryTool/description", "/temporaryTool/staticParameters"] {
            tool.pointer_mut(text)
                .into_iter()
                .for_each(|value| fill_in(value, variables));
        }
    }
    request.insert("selectedTools".to_owned(), tools.into());
    let words = filled_in(&agent.first_message, variables);
    request.insert("firstSpeakerSettings".to_owned(), first_speaker(agent, words.trim()));
    request.extend(around(ultravox, id, to)?);
    Some(Value::Object(request))
}

/// What a call is made of beside its agent.
fn around(ultravox: &Ultravox, id: Id<Call>, to: &Destination) -> Option<Map<String, Value>> {
    let mut request = Map::new();
    let mut set = |name: &str, value: Value| request.insert(name.to_owned(), value);
    set("metadata", json!({ MARK: id.to_string() }));
    match to {
        Destination::Phone { number } => drop(set("medium", ultravox.phone_medium(number)?)),
        Destination::Text {} => {
            // The one medium that a server can join by itself. Its sound is not used.
            set("medium", json!({ "serverWebSocket": { "inputSampleRate": 48_000 } }));
            set("initialOutputMedium", json!("MESSAGE_MEDIUM_TEXT"));
            set("recordingEnabled", json!(false));
        }
    }
    Some(request)
}

/// Fills the provider's templates in, wherever a value has some.
fn fill_in(value: &mut Value, variables: &BTreeMap<String, Value>) {
    match value {
        Value::String(text) => *text = filled_in(text, variables),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, variables)),
        Value::Object(members) => members.values_mut().for_each(|member| fill_in(member, variables)),
        _ => {}
    }
}

fn filled_in(text: &str, variables: &BTreeMap<String, Value>) -> String {
    fill(text, |name| match variables.get(name) {
        None if name == BRACES => Some("{{".to_owned()),
        None => None,
        Some(Value::Null) => None,
        Some(Value::String(value)) => Some(value.clone()),
        Some(value) => Some(value.to_string()),
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
        let other = AgentDraft {
            prompt: r"Ask {{name}} whether \{{x}} helps.".into(),
            silence: vec![crate::agents::Silence {
                after_s: 5,
                message: "{{name}}?".into(),
                ..Default::default()
            }],
            ..agent.clone()
        };
        let number = Destination::Phone {
            number: "+14155550100".into(),
        };
        let tools = vec![json!({
            "temporaryTool": {
                "modelToolName": "look_up",
                "description": "Looks {{name}} up.",
                "dynamicParameters": [],
                "staticParameters": [{ "name": "who", "location": "PARAMETER_LOCATION_BODY", "value": { "is": ["{{name}}"] } }],
                "http": { "baseUrlPattern": "https://example.com/{{name}}", "httpMethod": "GET" },
            },
            "authTokens": { "secret": "{{name}}" },
        })];
        let whole = whole(&ultravox(), id, &number, &other, tools, &variables).unwrap();
        assert_eq!(whole["systemPrompt"], "Ask Ann whether {{x}} helps.");
        assert_eq!(whole["inactivityMessages"][0]["message"], "Ann?");
        assert_eq!(whole["firstSpeakerSettings"], json!({ "agent": { "text": "Hi Ann!" } }));
        // Of a tool, its description and its fixed values: neither where it is asked nor what signs in there.
        let tool = &whole["selectedTools"][0];
        assert_eq!(tool["temporaryTool"]["description"], "Looks Ann up.");
        assert_eq!(
            tool["temporaryTool"]["staticParameters"][0]["value"],
            json!({ "is": ["Ann"] })
        );
        assert_eq!(
            tool["temporaryTool"]["http"]["baseUrlPattern"],
            "https://example.com/{{name}}"
        );
        assert_eq!(tool["authTokens"]["secret"], "{{name}}");
        assert_eq!(whole["metadata"], phone["metadata"]);
        assert!(whole.get("contextSchema").is_none() && whole.get("templateContext").is_none());
        if let Some(contract) = crate::providers::ultravox::contract::Contract::load() {
            contract.check("ultravox.v1.StartCallRequest", &whole);
            contract.check("ultravox.v1.StartAgentCallRequest", &phone);
            contract.check("ultravox.v1.StartAgentCallRequest", &text);
        }
    }
}
