//! What Ultravox accepts: the fields of call templates and call requests, and what each may hold.

use serde_json::{Map, Value};

use super::errors::Wrong;
use super::tool_rules::{check_tool_overrides, check_tools};
use super::values::seconds;

type Fields = Map<String, Value>;

const TEMPLATE: &[&str] = &[
    "name",
    "created",
    "updated",
    "medium",
    "initialOutputMedium",
    "joinTimeout",
    "maxDuration",
    "vadSettings",
    "recordingEnabled",
    "firstSpeakerSettings",
    "systemPrompt",
    "temperature",
    "model",
    "voice",
    "externalVoice",
    "voiceOverrides",
    "languageHint",
    "timeExceededMessage",
    "inactivityMessages",
    "selectedTools",
    "dataConnection",
    "contextSchema",
    "sharedSecrets",
    "retentionPolicy",
];
const AGENT_CALL: &[&str] = &[
    "templateContext",
    "initialMessages",
    "metadata",
    "medium",
    "joinTimeout",
    "maxDuration",
    "recordingEnabled",
    "initialOutputMedium",
    "firstSpeakerSettings",
    "dataConnection",
    "experimentalSettings",
    "callbacks",
    "voice",
    "voiceOverrides",
    "toolOverrides",
    "retentionPolicy",
    "sharedSecrets",
    "agentId",
];
const CALL: &[&str] = &[
    "systemPrompt",
    "temperature",
    "model",
    "voice",
    "externalVoice",
    "languageHint",
    "initialMessages",
    "joinTimeout",
    "maxDuration",
    "timeExceededMessage",
    "inactivityMessages",
    "selectedTools",
    "medium",
    "recordingEnabled",
    "firstSpeaker",
    "transcriptOptional",
    "initialOutputMedium",
    "vadSettings",
    "firstSpeakerSettings",
    "experimentalSettings",
    "metadata",
    "initialState",
    "dataConnection",
    "callbacks",
    "voiceOverrides",
    "retentionPolicy",
    "sharedSecrets",
];
const MEDIA: &[&str] = &[
    "webRtc",
    "twilio",
    "serverWebSocket",
    "telnyx",
    "plivo",
    "exotel",
    "sip",
];
const VOICES: &[&str] = &[
    "elevenLabs",
    "cartesia",
    "lmnt",
    "google",
    "inworld",
    "respeecher",
    "generic",
];
pub const MODELS: &[&str] = &[
    "ultravox-v0.7",
    "ultravox-v0.6",
    "ultravox-v0.6-gemma3-27b",
    "ultravox-v0.6-llama3.3-70b",
];

/// Which message is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Template,
    AgentCall,
    Call,
}

pub fn check(fields: &Fields, form: Form) -> Wrong {
    let mut wrong = Wrong::default();
    let known = match form {
        Form::Template => TEMPLATE,
        Form::AgentCall => AGENT_CALL,
        Form::Call => CALL,
    };
    for (name, value) in fields {
        if !known.contains(&name.as_str()) {
            wrong.add(name, format!("Message has no field named \"{name}\"."));
        } else if !value.is_null() {
            check_field(&mut wrong, name, value);
        }
    }
    if is_set(fields, "voice") && is_set(fields, "externalVoice") {
        wrong.add("externalVoice", "Only one of voice and externalVoice may be set.");
    }
    if form == Form::Template && is_set(fields, "voiceOverrides") && !is_set(fields, "voice") {
        wrong.add("voiceOverrides", "voiceOverrides may only be used with voice.");
    }
    wrong
}

pub fn is_set(fields: &Fields, name: &str) -> bool {
    fields.get(name).is_some_and(|value| !value.is_null() && value != "")
}

