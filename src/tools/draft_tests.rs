use serde_json::json;

use super::{
    super::{Automatic, host, origin},
    *,
};
use crate::error::Error;

fn good() -> ToolDraft {
    ToolDraft {
        name: "Book a visit".into(),
        model_name: "book_visit".into(),
        description: "Books a visit.".into(),
        url: "https://calendar.example.com/clinics/{clinic}/visits".into(),
        parameters: vec![Parameter {
            name: "clinic".into(),
            place: Place::Path,
            ..Parameter::default()
        }],
        ..ToolDraft::default()
    }
}

fn with(parameter: Parameter) -> ToolDraft {
    let mut draft = good();
    draft.parameters.push(parameter);
    draft
}

fn fields(draft: &ToolDraft) -> Vec<String> {
    match Check::run(draft) {
        Ok(()) => Vec::new(),
        Err(Error::Invalid(errors)) => errors.into_iter().map(|e| e.field).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_tool_needs_two_names_a_description_and_an_address() {
    assert_eq!(
        fields(&ToolDraft::default()),
        ["name", "model_name", "description", "url"]
    );
    assert!(fields(&good()).is_empty());
}

#[test]
fn a_name_for_the_model_is_what_the_provider_takes() {
    for bad in ["", "book visit", "büchen", &"a".repeat(65), "hangUp"] {
        let draft = ToolDraft {
            model_name: bad.into(),
            ..good()
        };
        assert_eq!(fields(&draft), ["model_name"], "{bad}");
    }
    assert_eq!(model_name_of(" Book a visit (new)! "), "book_a_visit_new");
    assert_eq!(model_name_of("äöü"), "");
}

#[test]
fn an_address_is_one_that_can_be_called() {
    let address = |url: &str| ToolDraft {
        url: url.into(),
        parameters: Vec::new(),
        ..good()
    };
    for url in [
        "https://a.example.com",
        "http://127.0.0.1:4000/x?y=1",
        "https://[::1]/x",
        "https://a.example.com:8443/x%20y",
    ] {
        assert!(fields(&address(url)).is_empty(), "{url}");
    }
    for url in [
        "",
        "a.example.com",
        "ftp://a.example.com",
        "https://",
        "https:///x",
        "https://[]/x",
        "https://user:pw@a.example.com/",
        "https://{host}.example.com/",
        "https://a.example.com/#x",
        "https://a.example.com/?q={q}",
        "https://a.example.com/{a b}",
        "https://a.example.com/{{a}}",
        "https://a.example.com/}{",
        "https://a.example.com/ü",
    ] {
        assert_eq!(fields(&address(url)), ["url"], "{url}");
    }
    assert_eq!(host("https://A.example.com:8443/x"), "A.example.com:8443");
    assert_eq!(origin("https://A.example.com/x?y"), "https://a.example.com");
}

#[test]
fn parameters_and_places_in_the_address_belong_together() {
    let mut draft = good();
    draft.parameters.clear();
    assert_eq!(fields(&draft), ["url"]);
    let lost = with(Parameter {
        name: "visit".into(),
        place: Place::Path,
        ..Parameter::default()
    });
    assert_eq!(fields(&lost), ["parameters[1].name"]);
}

#[test]
fn what_is_wrong_with_a_parameter_stands_beside_it() {
    let named = |name: &str, place| Parameter {
        name: name.into(),
        place,
        ..Parameter::default()
    };
    for (parameter, field) in [
        (named("", Place::Body), "name"),
        (named("clinic", Place::Query), "name"),
        (named("Host", Place::Header), "name"),
        (named("Authorization", Place::Header), "name"),
        (
            Parameter {
                schema: json!({"type": "array"}),
                ..named("list", Place::Query)
            },
            "schema",
        ),
        (
            Parameter {
                schema: json!({}),
                ..named("untyped", Place::Body)
            },
            "schema",
        ),
        (
            Parameter {
                kind: ParameterKind::Static,
                value: json!({"a": 1}),
                ..named("object", Place::Query)
            },
            "value",
        ),
        (
            Parameter {
                kind: ParameterKind::Static,
                value: json!("two\nlines"),
                ..named("x-lines", Place::Header)
            },
            "value",
        ),
        (
            Parameter {
                kind: ParameterKind::Automatic,
                automatic: Automatic::ConversationHistory,
                ..named("history", Place::Query)
            },
            "automatic",
        ),
    ] {
        assert_eq!(fields(&with(parameter)), [format!("parameters[1].{field}")]);
    }
    let mut draft = with(named("reason", Place::Body));
    assert!(fields(&draft).is_empty());
    draft.method = Method::Get;
    assert_eq!(fields(&draft), ["parameters[1].place"]);
}

#[test]
fn a_secret_is_a_header_and_shows_nowhere() {
    let secret = |header: &str, value: &str| ToolDraft {
        secret: ToolSecret {
            header: header.into(),
            value: SecretValue::from(value.to_owned()),
            ..ToolSecret::default()
        },
        ..good()
    };
    assert!(fields(&secret("Authorization", "Bearer abc")).is_empty());
    assert!(fields(&secret("Authorization", "")).is_empty());
    for (header, value, field) in [
        ("", "abc", "secret.header"),
        ("Not a header", "abc", "secret.header"),
        ("Host", "abc", "secret.header"),
        ("X-Key", "{{abc}}", "secret.value"),
        ("X-Key", " abc", "secret.value"),
        ("X-Key", "ä", "secret.value"),
        ("X-Key", "a\nb", "secret.value"),
    ] {
        assert_eq!(fields(&secret(header, value)), [field], "{header}: {value}");
    }
    let clash = ToolDraft {
        secret: secret("X-Key", "abc").secret,
        ..with(Parameter {
            name: "x-key".into(),
            place: Place::Header,
            ..Parameter::default()
        })
    };
    assert_eq!(fields(&clash), ["parameters[1].name"]);
    assert!(!format!("{:?}", secret("X-Key", "hunter2")).contains("hunter2"));
    assert!(!json!(secret("X-Key", "")).to_string().contains("\"value\":\"\",\"ends"));
}

#[test]
fn the_time_limit_is_the_providers() {
    for (seconds, good_one) in [(0, false), (1, true), (40, true), (41, false)] {
        let draft = ToolDraft {
            timeout_s: seconds,
            ..good()
        };
        assert_eq!(fields(&draft).is_empty(), good_one, "{seconds}");
    }
}
