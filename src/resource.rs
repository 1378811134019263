//! Resources: what all things of an organization have in common, and what one may do with them.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Id, check::Checked};

/// Everything a permission can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Agent,
    Call,
    Voice,
    ApiKey,
    Member,
    Organization,
    Credit,
    Audit,
    Report,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Agent,
        Self::Call,
        Self::Voice,
        Self::ApiKey,
        Self::Member,
        Self::Organization,
        Self::Credit,
        Self::Audit,
        Self::Report,
    ];

    /// The noun in scopes, audit entries and REST paths.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agents",
            Self::Call => "calls",
            Self::Voice => "voices",
            Self::ApiKey => "api_keys",
            Self::Member => "members",
            Self::Organization => "organization",
            Self::Credit => "credits",
            Self::Audit => "audit",
            Self::Report => "reports",
        }
    }

    /// As a heading over many, and as one in a sentence.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Agent => "Agents",
            Self::Call => "Calls",
            Self::Voice => "Voices",
            Self::ApiKey => "API keys",
            Self::Member => "Members",
            Self::Organization => "Organization",
            Self::Credit => "Credits",
            Self::Audit => "Audit log",
            Self::Report => "Reports",
        }
    }

    pub const fn singular(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Call => "call",
            Self::Voice => "voice",
            Self::ApiKey => "API key",
            Self::Member => "member",
            Self::Organization => "organization",
            Self::Credit => "credit entry",
            Self::Audit => "audit entry",
            Self::Report => "report",
        }
    }
}

/// What is done to a thing. Placing a call is creating one; ending it is updating it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
}

impl Action {
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A thing an organization has many of, made and changed by people.
pub trait Resource: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static {
    /// What a person decides: the body of create and of update.
    type Draft: Checked + Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// One line of the list.
    type Row: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What a list can be narrowed to, as it stands in the URL.
    type Filter: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    const KIND: Kind;

    fn id(&self) -> Id<Self>;
    fn name(&self) -> &str;
    /// Raised by every save. A draft that started from an older one is refused rather than silently winning.
    fn revision(&self) -> i64;
    fn draft(&self) -> Self::Draft;
}
