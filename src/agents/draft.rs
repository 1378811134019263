//! What a person decides about an agent, and what is wrong with it.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{ESCAPED, language::check_language, placeholders};
use crate::{
    analysis::AnalysisSettings,
    check::{Check, Checked},
    id::Id,
    knowledge::KnowledgeBase,
    metadata,
    tools::Tool,
};

/// The body of create and of update. Limits are ours unless a provider's is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct AgentDraft {
    /// 1 to 80 characters, unique in the organization.
    pub name: String,
    pub description: String,
    /// The system prompt. `{{name}}` inserts a variable, and `\{{` writes the braces themselves.
    pub prompt: String,
    pub first_speaker: FirstSpeaker,
    /// What the agent says first; empty lets it find its own words.
    pub first_message: String,
    /// BCP 47, such as `en-US`.
    pub language: String,
    /// The provider's id of the voice.
    pub voice_id: String,
    /// As the voice was called when it was chosen.
    pub voice_name: String,
    /// 0 keeps wording predictable, 100 varies it most.
    pub temperature_percent: i16,
    /// What a call may pass in; anything else is refused.
    pub variables: Vec<Variable>,
    /// Seconds a call may ring before it counts as unanswered.
    pub join_timeout_s: i32,
    /// Seconds after which a call is ended.
    pub max_duration_s: i32,
    /// Said when `max_duration_s` is reached; empty hangs up without a word.
    pub time_exceeded_message: String,
    /// What happens while the other side is silent, in order.
    pub silence: Vec<Silence>,
    /// Milliseconds of silence before the agent answers.
    pub turn_delay_ms: i32,
    /// Milliseconds of speech needed to interrupt the agent.
    pub interruption_ms: i32,
    pub recording: bool,
    /// Days after a call until its recording is deleted, 1 to 3,650; absent keeps it.
    pub recording_days: Option<i16>,
    /// Days after a call until everything that was said on it is deleted, 1 to 3,650; absent keeps it.
    pub transcript_days: Option<i16>,
    /// What it may use while it talks.
    pub tool_ids: Vec<Id<Tool>>,
    /// What it looks things up in while it talks.
    pub knowledge_base_ids: Vec<Id<KnowledgeBase>>,
    pub tags: Vec<String>,
    /// Values by names of a program's own; callers and the agent itself never hear of them.
    #[cfg_attr(feature = "ssr", schema(example = json!({"customer": "42"})))]
    pub metadata: BTreeMap<String, String>,
    /// What is to be known of its calls once they are over.
    pub analysis: AnalysisSettings,
    /// It is published only while it passes all of its tests.
    pub publish_needs_tests: bool,
}

/// The provider's own defaults where it has them (Ultravox, CallTemplate).
impl Default for AgentDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            prompt: String::new(),
            first_speaker: FirstSpeaker::Agent,
            first_message: String::new(),
            language: "en-US".to_owned(),
            voice_id: String::new(),
            voice_name: String::new(),
            temperature_percent: 0,
            variables: Vec::new(),
            join_timeout_s: 30,
            max_duration_s: 600,
            time_exceeded_message: String::new(),
            silence: Vec::new(),
            turn_delay_ms: 384,
            interruption_ms: 90,
            recording: true,
            recording_days: None,
            transcript_days: None,
            tool_ids: Vec::new(),
            knowledge_base_ids: Vec::new(),
            tags: Vec::new(),
            metadata: BTreeMap::new(),
            analysis: AnalysisSettings::default(),
            publish_needs_tests: false,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum FirstSpeaker {
    #[default]
    Agent,
    /// The agent waits to be greeted, as a person does who is called.
    Person,
}

/// Something a call passes to the agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Variable {
    /// Letters, digits and underscores; begins with a letter.
    pub name: String,
    pub kind: VariableKind,
    pub required: bool,
    /// Tells whoever places a call what belongs here.
    pub description: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    #[default]
    Text,
    Number,
    Boolean,
}

impl VariableKind {
    pub const ALL: [Self; 3] = [Self::Text, Self::Number, Self::Boolean];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Number => "Number",
            Self::Boolean => "Yes or no",
        }
    }
}

