//! The audit log: who did what to which thing, written in the same transaction as the deed.

#[cfg(feature = "ssr")]
mod csv;
#[cfg(feature = "ssr")]
mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    org::{Role, Scope},
    resource::{About, Actions, NavGroup, NavPage, PermissionLabels, Roles},
};

/// The log, to everything that lists resources.
pub const ABOUT: About = About {
    word: "audit",
    singular: "audit entry",
    plural: "Audit log",
    article: "an",
    path: "/audit",
    icon: "audit",
    pages: &[NavPage {
        href: "/audit",
        label: "Audit log",
        icon: "audit",
        group: NavGroup::Organization,
        shortcut: None,
    }],
    new: None,
    has_page: false,
    logged: false,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::READ,
        operator: Actions::NONE,
        billing: Actions::NONE,
        viewer: Actions::NONE,
    },
    permissions: PermissionLabels {
        read: Some("Read the audit log"),
        create: None,
        update: None,
        delete: None,
    },
    fields: &[],
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Entry {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// A person's or an API key's id, or `system`.
    pub actor: String,
    /// `person`, `api_key` or `system`.
    pub actor_kind: String,
    /// What that person or key is called.
    pub actor_name: Option<String>,
    pub action: String,
    pub kind: String,
    pub object_id: String,
    pub object_name: String,
    /// Whom it is about, if that is a member.
    pub member_name: Option<String>,
    pub detail: Detail,
}

/// What the deed changed. Names of fields and never what they hold: a prompt is long, and may hold what is nobody's business
/// in a log that many read and nobody can change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Detail {
    /// The fields that became others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The role somebody had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Role>,
    /// The role somebody got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Role>,
    /// What a key may do.
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<String>))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// The version of an agent that was published, or taken into its draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct EntryFilter {
    /// In what the thing, whoever did it and whom it is about are called, and in what changed.
    pub q: Option<String>,
    /// A kind of thing, such as `agents`.
    pub kind: Option<String>,
    /// The id of one thing.
    pub object_id: Option<String>,
}

#[cfg(feature = "ssr")]
pub(crate) use store::{entries, record_as, record_many};
#[cfg(feature = "ssr")]
pub use store::{founded, list, record, record_verb, record_with};
