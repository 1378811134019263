//! Calls in a spreadsheet.

use super::{Call, CallFilter, CallRow, finding};
use crate::{
    db::OrgTx,
    error::Result,
    export::{CsvList, CsvRow, api_word, dollars, timestamp, timestamp_if},
    listing::{Position, Window},
    metadata,
    resource::Kind,
};

impl CsvList for Call {
    type Row = CallRow;
    type Filter = CallFilter;
    const KIND: Kind = Kind::Call;

    async fn page(tx: &mut OrgTx, filter: &CallFilter, window: Window) -> Result<Vec<CallRow>> {
        finding::page(tx, filter, window).await
    }

    fn position(row: &CallRow) -> Position {
        Position {
            at: row.created_at,
            id: row.id.uuid(),
        }
    }
}

impl CsvRow for CallRow {
    const HEADERS: &'static [&'static str] = &[
        "id",
        "agent_id",
        "agent",
        "agent_version",
        "medium",
        "to",
        "contact",
        "status",
        "end_reason",
        "disposition",
        "placed_at",
        "joined_at",
        "ended_at",
        "duration_s",
        "price_usd",
        "tags",
        "metadata",
        "verdict",
        "sentiment",
        "fields",
    ];

    fn cells(self) -> Vec<String> {
        let lasted = self.joined_at.zip(self.ended_at).map(|(joined, ended)| ended - joined);
        vec![
            self.id.to_string(),
            self.agent_id.map(|id| id.to_string()).unwrap_or_default(),
            self.agent_name,
            self.agent_version
                .map(|version| version.to_string())
                .unwrap_or_default(),
            api_word(self.medium),
            self.to_number.unwrap_or_default(),
            self.contact_name.unwrap_or_default(),
            api_word(self.status),
            api_word(self.end_reason),
            self.disposition.unwrap_or_default(),
            timestamp(self.created_at),
            timestamp_if(self.joined_at),
            timestamp_if(self.ended_at),
            lasted.map(|time| time.num_seconds().to_string()).unwrap_or_default(),
            self.price.map(dollars).unwrap_or_default(),
            self.tags.join(", "),
            metadata::cell(&self.metadata),
            api_word(self.verdict),
            api_word(self.sentiment),
            if self.fields.is_empty() {
                String::new()
            } else {
                serde_json::json!(self.fields).to_string()
            },
        ]
    }
}
