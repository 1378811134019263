//! Agents: who talks on the phone, with which voice, by which instructions and rules.

mod assist;
#[cfg(feature = "ssr")]
mod csv;
mod draft;
#[cfg(feature = "ssr")]
pub mod flow;
#[cfg(feature = "ssr")]
mod import;
mod language;
#[cfg(feature = "ssr")]
pub(crate) mod publish;
#[cfg(feature = "ssr")]
mod sample;
#[cfg(feature = "ssr")]
pub mod store;
mod template;
pub mod templates;
#[cfg(feature = "ssr")]
pub mod version_store;
mod versions;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

pub use crate::sync::{SyncState, SyncStatus};
use crate::{
    flat,
    id::Id,
    metadata::MetadataFilter,
    resource::{About, Actions, Kind, NavGroup, NavPage, PermissionLabels, Resource, Roles},
};
#[cfg(feature = "ssr")]
pub use assist::assist;
pub use assist::{AssistKind, AssistRequest, Proposal};
pub use draft::{AgentDraft, EndBehavior, FirstSpeaker, Silence, Variable, VariableKind};
#[cfg(feature = "ssr")]
pub use flow::{duplicate, findings, publish, restore, version, versions};
#[cfg(feature = "ssr")]
pub use import::read_export;
pub(crate) use language::check_language;
pub use language::{LANGUAGES, language_name};
#[cfg(feature = "ssr")]
pub(crate) use template::{BRACES, fill, for_provider};
pub use template::{ESCAPED, Placeholder, placeholders};
pub use templates::{AgentTemplate, AgentTemplateRow, TEMPLATES, TemplateName};
pub use versions::{
    AgentVersion, AgentVersionRow, Difference, Fact, Finding, Level, Publication, differences, facts, kept,
};

/// Agents, to everything that lists resources.
pub const ABOUT: About = About {
    word: "agents",
    singular: "agent",
    plural: "Agents",
    article: "an",
    path: "/agents",
    icon: "agent",
    pages: &[NavPage {
        href: "/agents",
        label: "Agents",
        icon: "agent",
        group: NavGroup::Build,
        shortcut: Some("A"),
    }],
    new: Some("/agents/new"),
    has_page: true,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::ALL,
        operator: Actions::READ,
        billing: Actions::NONE,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See agents and their versions"),
        create: Some("Create and duplicate agents"),
        update: Some("Edit and publish agents"),
        delete: Some("Delete agents"),
    },
    fields: &[
        ("voice_id", "voice"),
        ("voice_name", "voice"),
        ("temperature_percent", "temperature"),
        ("prompt", "system prompt"),
        ("join_timeout_s", "how long it rings"),
        ("max_duration_s", "longest call"),
        ("time_exceeded_message", "what is said when the time is up"),
        ("turn_delay_ms", "wait before answering"),
        ("interruption_ms", "speech needed to interrupt"),
        ("recording_days", "how long recordings are kept"),
        ("transcript_days", "how long transcripts are kept"),
        ("tool_ids", "tools"),
        ("analysis", "what is to be known after the call"),
        ("knowledge_base_ids", "knowledge"),
    ],
};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Agent {
    pub id: Id<Agent>,
    #[serde(flatten)]
    pub draft: AgentDraft,
    /// Raised by every save; send it back with an update.
    pub revision: i64,
    /// The number of the version that answers the phone.
    pub live_version: i32,
    pub published_at: DateTime<Utc>,
    /// Whether callers would notice a difference between what is saved and the live version.
    pub unpublished: bool,
    /// The provider's id of the published copy.
    pub provider_id: String,
    pub sync: SyncStatus,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The id of the person or of the API key that saved it.
    pub updated_by: String,
}

impl<'de> Deserialize<'de> for Agent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Around {
            id: Id<Agent>,
            revision: i64,
            live_version: i32,
            published_at: DateTime<Utc>,
            unpublished: bool,
            provider_id: String,
            sync: SyncStatus,
            created_at: DateTime<Utc>,
            updated_at: DateTime<Utc>,
            updated_by: String,
        }
        let (draft, around): (_, Around) = flat::split_object(deserializer)?;
        Ok(Self {
            id: around.id,
            draft,
            revision: around.revision,
            live_version: around.live_version,
            published_at: around.published_at,
            unpublished: around.unpublished,
            provider_id: around.provider_id,
            sync: around.sync,
            created_at: around.created_at,
            updated_at: around.updated_at,
            updated_by: around.updated_by,
        })
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AgentRow {
    pub id: Id<Agent>,
    pub name: String,
    pub description: String,
    pub language: String,
    pub voice_name: String,
    pub tags: Vec<String>,
    /// Values by names of a program's own.
    pub metadata: BTreeMap<String, String>,
    pub sync: SyncState,
    /// The number of the version that answers the phone.
    pub live_version: i32,
    /// Whether callers would notice a difference between what is saved and the live version.
    pub unpublished: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What the list can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct AgentFilter {
    /// Part of the name, the description or the prompt; upper and lower case are the same.
    pub q: Option<String>,
    /// BCP 47, such as `en-US`.
    pub language: Option<String>,
    pub tag: Option<String>,
    #[cfg_attr(feature = "ssr", param(inline))]
    pub sync: Option<SyncState>,
    /// With this in its metadata, a name and a value around a colon; all of them, where it is said several times.
    #[cfg_attr(feature = "ssr", param(inline))]
    pub metadata: MetadataFilter,
}

/// What the list's filters offer, and how many agents there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facets {
    pub all: i64,
    /// Those the provider serves as saved here.
    pub live: i64,
    pub languages: Vec<String>,
    pub tags: Vec<String>,
}

impl Resource for Agent {
    type Draft = AgentDraft;
    type Row = AgentRow;
    type Filter = AgentFilter;
    type Facets = Facets;
    const KIND: Kind = Kind::Agent;

    fn id(&self) -> Id<Self> {
        self.id
    }
    fn name(&self) -> &str {
        &self.draft.name
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn draft(&self) -> AgentDraft {
        self.draft.clone()
    }
    fn search(words: &str) -> AgentFilter {
        AgentFilter {
            q: Some(words.to_owned()),
            ..AgentFilter::default()
        }
    }
    fn row_name(row: &AgentRow) -> &str {
        &row.name
    }
}
