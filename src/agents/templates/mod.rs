//! Templates: agents to begin from, each whole enough to be called once it has a voice.

use serde::{Deserialize, Serialize};

use super::AgentDraft;

#[cfg(feature = "ssr")]
mod questions;
#[cfg(feature = "ssr")]
mod texts;

#[cfg(feature = "ssr")]
pub(crate) use texts::draft_named;
#[cfg(feature = "ssr")]
pub use texts::{find, list};

/// What a template is called, also in the browser; all else about it comes from the server.
#[derive(Clone, Copy, Debug)]
pub struct TemplateName {
    /// Names it in addresses.
    pub id: &'static str,
    pub name: &'static str,
    /// What an agent made of it does.
    pub purpose: &'static str,
}

const fn named(id: &'static str, name: &'static str, purpose: &'static str) -> TemplateName {
    TemplateName { id, name, purpose }
}

/// In the order they are offered.
pub const TEMPLATES: [TemplateName; 10] = [
    named(
        "front-desk",
        "Front desk",
        "Answers the main number, takes messages, says when you are open",
    ),
    named(
        "reminder",
        "Appointment reminder",
        "Calls before a visit, confirms it or notes what to change",
    ),
    named(
        "qualification",
        "Lead qualifier",
        "Calls back people who asked for an offer, and learns what they need",
    ),
    named(
        "feedback",
        "Feedback call",
        "Asks one number and one reason after a visit or an order",
    ),
    named(
        "after-hours",
        "After hours",
        "Answers while nobody is there, and sorts out what cannot wait",
    ),
    named(
        "no-show",
        "No-show follow-up",
        "Calls people who missed a visit, and finds another time",
    ),
    named(
        "collections",
        "Payment reminder",
        "Calls about an open payment, politely, and agrees on a day",
    ),
    named(
        "survey",
        "Survey",
        "Asks your questions word for word, and notes the answers",
    ),
    named(
        "win-back",
        "Win back customers",
        "Calls people who have not come for a while, and asks why",
    ),
    named(
        "screening",
        "Candidate screening",
        "Asks applicants the first questions, before a person talks to them",
    ),
];

/// A template, in a few words: what people choose by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentTemplateRow {
    /// Names it in addresses, such as `front-desk`.
    pub id: String,
    pub name: String,
    /// What an agent made of it does.
    pub purpose: String,
    /// Who it is good for.
    pub suits: String,
    /// It calls people, rather than being called by them.
    pub calls_out: bool,
    /// The names of the values that a call passes to it.
    pub variables: Vec<String>,
}

/// A template whole, as a draft that lacks nothing but a voice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentTemplate {
    /// Names it in addresses, such as `front-desk`.
    pub id: String,
    pub name: String,
    /// What an agent made of it does.
    pub purpose: String,
    /// Who it is good for.
    pub suits: String,
    /// It calls people, rather than being called by them.
    pub calls_out: bool,
    pub draft: AgentDraft,
}
