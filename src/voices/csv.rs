//! Voices in a spreadsheet.

use super::{Gender, VoiceRow};
use crate::export::{CsvRow, api_word, timestamp};

impl CsvRow for VoiceRow {
    const HEADERS: &'static [&'static str] = &[
        "id",
        "name",
        "description",
        "language",
        "gender",
        "accent",
        "state",
        "note",
        "voice_id",
        "agents",
        "created_at",
        "changed_at",
    ];

    fn cells(self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name,
            self.description,
            self.language,
            self.gender.map(Gender::word).unwrap_or_default().to_owned(),
            self.accent,
            api_word(self.state),
            self.note,
            self.provider_id.unwrap_or_default(),
            self.agents.to_string(),
            timestamp(self.created_at),
            timestamp(self.updated_at),
        ]
    }
}
