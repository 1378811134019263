//! Tables: each decided, each leading somewhere, and nothing lost that keeps rows right.

use std::collections::BTreeSet;

use super::{Sound, bare};
use crate::{
    catalog::{Table, TableKind},
    name::Name,
    plan::{Conflict, End, Kind, Missing, Path, TablePlan},
    steps::mentions,
};

impl<'a> Sound<'a> {
    /// Every table once, and nothing undecided.
    pub(super) fn completeness(&mut self) {
        let mut seen = BTreeSet::new();
        for planned in &self.plan.tables {
            let at = planned.name.to_string();
            if !seen.insert(&planned.name) {
                self.say(&at, "stands in the plan twice");
            }
            match self.catalog.table(&planned.name) {
                None => self.say(&at, "there is no such table"),
                Some(table) if table.is_part() => self.say(&at, "is a partition; its parent decides"),
                Some(_) => {}
            }
            if planned.kind == Kind::Undecided {
                self.say(&at, "kind: is it owned, global or excluded?");
            }
            if planned.on_conflict == Conflict::Undecided {
                self.say(&at, "on_conflict: what becomes of rows whose paths disagree?");
            }
            if planned.on_missing == Missing::Undecided {
                self.say(&at, "on_missing: what becomes of rows that lead nowhere?");
            }
        }
        for table in self.catalog.tables.iter().filter(|table| !table.is_part()) {
            if !seen.contains(&table.name) {
                self.say(&table.name, "is not in the plan");
            }
        }
    }

