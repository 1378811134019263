//! Versions: what answers the phone from one publishing to the next, and how two of them differ.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AgentDraft, FirstSpeaker, Silence, Variable, language_name};
use crate::{
    analysis::{AnalysisField, AnalysisSettings, Criterion},
    check::{Check, Checked},
};

/// An agent as it was published: numbered from 1, and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentVersion {
    pub number: i32,
    /// What whoever published it says of it.
    pub note: String,
    /// The id of the person or of the API key that published it.
    pub published_by: String,
    pub published_at: DateTime<Utc>,
    pub draft: AgentDraft,
}

/// One line of an agent's versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentVersionRow {
    pub number: i32,
    pub note: String,
    pub published_by: String,
    /// What that person or key is called.
    pub publisher: Option<String>,
    pub published_at: DateTime<Utc>,
}

/// The body of publishing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Publication {
    /// What is new, for whoever looks through the versions.
    pub note: String,
}

impl Checked for Publication {
    fn check(&self, check: &mut Check) {
        check.text("note", &self.note, 0..=500);
    }
}

/// Something that was looked at before an agent is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Finding {
    pub level: Level,
    /// The field of the draft that mends it; empty where none does.
    pub field: String,
    pub words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It cannot be published like that.
    Blocks,
    /// It can, and callers may notice.
    Warns,
    Passes,
}

impl AgentDraft {
    /// Whether callers would notice no difference. What an agent is called and filed under is nothing they hear.
    pub fn sounds_like(&self, other: &Self) -> bool {
        differences(self, other).is_empty()
    }

    /// This draft under the name and the labels of another.
    pub fn labeled_as(self, other: &Self) -> Self {
        Self {
            name: other.name.clone(),
            description: other.description.clone(),
            tags: other.tags.clone(),
            metadata: other.metadata.clone(),
            publish_needs_tests: other.publish_needs_tests,
            ..self
        }
    }
}

/// One thing that callers would notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field of the draft.
    pub field: &'static str,
    pub label: &'static str,
    pub before: String,
    pub after: String,
    /// Is compared by words.
    pub is_text: bool,
}

/// What differs between two drafts, as people call it, in the order of the editor.
pub fn differences(before: &AgentDraft, after: &AgentDraft) -> Vec<Difference> {
    let facts = facts(before).into_iter().zip(facts(after));
    facts
        .filter(|(before, after)| before.compared() != after.compared())
        .map(|(before, after)| Difference {
            field: before.field,
            label: before.label,
            before: before.value,
            after: after.value,
            is_text: before.is_text,
        })
        .collect()
}

/// One setting that callers can notice, as people read it.
pub struct Fact {
    pub field: &'static str,
    pub label: &'static str,
    pub value: String,
    is_text: bool,
    /// What it is told apart by, where that is not what is shown.
    id: Option<String>,
}

impl Fact {
    fn compared(&self) -> &str {
        self.id.as_ref().unwrap_or(&self.value)
    }
}

