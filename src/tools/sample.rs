//! An example of a tool.

use serde_json::json;

use super::{Method, Parameter, ParameterKind, Place, Tool, ToolDraft, model_name_of};
use crate::sample::{Fixtures, Sample};

impl Sample for Tool {
    const DEMO: &'static [&'static str] = &["Opening hours"];

    fn sample(name: &str, fixtures: &Fixtures) -> ToolDraft {
        // The simulated provider answers there, so what the demo organization has can be tried.
        let server = match fixtures.id(SERVER) {
            "" => "https://calendar.example.com",
            server => server,
        };
        ToolDraft {
            name: name.to_owned(),
            model_name: Some(model_name_of(name))
                .filter(|made| !made.is_empty())
                .unwrap_or_else(|| "tool".to_owned()),
            description: "Says when a clinic is open. Use it before you offer a time.".to_owned(),
            method: Method::Get,
            url: format!("{server}/clinics/{{clinic}}/hours"),
            parameters: vec![
                Parameter {
                    name: "clinic".to_owned(),
                    place: Place::Path,
                    schema: json!({
                        "type": "string", "description": "Which clinic, in lower case", "enum": ["oakland", "san-jose", "napa"],
                    }),
                    ..Parameter::default()
                },
                Parameter {
                    name: "date".to_owned(),
                    place: Place::Query,
                    schema: json!({ "type": "string", "format": "date", "description": "The day that is asked about" }),
                    required: true,
                    ..Parameter::default()
                },
                Parameter {
                    name: "X-Call-Id".to_owned(),
                    place: Place::Header,
                    kind: ParameterKind::Automatic,
                    ..Parameter::default()
                },
            ],
            ..ToolDraft::default()
        }
    }

    fn refused_sample(fixtures: &Fixtures) -> (ToolDraft, &'static str) {
        let draft = ToolDraft {
            timeout_s: 41,
            ..Self::sample("Too slow", fixtures)
        };
        (draft, "timeout_s")
    }
}

/// Under which fixtures have the address of a server that answers the samples.
pub const SERVER: &str = "tool server";
