//! Links: every way from a table to another one, by a foreign key or by what names and values say.

use std::collections::BTreeMap;

use super::{
    hints::{is_unique, sort_of},
    naming,
    people::{Ground, kind, single_key},
    session::Snapshot,
};
use crate::{
    catalog::{Catalog, Table},
    name::{Name, literal, quoted},
    plan::{Path, When},
};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    pub path: Path,
    /// The foreign key; absent where only names and values say so.
    pub key: Option<String>,
    /// Whether the database vouches that the other row is there.
    pub enforced: bool,
    /// Whether a row may have nothing there.
    pub nullable: bool,
    /// Whether a row goes with the other one.
    pub cascade: bool,
    pub share: Option<Share>,
}

/// How many rows have a value there, and how many of these find it in the other table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub filled: u64,
    pub found: u64,
}

impl Share {
    /// Whether the values bear out what the names say. Without a value the names have it.
    pub(super) fn convinces(self) -> bool {
        self.filled == 0 || self.found * 2 >= self.filled
    }
}

/// A pair of columns of which one says which table the other one means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub table: Name,
    pub kind: String,
    pub id: String,
    /// Rows that name a kind.
    pub rows: u64,
    /// Rows of kinds that no table is known for, and how many such kinds.
    pub unknown: (u64, u64),
}

#[derive(Debug, Default)]
pub(super) struct Links {
    pub of: BTreeMap<Name, Vec<Link>>,
    pub pairs: Vec<Pair>,
}

/// Beyond this a column holds words, not kinds.
const KINDS: usize = 64;

/// The links that the catalog knows.
pub(super) fn foreign_keys(catalog: &Catalog) -> Links {
    let mut links = Links::default();
    for table in catalog.tables.iter().filter(|table| !table.is_part()) {
        let whole = |name: &Name| catalog.table(name).is_some_and(|to| !to.is_part());
        let own = links.of.entry(table.name.clone()).or_default();
        for key in table.foreign_keys.iter().filter(|key| !key.inherited && whole(&key.to)) {
            own.push(Link {
                path: Path {
                    columns: key.columns.clone(),
                    to: key.to.clone(),
                    references: key.references.clone(),
                    when: None,
                    unless: Vec::new(),
                },
                key: Some(key.name.clone()),
                enforced: key.valid,
                nullable: nullable(table, &key.columns),
                cascade: key.on_delete == "cascade",
                share: None,
            });
        }
    }
    links
}

fn nullable(table: &Table, columns: &[String]) -> bool {
    columns
        .iter()
        .any(|name| table.column(name).is_none_or(|column| !column.not_null))
}

/// Adds what names propose, with what the rows say to it.
pub(super) async fn propose(
    links: &mut Links,
    catalog: &Catalog,
    ground: &Ground,
    snapshot: &mut Snapshot<'_>,
) -> sqlx::Result<()> {
    let tables = catalog.tables.iter().filter(|table| {
        !table.is_part() && !naming::is_tool(&table.name.table) && !ground.is_organizations(&table.name)
    });
    for table in tables {
        let mut proposed = by_name(table, catalog, ground);
        for (kind, id) in pairs(table) {
            polymorphic(table, kind, id, catalog, links, &mut proposed, snapshot).await?;
        }
        if proposed.is_empty() {
            continue;
        }
        weigh(table, &mut proposed, snapshot).await?;
        links.of.entry(table.name.clone()).or_default().extend(proposed);
    }
    Ok(())
}

/// Columns without a foreign key whose name and type are those of a reference.
fn by_name(table: &Table, catalog: &Catalog, ground: &Ground) -> Vec<Link> {
    let mut proposed = Vec::new();
    let mut typed = Vec::new();
    for (kind, id) in pairs(table) {
        typed.extend([kind, id]);
    }
    for column in &table.columns {
        let bound = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
        let own = naming::refers(&column.name, &table.name.table) && is_unique(table, &column.name);
        if bound || own || column.name == "id" || typed.contains(&column.name.as_str()) {
            continue;
        }
        if let Some((to, reference)) = target(&column.name, &column.r#type, table, catalog, ground) {
            proposed.push(link(table, &column.name, to, reference, None));
        }
    }
    proposed
}

fn target(column: &str, sort: &str, table: &Table, catalog: &Catalog, ground: &Ground) -> Option<(Name, String)> {
    let fits = |to: &Name, reference: &str| {
        let there = catalog.table(to).map(|to| kind(to, reference));
        there.is_some_and(|there| sort_of(&there) == sort_of(sort))
    };
    if let Some((name, key)) = &ground.organizations
        && naming::names_organization(column, &name.table)
    {
        let primary = catalog.table(name).and_then(single_key);
        // A column called after the table holds its id, one called after organizations the name that others know.
        let mut references = vec![key.clone()];
        references.extend(primary);
        if naming::refers(column, &name.table) {
            references.reverse();
        }
        if let Some(reference) = references.into_iter().find(|reference| fits(name, reference)) {
            return Some((name.clone(), reference));
        }
    }
    let parents = catalog
        .tables
        .iter()
        .filter(|to| !to.is_part() && to.name != table.name && naming::refers(column, &to.name.table));
    let mut parents: Vec<_> = parents
        .filter_map(|to| {
            single_key(to)
                .filter(|key| fits(&to.name, key))
                .map(|key| (to.name.clone(), key))
        })
        .collect();
    parents.sort_by_key(|(to, _)| to.schema != table.name.schema);
    if let Some(parent) = parents.into_iter().next() {
        return Some(parent);
    }
    let person = naming::names_person(column) && table.name != ground.users && fits(&ground.users, &ground.user_key);
    person.then(|| (ground.users.clone(), ground.user_key.clone()))
}

