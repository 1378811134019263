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
pub use tree::{Side, side, tree};

/// All of them, by name.
#[server(protocol = Wire)]
pub async fn all_folders(org: OrgId) -> Result<Vec<FolderRow>, AppError> {
    Ok(flow::all(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn get_folder(org: OrgId, id: Id<Folder>) -> Result<Folder, AppError> {
    Ok(crud::get(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn create_folder(org: OrgId, draft: FolderDraft) -> Result<Folder, AppError> {
    Ok(crud::create(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn update_folder(org: OrgId, id: Id<Folder>, draft: FolderDraft, revision: i64) -> Result<Folder, AppError> {
    Ok(crud::update(&core(), &caller(&org)?, id, draft, revision).await?)
}

/// Deletes it with a choice for what is inside.
#[server(protocol = Wire)]
pub async fn delete_folder_with(org: OrgId, id: Id<Folder>, contents: Contents) -> Result<(), AppError> {
    Ok(flow::delete_with(&core(), &caller(&org)?, id, contents).await?)
}
