//! Folders of contacts in the browser: what pages may ask about them.

mod edit;
mod places;
mod tree;

use leptos::prelude::*;
use switchboard::{
    Id,
    folders::{Contents, Folder, FolderDraft, FolderRow},
    org::OrgId,
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::{crud, folders::flow};

pub use edit::{FolderForms, folder_forms};
pub use places::{choices, path_of};
pub use tree::{FolderPanel, side, tree};

/// All of them, by name.
#[server(protocol = Wire)]
pub async fn all_folders(org: OrgId) -> Result<Vec<FolderRow>, AppError> {
    Ok(flow::all(&core(), &caller(&org)?).await?)
}

/// Answers its id: whoever lists folders reads all of them anew.
#[server(protocol = Wire)]
pub async fn create_folder(org: OrgId, draft: FolderDraft) -> Result<Id<Folder>, AppError> {
    Ok(crud::create::<Folder>(&core(), &caller(&org)?, draft).await?.id)
}

#[server(protocol = Wire)]
pub async fn update_folder(
    org: OrgId,
    id: Id<Folder>,
    draft: FolderDraft,
    revision: i64,
) -> Result<Id<Folder>, AppError> {
    Ok(crud::update::<Folder>(&core(), &caller(&org)?, id, draft, revision)
        .await?
        .id)
}

/// Deletes it with a choice for what is inside.
#[server(protocol = Wire)]
pub async fn delete_folder_with(org: OrgId, id: Id<Folder>, contents: Contents) -> Result<(), AppError> {
    Ok(flow::delete_with(&core(), &caller(&org)?, id, contents).await?)
}
