//! The log in a spreadsheet.

use super::{Entry, EntryFilter, store};
use crate::{
    db::OrgTx,
    error::Result,
    export::{CsvList, CsvRow, api_word, timestamp},
    listing::{Position, Window},
    org::Scope,
    resource::Kind,
};

impl CsvList for Entry {
    type Row = Self;
    type Filter = EntryFilter;
    const KIND: Kind = Kind::Audit;

    async fn page(tx: &mut OrgTx, filter: &EntryFilter, window: Window) -> Result<Vec<Self>> {
        store::entries(tx, filter, window).await
    }

    fn position(row: &Self) -> Position {
        Position { at: row.at, id: row.id }
    }
}

impl CsvRow for Entry {
    const HEADERS: &'static [&'static str] = &[
        "id",
        "at",
        "actor",
        "actor_kind",
        "actor_name",
        "action",
        "kind",
        "object_id",
        "object_name",
        "member_name",
        "changed",
        "from",
        "to",
        "scopes",
    ];

    fn cells(self) -> Vec<String> {
        let scopes: Vec<String> = self.detail.scopes.iter().map(Scope::to_string).collect();
        vec![
            self.id.to_string(),
            timestamp(self.at),
            self.actor,
            self.actor_kind,
            self.actor_name.unwrap_or_default(),
            self.action,
            self.kind,
            self.object_id,
            self.object_name,
            self.member_name.unwrap_or_default(),
            self.detail.changed.join(", "),
            api_word(self.detail.from),
            api_word(self.detail.to),
            scopes.join(", "),
        ]
    }
}
