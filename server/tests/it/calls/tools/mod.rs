//! Tools and agents together: their copies, their secrets, and what a call does with them.

mod bindings;
mod copies;
mod secrets;
mod uses;

use serde_json::json;
use switchboard::{
    agents::{Agent, AgentDraft},
    crud,
    tools::{Parameter, ParameterKind, Place, SecretValue, Tool, ToolDraft, ToolSecret},
};

use super::support::World;
use crate::common::draft;

const SECRET: &str = "Bearer tok_0123456789abcdef";

pub(super) fn tool_draft(url: &str) -> ToolDraft {
    ToolDraft {
        name: "Book a visit".into(),
        model_name: "book_visit".into(),
        description: "Books a visit.".into(),
        url: url.into(),
        parameters: vec![
            Parameter {
                name: "date".into(),
                required: true,
                ..Parameter::default()
            },
            Parameter {
                name: "source".into(),
                kind: ParameterKind::Static,
                place: Place::Query,
                value: json!("voice-agent"),
                ..Parameter::default()
            },
            Parameter {
                name: "X-Call-Id".into(),
                kind: ParameterKind::Automatic,
                place: Place::Header,
                ..Parameter::default()
            },
        ],
        ..ToolDraft::default()
    }
}

fn with_secret(url: &str, value: &str) -> ToolDraft {
    ToolDraft {
        secret: ToolSecret {
            header: "Authorization".into(),
            value: SecretValue::from(value.to_owned()),
            ..ToolSecret::default()
        },
        ..tool_draft(url)
    }
}

pub(super) async fn create(world: &World, draft: ToolDraft) -> Tool {
    crud::create(&world.core, &world.caller, draft).await.unwrap()
}

async fn reread(world: &World, tool: &Tool) -> Tool {
    crud::get(&world.core, &world.caller, tool.id).await.unwrap()
}

async fn agent_with(world: &World, tools: &[&Tool]) -> Agent {
    let draft = AgentDraft {
        tool_ids: tools.iter().map(|tool| tool.id).collect(),
        ..draft("Front desk")
    };
    crud::create(&world.core, &world.caller, draft).await.unwrap()
}

/// What an agent's copy says of its tools.
async fn selected(world: &World, agent: &Agent) -> serde_json::Value {
    world.agent_there(agent).await["callTemplate"]["selectedTools"].clone()
}

pub(super) const NOWHERE: &str = "https://calendar.example.com/visits";
