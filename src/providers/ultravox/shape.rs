//! What Ultravox answers with, as far as it is read here. Every field that may be missing is optional: the service
//! leaves out what has its default value.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::duration::parse_ms;

/// One page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    pub next: Option<String>,
    pub results: Vec<T>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    pub agent_id: String,
    #[serde(default)]
    pub name: String,
    pub created: DateTime<Utc>,
    #[serde(default)]
    pub call_template: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    pub tool_id: String,
    #[serde(default)]
    pub name: String,
    pub created: DateTime<Utc>,
    #[serde(default)]
    pub definition: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub call_id: String,
    pub created: DateTime<Utc>,
    pub joined: Option<DateTime<Utc>>,
    pub ended: Option<DateTime<Utc>>,
    pub end_reason: Option<String>,
    pub billed_duration: Option<String>,
    pub billing_status: Option<String>,
    /// Lets whoever has it join, once.
    pub join_url: Option<String>,
    pub recording_enabled: Option<bool>,
    pub summary: Option<String>,
    pub short_summary: Option<String>,
    pub sip_details: Option<SipDetails>,
    pub inactivity_messages: Option<Vec<Timed>>,
    pub metadata: Option<BTreeMap<String, Value>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SipDetails {
    pub termination_reason: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timed {
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub end_behavior: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Message {
    pub role: String,
    pub text: String,
    pub tool_name: String,
    pub error_details: Option<String>,
    pub timespan: Option<Span>,
    pub wall_clock_timespan: Option<Span>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Span {
    pub start: Option<String>,
    pub end: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Voice {
    pub voice_id: String,
    pub name: String,
    pub description: Option<String>,
    pub primary_language: Option<String>,
    pub ownership: Option<String>,
    pub provider: Option<String>,
    pub preview_url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    pub webhook_id: String,
    pub agent_id: Option<String>,
    pub url: String,
    #[serde(default)]
    pub secrets: Vec<String>,
    #[serde(default)]
    pub events: Vec<String>,
    pub status: Option<String>,
}

impl Call {
    /// Somebody is on the line: only then does it take messages.
    pub fn is_live(&self) -> bool {
        self.joined.is_some() && self.ended.is_none()
    }

    pub fn belongs_to(&self, key: &str, value: &str) -> bool {
        self.metadata
            .as_ref()
            .is_some_and(|metadata| metadata.get(key).is_some_and(|found| found == value))
    }
}

impl Message {
    /// Milliseconds on the clock of the recording, else on the wall's.
    pub fn span_ms(&self) -> (Option<i32>, Option<i32>) {
        let span = self.timespan.as_ref().or(self.wall_clock_timespan.as_ref());
        let ms = |text: Option<&String>| {
            text.and_then(|text| parse_ms(text))
                .and_then(|ms| i32::try_from(ms).ok())
        };
        // A span that begins with the call is written without its beginning.
        span.map_or((None, None), |span| {
            (ms(span.start.as_ref()).or(Some(0)), ms(span.end.as_ref()))
        })
    }
}
