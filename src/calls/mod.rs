//! Calls: one conversation of an agent, from the moment it is placed to its price.

#[cfg(feature = "ssr")]
mod csv;
#[cfg(feature = "ssr")]
mod dial;
mod dispositions;
mod ending;
#[cfg(feature = "ssr")]
pub mod expiry;
mod filter;
#[cfg(feature = "ssr")]
pub(crate) mod finding;
#[cfg(feature = "ssr")]
pub mod flow;
pub mod inspect;
mod marks;
#[cfg(feature = "ssr")]
mod outcome;
mod place;
#[cfg(feature = "ssr")]
mod progress;
#[cfg(feature = "ssr")]
pub mod recording;
#[cfg(feature = "ssr")]
pub mod removal;
#[cfg(feature = "ssr")]
mod socket;
#[cfg(feature = "ssr")]
pub(crate) mod store;
mod views;
#[cfg(feature = "ssr")]
mod voicemail;
#[cfg(feature = "ssr")]
pub mod watch;
#[cfg(feature = "ssr")]
pub mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    agents::Agent,
    analysis::{CallAnalysis, Sentiment, Verdict},
    contacts::Contact,
    id::Id,
    money::Micros,
    resource::{About, Action, Actions, NavGroup, NavPage, PermissionLabels, Roles},
};
#[cfg(feature = "ssr")]
pub use dispositions::flow as disposition_flow;
pub use dispositions::{Disposition, Dispositions};
pub use ending::{AtFault, EndReason};
pub use filter::{CallFilter, Period};
pub use inspect::CallConfiguration;
pub use marks::{CallChange, DeleteCalls, MOST_AT_ONCE, NewNote, Note, TagCalls};
#[cfg(feature = "ssr")]
pub use marks::{notes, tags};
pub use place::{CallDraft, Destination, PRICE_PER_STEP, STEP_S, check_variables, price};
#[cfg(feature = "ssr")]
pub use views::flow as view_flow;
pub use views::{CallView, CallViewDraft};

/// Calls, to everything that lists resources.
pub const ABOUT: About = About {
    word: "calls",
    singular: "call",
    plural: "Calls",
    article: "a",
    path: "/calls",
    icon: "call",
    pages: &[NavPage {
        href: "/calls",
        label: "Calls",
        icon: "call",
        group: NavGroup::Operate,
        shortcut: Some("C"),
    }],
    new: None,
    has_page: true,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::ALL,
        operator: Actions::of(&[Action::Read, Action::Create, Action::Update]),
        billing: Actions::NONE,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See calls, transcripts and recordings"),
        create: Some("Place calls"),
        update: Some("End, tag and analyze calls, write notes and save views"),
        delete: Some("Delete calls"),
    },
    fields: &[],
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Call {
    pub id: Id<Call>,
    /// Absent once the agent is deleted; its name stays.
    pub agent_id: Option<Id<Agent>>,
    pub agent_name: String,
    /// The version of the agent that it ran; absent where it tried the draft.
    pub agent_version: Option<i32>,
    pub medium: Medium,
    pub status: Status,
    /// Set once the call is over.
    pub end_reason: Option<EndReason>,
    /// What the organization calls the reason, if it has a word of its own for it.
    pub disposition: Option<String>,
    /// What was reported beyond the reason, in the reporter's words.
    pub end_detail: String,
    /// E.164; absent for a text call.
    pub to_number: Option<String>,
    pub from_number: Option<String>,
    /// Whose number it was, where it was a contact's.
    pub contact_id: Option<Id<Contact>>,
    pub contact_name: Option<String>,
    pub variables: BTreeMap<String, serde_json::Value>,
    /// Values by names of the program that placed it.
    pub metadata: BTreeMap<String, String>,
    /// Words that people put on it.
    pub tags: Vec<String>,
    /// Who placed it: a person or an API key.
    pub placed_by: String,
    pub provider_id: Option<String>,
    pub created_at: DateTime<Utc>,
    /// When the other side answered.
    pub joined_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub billed_ms: Option<i64>,
    pub price: Option<Micros>,
    pub billing: Billing,
    pub recording: Recording,
    /// When its recording is deleted; absent where it is kept, or there is none yet.
    pub recording_until: Option<DateTime<Utc>>,
    /// When everything that was said on it is deleted; absent where it is kept.
    pub transcript_until: Option<DateTime<Utc>>,
    /// Set once that has happened.
    pub transcript_deleted_at: Option<DateTime<Utc>>,
    /// One or two sentences on what was said; empty until there is one.
    pub summary: String,
    pub updated_at: DateTime<Utc>,
}

