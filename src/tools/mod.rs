//! Tools: what an agent may ask of somebody's server while it talks.

mod address;
#[cfg(feature = "ssr")]
pub(crate) mod bindings;
#[cfg(feature = "ssr")]
mod csv;
mod draft;
#[cfg(feature = "ssr")]
mod flow;
mod parameter;
#[cfg(feature = "ssr")]
pub(crate) mod publish;
#[cfg(feature = "ssr")]
pub(crate) mod reach;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod sample;
mod schema;
#[cfg(feature = "ssr")]
pub(crate) mod secret;
#[cfg(feature = "ssr")]
pub(crate) mod send;
#[cfg(feature = "ssr")]
pub(crate) mod store;
mod test;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    agents::Agent,
    calls::Call,
    flat,
    id::Id,
    resource::{About, Actions, Kind, NavGroup, NavPage, PermissionLabels, Resource, Roles},
    sync::{SyncState, SyncStatus},
};
pub use address::{host, in_path, origin};
pub use draft::{Method, SecretValue, TIME_LIMIT, ToolDraft, ToolSecret, model_name_of};
#[cfg(feature = "ssr")]
pub use flow::{agents, test, uses};
pub use parameter::{Automatic, Parameter, ParameterKind, Place};
#[cfg(feature = "ssr")]
pub use publish::RepublishAgents;
#[cfg(feature = "ssr")]
pub use sample::SERVER;
pub use schema::{TYPES, check_schema};
pub use test::{Header, SentRequest, TestOutcome, TestRequest, TestResult};

/// Tools, to everything that lists resources.
pub const ABOUT: About = About {
    word: "tools",
    singular: "tool",
    plural: "Tools",
    article: "a",
    path: "/tools",
    icon: "tool",
    pages: &[NavPage {
        href: "/tools",
        label: "Tools",
        icon: "tool",
        group: NavGroup::Build,
        shortcut: Some("T"),
    }],
    new: Some("/tools/new"),
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
        read: Some("See tools"),
        create: Some("Create tools"),
        update: Some("Edit, publish and test tools"),
        delete: Some("Delete tools"),
    },
    fields: &[
        ("model_name", "name for the model"),
        ("url", "address"),
        ("timeout_s", "time limit"),
    ],
};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Tool {
    pub id: Id<Tool>,
    #[serde(flatten)]
    pub draft: ToolDraft,
    /// Raised by every save; send it back with an update.
    pub revision: i64,
    /// The provider's id of the published copy.
    pub provider_id: String,
    pub sync: SyncStatus,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The id of the person or of the API key that saved it.
    pub updated_by: String,
}

impl<'de> Deserialize<'de> for Tool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Around {
            id: Id<Tool>,
            revision: i64,
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
pub struct ToolRow {
    pub id: Id<Tool>,
    pub name: String,
    pub model_name: String,
    pub description: String,
    pub method: Method,
    pub url: String,
    /// How many agents use it.
    pub agents: i64,
    pub tags: Vec<String>,
    pub sync: SyncState,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What the list can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct ToolFilter {
    /// Part of a name, the description or the address; upper and lower case are the same.
    pub q: Option<String>,
    #[cfg_attr(feature = "ssr", param(inline))]
    pub method: Option<Method>,
    pub tag: Option<String>,
    #[cfg_attr(feature = "ssr", param(inline))]
    pub sync: Option<SyncState>,
}

/// What the list's filters offer, and how many tools there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facets {
    pub all: i64,
    /// Those the provider serves as saved here.
    pub live: i64,
    pub tags: Vec<String>,
}

/// An agent that uses a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ToolAgent {
    pub id: Id<Agent>,
    pub name: String,
}

/// One use of a tool on a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ToolUse {
    pub call_id: Id<Call>,
    pub agent_name: String,
    /// When the call was placed.
    pub placed_at: DateTime<Utc>,
    /// Milliseconds from the answer to the call until the tool was asked.
    pub start_ms: Option<i32>,
    /// What the model filled in, as JSON.
    pub arguments: String,
    /// What came back, or why nothing did; absent where the call ended before.
    pub result: Option<String>,
    pub failed: bool,
    pub took_ms: Option<i32>,
}

impl Resource for Tool {
    type Draft = ToolDraft;
    type Row = ToolRow;
    type Filter = ToolFilter;
    type Facets = Facets;
    const KIND: Kind = Kind::Tool;

    fn id(&self) -> Id<Self> {
        self.id
    }
    fn name(&self) -> &str {
        &self.draft.name
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn draft(&self) -> ToolDraft {
        self.draft.clone()
    }
    fn search(words: &str) -> ToolFilter {
        ToolFilter {
            q: Some(words.to_owned()),
            ..ToolFilter::default()
        }
    }
    fn row_name(row: &ToolRow) -> &str {
        &row.name
    }
}
