//! Edges: foreign keys between tables, and what becomes of each.

use super::named;
use crate::{
    catalog::{Catalog, ForeignKey, Table},
    name::{list, quoted},
    plan::{Kind, Plan, TablePlan},
};

/// A foreign key that refers to an owned table.
pub struct Edge<'a> {
    pub child: &'a Table,
    pub key: &'a ForeignKey,
    /// What the plan makes of the child; absent where it is not owned.
    pub planned: Option<&'a TablePlan>,
}

/// What becomes of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Replaced by one that holds the organization too.
    Composite,
    /// Kept, with one beside it that holds the organization of new rows.
    Loose,
    /// Kept: the child belongs to nobody, or to itself.
    Outside,
}

/// Edges to a table, those of partitions with their parents.
pub fn to<'a>(plan: &'a Plan, catalog: &'a Catalog, table: &'a Table) -> Vec<Edge<'a>> {
    let edge = |(child, key): (&'a Table, &'a ForeignKey)| Edge {
        child,
        key,
        planned: plan.table(&child.name).filter(|child| child.kind == Kind::Owned),
    };
    catalog.referring(&table.name).map(edge).collect()
}

impl Edge<'_> {
    pub fn fate(&self, plan: &Plan) -> Fate {
        let Some(planned) = self.planned else {
            return Fate::Outside;
        };
        // Where the organization itself is the whole reference there is nothing to add.
        if self.key.columns.iter().any(|column| *column == plan.column(planned)) {
            Fate::Outside
        } else if planned.loose.contains(&self.key.name) {
            Fate::Loose
        } else {
            Fate::Composite
        }
    }

    /// The name of the key that holds the organization: the old one's, where that goes.
    pub fn composite_name(&self, plan: &Plan) -> String {
        match (self.fate(plan), self.planned) {
            (Fate::Loose, Some(planned)) => named(&[&self.key.name, plan.column(planned)]),
            _ => self.key.name.clone(),
        }
    }

    /// `foreign key (org_id, …) references …`, with what the old one does on changes.
    pub fn composite(&self, plan: &Plan, parent: &TablePlan) -> String {
        let own = self
            .planned
            .map_or_else(String::new, |planned| plan.column(planned).to_owned());
        let columns: Vec<_> = std::iter::once(&own).chain(&self.key.columns).cloned().collect();
        let theirs = plan.column(parent).to_owned();
        let references: Vec<_> = std::iter::once(&theirs).chain(&self.key.references).cloned().collect();
        format!(
            "foreign key ({}) references {} ({}){}",
            list(&columns),
            self.key.to.sql(),
            list(&references),
            actions(self.key)
        )
    }

    /// The old definition, not checked yet.
    pub fn old_unchecked(&self) -> String {
        format!("{} not valid", self.old())
    }

    pub fn old(&self) -> String {
        self.key.definition.trim_end_matches(" NOT VALID").to_owned()
    }
}

/// What follows the referenced columns: `ON DELETE CASCADE DEFERRABLE …`. A row whose parent goes keeps its organization.
fn actions(key: &ForeignKey) -> String {
    let rest = after_references(&key.definition)
        .trim_end_matches(" NOT VALID")
        .replace(" MATCH FULL", "");
    let columns = key
        .columns
        .iter()
        .map(|column| quoted(column))
        .collect::<Vec<_>>()
        .join(", ");
    let mut actions = rest;
    for action in ["ON DELETE SET NULL", "ON DELETE SET DEFAULT"] {
        if actions.contains(action) && !actions.contains(&format!("{action} (")) {
            actions = actions.replace(action, &format!("{action} ({columns})"));
        }
    }
    actions
}

/// What stands behind the second list of columns, whatever the names in it hold.
fn after_references(definition: &str) -> &str {
    let mut quotes = false;
    let mut lists = 0;
    for (at, letter) in definition.char_indices() {
        match letter {
            '"' => quotes = !quotes,
            ')' if !quotes => {
                lists += 1;
                if lists == 2 {
                    return &definition[at + 1..];
                }
            }
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    fn key(definition: &str) -> ForeignKey {
        ForeignKey {
            name: "k".to_owned(),
            columns: vec!["folder (id)".to_owned()],
            to: Name::new("public", "folders"),
            references: vec!["id".to_owned()],
            on_delete: "set null".to_owned(),
            definition: definition.to_owned(),
            valid: true,
            inherited: false,
        }
    }

    #[test]
    fn a_row_whose_parent_goes_keeps_its_organization() {
        let old = "FOREIGN KEY (\"folder (id)\") REFERENCES folders(id) ON DELETE SET NULL DEFERRABLE NOT VALID";
        assert_eq!(actions(&key(old)), " ON DELETE SET NULL (\"folder (id)\") DEFERRABLE");
    }

    #[test]
    fn what_a_key_does_on_changes_stays() {
        let old = "FOREIGN KEY (a) REFERENCES t(id) MATCH FULL ON UPDATE CASCADE ON DELETE CASCADE";
        assert_eq!(actions(&key(old)), " ON UPDATE CASCADE ON DELETE CASCADE");
        assert_eq!(actions(&key("FOREIGN KEY (a) REFERENCES t(id)")), "");
    }
}
