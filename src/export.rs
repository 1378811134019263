//! Export: a whole list as CSV, for a program or a spreadsheet, from its newest row to its oldest.

use std::future::{Future, ready};

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use serde_json::Value;

use crate::{
    auth::Caller,
    core::Core,
    crud::Rows,
    db::OrgTx,
    error::Result,
    listing::{Position, Window},
    money::Micros,
    resource::{Action, Kind},
};

/// Rows that are read at a time.
const BATCH: usize = 500;

/// Who reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Every value is as it is.
    Program,
    /// The file is marked as UTF-8, without which Excel takes it for something else, and nothing in it would be run.
    Spreadsheet,
}

/// A line of a list as a table has it.
pub trait CsvRow: Send + 'static {
    const HEADERS: &'static [&'static str];

    fn cells(self) -> Vec<String>;
}

/// A list that can be exported.
pub trait CsvList: 'static {
    type Row: CsvRow;
    type Filter: Send + Sync + 'static;
    const KIND: Kind;

    fn page(
        tx: &mut OrgTx,
        filter: &Self::Filter,
        window: Window,
    ) -> impl Future<Output = Result<Vec<Self::Row>>> + Send;
    fn position(row: &Self::Row) -> Position;
}

impl<R: Rows> CsvList for R {
    type Row = R::Row;
    type Filter = R::Filter;
    const KIND: Kind = R::KIND;

    async fn page(tx: &mut OrgTx, filter: &R::Filter, window: Window) -> Result<Vec<R::Row>> {
        <R as Rows>::page(tx, filter, window).await
    }

    fn position(row: &R::Row) -> Position {
        <R as Rows>::position(row)
    }
}

/// All rows, chunk by chunk. Each chunk asks anew whether the caller may read them, and holds a connection no longer than
/// it takes to read; the first is read before this answers, so that a refusal is an answer of its own.
pub async fn csv<L: CsvList>(
    core: Core,
    caller: Caller,
    filter: L::Filter,
    reader: Reader,
) -> Result<impl Stream<Item = Result<String>> + Send + 'static> {
    let source = Source::<L> {
        core,
        caller,
        filter,
        reader,
    };
    let (first, rest) = source.next_chunk(Window::first(BATCH)).await?;
    let head = reader.mark().to_owned() + &reader.line(L::Row::HEADERS.iter().map(|head| (*head).to_owned()));
    let rest = stream::try_unfold(rest, |rest| async {
        match rest {
            Some((source, last)) => source.next_chunk(Window::following(last, BATCH)).await.map(Some),
            None => Ok(None),
        }
    });
    Ok(stream::once(ready(Ok(head + &first))).chain(rest))
}

struct Source<L: CsvList> {
    core: Core,
    caller: Caller,
    filter: L::Filter,
    reader: Reader,
}

/// Where to read on, unless that was all.
type Rest<L> = Option<(Source<L>, Position)>;

impl<L: CsvList> Source<L> {
    async fn next_chunk(self, window: Window) -> Result<(String, Rest<L>)> {
        let mut tx = self.caller.begin(&self.core.db, Action::Read, L::KIND).await?;
        let mut rows = L::page(&mut tx, &self.filter, window).await?;
        tx.commit().await?;
        let more = rows.len() > BATCH;
        rows.truncate(BATCH);
        let last = rows.last().filter(|_| more).map(L::position);
        let lines = rows.into_iter().map(|row| self.reader.line(row.cells().into_iter()));
        let text = lines.collect();
        Ok((text, last.map(|last| (self, last))))
    }
}

impl Reader {
    /// The byte order mark, which says UTF-8.
    const fn mark(self) -> &'static str {
        match self {
            Self::Program => "",
            Self::Spreadsheet => "\u{feff}",
        }
    }

    /// A line as RFC 4180 has it.
    fn line(self, cells: impl Iterator<Item = String>) -> String {
        let cells: Vec<String> = cells.map(|text| self.cell(text)).collect();
        cells.join(",") + "\r\n"
    }

    fn cell(self, text: String) -> String {
        match self {
            Self::Spreadsheet if is_formula(&text) => quoted(format!("'{text}")),
            _ => quoted(text),
        }
    }
}

/// What begins like a formula is one to a spreadsheet, and may have been written by whoever was called: an apostrophe makes
/// it words again. A telephone number is no formula.
fn is_formula(text: &str) -> bool {
    let digits = text.strip_prefix('+');
    let is_number = digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number
}

fn quoted(text: String) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(crate) fn timestamp_if(at: Option<DateTime<Utc>>) -> String {
    at.map(timestamp).unwrap_or_default()
}

/// A number that a spreadsheet can add up. No price is below zero.
pub(crate) fn dollars(Micros(micros): Micros) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// As the API writes it.
pub(crate) fn api_word(of: impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_words_and_a_program_reads_it_as_it_is() {
        for (text, safe) in [
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("+14155550100", "+14155550100"),
            ("+1+cmd|'/C calc'!A0", "'+1+cmd|'/C calc'!A0"),
            ("+", "'+"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("1=1", "1=1"),
            ("Front desk", "Front desk"),
        ] {
            assert_eq!(Reader::Spreadsheet.cell(text.to_owned()), safe);
        }
        assert_eq!(Reader::Program.cell("-1".into()), "-1");
        assert_eq!(Reader::Program.cell("=1,2".into()), "\"=1,2\"");
    }

    #[test]
    fn a_cell_stays_one_cell() {
        let cells = ["a, b", "say \"no\"", "two\nlines", ""].map(str::to_owned);
        assert_eq!(
            Reader::Program.line(cells.into_iter()),
            "\"a, b\",\"say \"\"no\"\"\",\"two\nlines\",\r\n"
        );
    }

    #[test]
    fn money_adds_up() {
        assert_eq!(dollars(Micros(35_000)), "0.035000");
        assert_eq!(dollars(Micros(1_200_000)), "1.200000");
    }
}