pub fn facts(draft: &AgentDraft) -> Vec<Fact> {
    let AgentDraft {
        name: _,
        description: _,
        prompt,
        first_speaker,
        first_message,
        language,
        voice_id,
        voice_name,
        temperature_percent,
        variables,
        join_timeout_s,
        max_duration_s,
        time_exceeded_message,
        silence,
        turn_delay_ms,
        interruption_ms,
        recording,
        recording_days,
        transcript_days,
        tool_ids,
        knowledge_base_ids,
        tags: _,
        metadata: _,
        analysis,
        publish_needs_tests: _,
    } = draft;
    let AnalysisSettings {
        summary,
        sentiment,
        criteria,
        fields,
    } = analysis;
    let fact = |field, label, value: String| Fact {
        field,
        label,
        value,
        is_text: false,
        id: None,
    };
    let text = |field, label, value: &str| Fact {
        is_text: true,
        ..fact(field, label, value.to_owned())
    };
    let lines = |lines: Vec<String>| lines.join("\n");
    let voice = if voice_name.is_empty() { voice_id } else { voice_name };
    let speaker = match first_speaker {
        FirstSpeaker::Agent => "The agent",
        FirstSpeaker::Person => "The person",
    };
    let tools = tool_ids.iter().map(ToString::to_string).collect();
    let knowledge = knowledge_base_ids.iter().map(ToString::to_string).collect();
    vec![
        text("prompt", "System prompt", prompt),
        fact("first_speaker", "Who speaks first", speaker.to_owned()),
        text("first_message", "First message", first_message),
        Fact {
            id: Some(voice_id.clone()),
            ..fact("voice_id", "Voice", voice.clone())
        },
        fact("language", "Language", language_name(language).to_owned()),
        fact(
            "temperature_percent",
            "Temperature",
            format!("{}.{:02}", temperature_percent / 100, temperature_percent % 100),
        ),
        fact(
            "variables",
            "Variables",
            lines(variables.iter().map(declared).collect()),
        ),
        fact("tool_ids", "Tools", lines(tools)),
        fact("knowledge_base_ids", "Knowledge", lines(knowledge)),
        fact("turn_delay_ms", "Waits before answering", format!("{turn_delay_ms} ms")),
        fact(
            "interruption_ms",
            "Speech needed to interrupt",
            format!("{interruption_ms} ms"),
        ),
        fact("join_timeout_s", "Rings for", format!("{join_timeout_s} s")),
        fact("max_duration_s", "Longest call", format!("{max_duration_s} s")),
        text(
            "time_exceeded_message",
            "Said when the time is up",
            time_exceeded_message,
        ),
        fact("silence", "Silence", lines(silence.iter().map(step).collect())),
        fact(
            "recording",
            "Recording",
            if *recording { "On" } else { "Off" }.to_owned(),
        ),
        fact("analysis.summary", "Summary by", summary.label().to_owned()),
        fact(
            "analysis.sentiment",
            "Mood of the other side",
            if *sentiment { "Judged" } else { "Not judged" }.to_owned(),
        ),
        fact(
            "analysis.criteria",
            "Success criteria",
            lines(criteria.iter().map(criterion).collect()),
        ),
        fact(
            "analysis.fields",
            "Fields after the call",
            lines(fields.iter().map(read_field).collect()),
        ),
        fact("recording_days", "Recordings are kept", kept(*recording_days)),
        fact("transcript_days", "Transcripts are kept", kept(*transcript_days)),
    ]
}

/// "For good", "1 day", "30 days".
pub fn kept(days: Option<i16>) -> String {
    match days {
        None => "For good".to_owned(),
        Some(1) => "1 day".to_owned(),
        Some(days) => format!("{days} days"),
    }
}

fn declared(variable: &Variable) -> String {
    let needed = if variable.required { "required" } else { "optional" };
    let told = match variable.description.as_str() {
        "" => String::new(),
        description => format!(": {description}"),
    };
    format!(
        "{} ({}, {needed}){told}",
        variable.name,
        variable.kind.label().to_ascii_lowercase()
    )
}

fn criterion(criterion: &Criterion) -> String {
    match criterion.description.as_str() {
        "" => criterion.name.clone(),
        description => format!("{}: {description}", criterion.name),
    }
}

fn read_field(field: &AnalysisField) -> String {
    let told = match field.description.as_str() {
        "" => String::new(),
        description => format!(": {description}"),
    };
    let choices = if field.choices.is_empty() {
        String::new()
    } else {
        format!(" ({})", field.choices.join(", "))
    };
    format!(
        "{} ({}){told}{choices}",
        field.name,
        field.kind.label().to_ascii_lowercase()
    )
}

fn step(step: &Silence) -> String {
    let says = match step.message.as_str() {
        "" => "nothing is said".to_owned(),
        message => format!("“{message}”"),
    };
    format!(
        "After {} s: {says}, {}",
        step.after_s,
        step.then.label().to_ascii_lowercase()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_notice_is_named_and_what_they_do_not_is_no_difference() {
        let before = AgentDraft {
            name: "Front desk".into(),
            prompt: "Be kind.".into(),
            ..AgentDraft::default()
        };
        let relabeled = AgentDraft {
            name: "Night desk".into(),
            tags: vec!["night".into()],
            metadata: [("line".to_owned(), "2".to_owned())].into(),
            ..before.clone()
        };
        assert!(before.sounds_like(&relabeled));
        let after = AgentDraft {
            prompt: "Be kind and brief.".into(),
            max_duration_s: 300,
            variables: vec![Variable {
                name: "clinic".into(),
                required: true,
                ..Variable::default()
            }],
            ..relabeled
        };
        let found: Vec<_> = differences(&before, &after)
            .into_iter()
            .map(|difference| (difference.field, difference.before, difference.after))
            .collect();
        let expected = [
            ("prompt", "Be kind.", "Be kind and brief."),
            ("variables", "", "clinic (text, required)"),
            ("max_duration_s", "600 s", "300 s"),
        ]
        .map(|(field, before, after)| (field, before.to_owned(), after.to_owned()));
        assert_eq!(found, expected);
        assert_eq!(after.clone().labeled_as(&before).name, "Front desk");
        assert!(after.clone().labeled_as(&before).sounds_like(&after));
    }
}
