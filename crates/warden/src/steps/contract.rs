//! Phase *contract*: what only older programs needed goes. Nothing brings it back but a backup.

use super::{
    Done, Phase, Step, Work,
    constrain::{kept_key, same_columns, swaps},
    edges::{self, Fate},
    indexes::mentions,
    look,
};
use crate::{
    catalog::{Catalog, Table},
    name::{Name, quoted},
    plan::{Plan, TablePlan},
};

pub fn steps(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let mut steps = Vec::new();
    for planned in &plan.tables {
        let Some(found) = catalog.table(&planned.name) else {
            continue;
        };
        if plan.owned().any(|owned| owned.name == planned.name) {
            steps.extend(uniques(plan, catalog, planned, found));
            steps.extend(old_key(plan, catalog, planned, found));
        }
        steps.extend(planned.drop_columns.iter().map(|column| drop_column(found, column)));
    }
    steps
}

fn step(id: String, table: &Name, what: String, lock: &'static str, work: Work, done: String) -> Step {
    Step {
        id: format!("contract {id}"),
        phase: Phase::Contract,
        table: Some(table.clone()),
        what,
        lock,
        work,
        done: Done::Catalog(done),
        undo: Work::Nothing,
        beside: Vec::new(),
        makes: Vec::new(),
    }
}

/// Keys that were unique over everybody, where one inside each organization has taken their place.
fn uniques(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Vec<Step> {
    let own = plan.column(planned);
    let edges = edges::to(plan, catalog, found);
    let referred = |columns: &[String]| {
        edges
            .iter()
            .any(|edge| edge.fate(plan) != Fate::Composite && same_columns(&edge.key.references, columns))
    };
    let replaced = found.uniques.iter().filter(|unique| {
        !planned.global_uniques.contains(&unique.name)
            && !unique.columns.iter().any(|column| column == own)
            && !unique.deferrable
            && !referred(&unique.columns)
    });
    replaced
        .map(|unique| {
            let name = &planned.name;
            let work = if unique.constraint {
                Work::Together(vec![format!(
                    "alter table {} drop constraint if exists {}",
                    name.sql(),
                    quoted(&unique.name)
                )])
            } else if found.is_partitioned() {
                // Postgres drops an index of partitions only in a transaction.
                Work::Together(vec![format!("drop index if exists {}", name.beside(&unique.name))])
            } else {
                drop_index(name, &unique.name)
            };
            let done = format!("not {}", look::index(name, &unique.name));
            let what = format!("drops the key {} over all organizations", unique.name);
            step(
                format!("{name} {}", unique.name),
                name,
                what,
                "ACCESS EXCLUSIVE",
                work,
                done,
            )
        })
        .collect()
}

/// The old primary key, where nothing refers to it any more.
fn old_key(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Option<Step> {
    let key = found.primary_key.as_ref().filter(|_| swaps(plan, planned, found))?;
    let referred = edges::to(plan, catalog, found)
        .iter()
        .any(|edge| same_columns(&edge.key.references, &key.columns) && edge.fate(plan) != Fate::Composite);
    if referred {
        return None;
    }
    let index = kept_key(catalog, planned, &key.columns);
    let name = &planned.name;
    let done = format!("not {}", look::index(name, &index));
    Some(step(
        format!("{name} {index}"),
        name,
        "drops the old primary key over all organizations".to_owned(),
        "",
        drop_index(name, &index),
        done,
    ))
}

fn drop_index(table: &Name, index: &str) -> Work {
    Work::Apart {
        clear: format!("drop index concurrently if exists {}", table.beside(index)),
        build: String::new(),
    }
}

fn drop_column(table: &Table, column: &str) -> Step {
    let name = &table.name;
    let with_it: Vec<&str> = table
        .indexes
        .iter()
        .filter(|old| mentions(&old.definition, column))
        .map(|old| old.name.as_str())
        .collect();
    let mut what = format!("drops the column {column}");
    if !with_it.is_empty() {
        what = format!("{what}, and with it the index {}", with_it.join(" and "));
    }
    step(
        format!("{name} {column}"),
        name,
        what,
        "ACCESS EXCLUSIVE",
        Work::Together(vec![format!(
            "alter table {} drop column if exists {}",
            name.sql(),
            quoted(column)
        )]),
        format!("not {}", look::column(name, column)),
    )
}