/// One step while nobody speaks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Silence {
    /// Seconds since the step before, or since the last word.
    pub after_s: i32,
    pub message: String,
    pub then: EndBehavior,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndBehavior {
    #[default]
    GoOn,
    /// Hangs up unless the other side speaks meanwhile.
    HangUpSoft,
    HangUp,
}

impl EndBehavior {
    pub const ALL: [Self; 3] = [Self::GoOn, Self::HangUpSoft, Self::HangUp];

    pub const fn word(self) -> &'static str {
        match self {
            Self::GoOn => "go_on",
            Self::HangUpSoft => "hang_up_soft",
            Self::HangUp => "hang_up",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::GoOn => "Go on waiting",
            Self::HangUpSoft => "Hang up unless they speak",
            Self::HangUp => "Hang up",
        }
    }
}

impl Checked for AgentDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=80);
        check.text("description", &self.description, 0..=500);
        check.text("prompt", &self.prompt, 1..=40_000);
        check.text("first_message", &self.first_message, 0..=1000);
        check.needed("voice_id", &self.voice_id, "Choose a voice.");
        check.text("voice_id", &self.voice_id, 0..=100);
        check.text("voice_name", &self.voice_name, 0..=120);
        check_language(check, &self.language);
        check.number(
            "temperature_percent",
            self.temperature_percent.into(),
            0..=100,
            "percent",
        );
        check.number("join_timeout_s", self.join_timeout_s.into(), 5..=300, "seconds");
        check.number("max_duration_s", self.max_duration_s.into(), 30..=14_400, "seconds");
        check.text("time_exceeded_message", &self.time_exceeded_message, 0..=500);
        check.number("turn_delay_ms", self.turn_delay_ms.into(), 0..=5000, "milliseconds");
        check.number("interruption_ms", self.interruption_ms.into(), 0..=2000, "milliseconds");
        for (field, days) in [
            ("recording_days", self.recording_days),
            ("transcript_days", self.transcript_days),
        ] {
            if let Some(days) = days {
                check.number(field, days.into(), 1..=3650, "days");
            }
        }
        self.check_variables(check);
        self.check_silence(check);
        self.check_tools(check);
        self.check_knowledge(check);
        self.check_tags(check);
        metadata::check(check, &self.metadata);
        self.analysis.check(check);
        check.beyond("name", "another agent has it");
        for field in ["prompt", "first_message", "time_exceeded_message", "silence[].message"] {
            check.beyond(field, "it uses a variable that is not declared");
        }
        check.beyond("variables[].name", "another variable has it");
        let says = "the organization has no such tool, it is there twice, or it uses a variable that is not declared";
        check.beyond("tool_ids", says);
        check.beyond(
            "knowledge_base_ids",
            "the organization has no such knowledge base, or it is there twice",
        );
        check.beyond("tags", "one is there twice");
    }
}

/// What is said beside a text that uses a variable nobody declared.
fn undeclared(name: &str) -> String {
    format!(
        "{{{{{name}}}}} is used here but not declared under Variables. Write {ESCAPED} for braces that are no variable."
    )
}

impl AgentDraft {
    fn check_variables(&self, check: &mut Check) {
        check.count("variables", self.variables.len(), 50, "variables");
        let mut names = HashSet::new();
        for (i, variable) in self.variables.iter().enumerate() {
            let field = format!("variables[{i}].name");
            let is_good = check.form(
                &field,
                is_variable_name(&variable.name),
                "^[A-Za-z][A-Za-z0-9_]{0,63}$",
                "Use letters, digits and underscores, beginning with a letter; at most 64.",
            );
            if is_good && !names.insert(variable.name.as_str()) {
                check.fail(field, "Another variable already has this name.");
            }
            check.text(format!("variables[{i}].description"), &variable.description, 0..=200);
        }
        for (field, text) in [
            ("prompt", &self.prompt),
            ("first_message", &self.first_message),
            ("time_exceeded_message", &self.time_exceeded_message),
        ] {
            for name in self.undeclared(text) {
                check.fail(field, undeclared(name));
            }
        }
        for (i, step) in self.silence.iter().enumerate() {
            for name in self.undeclared(&step.message) {
                check.fail(format!("silence[{i}].message"), undeclared(name));
            }
        }
    }

