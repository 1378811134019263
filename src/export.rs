//! Export: a whole list as CSV, for a spreadsheet, from its newest row to its oldest.

use std::future::{Future, ready};

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use serde_json::Value;

use crate::{
    agents::{Agent, AgentFilter, AgentRow},
    audit::{self, Entry, EntryFilter},
    auth::Caller,
    calls::{self, CallFilter, CallRow},
    core::Core,
    crud::Rows,
    db::OrgTx,
    error::Result,
    listing::{Position, Window},
    money::Micros,
    org::Scope,
    resource::{Action, Kind},
};

/// Rows that are read at a time.
const BATCH: usize = 500;

/// A list that can be taken along.
pub trait Sheet: Send + Sized + 'static {
    type Filter: Send + Sync + 'static;
    const KIND: Kind;
    const HEADS: &'static [&'static str];

    fn page(tx: &mut OrgTx, filter: &Self::Filter, window: Window) -> impl Future<Output = Result<Vec<Self>>> + Send;
    fn position(&self) -> Position;
    fn cells(self) -> Vec<String>;
}

/// All rows, piece by piece. Each piece asks anew whether the caller may read them, and holds a connection no longer than
/// it takes to read; the first is read before this answers, so that a refusal is an answer of its own.
pub async fn csv<S: Sheet>(
    core: Core,
    caller: Caller,
    filter: S::Filter,
) -> Result<impl Stream<Item = Result<String>> + Send + 'static> {
    let source = Source::<S> { core, caller, filter };
    let (first, rest) = source.piece(Window::first(BATCH)).await?;
    let head = line(S::HEADS.iter().map(|head| (*head).to_owned()));
    let rest = stream::try_unfold(rest, |rest| async {
        match rest {
            Some((source, last)) => source.piece(Window::following(last, BATCH)).await.map(Some),
            None => Ok(None),
        }
    });
    Ok(stream::once(ready(Ok(head + &first))).chain(rest))
}

struct Source<S: Sheet> {
    core: Core,
    caller: Caller,
    filter: S::Filter,
}

/// Where to read on, unless that was all.
type Rest<S> = Option<(Source<S>, Position)>;

impl<S: Sheet> Source<S> {
    async fn piece(self, window: Window) -> Result<(String, Rest<S>)> {
        let mut tx = self.caller.begin(&self.core.db, Action::Read, S::KIND).await?;
        let mut rows = S::page(&mut tx, &self.filter, window).await?;
        tx.commit().await?;
        let more = rows.len() > BATCH;
        rows.truncate(BATCH);
        let last = rows.last().filter(|_| more).map(S::position);
        let text = rows.into_iter().map(|row| line(row.cells().into_iter())).collect();
        Ok((text, last.map(|last| (self, last))))
    }
}

/// A line as RFC 4180 has it.
fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(cell).collect();
    cells.join(",") + "\r\n"
}

/// What begins like a formula is one to a spreadsheet, and may have been written by whoever was called: an apostrophe makes
/// it words again.
fn cell(text: String) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn moment_if(at: Option<DateTime<Utc>>) -> String {
    at.map(moment).unwrap_or_default()
}

/// A number that a spreadsheet can add up. No price is below zero.
fn dollars(Micros(micros): Micros) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// As the API writes it.
fn word(of: impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

impl Sheet for AgentRow {
    type Filter = AgentFilter;
    const KIND: Kind = Kind::Agent;
    const HEADS: &'static [&'static str] = &[
        "id",
        "name",
        "description",
        "language",
        "voice",
        "tags",
        "state",
        "created_at",
        "changed_at",
    ];

    async fn page(tx: &mut OrgTx, filter: &AgentFilter, window: Window) -> Result<Vec<Self>> {
        <Agent as Rows>::page(tx, filter, window).await
    }

    fn position(&self) -> Position {
        <Agent as Rows>::position(self)
    }

    fn cells(self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name,
            self.description,
            self.language,
            self.voice_name,
            self.tags.join(", "),
            word(self.sync),
            moment(self.created_at),
            moment(self.updated_at),
        ]
    }
}

impl Sheet for CallRow {
    type Filter = CallFilter;
    const KIND: Kind = Kind::Call;
    const HEADS: &'static [&'static str] = &[
        "id",
        "agent_id",
        "agent",
        "medium",
        "to",
        "status",
        "end_reason",
        "placed_at",
        "joined_at",
        "ended_at",
        "duration_s",
        "price_usd",
    ];

    async fn page(tx: &mut OrgTx, filter: &CallFilter, window: Window) -> Result<Vec<Self>> {
        calls::store::page(tx, filter, window).await
    }

    fn position(&self) -> Position {
        Position {
            at: self.created_at,
            id: self.id.uuid(),
        }
    }

    fn cells(self) -> Vec<String> {
        let lasted = self.joined_at.zip(self.ended_at).map(|(joined, ended)| ended - joined);
        vec![
            self.id.to_string(),
            self.agent_id.map(|id| id.to_string()).unwrap_or_default(),
            self.agent_name,
            word(self.medium),
            self.to_number.unwrap_or_default(),
            word(self.status),
            word(self.end_reason),
            moment(self.created_at),
            moment_if(self.joined_at),
            moment_if(self.ended_at),
            lasted.map(|time| time.num_seconds().to_string()).unwrap_or_default(),
            self.price.map(dollars).unwrap_or_default(),
        ]
    }
}

impl Sheet for Entry {
    type Filter = EntryFilter;
    const KIND: Kind = Kind::Audit;
    const HEADS: &'static [&'static str] = &[
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

    async fn page(tx: &mut OrgTx, filter: &EntryFilter, window: Window) -> Result<Vec<Self>> {
        audit::entries(tx, filter, window).await
    }

    fn position(&self) -> Position {
        Position {
            at: self.at,
            id: self.id,
        }
    }

    fn cells(self) -> Vec<String> {
        let scopes: Vec<String> = self.detail.scopes.iter().map(Scope::to_string).collect();
        vec![
            self.id.to_string(),
            moment(self.at),
            self.actor,
            self.actor_kind,
            self.actor_name.unwrap_or_default(),
            self.action,
            self.kind,
            self.object_id,
            self.object_name,
            self.member_name.unwrap_or_default(),
            self.detail.changed.join(", "),
            word(self.detail.from),
            word(self.detail.to),
            scopes.join(", "),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_words() {
        for (text, safe) in [
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("+14155550100", "'+14155550100"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("1=1", "1=1"),
            ("Front desk", "Front desk"),
        ] {
            assert_eq!(cell(text.to_owned()), safe);
        }
    }

    #[test]
    fn a_cell_stays_one_cell() {
        let cells = ["a, b", "say \"no\"", "two\nlines", ""].map(str::to_owned);
        assert_eq!(
            line(cells.into_iter()),
            "\"a, b\",\"say \"\"no\"\"\",\"two\nlines\",\r\n"
        );
    }

    #[test]
    fn money_adds_up() {
        assert_eq!(dollars(Micros(35_000)), "0.035000");
        assert_eq!(dollars(Micros(1_200_000)), "1.200000");
    }
}