fn link(table: &Table, column: &str, to: Name, reference: String, when: Option<When>) -> Link {
    let columns = vec![column.to_owned()];
    Link {
        nullable: when.is_some() || nullable(table, &columns),
        path: Path {
            columns,
            to,
            references: vec![reference],
            when,
            unless: Vec::new(),
        },
        key: None,
        enforced: false,
        cascade: false,
        share: None,
    }
}

/// Columns `x_type` and `x_id` that belong together.
fn pairs(table: &Table) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    for kind in &table.columns {
        let stem = ["_type", "_kind", "Type", "Kind"]
            .iter()
            .find_map(|end| kind.name.strip_suffix(end));
        let Some(stem) = stem.filter(|stem| !stem.is_empty()) else {
            continue;
        };
        let id = table
            .columns
            .iter()
            .find(|column| column.name == format!("{stem}_id") || column.name == format!("{stem}Id"));
        let Some(id) = id else { continue };
        if !table.foreign_keys.iter().any(|key| key.columns.contains(&id.name)) {
            pairs.push((kind.name.as_str(), id.name.as_str()));
        }
    }
    pairs
}

async fn polymorphic(
    table: &Table,
    kind_column: &str,
    id: &str,
    catalog: &Catalog,
    links: &mut Links,
    proposed: &mut Vec<Link>,
    snapshot: &mut Snapshot<'_>,
) -> sqlx::Result<()> {
    let (column, from) = (quoted(kind_column), table.name.sql());
    let kinds: Vec<(String, i64)> = snapshot
        .rows(format!(
            "select {column}::text, count(*) from {from} where {column} is not null and {} is not null
             group by 1 order by 2 desc, 1 limit {}",
            quoted(id),
            KINDS + 1
        ))
        .await?;
    if kinds.len() > KINDS {
        return Ok(());
    }
    let mut pair = Pair {
        table: table.name.clone(),
        kind: kind_column.to_owned(),
        id: id.to_owned(),
        rows: 0,
        unknown: (0, 0),
    };
    let sort = kind(table, id);
    for (value, rows) in kinds {
        let rows = u64::try_from(rows).unwrap_or_default();
        pair.rows += rows;
        let meant = catalog
            .tables
            .iter()
            .filter(|to| !to.is_part() && naming::means(&value, &to.name.table));
        let mut meant: Vec<_> = meant
            .filter_map(|to| {
                single_key(to)
                    .filter(|key| sort_of(&kind(to, key)) == sort_of(&sort))
                    .map(|key| (to, key))
            })
            .collect();
        meant.sort_by_key(|(to, _)| to.name.schema != table.name.schema);
        match meant.into_iter().next() {
            Some((to, key)) => {
                let when = When {
                    column: kind_column.to_owned(),
                    equals: value,
                };
                proposed.push(link(table, id, to.name.clone(), key, Some(when)));
            }
            None => pair.unknown = (pair.unknown.0 + rows, pair.unknown.1 + 1),
        }
    }
    links.pairs.push(pair);
    Ok(())
}

/// Counts, in one pass over the table, how many of the values are found where they are said to lead.
async fn weigh(table: &Table, proposed: &mut [Link], snapshot: &mut Snapshot<'_>) -> sqlx::Result<()> {
    let mut from = format!("from {} t", table.name.sql());
    let mut counts = Vec::new();
    for (n, link) in proposed.iter().enumerate() {
        let alias = format!("p{n}");
        from += &format!(
            " left join {} {alias} on {}",
            link.path.to.sql(),
            on("t", &alias, &link.path)
        );
        counts.push(format!("count(*) filter (where {})", filled("t", &link.path)));
        counts.push(format!("count({alias}.{})", quoted(&link.path.references[0])));
    }
    let figures = snapshot.counts(&from, &counts).await?;
    for (link, figures) in proposed.iter_mut().zip(figures.chunks(2)) {
        link.share = Some(Share {
            filled: figures[0],
            found: figures[1],
        });
    }
    Ok(())
}

/// How a row is joined with what a path leads to.
pub(super) fn on(from: &str, to: &str, path: &Path) -> String {
    let pairs = path.columns.iter().zip(&path.references);
    let mut conditions: Vec<_> = pairs
        .map(|(column, reference)| format!("{from}.{} = {to}.{}", quoted(column), quoted(reference)))
        .collect();
    conditions.extend(path.when.as_ref().map(|when| kind_is(from, when)));
    conditions.join(" and ")
}

/// Whether a row takes a path at all.
pub(super) fn filled(from: &str, path: &Path) -> String {
    let mut conditions: Vec<_> = path
        .columns
        .iter()
        .map(|column| format!("{from}.{} is not null", quoted(column)))
        .collect();
    conditions.extend(path.when.as_ref().map(|when| kind_is(from, when)));
    conditions.join(" and ")
}

fn kind_is(from: &str, When { column, equals }: &When) -> String {
    format!("{from}.{}::text = {}", quoted(column), literal(equals))
}

/// Whether a link may stand in a plan: at most one row is meant.
pub(super) fn is_sound(link: &Link, catalog: &Catalog) -> bool {
    let Some(to) = catalog.table(&link.path.to) else {
        return false;
    };
    match link.path.references.as_slice() {
        [one] => is_unique(to, one),
        several => {
            let same = |key: &[String]| key.len() == several.len() && key.iter().all(|column| several.contains(column));
            to.primary_key.as_ref().is_some_and(|key| same(&key.columns))
                || to
                    .uniques
                    .iter()
                    .any(|unique| !unique.expressions && unique.predicate.is_none() && same(&unique.columns))
        }
    }
}