    pub(super) fn owned(&mut self, planned: &'a TablePlan) {
        let at = planned.name.to_string();
        let Some(table) = self.catalog.table(&planned.name) else {
            return;
        };
        match &planned.column {
            Some(column) if self.has(&at, table, column) => {
                let found = table
                    .column(column)
                    .map(|column| bare(&column.r#type))
                    .unwrap_or_default();
                let wanted = &self.plan.organization.r#type;
                if found != bare(wanted) {
                    self.say(&at, format!("column: `{column}` is `{found}`, not `{wanted}`"));
                }
            }
            Some(_) => {}
            None if table.column(&self.plan.organization.column).is_some() => {
                let column = &self.plan.organization.column;
                self.say(
                    &at,
                    format!("has a column `{column}` already: say column = \"{column}\" or choose another name"),
                );
            }
            None => {}
        }
        let nested = |part: &Table| {
            let over = |name: &Name| {
                self.catalog
                    .tables
                    .iter()
                    .any(|below| below.kind == TableKind::PartOf(name.clone()))
            };
            part.kind == TableKind::PartOf(table.name.clone()) && over(&part.name)
        };
        if self.catalog.tables.iter().any(nested) {
            self.say(
                &at,
                "its partitions are partitioned themselves, and indexes of such cannot be drawn together while programs write",
            );
        }
        for (n, path) in planned.paths.iter().enumerate() {
            let at = format!("{at} paths[{n}]");
            self.path(&at, table, path);
            if self.plan.end(path) == End::Parent && self.plan.table(&path.to).is_none_or(|to| to.kind != Kind::Owned) {
                self.say(&at, format!("{} is not owned, so it leads nowhere", path.to));
            }
        }
    }

    /// A row that goes to quarantine because its paths disagree leaves the rows it refers to behind, in their organizations.
    pub(super) fn left_behind(&mut self, planned: &TablePlan) {
        if planned.on_conflict != Conflict::Quarantine || planned.paths.len() < 2 {
            return;
        }
        let Some(table) = self.catalog.table(&planned.name) else {
            return;
        };
        for key in table.foreign_keys.iter().filter(|key| !key.inherited) {
            let owned = self.plan.table(&key.to).is_some_and(|to| to.kind == Kind::Owned);
            if owned && !planned.loose.contains(&key.name) {
                self.say(
                    &planned.name,
                    format!(
                        "on_conflict: rows in quarantine would refer to rows elsewhere by `{}`: name it under loose, or let the first path decide",
                        key.name
                    ),
                );
            }
        }
    }

    /// A key that holds the parent's organization already would get it a second time.
    pub(super) fn twice(&mut self, planned: &TablePlan) {
        let Some(table) = self.catalog.table(&planned.name) else {
            return;
        };
        for key in table.foreign_keys.iter().filter(|key| !key.inherited) {
            let parent = self.plan.owned().find(|parent| parent.name == key.to);
            let Some(theirs) = parent.map(|parent| self.plan.column(parent)) else {
                continue;
            };
            let holds = key.columns.iter().zip(&key.references).find(|(_, to)| *to == theirs);
            let own = self.plan.column(planned);
            if let Some((column, _)) = holds
                && !key.columns.iter().any(|column| column == own)
            {
                self.say(
                    &planned.name,
                    format!(
                        "the key {} holds the organization of {} already, by `{column}`: say column = \"{column}\", and the key stays as it is",
                        key.name, key.to
                    ),
                );
            }
        }
    }

    /// What a table's lists name must be there.
    pub(super) fn listed(&mut self, planned: &TablePlan) {
        let at = planned.name.to_string();
        let at = at.as_str();
        let Some(table) = self.catalog.table(&planned.name) else {
            return;
        };
        for name in &planned.loose {
            if table.foreign_key(name).is_none() {
                self.say(at, format!("loose: there is no foreign key `{name}`"));
            }
        }
        for name in &planned.global_uniques {
            if !table.uniques.iter().any(|unique| unique.name == *name) {
                self.say(at, format!("global_uniques: there is no unique key `{name}`"));
            }
        }
        for column in planned.drop_columns.iter().chain(&planned.keep_columns) {
            self.has(at, table, column);
        }
        if let Some(both) = planned
            .drop_columns
            .iter()
            .find(|column| planned.keep_columns.contains(column))
        {
            self.say(at, format!("`{both}` is both kept and dropped"));
        }
        if let Some(column) = &planned.column
            && planned.drop_columns.contains(column)
        {
            self.say(at, format!("`{column}` holds the organization and cannot be dropped"));
        }
        for column in &planned.drop_columns {
            self.droppable(at, table, column);
        }
    }

    /// A column that goes takes nothing along that keeps rows right.
    fn droppable(&mut self, at: &str, table: &Table, column: &String) {
        if table
            .primary_key
            .as_ref()
            .is_some_and(|key| key.columns.contains(column))
        {
            self.say(
                at,
                format!("`{column}` is part of the primary key and cannot be dropped"),
            );
        }
        for (child, key) in self.catalog.referring(&table.name) {
            if key.references.contains(column) {
                self.say(
                    at,
                    format!("`{column}` cannot be dropped: {}.{} refers to it", child.name, key.name),
                );
            }
        }
        // A key that has it otherwise than as a column of its own cannot be built anew over something else.
        for unique in &table.uniques {
            if mentions(&unique.definition, column) && !unique.columns.contains(column) {
                self.say(
                    at,
                    format!(
                        "`{column}` cannot be dropped: the unique key `{}` has it in an expression, in its condition or beside its columns",
                        unique.name
                    ),
                );
            }
            if unique.deferrable && mentions(&unique.definition, column) {
                self.say(
                    at,
                    format!(
                        "`{column}` cannot be dropped: the deferrable key `{}` would go with it",
                        unique.name
                    ),
                );
            }
        }
        for key in &table.foreign_keys {
            let owned = self.plan.table(&key.to).is_some_and(|to| to.kind == Kind::Owned);
            if owned && key.columns.len() > 1 && key.columns.contains(column) {
                self.say(
                    at,
                    format!("`{column}` cannot be dropped: `{}` would go with it", key.name),
                );
            }
        }
    }

    /// A row for everybody that refers to somebody's row would belong to them after all.
    pub(super) fn global(&mut self, planned: &TablePlan) {
        let Some(table) = self.catalog.table(&planned.name) else {
            return;
        };
        let owned = |name: &Name| self.plan.table(name).is_some_and(|table| table.kind == Kind::Owned);
        let inward: Vec<_> = table
            .foreign_keys
            .iter()
            .filter(|key| owned(&key.to))
            .cloned()
            .collect();
        for key in inward {
            self.say(
                &planned.name,
                format!("is global, but `{}` refers to {}, which is owned", key.name, key.to),
            );
        }
    }

    /// Every owned table leads, over owned tables, to a user, an organization or a column that is filled already.
    pub(super) fn reach(&mut self) {
        let mut reached: BTreeSet<&Name> = BTreeSet::new();
        loop {
            let before = reached.len();
            for table in self.plan.owned() {
                let leads = |path: &Path| self.plan.end(path) != End::Parent || reached.contains(&path.to);
                if table.column.is_some() || table.paths.iter().any(leads) {
                    reached.insert(&table.name);
                }
            }
            if reached.len() == before {
                break;
            }
        }
        let lost: Vec<_> = self
            .plan
            .owned()
            .filter(|table| !reached.contains(&table.name))
            .map(|table| table.name.clone())
            .collect();
        for name in lost {
            self.say(name, "none of its paths ends at a user or an organization");
        }
    }
}
