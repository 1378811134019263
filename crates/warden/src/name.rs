//! Names of the database's things, as they stand in a plan and in a statement.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Writes a name so that it can stand in a statement, whatever it holds.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes names one after the other, for a list of columns.
pub fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names
        .into_iter()
        .map(|name| quoted(name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Writes a text as a literal.
pub fn literal(text: &str) -> String {
    // A backslash has no meaning in a standard string; `standard_conforming_strings` is set by the session.
    format!("'{}'", text.replace('\'', "''"))
}

/// A table by its schema and its own name. People write it as SQL does: quotes only where they are needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name {
    pub schema: String,
    pub table: String,
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` names no table: write schema.table, with quotes where SQL needs them")]
pub struct NoName(String);

impl Name {
    pub fn new(schema: impl Into<String>, table: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            table: table.into(),
        }
    }

    /// For a statement.
    pub fn sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.table))
    }

    /// For a question to the catalog.
    pub fn regclass(&self) -> String {
        format!("to_regclass({})", literal(&self.sql()))
    }

    /// Something of this table's schema.
    pub fn beside(&self, name: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(name))
    }
}

/// Whether SQL reads a name as it is written. Reserved words pass: quotes in a plan are for people.
fn plain(part: &str) -> bool {
    let mut letters = part.chars();
    letters.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &str| if plain(part) { part.to_owned() } else { quoted(part) };
        write!(f, "{}.{}", part(&self.schema), part(&self.table))
    }
}

impl FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let wrong = || NoName(text.to_owned());
        let (schema, rest) = part(text).ok_or_else(wrong)?;
        let (table, rest) = part(rest.strip_prefix('.').ok_or_else(wrong)?).ok_or_else(wrong)?;
        if rest.is_empty() {
            Ok(Self { schema, table })
        } else {
            Err(wrong())
        }
    }
}

/// The first part of a dotted name, and what follows it.
fn part(text: &str) -> Option<(String, &str)> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(['.', '"']).unwrap_or(text.len());
        let (part, rest) = text.split_at(end);
        return (!part.trim().is_empty()).then(|| (part.to_owned(), rest));
    };
    let mut name = String::new();
    let mut letters = inside.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' if letters.next_if(|(_, next)| *next == '"').is_some() => name.push('"'),
            '"' => return (!name.is_empty()).then(|| (name, &inside[at + 1..])),
            letter => name.push(letter),
        }
    }
    None
}

impl TryFrom<String> for Name {
    type Error = NoName;

    fn try_from(text: String) -> Result<Self, NoName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for (schema, table) in [
            ("public", "notes"),
            ("crm", "Deal Stages"),
            ("a.b", "say \"hi\"."),
            ("x", "1st"),
        ] {
            let name = Name::new(schema, table);
            assert_eq!(name.to_string().parse::<Name>().unwrap(), name);
        }
        assert_eq!(Name::new("public", "notes").to_string(), "public.notes");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "notes", "a.b.c", "\"open.b", "a.", ".b", "a.\"\""] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }
}
