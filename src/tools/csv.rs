//! Tools in a spreadsheet.

use super::ToolRow;
use crate::export::{CsvRow, api_word, timestamp};

impl CsvRow for ToolRow {
    const HEADERS: &'static [&'static str] = &[
        "id",
        "name",
        "model_name",
        "description",
        "method",
        "url",
        "agents",
        "tags",
        "state",
        "created_at",
        "changed_at",
    ];

    fn cells(self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name,
            self.model_name,
            self.description,
            self.method.word().to_owned(),
            self.url,
            self.agents.to_string(),
            self.tags.join(", "),
            api_word(self.sync),
            timestamp(self.created_at),
            timestamp(self.updated_at),
        ]
    }
}
