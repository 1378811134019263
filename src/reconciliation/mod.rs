//! Reconciliation: where what is here and what the provider has differ, what is done about it and when, and what has mended itself.
//!
//! What differs stands in `app.provider_links`, the row that leads every change at the provider (`src/provider_sync`).

#[cfg(feature = "ssr")]
mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Id,
    listing::Listing,
    resource::{About, Action, Actions, Kind, NavGroup, NavPage, PermissionLabels, Roles},
};
#[cfg(feature = "ssr")]
pub(crate) use store::{agree, differ, mended, undone};
#[cfg(feature = "ssr")]
pub use store::{all, list, list_mended, one, overview};

/// Reconciliation, to everything that lists resources.
pub const ABOUT: About = About {
    word: "reconciliation",
    singular: "difference at the provider",
    plural: "Reconciliation",
    article: "a",
    path: "/reconciliation",
    icon: "refresh",
    pages: &[NavPage {
        href: "/reconciliation",
        label: "Reconciliation",
        icon: "refresh",
        group: NavGroup::Operate,
        shortcut: None,
    }],
    new: None,
    has_page: false,
    logged: true,
    roles: Roles {
        admin: Actions::of(&[Action::Read, Action::Update]),
        developer: Actions::of(&[Action::Read, Action::Update]),
        operator: Actions::READ,
        billing: Actions::NONE,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See what differs at the provider"),
        create: None,
        update: Some("Have it reconciled now"),
        delete: None,
    },
    fields: &[],
};

/// Something that is not the same here and at the provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Difference {
    /// Of the agent, the tool or the call.
    pub object_id: Uuid,
    pub kind: Kind,
    /// Empty where it was never saved here, or is gone.
    pub name: String,
    pub state: DifferenceState,
    /// What differs, or why the last look at the provider failed, in words; may be empty.
    pub note: String,
    pub since: DateTime<Utc>,
    /// When it is looked at next.
    pub due_at: Option<DateTime<Utc>>,
    /// How often a look has failed in a row.
    pub attempts: i32,
}

/// In which way the two sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DifferenceState {
    /// Making it at the provider was begun, and nothing is known yet of the end.
    Creating,
    /// A change is on its way to the provider.
    Updating,
    /// It is being deleted at the provider.
    Deleting,
    /// The provider's copy is another than what was published.
    Differs,
    /// The provider cannot be asked.
    Unanswered,
}

impl DifferenceState {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Creating => "Being made",
            Self::Updating => "Being changed",
            Self::Deleting => "Being deleted",
            Self::Differs => "Differs at provider",
            Self::Unanswered => "No answer",
        }
    }

    /// What becomes of it, whoever does nothing.
    pub const fn remedy(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Creating, Kind::Call) => {
                "It is looked for at the provider by our id. Is it not there two minutes after it was placed, it has failed. It is never dialed again."
            }
            (Self::Creating, _) => "Whatever the provider made of it is removed there, and nothing is left of it.",
            (Self::Updating, _) => "What is saved here is published once more.",
            (Self::Deleting, _) => "It is deleted at the provider, and then here.",
            (Self::Differs, _) => {
                "Nothing by itself: somebody may have wanted it. Reconcile now publishes what is saved here over it."
            }
            (Self::Unanswered, _) => "The provider is asked again, with growing pauses.",
        }
    }
}

/// Something that differed and does not any more, without anybody's doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Mended {
    pub id: Id<Mended>,
    pub object_id: Uuid,
    pub kind: Kind,
    /// Empty where it was never saved here, or is gone.
    pub name: String,
    pub outcome: MendedOutcome,
    pub differed_since: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum MendedOutcome {
    /// What a create that was cut short had left at the provider was removed.
    Removed,
    /// A delete that was cut short was finished.
    Deleted,
    /// A change that was cut short was published.
    Published,
    /// Both sides are the same again, or the provider answers again.
    Agreed,
    /// A call whose placing was never answered was found.
    Found,
    /// The provider has no such call: nothing was dialed.
    NothingThere,
}

impl MendedOutcome {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Removed => "A copy that nobody knew of was removed at the provider",
            Self::Deleted => "A delete that was cut short was finished",
            Self::Published => "A change that was cut short was published",
            Self::Agreed => "Both sides agree again",
            Self::Found => "The call was found at the provider",
            Self::NothingThere => "Nothing was dialed, and the call says so",
        }
    }
}

/// How much differs, and the newest of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub differences: Listing<Difference>,
    pub differing: i64,
    /// The twenty newest.
    pub mended: Vec<Mended>,
    /// In the last thirty days.
    pub mended_lately: i64,
}

/// How many differences are looked at next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReconciliationStarted {
    pub started: i64,
}

/// What differences can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct DifferenceFilter {
    /// `agent`, `tool` or `call`.
    #[cfg_attr(feature = "ssr", param(inline))]
    pub kind: Option<Kind>,
}
