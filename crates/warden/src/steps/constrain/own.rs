//! Indexes of a table's own: its keys with the organization, and what composite keys stand on and are found by.

use std::collections::BTreeSet;

use crate::{
    catalog::{Catalog, Table},
    name::quoted,
    plan::{Plan, TablePlan},
    steps::{
        Done, Step,
        edges::{self, Edge, Fate},
        indexes::{Index, begun_with, body, btree, free, instead, mentions, says},
        look, named,
    },
};

/// Whether the primary key gets the organization: not where the plan says no, nor where Postgres cannot without a pause.
pub fn swaps(plan: &Plan, planned: &TablePlan, found: &Table) -> bool {
    let own = plan.column(planned);
    !planned.keep_key
        && !found.is_partitioned()
        && found.primary_key.as_ref().is_some_and(|key| {
            key.dependents.is_empty() && !key.deferrable && !key.columns.iter().any(|column| column == own)
        })
}

/// Whether rows are found by organization already.
fn begins(found: &Table, own: &str) -> bool {
    let whole = |index: &&crate::catalog::Index| index.valid && !index.definition.contains(" WHERE ");
    found.indexes.iter().filter(whole).any(|index| {
        index
            .columns
            .first()
            .is_some_and(|first| *first == own || *first == quoted(own))
    })
}

/// The index that becomes the primary key.
pub(super) fn new_key(plan: &Plan, catalog: &Catalog, planned: &TablePlan) -> String {
    free(
        catalog,
        &planned.name,
        named(&[&planned.name.table, plan.column(planned), "pkey"]),
    )
}

/// The index that keeps the old primary key unique, for programs that conflict on it and keys that refer to it.
pub fn kept_key(catalog: &Catalog, planned: &TablePlan, columns: &[String]) -> String {
    let mut parts = vec![planned.name.table.as_str()];
    parts.extend(columns.iter().map(String::as_str));
    parts.push("warden_key");
    free(catalog, &planned.name, named(&parts))
}

pub(super) fn own_indexes(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Vec<Step> {
    let own = plan.column(planned).to_owned();
    let with_own = |columns: &[String]| -> Vec<String> { std::iter::once(&own).chain(columns).cloned().collect() };
    let index = |name: String, unique: bool, body: String, what: &str| Index {
        catalog,
        table: found,
        name: free(catalog, &found.name, name),
        unique,
        body,
        what: what.to_owned(),
    };
    let mut indexes = Vec::new();
    let mut unique_over: BTreeSet<Vec<String>> = BTreeSet::new();
    if let Some(key) = &found.primary_key
        && swaps(plan, planned, found)
    {
        // With whatever else the old one has: columns beside the key, a fill factor.
        let old = found.indexes.iter().find(|index| index.name == key.name);
        let new = old.and_then(|old| begun_with(&own, &old.definition));
        indexes.push(index(
            new_key(plan, catalog, planned),
            true,
            new.unwrap_or_else(|| btree(&with_own(&key.columns))),
            "builds the new primary key",
        ));
        indexes.push(index(
            kept_key(catalog, planned, &key.columns),
            true,
            old.and_then(|old| body(&old.definition))
                .unwrap_or_else(|| btree(&key.columns)),
            "keeps the old key unique",
        ));
        unique_over.insert(key.columns.clone());
    } else if !begins(found, &own) {
        indexes.push(index(
            named(&[&planned.name.table, &own, "idx"]),
            false,
            btree(&with_own(&[])),
            "finds rows by organization",
        ));
    }
    for unique in &found.uniques {
        // One that is checked at the end of a transaction lets programs do what an index would refuse.
        if planned.global_uniques.contains(&unique.name) || unique.columns.contains(&own) || unique.deferrable {
            continue;
        }
        let gone: Vec<&String> = planned
            .drop_columns
            .iter()
            .filter(|column| mentions(&unique.definition, column))
            .collect();
        let body = if gone.is_empty() {
            begun_with(&own, &unique.definition)
        } else {
            instead(&own, &gone, &unique.definition)
        };
        if let Some(body) = body {
            indexes.push(index(
                named(&[&unique.name, &own]),
                true,
                body,
                "makes a key unique inside each organization",
            ));
            if !unique.expressions && unique.predicate.is_none() && gone.is_empty() {
                unique_over.insert(unique.columns.clone());
            }
        }
    }
    // An index goes with any column of it, and whoever lists rows in its order would miss it.
    let unique = |index: &str| found.uniques.iter().any(|unique| unique.name == index);
    for old in found.indexes.iter().filter(|old| old.valid && !unique(&old.name)) {
        let gone: Vec<&String> = planned
            .drop_columns
            .iter()
            .filter(|column| mentions(&old.definition, column))
            .collect();
        let is_gone = |column: &String| gone.iter().any(|gone| column == *gone || *column == quoted(gone));
        // An expression of a column that goes says nothing of the organization.
        let inside = |column: &String| !is_gone(column) && gone.iter().any(|gone| says(column, gone));
        let key = found.primary_key.as_ref().is_some_and(|key| key.name == old.name);
        if gone.is_empty() || key || old.columns.iter().all(is_gone) || old.columns.iter().any(inside) {
            continue;
        }
        if let Some(body) = instead(&own, &gone, &old.definition) {
            indexes.push(index(
                named(&[&old.name, &own]),
                false,
                body,
                "orders rows as an index did that goes with a column",
            ));
        }
    }
    // What composite keys will refer to, where nothing above is that already.
    for edge in edges::to(plan, catalog, found) {
        if edge.fate(plan) != Fate::Outside && unique_over.insert(edge.key.references.clone()) {
            let mut parts = vec![planned.name.table.as_str(), own.as_str()];
            parts.extend(edge.key.references.iter().map(String::as_str));
            parts.push("key");
            indexes.push(index(
                named(&parts),
                true,
                btree(&with_own(&edge.key.references)),
                "can be referred to with the organization",
            ));
        }
    }
    // The child's side of a composite key, found by when a parent goes.
    for key in found.foreign_keys.iter().filter(|key| !key.inherited) {
        let edge = Edge {
            child: found,
            key,
            planned: Some(planned),
        };
        let owned = plan.owned().any(|table| table.name == key.to);
        if owned && edge.fate(plan) != Fate::Outside {
            let name = named(&[&found.name.table, &key.name, &own, "idx"]);
            indexes.push(index(
                name,
                false,
                btree(&with_own(&key.columns)),
                "finds the rows that hang on a parent",
            ));
        }
    }
    let mut steps: Vec<Step> = indexes.iter().flat_map(Index::steps).collect();
    if let Some(key) = &found.primary_key
        && swaps(plan, planned, found)
    {
        // Once it is the primary key it goes by that name.
        let new = format!("constrain {} index {}", planned.name, new_key(plan, catalog, planned));
        for step in steps.iter_mut().filter(|step| step.id == new) {
            if let Done::Catalog(there) = &step.done {
                step.done = Done::Catalog(format!(
                    "({there} or {})",
                    look::constraint_begins(&planned.name, &key.name, &own)
                ));
            }
        }
    }
    steps
}
