//! What every world of these tests starts from: a configuration of its own, and an agent that lacks nothing.

use std::sync::atomic::{AtomicU32, Ordering};

use switchboard::{agents::AgentDraft, config::Config};

/// A number nothing else in this run has.
pub fn serial() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A configuration with a folder that no other world has, and what `settings` say besides.
pub fn config(settings: &[(&str, String)]) -> Config {
    let data = std::env::temp_dir().join(format!("switchboard-test-{}-{}", std::process::id(), serial()));
    std::fs::create_dir_all(&data).unwrap();
    let config = Config::read(&|name| {
        let said = settings.iter().find(|(key, _)| *key == name);
        said.map(|(_, value)| value.clone()).or(match name {
            "SWITCHBOARD_DATA" => Some(data.display().to_string()),
            "SWITCHBOARD_SANDBOX_SPEED" => Some("200".to_owned()),
            "DATABASE_MAX_CONNECTIONS" => Some("8".to_owned()),
            // These tests are another program.
            "SWITCHBOARD_DOCUMENT_READER" => Some(env!("CARGO_BIN_EXE_switchboard").to_owned()),
            _ => None,
        })
    });
    config.unwrap()
}

pub fn draft(name: &str) -> AgentDraft {
    AgentDraft {
        name: name.to_owned(),
        prompt: "Answer politely.".to_owned(),
        first_message: "Hello, how can I help?".to_owned(),
        voice_id: "Mark".to_owned(),
        voice_name: "Mark".to_owned(),
        ..AgentDraft::default()
    }
}
