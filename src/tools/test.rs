//! Testing a tool: the request as an agent would cause it, and what came back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ToolDraft;

/// What a test is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TestRequest {
    /// Tries this in place of what is saved. Its secret is the saved one, unless it brings another.
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub draft: Option<ToolDraft>,
    /// Values of the parameters that the agent or the call would fill in, by name.
    pub values: BTreeMap<String, Value>,
    /// Values of the variables that fixed values mention.
    pub variables: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TestResult {
    pub sent: SentRequest,
    pub outcome: TestOutcome,
    pub duration_ms: i64,
}

/// The request as it was sent, with the secret masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SentRequest {
    pub method: String,
    pub url: String,
    pub headers: Vec<Header>,
    /// JSON; empty where there is none.
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TestOutcome {
    Answered {
        status: u16,
        headers: Vec<Header>,
        /// At most the first 64 KB, as text.
        body: String,
        /// Whether there was more.
        cut: bool,
    },
    /// The address is not one that we call; nothing was sent. Says why.
    Refused { reason: String },
    /// No connection could be made.
    Unreachable { reason: String },
    /// No complete answer came within the time limit.
    TimedOut,
    /// The connection broke before the answer was complete.
    Broken,
}

impl TestOutcome {
    /// Whether the agent would get an answer it can use.
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299, .. })
    }
}
