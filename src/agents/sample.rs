//! An example of an agent.

use super::{Agent, AgentDraft, TEMPLATES, templates};
use crate::{
    analysis::{AnalysisField, AnalysisSettings, Criterion, FieldKind},
    sample::{Fixtures, Sample},
    tools::Tool,
};

impl Sample for Agent {
    const DEMO: &'static [&'static str] = &[
        TEMPLATES[0].name,
        TEMPLATES[1].name,
        TEMPLATES[2].name,
        TEMPLATES[3].name,
    ];

    fn sample(name: &str, fixtures: &Fixtures) -> AgentDraft {
        let voice = match fixtures.id("/voices/available") {
            "" => "Mark",
            voice => voice,
        };
        // The first of the demo organization has its tool.
        let tools = fixtures.id_of::<Tool>().filter(|_| name == Self::DEMO[0]);
        let draft = templates::draft_named(name).unwrap_or_else(|| AgentDraft {
            prompt: "Answer politely.".to_owned(),
            first_message: "Hello, how can I help?".to_owned(),
            tags: vec![name.split(' ').next().unwrap_or(name).to_owned()],
            analysis: analysis(),
            ..AgentDraft::default()
        });
        AgentDraft {
            name: name.to_owned(),
            voice_id: voice.to_owned(),
            voice_name: voice.to_owned(),
            tool_ids: tools.into_iter().collect(),
            metadata: [("line".to_owned(), name.to_owned())].into(),
            ..draft
        }
    }

    fn refused_sample(fixtures: &Fixtures) -> (AgentDraft, &'static str) {
        let draft = AgentDraft {
            max_duration_s: 1,
            ..Self::sample("Too short", fixtures)
        };
        (draft, "max_duration_s")
    }
}

fn analysis() -> AnalysisSettings {
    AnalysisSettings {
        criteria: vec![Criterion {
            name: "Helped".to_owned(),
            description: "The question was answered.".to_owned(),
        }],
        fields: vec![AnalysisField {
            name: "part_of_day".to_owned(),
            kind: FieldKind::Choice,
            description: "When they would like to come".to_owned(),
            choices: vec!["morning".to_owned(), "afternoon".to_owned()],
        }],
        ..AnalysisSettings::default()
    }
}
