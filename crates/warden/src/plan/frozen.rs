//! A plan that somebody has signed, with the database it was made for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Kind, Plan};
use crate::{catalog::Catalog, name::Name, steps::Made};

/// What is carried out: nothing in it changes any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    /// The beginning of its fingerprint.
    pub id: String,
    pub plan: Plan,
    /// The database as it was before the first step.
    pub catalog: Catalog,
}

impl Frozen {
    pub fn new(plan: Plan, catalog: Catalog) -> Self {
        let text = serde_json::to_vec(&(&plan, &catalog)).expect("plans and catalogs are plain values");
        let id = hex::encode(Sha256::digest(text))[..16].to_owned();
        Self { id, plan, catalog }
    }

    /// Tables that have changed since, other than by what the plan does. Empty when nothing has.
    pub fn drift(&self, now: &Catalog) -> Vec<String> {
        // What the plan makes is what it made of the database it was frozen with.
        let made = Made::by(&self.plan, &self.catalog);
        let (before, after) = (shape(&self.plan, &self.catalog, &made), shape(&self.plan, now, &made));
        let mut drift = Vec::new();
        for (name, was) in &before {
            match after.get(name) {
                None => drift.push(format!("{name} is gone")),
                Some(is) => drift.extend(
                    was.iter()
                        .filter(|part| !is.contains(part))
                        .map(|part| format!("{name} no longer has {part}")),
                ),
            }
        }
        for (name, is) in &after {
            match before.get(name) {
                None => drift.push(format!("{name} is new")),
                Some(was) => drift.extend(
                    is.iter()
                        .filter(|part| !was.contains(part))
                        .map(|part| format!("{name} has {part} now")),
                ),
            }
        }
        drift
    }

    /// Partitions of owned tables that came or went. Their keys are made one by one, so until *seal* is done they must stay.
    pub fn parts_drift(&self, now: &Catalog) -> Vec<String> {
        let mut drift = Vec::new();
        for table in self.plan.owned() {
            let names = |catalog: &Catalog| -> BTreeSet<Name> {
                catalog
                    .leaves(&table.name)
                    .into_iter()
                    .map(|leaf| leaf.name.clone())
                    .collect()
            };
            let (before, after) = (names(&self.catalog), names(now));
            drift.extend(
                before
                    .difference(&after)
                    .map(|name| format!("{name}, a partition of {}, is gone", table.name)),
            );
            drift.extend(after.difference(&before).map(|name| {
                format!(
                    "{name} is a new partition of {}: make partitions before or after, or detach it until the end",
                    table.name
                )
            }));
        }
        drift
    }
}

/// What a plan relies on, of each table, without what it adds or replaces itself.
fn shape(plan: &Plan, catalog: &Catalog, made: &Made) -> BTreeMap<String, Vec<String>> {
    let column = |name: &Name| {
        let table = plan.table(name).filter(|table| table.kind == Kind::Owned);
        table.map(|table| plan.column(table).to_owned())
    };
    let mut shapes = BTreeMap::new();
    // Partitions come and go with what their parent is for.
    for table in catalog.tables.iter().filter(|table| !table.is_part()) {
        let planned = plan.table(&table.name);
        let own = column(&table.name).unwrap_or_default();
        let added = planned.is_some_and(|table| table.column.is_none());
        let rest =
            |columns: &[String]| -> Vec<String> { columns.iter().filter(|name| **name != own).cloned().collect() };
        let mut parts = Vec::new();
        for column in table.columns.iter().filter(|column| !(added && column.name == own)) {
            let null = if column.not_null && column.name != own {
                " not null"
            } else {
                ""
            };
            parts.push(format!("column {} {}{null}", column.name, column.r#type));
        }
        if let Some(key) = &table.primary_key {
            parts.push(format!("primary key ({})", rest(&key.columns).join(", ")));
        }
        for key in table
            .foreign_keys
            .iter()
            .filter(|key| !made.has(&table.name, &key.name))
        {
            let theirs = column(&key.to).unwrap_or_default();
            let references: Vec<_> = key.references.iter().filter(|name| **name != theirs).cloned().collect();
            parts.push(format!(
                "foreign key {} ({}) to {}({})",
                key.name,
                rest(&key.columns).join(", "),
                key.to,
                references.join(", ")
            ));
        }
        for unique in table
            .uniques
            .iter()
            .filter(|unique| !made.has(&table.name, &unique.name))
        {
            parts.push(format!("unique key {} ({})", unique.name, unique.columns.join(", ")));
        }
        for trigger in table
            .triggers
            .iter()
            .filter(|trigger| !made.has(&table.name, &trigger.name))
        {
            parts.push(format!("trigger {}", trigger.name));
        }
        for policy in table
            .policies
            .iter()
            .filter(|policy| !made.has(&table.name, &policy.name))
        {
            parts.push(format!("policy {}", policy.name));
        }
        parts.sort();
        shapes.insert(table.name.to_string(), parts);
    }
    shapes
}