fn check_field(wrong: &mut Wrong, name: &str, value: &Value) {
    match name {
        "joinTimeout" | "maxDuration" => match value.as_str().and_then(seconds) {
            None => wrong.add(
                name,
                "Not a duration: expected digits, an optional fraction and \"s\", such as \"30s\".",
            ),
            Some(time) if time <= 0.0 => wrong.add(name, "Must be positive."),
            Some(_) => {}
        },
        "recordingEnabled" | "transcriptOptional" if !value.is_boolean() => wrong.add(name, "Must be a valid boolean."),
        "temperature" => match value.as_f64() {
            Some(number) if (0.0..=1.0).contains(&number) => {}
            _ => wrong.add(name, "Must be a number between 0 and 1."),
        },
        "name" | "systemPrompt" | "model" | "voice" | "languageHint" | "timeExceededMessage" | "agentId"
            if !value.is_string() =>
        {
            wrong.add(name, "Not a valid string.")
        }
        "model" if !MODELS.contains(&value.as_str().unwrap_or_default()) && value != "fixie-ai/ultravox" => {
            wrong.add(name, format!("Unknown model {value}."));
        }
        "languageHint" if value.as_str().is_some_and(|text| text.len() > 16) => {
            wrong.add(name, "Ensure this field has no more than 16 characters.");
        }
        "initialOutputMedium" => one_of(
            wrong,
            name,
            value,
            &[
                "MESSAGE_MEDIUM_VOICE",
                "MESSAGE_MEDIUM_TEXT",
                "MESSAGE_MEDIUM_UNSPECIFIED",
            ],
        ),
        "retentionPolicy" => one_of(
            wrong,
            name,
            value,
            &[
                "CALL_RETENTION_POLICY_RETAIN",
                "CALL_RETENTION_POLICY_AUTO_DELETE",
                "CALL_RETENTION_POLICY_UNSPECIFIED",
            ],
        ),
        "firstSpeaker" => one_of(
            wrong,
            name,
            value,
            &["FIRST_SPEAKER_AGENT", "FIRST_SPEAKER_USER", "FIRST_SPEAKER_UNSPECIFIED"],
        ),
        "medium" => check_medium(wrong, value),
        "firstSpeakerSettings" => check_first_speaker(wrong, value),
        "externalVoice" | "voiceOverrides" => only_one(wrong, name, value, VOICES, true),
        "inactivityMessages" => check_inactivity(wrong, value),
        "selectedTools" => check_tools(wrong, name, value),
        "toolOverrides" => check_tool_overrides(wrong, value),
        "metadata" => check_metadata(wrong, value),
        "callbacks" => check_callbacks(wrong, value),
        "sharedSecrets" | "initialMessages" if !value.is_array() => wrong.add(name, "Expected a list of items."),
        "templateContext"
        | "contextSchema"
        | "vadSettings"
        | "dataConnection"
        | "experimentalSettings"
        | "initialState"
            if !value.is_object() =>
        {
            wrong.add(name, "Expected a dictionary of items.")
        }
        "vadSettings" => check_vad(wrong, value),
        _ => {}
    }
}

fn one_of(wrong: &mut Wrong, name: &str, value: &Value, choices: &[&str]) {
    if !value.as_str().is_some_and(|text| choices.contains(&text)) {
        wrong.add(name, format!("{value} is not a valid choice."));
    }
}

/// Exactly (or at most) one member out of `choices`, and none besides.
fn only_one(wrong: &mut Wrong, name: &str, value: &Value, choices: &[&str], needed: bool) {
    let Some(members) = value.as_object() else {
        return wrong.add(name, "Expected a dictionary of items.");
    };
    if let Some(unknown) = members.keys().find(|key| !choices.contains(&key.as_str())) {
        wrong.add(name, format!("Message has no field named \"{unknown}\"."));
    }
    if members.len() > 1 || (needed && members.is_empty()) {
        wrong.add(name, format!("Exactly one of {} must be set.", choices.join(", ")));
    }
}

