use super::*;
use crate::tools::{Method, ToolSecret};

fn parameter(name: &str, place: Place, kind: ParameterKind) -> Parameter {
    Parameter {
        name: name.into(),
        place,
        kind,
        ..Parameter::default()
    }
}

fn draft() -> ToolDraft {
    ToolDraft {
        name: "Book a visit".into(),
        model_name: "book_visit".into(),
        description: "Books a visit.".into(),
        url: "https://calendar.example.com/{clinic}/visits".into(),
        parameters: vec![
            parameter("clinic", Place::Path, ParameterKind::Dynamic),
            Parameter {
                schema: json!({ "type": "integer", "minimum": 1, "enum": [1, 2] }),
                ..parameter("people", Place::Body, ParameterKind::Dynamic)
            },
            Parameter {
                value: json!("voice-agent"),
                ..parameter("source", Place::Query, ParameterKind::Static)
            },
            parameter("X-Call", Place::Header, ParameterKind::Automatic),
        ],
        secret: ToolSecret {
            header: "Authorization".into(),
            ..ToolSecret::default()
        },
        timeout_s: 12,
        ..ToolDraft::default()
    }
}

#[test]
fn a_definition_is_what_the_provider_describes() {
    let published = overlaid(&Value::Null, &draft());
    assert_eq!(published["timeout"], "12s");
    assert_eq!(published["dynamicParameters"][0]["required"], true);
    assert_eq!(published["dynamicParameters"][1]["required"], false);
    assert_eq!(
        published["requirements"],
        json!({ "httpSecurityOptions": { "options": [
            { "requirements": { "secret": { "headerApiKey": { "name": "Authorization" } } } },
        ] } })
    );
    for (seconds, written) in [(1, "1s"), (12, "12s"), (30, "30s")] {
        let draft = ToolDraft {
            timeout_s: seconds,
            ..draft()
        };
        assert_eq!(overlaid(&Value::Null, &draft)["timeout"], written);
    }
    if let Some(contract) = crate::providers::ultravox::contract::Contract::load() {
        contract.check("ultravox.v1.BaseToolDefinition", &published);
        let selected = json!({ "toolId": "t", "authTokens": { SECRET: "Bearer x" } });
        contract.check("ultravox.v1.SelectedTool", &selected);
    }
}

#[test]
fn what_was_published_agrees_with_the_draft_however_it_is_written() {
    let ours = definition(&draft());
    let mut there = overlaid(&Value::Null, &draft());
    assert_eq!(differences(&ours, &there), Vec::<&str>::new());
    there["timeout"] = json!("12.000s");
    there["dynamicParameters"][1]
        .as_object_mut()
        .unwrap()
        .remove("required");
    there["dynamicParameters"][1]["schema"] = json!({ "type": "integer", "minimum": 1.0, "enum": [1.0, 2.0] });
    there["defaultReaction"] = json!("AGENT_REACTION_SPEAKS");
    assert_eq!(differences(&ours, &there), Vec::<&str>::new());
}

#[test]
fn what_was_changed_there_is_named() {
    let ours = definition(&draft());
    let mut there = overlaid(&Value::Null, &draft());
    there["modelToolName"] = json!("other");
    there["http"]["httpMethod"] = json!("PUT");
    there["timeout"] = json!("2.5s");
    there["staticParameters"] = json!([]);
    there.as_object_mut().unwrap().remove("requirements");
    assert_eq!(
        differences(&ours, &there),
        ["name for the model", "parameters", "address", "time limit", "secret"]
    );
    assert_eq!(differences(&ours, &Value::Null).len(), 6);
}

#[test]
fn an_update_keeps_what_is_not_ours_and_clears_what_we_cleared() {
    let there = json!({
        "precomputable": true, "client": {}, "requirements": { "requiredParameterOverrides": ["x"] }, "staticResponse": null,
    });
    let plain = ToolDraft {
        secret: ToolSecret::default(),
        method: Method::Get,
        ..draft()
    };
    let whole = overlaid(&there, &plain);
    assert_eq!(whole["precomputable"], true);
    for gone in ["client", "requirements", "staticResponse"] {
        assert!(whole.get(gone).is_none(), "{gone}");
    }
}
