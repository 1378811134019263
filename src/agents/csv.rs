//! Agents in a spreadsheet.

use super::AgentRow;
use crate::{
    export::{CsvRow, api_word, timestamp},
    metadata,
};

impl CsvRow for AgentRow {
    const HEADERS: &'static [&'static str] = &[
        "id",
        "name",
        "description",
        "language",
        "voice",
        "tags",
        "metadata",
        "state",
        "created_at",
        "changed_at",
    ];

    fn cells(self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name,
            self.description,
            self.language,
            self.voice_name,
            self.tags.join(", "),
            metadata::cell(&self.metadata),
            api_word(self.sync),
            timestamp(self.created_at),
            timestamp(self.updated_at),
        ]
    }
}
