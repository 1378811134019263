//! What people do with folders beyond creating and changing them.

use super::{Contents, Folder, FolderRow, store};
use crate::{
    auth::Caller,
    contacts,
    core::Core,
    crud::{self, Rows},
    error::Result,
    id::Id,
    resource::{Action, Kind},
};

/// All folders, by name.
pub async fn all(core: &Core, caller: &Caller) -> Result<Vec<FolderRow>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Folder).await?;
    let folders = store::all(&mut tx).await?;
    tx.commit().await?;
    Ok(folders)
}

/// Deletes a folder with a choice for what is inside.
pub async fn delete_with(core: &Core, caller: &Caller, id: Id<Folder>, contents: Contents) -> Result<()> {
    if contents == Contents::Keep {
        return crud::delete::<Folder>(core, caller, id).await;
    }
    let mut tx = caller.begin(&core.db, Action::Delete, Kind::Folder).await?;
    tx.require(Action::Delete, Kind::Contact)?;
    let within = store::within(&mut tx, id).await?;
    contacts::bulk::delete_in(&mut tx, &within).await?;
    // Those inside first; each is logged.
    for folder in within.iter().rev() {
        let folder = Folder::find(&mut tx, Id::from_uuid(*folder)).await?;
        crud::delete_row(&mut tx, &folder).await?;
    }
    crud::commit(core, tx).await
}
