//! Folders: how an organization sorts its contacts, one inside the other.

#[cfg(feature = "ssr")]
pub mod flow;
#[cfg(feature = "ssr")]
mod sample;
#[cfg(feature = "ssr")]
mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    check::{Check, Checked},
    id::Id,
    resource::{About, Actions, Kind, PermissionLabels, Resource, Roles},
};

#[cfg(feature = "ssr")]
pub(crate) use store::{must_exist, within};

/// Folders, to everything that lists resources.
pub const ABOUT: About = About {
    word: "contact_folders",
    singular: "folder",
    plural: "Folders",
    article: "a",
    path: "/contact-folders",
    icon: "folder",
    pages: &[],
    new: None,
    has_page: false,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::ALL,
        operator: Actions::ALL,
        billing: Actions::NONE,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See folders"),
        create: Some("Create folders"),
        update: Some("Rename, color and move folders"),
        delete: Some("Delete folders"),
    },
    fields: &[("parent_id", "parent folder")],
};

/// How deep folders may lie inside each other.
pub const DEEPEST: usize = 5;

/// How many folders an organization may have.
pub const MOST: usize = 500;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Folder {
    pub id: Id<Folder>,
    #[serde(flatten)]
    pub draft: FolderDraft,
    /// Raised by every save; send it back with an update.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The id of the person or of the API key that saved it.
    pub updated_by: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct FolderDraft {
    pub name: String,
    /// The folder it lies in; absent at the top.
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub parent_id: Option<Id<Folder>>,
    pub color: FolderColor,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum FolderColor {
    #[default]
    Gray,
    Red,
    Orange,
    Yellow,
    Green,
    Teal,
    Blue,
    Violet,
}

impl FolderColor {
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    pub const fn word(self) -> &'static str {
        match self {
            Self::Gray => "gray",
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Violet => "violet",
        }
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FolderRow {
    pub id: Id<Folder>,
    pub name: String,
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub parent_id: Option<Id<Folder>>,
    pub color: FolderColor,
    /// Raised by every save; send it back with an update.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What the list can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct FolderFilter {
    /// Part of the name; upper and lower case are the same.
    pub q: Option<String>,
}

/// What becomes of the contacts in a folder that is deleted, and in those inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Contents {
    /// They move to where the folder was, and the folders inside it too.
    #[default]
    Keep,
    /// They are deleted with it.
    Delete,
}

impl Checked for FolderDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=60);
        check.beyond(
            "name",
            "a folder beside it has it, or there are as many folders as there may be",
        );
        check.beyond(
            "parent_id",
            "there is no such folder, or it would lie in itself or too deep",
        );
    }
}

impl Resource for Folder {
    type Draft = FolderDraft;
    type Row = FolderRow;
    type Filter = FolderFilter;
    type Facets = ();
    const KIND: Kind = Kind::Folder;

    fn id(&self) -> Id<Self> {
        self.id
    }
    fn name(&self) -> &str {
        &self.draft.name
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn draft(&self) -> FolderDraft {
        self.draft.clone()
    }
    fn search(words: &str) -> FolderFilter {
        FolderFilter {
            q: Some(words.to_owned()),
        }
    }
    fn row_name(row: &FolderRow) -> &str {
        &row.name
    }
}
