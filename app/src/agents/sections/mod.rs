//! The sections of an agent's editor.

mod analysis;
mod knowledge;
mod metadata;
mod prompt;
mod recording;
mod silence;
mod speech;
mod timing;
mod tools;
mod variables;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use switchboard::{
    agents::{Agent, AgentDraft, FirstSpeaker, kept, language_name},
    knowledge::KnowledgeBaseRow,
    tools::ToolRow,
};

use super::AgentEditor;
use crate::kit::{Section, TagInput, TextField, fold};

pub static SECTIONS: [Section<Agent>; 13] = [
    Section {
        id: "name",
        title: "Name",
        paths: &["name", "description"],
        same: |a, b| a.name == b.name && a.description == b.description,
        sum: |draft| draft.name.clone(),
        folded: false,
    },
    Section {
        id: "prompt",
        title: "Prompt",
        paths: &["prompt"],
        same: |a, b| a.prompt == b.prompt,
        sum: |draft| format!("{} characters", draft.prompt.chars().count()),
        folded: false,
    },
    Section {
        id: "first-message",
        title: "First message",
        paths: &["first_message", "first_speaker"],
        same: |a, b| a.first_speaker == b.first_speaker && a.first_message == b.first_message,
        sum: first_words,
        folded: false,
    },
    Section {
        id: "voice",
        title: "Voice and model",
        paths: &["voice_id", "voice_name", "language", "temperature_percent"],
        same: |a, b| {
            a.voice_id == b.voice_id && a.language == b.language && a.temperature_percent == b.temperature_percent
        },
        sum: |draft| format!("{} · {}", draft.voice_name, language_name(&draft.language)),
        folded: false,
    },
    Section {
        id: "variables",
        title: "Variables",
        paths: &["variables"],
        same: |a, b| a.variables == b.variables,
        sum: |draft| {
            let names: Vec<_> = draft.variables.iter().map(|variable| variable.name.as_str()).collect();
            if names.is_empty() {
                "None".into()
            } else {
                names.join(", ")
            }
        },
        folded: false,
    },
    Section {
        id: "tools",
        title: "Tools",
        paths: &["tool_ids"],
        same: |a, b| a.tool_ids == b.tool_ids,
        sum: |draft| match draft.tool_ids.len() {
            0 => "None".into(),
            1 => "1 tool".into(),
            many => format!("{many} tools"),
        },
        folded: false,
    },
    Section {
        id: "knowledge",
        title: "Knowledge",
        paths: &["knowledge_base_ids"],
        same: |a, b| a.knowledge_base_ids == b.knowledge_base_ids,
        sum: |draft| match draft.knowledge_base_ids.len() {
            0 => "None".into(),
            1 => "1 knowledge base".into(),
            many => format!("{many} knowledge bases"),
        },
        folded: false,
    },
    Section {
        id: "timing",
        title: "Turn-taking and timing",
        paths: &[
            "turn_delay_ms",
            "interruption_ms",
            "join_timeout_s",
            "max_duration_s",
            "time_exceeded_message",
        ],
        same: |a, b| {
            (a.turn_delay_ms, a.interruption_ms, a.join_timeout_s, a.max_duration_s)
                == (b.turn_delay_ms, b.interruption_ms, b.join_timeout_s, b.max_duration_s)
                && a.time_exceeded_message == b.time_exceeded_message
        },
        sum: |draft| {
            format!(
                "Answers after {} ms · rings {} s · at most {}",
                draft.turn_delay_ms,
                draft.join_timeout_s,
                timing::minutes(draft.max_duration_s)
            )
        },
        folded: true,
    },
    Section {
        id: "silence",
        title: "Silence",
        paths: &["silence"],
        same: |a, b| a.silence == b.silence,
        sum: |draft| match draft.silence.len() {
            0 => "Waits without a word".into(),
            1 => "1 step".into(),
            many => format!("{many} steps"),
        },
        folded: true,
    },
    Section {
        id: "after-the-call",
        title: "After the call",
        paths: &["analysis"],
        same: |a, b| a.analysis == b.analysis,
        sum: |draft| analysis::sum(&draft.analysis),
        folded: true,
    },
    Section {
        id: "recording",
        title: "Recording and keeping",
        paths: &["recording", "recording_days", "transcript_days"],
        same: |a, b| {
            a.recording == b.recording && a.recording_days == b.recording_days && a.transcript_days == b.transcript_days
        },
        sum: |draft| {
            let recorded = if draft.recording {
                "Calls are recorded"
            } else {
                "Calls are not recorded"
            };
            let shortest = draft
                .transcript_days
                .into_iter()
                .chain(draft.recording_days.filter(|_| draft.recording))
                .min();
            match shortest {
                Some(days) => format!("{recorded}, kept for {}", kept(Some(days))),
                None => recorded.into(),
            }
        },
        folded: true,
    },
    Section {
        id: "tags",
        title: "Tags",
        paths: &["tags"],
        same: |a, b| a.tags == b.tags,
        sum: |draft| {
            if draft.tags.is_empty() {
                "None".into()
            } else {
                draft.tags.join(", ")
            }
        },
        folded: true,
    },
    Section {
        id: "metadata",
        title: "Metadata",
        paths: &["metadata"],
        same: |a, b| a.metadata == b.metadata,
        sum: |draft| {
            let names: Vec<_> = draft.metadata.keys().map(String::as_str).collect();
            if names.is_empty() {
                "None".into()
            } else {
                names.join(", ")
            }
        },
        folded: true,
    },
];

