//! Knowledge bases in a spreadsheet.

use super::KnowledgeBaseRow;
use crate::export::{CsvRow, timestamp};

impl CsvRow for KnowledgeBaseRow {
    const HEADERS: &'static [&'static str] = &[
        "id",
        "name",
        "description",
        "sources",
        "troubled",
        "reading",
        "passages",
        "agents",
        "created_at",
        "changed_at",
    ];

    fn cells(self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name,
            self.description,
            self.sources.to_string(),
            self.troubled.to_string(),
            self.reading.to_string(),
            self.passages.to_string(),
            self.agents.to_string(),
            timestamp(self.created_at),
            timestamp(self.updated_at),
        ]
    }
}
