//! Sync: whether the copy at the provider is what was last published from here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Whether the provider's copy is what we last published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SyncStatus {
    pub state: SyncState,
    /// What differs or what failed, in words; empty when synced.
    pub note: String,
    pub checked_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// The provider's copy is ours.
    Synced,
    /// It was changed or removed there, not by us.
    Drifted,
    /// Publishing it again failed.
    Failed,
}

impl SyncState {
    pub const ALL: [Self; 3] = [Self::Synced, Self::Drifted, Self::Failed];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Drifted => "drifted",
            Self::Failed => "failed",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Synced => "Live",
            Self::Drifted => "Differs at provider",
            Self::Failed => "Publish failed",
        }
    }
}
