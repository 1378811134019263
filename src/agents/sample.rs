//! An example of an agent.

use super::{Agent, AgentDraft, STARTERS};
use crate::{
    sample::{Fixtures, Sample},
    tools::Tool,
};

impl Sample for Agent {
    const DEMO: &'static [&'static str] = &[STARTERS[0].name, STARTERS[1].name, STARTERS[2].name, STARTERS[3].name];

    fn sample(name: &str, fixtures: &Fixtures) -> AgentDraft {
        let voice = match fixtures.id("/voices/available") {
            "" => "Mark",
            voice => voice,
        };
        // The first of the demo organization has its tool.
        let tools = fixtures.id_of::<Tool>().filter(|_| name == Self::DEMO[0]);
        let starter = STARTERS.iter().find(|starter| starter.name == name);
        let draft = starter.map_or_else(
            || AgentDraft {
                prompt: "Answer politely.".to_owned(),
                first_message: "Hello, how can I help?".to_owned(),
                tags: vec![name.split(' ').next().unwrap_or(name).to_owned()],
                ..AgentDraft::default()
            },
            super::Starter::draft,
        );
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
