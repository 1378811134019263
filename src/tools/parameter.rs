//! Parameters: the values of a tool's request, where they stand and who fills them in.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schema::{check_schema, holds_control};
use crate::check::Check;

const LARGEST_VALUE: usize = 4000;

/// One value of the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Parameter {
    /// 1 to 64 letters, digits, `_`, `-` and `.`; no two are alike.
    pub name: String,
    pub place: Place,
    pub kind: ParameterKind,
    /// JSON Schema of a dynamic one.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub schema: Value,
    /// Whether a dynamic one may not be left out. One in the path always is.
    pub required: bool,
    /// Value of a static one. `{{name}}` in a text inserts a variable of the agent.
    #[cfg_attr(feature = "ssr", schema(value_type = Value))]
    pub value: Value,
    /// What the provider fills an automatic one with.
    pub automatic: Automatic,
}

impl Default for Parameter {
    fn default() -> Self {
        Self {
            name: String::new(),
            place: Place::default(),
            kind: ParameterKind::default(),
            schema: json!({ "type": "string" }),
            required: false,
            value: json!(""),
            automatic: Automatic::default(),
        }
    }
}

/// Where in the request a value stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Path,
    Query,
    Header,
    #[default]
    Body,
}

impl Place {
    pub const ALL: [Self; 4] = [Self::Path, Self::Query, Self::Header, Self::Body];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Path => "In the address",
            Self::Query => "Query",
            Self::Header => "Header",
            Self::Body => "Body, JSON",
        }
    }
}

/// Who fills a value in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// The model, from what is said.
    #[default]
    Dynamic,
    /// Always the same; the model does not see it.
    Static,
    /// The provider, from the call; the model does not see it.
    Automatic,
}

impl ParameterKind {
    pub const ALL: [Self; 3] = [Self::Dynamic, Self::Static, Self::Automatic];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::Static => "static",
            Self::Automatic => "automatic",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Dynamic => "Agent",
            Self::Static => "Fixed",
            Self::Automatic => "The call",
        }
    }
}

/// What the provider knows of a call and can fill in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Automatic {
    /// The provider's id of the call.
    #[default]
    CallId,
    /// What was handed over when the call was placed, our id of the call among it.
    CallMetadata,
    /// Everything said so far.
    ConversationHistory,
    CallState,
    CallStageId,
    OutputSampleRate,
}

impl Automatic {
    pub const ALL: [Self; 6] = [
        Self::CallId,
        Self::CallMetadata,
        Self::ConversationHistory,
        Self::CallState,
        Self::CallStageId,
        Self::OutputSampleRate,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::CallId => "call_id",
            Self::CallMetadata => "call_metadata",
            Self::ConversationHistory => "conversation_history",
            Self::CallState => "call_state",
            Self::CallStageId => "call_stage_id",
            Self::OutputSampleRate => "output_sample_rate",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::CallId => "Id of the call",
            Self::CallMetadata => "Metadata of the call",
            Self::ConversationHistory => "What was said so far",
            Self::CallState => "State of the call",
            Self::CallStageId => "Id of the stage",
            Self::OutputSampleRate => "Sample rate",
        }
    }

    /// Whether it is one value rather than a list or an object, and so can stand outside the body.
    pub const fn is_plain(self) -> bool {
        matches!(self, Self::CallId | Self::CallStageId | Self::OutputSampleRate)
    }
}

impl Parameter {
    pub(super) fn check_schema(&self, check: &mut Check, field: String) {
        match check_schema(&self.schema) {
            Err(wrong) => check.fail(field, wrong),
            Ok(()) if self.place != Place::Body && matches!(self.schema["type"].as_str(), Some("array" | "object")) => {
                check.fail(field, "Lists and objects stand in the body.");
            }
            Ok(()) => {}
        }
    }

    pub(super) fn check_value(&self, check: &mut Check, field: String) {
        let value = &self.value;
        if value.to_string().len() > LARGEST_VALUE {
            check.fail(field, format!("Use at most {LARGEST_VALUE} characters."));
        } else if holds_control(value) {
            check.fail(field, "Remove the control characters.");
        } else if self.place == Place::Body {
        } else if value.is_array() || value.is_object() {
            check.fail(field, "Lists and objects stand in the body.");
        } else if value.is_null() || (self.place == Place::Path && value == "") {
            check.fail(field, "Fill this in.");
        } else if self.place == Place::Header && value.as_str().is_some_and(|text| text.contains(['\n', '\r', '\t'])) {
            check.fail(field, "A header is one line.");
        }
    }
}
