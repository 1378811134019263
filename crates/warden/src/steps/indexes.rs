//! Indexes, built while everybody goes on writing.

use super::{Done, Phase, Step, Work, look, named};
use crate::{
    catalog::{Catalog, Table},
    name::{Name, list, quoted},
};

/// An index of a table of the plan. On a partitioned table it is built on each partition and then drawn together.
pub struct Index<'a> {
    pub catalog: &'a Catalog,
    pub table: &'a Table,
    pub name: String,
    pub unique: bool,
    /// What stands behind the table's name: `using btree ("org_id", "id") where …`
    pub body: String,
    pub what: String,
}

impl Index<'_> {
    pub fn steps(&self) -> Vec<Step> {
        if !self.table.is_partitioned() {
            return vec![self.on(self.table, &self.name)];
        }
        let leaves = self.catalog.leaves(&self.table.name);
        let part = |leaf: &Table| named(&[&leaf.name.table, &self.name]);
        let mut steps: Vec<_> = leaves.iter().map(|leaf| self.on(leaf, &part(leaf))).collect();
        let name = &self.table.name;
        let mut statements = vec![format!(
            "create {} {} on only {} {}",
            self.kind(),
            quoted(&self.name),
            name.sql(),
            self.body
        )];
        for leaf in &leaves {
            let (whole, of_leaf) = (name.beside(&self.name), leaf.name.beside(&part(leaf)));
            statements.push(format!("alter index {whole} attach partition {of_leaf}"));
        }
        steps.push(Step {
            work: Work::Together(statements),
            undo: Work::Together(vec![format!("drop index if exists {}", name.beside(&self.name))]),
            done: Done::Catalog(look::index(name, &self.name)),
            makes: vec![(name.clone(), self.name.clone())],
            lock: "SHARE",
            ..self.step(self.table, &self.name)
        });
        steps
    }

    const fn kind(&self) -> &'static str {
        if self.unique { "unique index" } else { "index" }
    }

    fn step(&self, table: &Table, index: &str) -> Step {
        Step {
            id: format!("constrain {} index {index}", table.name),
            phase: Phase::Constrain,
            table: Some(table.name.clone()),
            what: self.what.clone(),
            lock: "",
            work: Work::Nothing,
            done: Done::Always,
            undo: Work::Nothing,
            beside: Vec::new(),
            makes: Vec::new(),
        }
    }

    fn on(&self, table: &Table, index: &str) -> Step {
        let drop = format!("drop index concurrently if exists {}", table.name.beside(index));
        Step {
            work: Work::Apart {
                clear: drop.clone(),
                build: format!(
                    "create {} concurrently {} on {} {}",
                    self.kind(),
                    quoted(index),
                    table.name.sql(),
                    self.body
                ),
            },
            // Without the parent's index, which holds those of the partitions, a partition's goes like any other.
            undo: Work::Apart {
                clear: drop,
                build: String::new(),
            },
            done: Done::Catalog(look::index(&table.name, index)),
            makes: vec![(table.name.clone(), index.to_owned())],
            ..self.step(table, index)
        }
    }
}

/// The name itself, or another where something of the schema has it.
pub fn free(catalog: &Catalog, beside: &Name, name: String) -> String {
    let taken = |name: &str| {
        let here = catalog.tables.iter().filter(|table| table.name.schema == beside.schema);
        let things = catalog
            .surroundings
            .iter()
            .any(|thing| thing.name == beside.beside(name));
        things
            || here
                .into_iter()
                .any(|table| table.name.table == name || table.indexes.iter().any(|index| index.name == name))
    };
    let others = (1..).map(|n| named(&[&name, &format!("w{n}")]));
    let found = std::iter::once(name.clone()).chain(others).find(|name| !taken(name));
    found.unwrap_or(name)
}

/// `using btree (…)` of plain columns.
pub fn btree(columns: &[String]) -> String {
    format!("using btree ({})", list(columns))
}

/// What stands behind the table's name in an existing index.
pub fn body(definition: &str) -> Option<String> {
    let at = definition.find(" USING ")?;
    Some(definition[at + 1..].to_owned())
}

/// The body of an existing unique index with `column` before its columns.
pub fn begun_with(column: &str, definition: &str) -> Option<String> {
    Some(body(definition)?.replacen('(', &format!("({}, ", quoted(column)), 1))
}

/// Whether an index has anything to do with a column: as a key, beside the key, in an expression or in its condition.
pub fn mentions(definition: &str, column: &str) -> bool {
    body(definition).is_some_and(|body| says(&body, column))
}

/// Whether a piece of SQL names a column.
pub fn says(text: &str, column: &str) -> bool {
    replaced(text, column, "") != text
}

/// The body of an existing index with `column` where the columns `gone` stood.
pub fn instead(column: &str, gone: &[&String], definition: &str) -> Option<String> {
    let mut body = body(definition)?;
    for name in gone {
        body = replaced(&body, name, &quoted(column));
    }
    Some(body)
}

/// `text` with a name of SQL replaced wherever it stands, bare or quoted, but not inside a longer one.
fn replaced(text: &str, name: &str, by: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    while let Some(start) = rest.find(|c| bare(c) || matches!(c, '"' | '\'')) {
        let (before, from) = rest.split_at(start);
        // A quote inside quotes is doubled, and the halves are read as two names beside each other.
        let end = match from.chars().next() {
            Some(quote @ ('"' | '\'')) => from[1..].find(quote).map_or(from.len(), |end| end + 2),
            _ => from.find(|c| !bare(c)).unwrap_or(from.len()),
        };
        let (word, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(if word == name || word == quoted(name) { by } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_gives_way_to_another_wherever_it_stands_alone() {
        let old = "CREATE INDEX i ON public.calls USING btree (client_id, \"Client\", old_client_id DESC) WHERE (client_id IS NOT NULL AND kind <> 'client_id')";
        let (client, quoted) = ("client_id".to_owned(), "Client".to_owned());
        let new = instead("org_id", &[&client, &quoted], old).unwrap();
        assert_eq!(
            new,
            "USING btree (\"org_id\", \"org_id\", old_client_id DESC) WHERE (\"org_id\" IS NOT NULL AND kind <> 'client_id')"
        );
    }

    #[test]
    fn an_index_mentions_a_column_wherever_it_stands() {
        let index = "CREATE INDEX i ON public.client_id USING btree (lower(name), \"At\") INCLUDE (phone) WHERE (closed_at IS NULL)";
        for column in ["name", "At", "phone", "closed_at"] {
            assert!(mentions(index, column), "{column}");
        }
        for column in ["client_id", "at", "closed", "nam"] {
            assert!(!mentions(index, column), "{column}");
        }
    }

    #[test]
    fn a_unique_index_keeps_its_expressions_and_its_condition() {
        let old = "CREATE UNIQUE INDEX u ON public.t USING btree (lower(email)) INCLUDE (x) NULLS NOT DISTINCT WHERE (deleted_at IS NULL)";
        let new = begun_with("org_id", old).unwrap();
        assert_eq!(
            new,
            "USING btree (\"org_id\", lower(email)) INCLUDE (x) NULLS NOT DISTINCT WHERE (deleted_at IS NULL)"
        );
    }
}
