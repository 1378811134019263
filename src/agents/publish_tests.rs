use super::*;
use crate::agents::{Silence, Variable};

fn draft() -> AgentDraft {
    AgentDraft {
        name: "Front desk".into(),
        prompt: "You are Anna. Greet {{name}}.".into(),
        voice_id: "voice-1".into(),
        first_message: "Hi!".into(),
        temperature_percent: 35,
        silence: vec![
            Silence {
                after_s: 20,
                message: "Still there?".into(),
                then: EndBehavior::GoOn,
            },
            Silence {
                after_s: 10,
                message: "Goodbye.".into(),
                then: EndBehavior::HangUpSoft,
            },
        ],
        variables: vec![
            Variable {
                name: "name".into(),
                required: true,
                ..Variable::default()
            },
            Variable {
                name: "age".into(),
                kind: VariableKind::Number,
                ..Variable::default()
            },
        ],
        time_exceeded_message: "We have to stop.".into(),
        ..AgentDraft::default()
    }
}

#[test]
fn a_name_there_is_short_and_carries_our_id() {
    let id = Id::new();
    let long = AgentDraft {
        name: "ä".repeat(80),
        ..draft()
    };
    for draft in [draft(), long] {
        let name = name_there(id, &draft);
        assert!(name.chars().count() <= 64, "{name}");
        assert!(name.contains(&mark(id)));
    }
    assert!(name_there(id, &draft()).starts_with("Front desk sb_"));
}

#[test]
fn what_was_published_agrees_with_the_draft() {
    let published = overlaid(&Value::Null, &draft(), &[]);
    assert_eq!(differences(&template(&draft(), &[]), &published), Vec::<&str>::new());
}

#[test]
fn other_ways_to_write_the_same_template_agree_too() {
    let mut there = overlaid(&Value::Null, &draft(), &[]);
    there["joinTimeout"] = json!("30.000s");
    there["temperature"] = json!(0.349_999_994_039_535_5);
    there["vadSettings"]["frameActivationThreshold"] = json!(0.1);
    there["contextSchema"]["title"] = json!("whatever");
    there["medium"] = json!({ "webRtc": {} });
    there["inactivityMessages"][0]
        .as_object_mut()
        .unwrap()
        .remove("endBehavior");
    assert_eq!(differences(&template(&draft(), &[]), &there), Vec::<&str>::new());
    let plain = AgentDraft {
        first_message: String::new(),
        join_timeout_s: 30,
        max_duration_s: 3600,
        recording: false,
        temperature_percent: 0,
        silence: Vec::new(),
        time_exceeded_message: String::new(),
        ..draft()
    };
    let mut there = overlaid(&Value::Null, &plain, &[]);
    for default in [
        "joinTimeout",
        "maxDuration",
        "recordingEnabled",
        "temperature",
        "firstSpeakerSettings",
        "vadSettings",
        "inactivityMessages",
    ] {
        there.as_object_mut().unwrap().remove(default);
    }
    assert_eq!(differences(&template(&plain, &[]), &there), Vec::<&str>::new());
}

#[test]
fn what_was_changed_there_is_named() {
    let mut there = overlaid(&Value::Null, &draft(), &[]);
    there["voice"] = json!("voice-2");
    there["maxDuration"] = json!("60s");
    there["firstSpeakerSettings"] = json!({ "user": {} });
    there["contextSchema"]["required"] = json!([]);
    let found = differences(&template(&draft(), &[]), &there);
    assert_eq!(found, ["voice", "who speaks first", "longest call", "variables"]);
    assert_eq!(
        in_words(&found).unwrap(),
        "voice, who speaks first, longest call and variables"
    );
    assert_eq!(differences(&template(&draft(), &[]), &Value::Null).len(), 10);
}

#[test]
fn an_update_keeps_what_is_not_ours_and_clears_what_we_cleared() {
    let there = json!({
        "name": "x", "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z",
        "selectedTools": [{ "toolName": "hangUp" }], "timeExceededMessage": "Old.", "model": "ultravox-v0.7",
        "externalVoice": { "generic": {} }, "voiceOverrides": { "google": {} }, "dataConnection": null,
        "vadSettings": { "minimumTurnDuration": "0.2s", "turnEndpointDelay": "1s" },
    });
    let cleared = AgentDraft {
        time_exceeded_message: String::new(),
        ..draft()
    };
    let whole = overlaid(&there, &cleared, &[]);
    assert_eq!(whole["selectedTools"], there["selectedTools"]);
    assert_eq!(whole["model"], "ultravox-v0.7");
    assert_eq!(whole["timeExceededMessage"], "");
    assert_eq!(
        whole["vadSettings"],
        json!({ "minimumTurnDuration": "0.2s", "turnEndpointDelay": "0.384s", "minimumInterruptionDuration": "0.09s" })
    );
    for gone in [
        "name",
        "created",
        "updated",
        "externalVoice",
        "voiceOverrides",
        "dataConnection",
    ] {
        assert!(whole.get(gone).is_none(), "{gone}");
    }
}

#[test]
fn a_person_who_is_called_speaks_first_unless_they_are_silent() {
    let draft = AgentDraft {
        first_speaker: FirstSpeaker::Person,
        ..draft()
    };
    assert_eq!(
        first_speaker(&draft, "Hi!"),
        json!({ "user": { "fallback": { "delay": "5s", "text": "Hi!" } } })
    );
    assert_eq!(first_speaker(&draft, ""), json!({ "user": {} }));
}

#[test]
fn an_id_knows_when_it_was_made() {
    assert!((chrono::Utc::now() - born(Id::<Agent>::new())).num_seconds().abs() <= 1);
}

#[test]
fn a_published_template_is_one_that_the_official_description_accepts() {
    let Some(contract) = crate::providers::ultravox::contract::Contract::load() else {
        return;
    };
    contract.check(
        "PatchedAgent",
        &json!({ "name": name_there(Id::new(), &draft()), "callTemplate": overlaid(&Value::Null, &draft(), &[]) }),
    );
    let person = AgentDraft {
        first_speaker: FirstSpeaker::Person,
        ..draft()
    };
    contract.check("ultravox.v1.CallTemplate", &overlaid(&Value::Null, &person, &[]));
    contract.check(
        "ultravox.v1.CallTemplate",
        &overlaid(
            &Value::Null,
            &AgentDraft {
                first_message: String::new(),
                ..person
            },
            &[],
        ),
    );
}