fn check_medium(wrong: &mut Wrong, value: &Value) {
    only_one(wrong, "medium", value, MEDIA, false);
    for carrier in ["twilio", "telnyx", "plivo", "sip"] {
        let outgoing = &value[carrier]["outgoing"];
        if outgoing.is_object()
            && (outgoing["to"].as_str().unwrap_or_default().is_empty()
                || outgoing["from"].as_str().unwrap_or_default().is_empty())
        {
            wrong.add("medium", format!("{carrier}.outgoing needs to and from."));
        }
    }
    let sip = &value["sip"];
    if sip.is_object() && sip["incoming"].is_object() == sip["outgoing"].is_object() {
        wrong.add("medium", "sip needs exactly one of incoming and outgoing.");
    }
    let socket = &value["serverWebSocket"];
    if socket.is_object() && socket["inputSampleRate"].as_u64().is_none_or(|rate| rate == 0) {
        wrong.add("medium", "serverWebSocket needs inputSampleRate.");
    }
}

fn check_first_speaker(wrong: &mut Wrong, value: &Value) {
    let name = "firstSpeakerSettings";
    only_one(wrong, name, value, &["user", "agent"], true);
    for words in [&value["agent"], &value["user"]["fallback"]] {
        if words["text"].is_string() && words["prompt"].is_string() {
            wrong.add(name, "Only one of text and prompt may be set.");
        }
        if let Some(delay) = words
            .get("delay")
            .filter(|delay| delay.as_str().and_then(seconds).is_none())
        {
            wrong.add(name, format!("{delay} is not a duration."));
        }
    }
}

fn check_inactivity(wrong: &mut Wrong, value: &Value) {
    let Some(items) = value.as_array() else {
        return wrong.add("inactivityMessages", "Expected a list of items.");
    };
    for item in items {
        if item["duration"].as_str().and_then(seconds).is_none() {
            wrong.add("inactivityMessages", "Each message needs a duration, such as \"30s\".");
        }
        let ends = [
            "END_BEHAVIOR_UNSPECIFIED",
            "END_BEHAVIOR_HANG_UP_SOFT",
            "END_BEHAVIOR_HANG_UP_STRICT",
        ];
        if let Some(end) = item.get("endBehavior") {
            one_of(wrong, "inactivityMessages", end, &ends);
        }
    }
}

fn check_vad(wrong: &mut Wrong, value: &Value) {
    for name in [
        "turnEndpointDelay",
        "minimumTurnDuration",
        "minimumInterruptionDuration",
    ] {
        if value
            .get(name)
            .is_some_and(|time| time.as_str().and_then(seconds).is_none())
        {
            wrong.add("vadSettings", format!("{name} is not a duration."));
        }
    }
    let threshold = value.get("frameActivationThreshold");
    if threshold.is_some_and(|number| !number.as_f64().is_some_and(|number| (0.1..=1.0).contains(&number))) {
        wrong.add("vadSettings", "frameActivationThreshold must be between 0.1 and 1.");
    }
}

fn check_metadata(wrong: &mut Wrong, value: &Value) {
    let Some(members) = value.as_object() else {
        return wrong.add("metadata", "Expected a dictionary of items.");
    };
    for (key, value) in members {
        if key.starts_with("ultravox.") {
            wrong.add("metadata", format!("{key}: keys may not begin with \"ultravox.\"."));
        }
        if !value.is_string() {
            wrong.add("metadata", format!("{key}: values must be strings."));
        }
    }
}

fn check_callbacks(wrong: &mut Wrong, value: &Value) {
    let Some(members) = value.as_object() else {
        return wrong.add("callbacks", "Expected a dictionary of items.");
    };
    for (event, callback) in members {
        if !["joined", "ended", "billed"].contains(&event.as_str()) {
            wrong.add("callbacks", format!("Message has no field named \"{event}\"."));
        } else if callback["url"]
            .as_str()
            .is_none_or(|text| url::Url::parse(text).is_err())
        {
            wrong.add("callbacks", format!("{event}: a url is needed."));
        }
    }
}