fn first_words(draft: &AgentDraft) -> String {
    match (draft.first_speaker, draft.first_message.trim()) {
        (FirstSpeaker::Person, _) => "Waits to be greeted".into(),
        (FirstSpeaker::Agent, "") => "Finds its own words".into(),
        (FirstSpeaker::Agent, words) => format!("“{words}”"),
    }
}

/// What else the organization has, for fields to offer.
#[derive(Clone, Serialize, Deserialize)]
pub struct Known {
    /// In use on some agent.
    pub tags: Vec<String>,
    pub tools: Vec<ToolRow>,
    pub bases: Vec<KnowledgeBaseRow>,
}

pub fn sections(editor: AgentEditor, known: &Known) -> AnyView {
    SECTIONS
        .iter()
        .map(|section| fold(section, editor, body(section.id, editor, known)))
        .collect_view()
        .into_any()
}

fn body(section: &str, editor: AgentEditor, known: &Known) -> AnyView {
    match section {
        "name" => name(editor),
        "prompt" => prompt::body(editor),
        "first-message" => speech::first_message(editor),
        "voice" => speech::voice(editor),
        "variables" => variables::body(editor),
        "tools" => tools::body(editor, &known.tools),
        "knowledge" => knowledge::body(editor, &known.bases),
        "timing" => timing::body(editor),
        "silence" => silence::body(editor),
        "after-the-call" => analysis::body(editor),
        "recording" => recording::body(editor),
        "metadata" => metadata::body(editor),
        _ => tags(editor, known.tags.clone()),
    }
}

fn name(editor: AgentEditor) -> AnyView {
    let (name, set_name) = editor.text(|draft| &draft.name, |draft| &mut draft.name);
    let (description, set_description) = editor.text(|draft| &draft.description, |draft| &mut draft.description);
    view! {
        <div class="form-grid">
            <TextField path="name" label="Name" value=name on_input=set_name autocomplete="off" help="What your team calls it; callers never hear it"/>
            <TextField path="description" label="Description" optional=true value=description on_input=set_description autocomplete="off"
                placeholder="What it is for, in one line"/>
        </div>
    }
    .into_any()
}

fn tags(editor: AgentEditor, known: Vec<String>) -> AnyView {
    let tags = Memo::new(move |_| editor.draft.with(|draft| draft.tags.clone()));
    let set = Callback::new(move |tags| editor.draft.update(|draft| draft.tags = tags));
    view! {
        <TagInput path="tags" label="Tags" tags=tags on_change=set known=Signal::stored(known) help="Enter adds one. Lists can be narrowed to a tag."/>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_draft_is_in_a_section() {
        let value = serde_json::to_value(AgentDraft::default()).unwrap();
        for field in value.as_object().unwrap().keys() {
            let homes = SECTIONS
                .iter()
                .filter(|section| section.paths.contains(&field.as_str()))
                .count();
            assert_eq!(homes, 1, "{field}");
        }
    }

    #[test]
    fn a_change_is_seen_in_its_own_section_only() {
        let before = AgentDraft::default();
        let mut after = before.clone();
        after.prompt = "Answer.".into();
        let changed: Vec<_> = SECTIONS
            .iter()
            .filter(|section| section.differs(&before, &after))
            .map(|s| s.id)
            .collect();
        assert_eq!(changed, ["prompt"]);
    }
}