impl Call {
    /// Time between answer and end.
    pub fn talk_ms(&self) -> Option<i64> {
        Some((self.ended_at? - self.joined_at?).num_milliseconds().max(0))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// The agent rings a number.
    Phone,
    /// A written conversation in the browser, to try an agent.
    Text,
}

impl Medium {
    pub const ALL: [Self; 2] = [Self::Phone, Self::Text];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Text => "text",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Phone => "Phone",
            Self::Text => "Written",
        }
    }
}

/// Where a call is in its life. Order: each state only ever follows an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Accepted here, not yet by the provider.
    Queued,
    Ringing,
    InProgress,
    /// Over; transcript and recording are being fetched.
    Processing,
    Completed,
    /// Nobody answered, busy, declined: nobody is at fault.
    NotConnected,
    /// Something broke that somebody must look at.
    Failed,
    /// Stopped by a person before it was answered.
    Canceled,
}

impl Status {
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Ringing,
        Self::InProgress,
        Self::Processing,
        Self::Completed,
        Self::NotConnected,
        Self::Failed,
        Self::Canceled,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in_progress",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::NotConnected => "not_connected",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Ringing => "Ringing",
            Self::InProgress => "In progress",
            Self::Processing => "Processing",
            Self::Completed => "Completed",
            Self::NotConnected => "Not connected",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    /// Somebody may be on the line.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Ringing | Self::InProgress)
    }

    /// Nothing about the conversation changes any more; its price still may.
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::NotConnected | Self::Failed | Self::Canceled
        )
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// The provider has not said yet.
    #[default]
    Pending,
    Billed,
    /// Free minutes, or nothing was said.
    Free,
    /// Never reached the provider.
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// Not recorded.
    #[default]
    None,
    /// Recorded; the file is not there yet.
    Pending,
    Ready,
    Failed,
    /// Kept as long as the agent said, and deleted then.
    Deleted,
}

/// One thing said or done, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Message {
    /// Counts from 0 within the call.
    pub seq: i32,
    pub role: Speaker,
    /// What was said; arguments of a tool call or the result of one.
    pub text: String,
    /// What the model calls the tool, for tool calls and results.
    pub tool: String,
    /// Whether it is the result of a tool call that failed; the text says how.
    pub failed: bool,
    /// Milliseconds since the call was answered.
    pub start_ms: Option<i32>,
    pub end_ms: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    Agent,
    Person,
    ToolCall,
    ToolResult,
}

/// Something that happened to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Event {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub note: String,
}

/// A call with everything said so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Conversation {
    pub call: Call,
    pub messages: Vec<Message>,
    pub events: Vec<Event>,
    /// From the first to the last.
    pub notes: Vec<Note>,
    /// Absent where its agent asks for nothing that a language model has to find out.
    pub analysis: Option<CallAnalysis>,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CallRow {
    pub id: Id<Call>,
    pub agent_id: Option<Id<Agent>>,
    pub agent_name: String,
    /// The version of the agent that it ran; absent where it tried the draft.
    pub agent_version: Option<i32>,
    pub medium: Medium,
    pub status: Status,
    pub end_reason: Option<EndReason>,
    /// What the organization calls the reason, if it has a word of its own for it.
    pub disposition: Option<String>,
    pub to_number: Option<String>,
    pub contact_id: Option<Id<Contact>>,
    pub contact_name: Option<String>,
    /// Values by names of the program that placed it.
    pub metadata: BTreeMap<String, String>,
    /// Words that people put on it.
    pub tags: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub joined_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub price: Option<Micros>,
    /// What its success criteria say together.
    pub verdict: Option<Verdict>,
    pub sentiment: Option<Sentiment>,
    /// Values that were read from what was said, by their names.
    pub fields: BTreeMap<String, serde_json::Value>,
    /// Where words were searched for: the first place at which some of them were said.
    pub said: Vec<Passage>,
}

/// A piece of what was said, and whether it is what was searched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Passage {
    pub text: String,
    pub found: bool,
}

/// What the list's filters offer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CallFacets {
    pub tags: Vec<String>,
    pub dispositions: Vec<String>,
    /// Who has placed calls, with their names.
    pub placed_by: Vec<(String, String)>,
}
