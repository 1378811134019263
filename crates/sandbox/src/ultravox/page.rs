//! Lists by cursor: what one page of a list holds and where the next one starts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::http;
use super::errors::{Answer, Problem};

/// The documentation names neither; small enough that a client which ignores `next` is found out.
const USUAL: usize = 20;
const MOST: usize = 100;

/// A row and what it is ordered by; the id makes the order total.
pub struct Row {
    pub key: String,
    pub id: String,
    pub value: Value,
}

pub struct Ask<'a> {
    /// The absolute address of the list, without a query.
    pub url: String,
    pub query: &'a [(String, String)],
    pub newest_first: bool,
}

/// Where a page starts: behind this row, or, going back, where one ends.
struct Cursor {
    back: bool,
    key: String,
    id: String,
}

impl Cursor {
    fn encode(&self) -> String {
        let text = json!([self.back, self.key, self.id]).to_string();
        URL_SAFE_NO_PAD.encode(text)
    }

    fn decode(text: &str) -> Answer<Self> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<(bool, String, String)>(&bytes).ok())
            .map(|(back, key, id)| Cursor { back, key, id })
            .ok_or_else(|| Problem::detail(axum::http::StatusCode::NOT_FOUND, "Invalid cursor"))
    }
}

pub fn page(mut rows: Vec<Row>, ask: &Ask<'_>) -> Answer<Value> {
    let size = match http::first(ask.query, "pageSize") {
        None => USUAL,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|size| *size > 0)
            .unwrap_or(USUAL)
            .min(MOST),
    };
    rows.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    if ask.newest_first {
        rows.reverse();
    }
    let before = |row: &Row, cursor: &Cursor| {
        let (row, mark) = ((&row.key, &row.id), (&cursor.key, &cursor.id));
        if ask.newest_first { row > mark } else { row < mark }
    };
    let total = rows.len();
    let cursor = http::first(ask.query, "cursor").map(Cursor::decode).transpose()?;
    let start = match &cursor {
        None => 0,
        Some(cursor) if cursor.back => rows
            .iter()
            .take_while(|row| before(row, cursor))
            .count()
            .saturating_sub(size),
        Some(cursor) => rows
            .iter()
            .take_while(|row| before(row, cursor) || (row.key == cursor.key && row.id == cursor.id))
            .count(),
    };
    let end = (start + size).min(total);
    let link = |back: bool, row: &Row| {
        let cursor = Cursor {
            back,
            key: row.key.clone(),
            id: row.id.clone(),
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(ask.query.iter().filter(|(name, _)| name != "cursor"));
        query.append_pair("cursor", &cursor.encode());
        format!("{}?{}", ask.url, query.finish())
    };
    let next = (end < total && end > start).then(|| link(false, &rows[end - 1]));
    let previous = (start > 0 && start < total).then(|| link(true, &rows[start]));
    let results: Vec<_> = rows.drain(start..end).map(|row| row.value).collect();
    Ok(json!({ "next": next, "previous": previous, "results": results, "total": total }))
}

/// Rows in the order they were made.
pub fn numbered(values: impl IntoIterator<Item = Value>) -> Vec<Row> {
    values
        .into_iter()
        .enumerate()
        .map(|(number, value)| Row {
            key: format!("{number:09}"),
            id: String::new(),
            value,
        })
        .collect()
}
