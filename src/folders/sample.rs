//! An example of a folder.

use super::{Folder, FolderColor, FolderDraft};
use crate::sample::{Fixtures, Sample};

impl Sample for Folder {
    const DEMO: &'static [&'static str] = &["Patients", "Recalls", "Suppliers"];

    fn sample(name: &str, _: &Fixtures) -> FolderDraft {
        FolderDraft {
            name: name.to_owned(),
            parent_id: None,
            color: FolderColor::ALL[name.len() % FolderColor::ALL.len()],
        }
    }

    fn refused_sample(_: &Fixtures) -> (FolderDraft, &'static str) {
        (FolderDraft::default(), "name")
    }
}
