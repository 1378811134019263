//! Contacts in a spreadsheet.

use super::ContactRow;
use crate::export::{CsvRow, timestamp};

impl CsvRow for ContactRow {
    const HEADERS: &'static [&'static str] = &[
        "id",
        "name",
        "phone",
        "email",
        "company",
        "language",
        "time_zone",
        "folder_id",
        "tags",
        "created_at",
        "changed_at",
    ];

    fn cells(self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name,
            self.phone,
            self.email,
            self.company,
            self.language,
            self.time_zone,
            self.folder_id.map(|id| id.to_string()).unwrap_or_default(),
            self.tags.join(", "),
            timestamp(self.created_at),
            timestamp(self.updated_at),
        ]
    }
}