    /// Names a text uses and the draft does not declare, once each.
    fn undeclared<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut missing = Vec::new();
        for placeholder in placeholders(text) {
            let name = placeholder.name;
            if !self.variables.iter().any(|v| v.name == name) && !missing.contains(&name) {
                missing.push(name);
            }
        }
        missing
    }

    fn check_silence(&self, check: &mut Check) {
        check.count("silence", self.silence.len(), 5, "steps");
        for (i, step) in self.silence.iter().enumerate() {
            check.number(format!("silence[{i}].after_s"), step.after_s.into(), 1..=600, "seconds");
            check.text(format!("silence[{i}].message"), &step.message, 1..=500);
        }
    }

    fn check_tools(&self, check: &mut Check) {
        check.count("tool_ids", self.tool_ids.len(), 20, "tools");
        let mut seen = HashSet::new();
        for (i, id) in self.tool_ids.iter().enumerate() {
            if !seen.insert(id) {
                check.fail(format!("tool_ids[{i}]"), "This tool is there twice.");
            }
        }
    }

    fn check_knowledge(&self, check: &mut Check) {
        check.count(
            "knowledge_base_ids",
            self.knowledge_base_ids.len(),
            10,
            "knowledge bases",
        );
        let mut seen = HashSet::new();
        for (i, id) in self.knowledge_base_ids.iter().enumerate() {
            if !seen.insert(id) {
                check.fail(
                    format!("knowledge_base_ids[{i}]"),
                    "This knowledge base is there twice.",
                );
            }
        }
    }

    fn check_tags(&self, check: &mut Check) {
        check.count("tags", self.tags.len(), 20, "tags");
        let mut seen = HashSet::new();
        for (i, tag) in self.tags.iter().enumerate() {
            check.text(format!("tags[{i}]"), tag, 1..=40);
            if !seen.insert(tag.to_ascii_lowercase()) {
                check.fail(format!("tags[{i}]"), "This tag is there twice.");
            }
        }
    }
}

fn is_variable_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn good() -> AgentDraft {
        AgentDraft {
            name: "Front desk".into(),
            prompt: "Answer.".into(),
            voice_id: "v".into(),
            ..AgentDraft::default()
        }
    }

    fn fields(draft: &AgentDraft) -> Vec<String> {
        match Check::run(draft) {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(errors)) => errors.into_iter().map(|e| e.field).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_draft_needs_a_name_a_prompt_and_a_voice() {
        assert_eq!(fields(&AgentDraft::default()), ["name", "prompt", "voice_id"]);
        assert!(fields(&good()).is_empty());
    }

    #[test]
    fn a_variable_used_but_not_declared_is_named_where_it_stands() {
        let mut draft = good();
        draft.first_message = "Hi {{first_name}} of {{first_name}}".into();
        assert_eq!(fields(&draft), ["first_message"]);
        draft.variables.push(Variable {
            name: "first_name".into(),
            ..Variable::default()
        });
        assert!(fields(&draft).is_empty());
    }

    #[test]
    fn a_variable_name_is_an_identifier_and_unique() {
        let mut draft = good();
        draft.variables = ["ok_1", "1no", "a-b", "ok_1"]
            .map(|name| Variable {
                name: name.into(),
                ..Variable::default()
            })
            .into();
        assert_eq!(
            fields(&draft),
            ["variables[1].name", "variables[2].name", "variables[3].name"]
        );
    }

    #[test]
    fn timing_is_held_to_its_range() {
        let draft = AgentDraft {
            join_timeout_s: 4,
            max_duration_s: 14_401,
            turn_delay_ms: -1,
            ..good()
        };
        assert_eq!(fields(&draft), ["join_timeout_s", "max_duration_s", "turn_delay_ms"]);
    }

    #[test]
    fn a_tag_counts_once_whatever_its_case() {
        let draft = AgentDraft {
            tags: vec!["Sales".into(), "sales".into(), String::new()],
            ..good()
        };
        assert_eq!(fields(&draft), ["tags[1]", "tags[2]"]);
    }
}
