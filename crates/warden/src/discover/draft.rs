//! The first draft of a plan: the kind of each table, its paths, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    graph::{Graph, Ways},
    hints::{Hints, sort_of},
    links::{Link, Links},
    naming,
    people::{Ground, kind, single_key},
};
use crate::{
    catalog::{Catalog, Table},
    name::Name,
    plan::{Conflict, Kind, Missing, Organization, Plan, Seal, Source, TablePlan, Users},
};

pub(super) struct Draft {
    pub plan: Plan,
    pub ways: BTreeMap<Name, Ways>,
}

/// A lookup table is small. In bytes, with its indexes, because nobody may have counted its rows.
const SMALL: i64 = 1 << 20;

/// The schema of the functions that stay.
const SCHEMA: &str = "isolation";

pub(super) fn draft(catalog: &Catalog, ground: &Ground, links: &Links, hints: &Hints) -> Draft {
    let tables = || catalog.tables.iter().filter(|table| !table.is_part());
    let drafting = Drafting { catalog, ground, links };
    let left_out: BTreeMap<Name, TablePlan> = tables()
        .filter_map(|table| drafting.left_out(table))
        .map(|planned| (planned.name.clone(), planned))
        .collect();
    let names: BTreeSet<Name> = left_out.keys().cloned().collect();
    let graph = Graph {
        catalog,
        ground,
        links,
        left_out: &names,
    };
    let ways = graph.owned();
    let planned = |table: &Table| {
        if let Some(planned) = left_out.get(&table.name) {
            return planned.clone();
        }
        match ways.get(&table.name) {
            Some(ways) => drafting.owned(table, ways, &graph),
            None => drafting.without_path(table, &ways, &left_out),
        }
    };
    let tables: Vec<_> = tables().map(planned).collect();
    let column = hints.column.clone().unwrap_or_else(|| free_column(catalog, &tables));
    let plan = Plan {
        version: 1,
        database: catalog.database.clone(),
        organization: Organization {
            column,
            r#type: ground.organization_type.clone(),
            table: ground.organizations.as_ref().map(|(name, _)| name.clone()),
            key: ground.organizations.as_ref().map(|(_, key)| key.clone()),
            quarantine: None,
            default: None,
        },
        users: Users {
            table: ground.users.clone(),
            key: ground.user_key.clone(),
            r#type: ground.user_type.clone(),
            source: ground.source.clone(),
            assigned: BTreeMap::new(),
        },
        seal: Seal {
            schema: SCHEMA.to_owned(),
            setting: "app.org_id".to_owned(),
            roles: application_roles(catalog),
            reads_as_owner: Vec::new(),
        },
        claims: None,
        tables,
    };
    Draft { plan, ways }
}

/// A name that no owned table uses for something else.
fn free_column(catalog: &Catalog, tables: &[TablePlan]) -> String {
    let names = ["org_id", "organization_id", "tenant_id", "owning_org_id"];
    let used = |name: &str| {
        let takes = |planned: &&TablePlan| planned.kind == Kind::Owned && planned.column.as_deref() != Some(name);
        let has = |planned: &TablePlan| {
            catalog
                .table(&planned.name)
                .is_some_and(|table| table.column(name).is_some())
        };
        tables.iter().filter(takes).any(has)
    };
    let free = names.into_iter().find(|name| !used(name));
    free.unwrap_or("warden_org_id").to_owned()
}

/// Roles that log in, use the tables, and that row security can bind.
fn application_roles(catalog: &Catalog) -> Vec<String> {
    let bound =
        |role: &&crate::catalog::Role| role.login && role.uses && !role.owns && !role.superuser && !role.bypasses;
    catalog
        .roles
        .iter()
        .filter(bound)
        .map(|role| role.name.clone())
        .collect()
}

struct Drafting<'a> {
    catalog: &'a Catalog,
    ground: &'a Ground,
    links: &'a Links,
}

fn planned(table: &Table, kind: Kind, because: impl Into<String>) -> TablePlan {
    TablePlan {
        name: table.name.clone(),
        kind,
        because: because.into(),
        column: None,
        paths: Vec::new(),
        on_conflict: Conflict::Refuse,
        on_missing: Missing::Refuse,
        loose: Vec::new(),
        global_uniques: Vec::new(),
        open_inside: false,
        keep_key: false,
        drop_columns: Vec::new(),
        keep_columns: Vec::new(),
    }
}

impl Drafting<'_> {
    /// Tables whose kind does not depend on where they lead.
    fn left_out(&self, table: &Table) -> Option<TablePlan> {
        let name = &table.name;
        let excluded = |because: &str| Some(planned(table, Kind::Excluded, because));
        if self.ground.is_users(name) {
            return Some(self.people(table));
        }
        if self.ground.is_organizations(name) {
            return excluded("Holds the organizations themselves.");
        }
        if naming::is_tool(&name.table) {
            return excluded("A tool keeps its own books here.");
        }
        let alone = table.foreign_keys.is_empty() && self.catalog.referring(name).next().is_none();
        if naming::is_junk(&name.table) && alone {
            return excluded(
                "By its name a copy that somebody left behind, and no foreign key leads to it or from it.",
            );
        }
        if naming::is_identity(&name.schema) && name.schema == self.ground.users.schema {
            return excluded("Stands beside the people in their schema, where signing in happens.");
        }
        let columns = self.billing_columns(table);
        if !columns.is_empty() {
            let text = format!(
                "Billing keeps it: its rows go by {}, the organizations' own id.",
                columns.join(", ")
            );
            return Some(TablePlan {
                keep_columns: columns,
                ..planned(table, Kind::Excluded, text)
            });
        }
        None
    }

    fn people(&self, table: &Table) -> TablePlan {
        let columns: Vec<String> = self
            .inner_links(table)
            .flat_map(|link| link.path.columns.iter().cloned())
            .collect();
        let because = match &self.ground.source {
            Source::Membership { .. } => "Holds people, who may be in several organizations.",
            Source::Column { .. } => {
                "Holds people. They are looked up when they sign in, before an organization is known, so the table stays as it is."
            }
            Source::Personal => "Holds people, each an organization of their own.",
        };
        TablePlan {
            keep_columns: columns,
            ..planned(table, Kind::Excluded, because)
        }
    }

    /// Links by the organizations' primary key where that is not what they are known by.
    fn inner_links(&self, table: &Table) -> impl Iterator<Item = &Link> {
        let known = self.ground.is_known_by_another_key(self.catalog);
        let key = self.ground.organizations.as_ref().map(|(_, key)| key.clone());
        let links = self.links.of.get(&table.name).map(Vec::as_slice).unwrap_or_default();
        links.iter().filter(move |link| {
            known
                && self.ground.is_organizations(&link.path.to)
                && link.path.references.first() != key.as_ref()
                && link.share.is_none_or(|share| share.convinces())
        })
    }

    /// The columns by which billing's tables go. A table that has them and is not called so belongs to the product.
    fn billing_columns(&self, table: &Table) -> Vec<String> {
        let columns = self.inner_links(table).flat_map(|link| link.path.columns.clone());
        if naming::is_billing(&table.name.table) {
            columns.collect()
        } else {
            Vec::new()
        }
    }

    fn owned(&self, table: &Table, ways: &Ways, graph: &Graph<'_>) -> TablePlan {
        let mut because = String::new();
        if let Some(held) = &ways.held {
            because += &format!(
                "Its column {} holds the organization already{}. ",
                held.path.columns[0],
                share(held)
            );
        }
        let told: Vec<String> = ways
            .paths
            .iter()
            .map(|link| {
                format!(
                    "{} to {}, because {}{}",
                    way(link),
                    link.path.to,
                    graph.class(link).reason(),
                    share(link)
                )
            })
            .collect();
        because += &match told.as_slice() {
            [] => String::new(),
            [one] if ways.held.is_none() => format!("One path: {one}."),
            [one] => format!("Where it is null: {one}."),
            several => format!("{} paths, in this order: {}.", several.len(), several.join("; then ")),
        };
        for (link, why) in &ways.aside {
            because += &format!(" Left aside: {} to {}, which {why}.", way(link), link.path.to);
        }
        let mut draft = planned(table, Kind::Owned, because.trim());
        draft.column = ways.held.as_ref().map(|held| held.path.columns[0].clone());
        draft.paths = ways.paths.iter().map(|link| link.path.clone()).collect();
        if let Some(why) = self.keeps_key(table) {
            draft.keep_key = true;
            draft.because += &format!(" The primary key stays as it is: {why}.");
        }
        draft
    }

    /// Why a primary key cannot begin with the organization.
    fn keeps_key(&self, table: &Table) -> Option<&'static str> {
        let key = table.primary_key.as_ref()?;
        if key.deferrable {
            Some("it is deferrable")
        } else if !key.dependents.is_empty() {
            Some("views group by it")
        } else {
            None
        }
    }

    fn without_path(
        &self,
        table: &Table,
        ways: &BTreeMap<Name, Ways>,
        left_out: &BTreeMap<Name, TablePlan>,
    ) -> TablePlan {
        let links = self.links.of.get(&table.name).map(Vec::as_slice).unwrap_or_default();
        let billing = links.iter().find(|link| {
            link.key.is_some()
                && left_out
                    .get(&link.path.to)
                    .is_some_and(|to| !to.keep_columns.is_empty() && !self.ground.is_users(&to.name))
        });
        if let Some(link) = billing {
            return planned(
                table,
                Kind::Excluded,
                format!("Part of {}, which billing keeps.", link.path.to),
            );
        }
        let referring: Vec<_> = self
            .catalog
            .referring(&table.name)
            .filter(|(from, _)| ways.contains_key(&from.name))
            .collect();
        let used = match referring.len() {
            0 => "no owned table refers to it".to_owned(),
            1 => "1 foreign key of an owned table refers to it".to_owned(),
            n => format!("{n} foreign keys of owned tables refer to it"),
        };
        if self.is_lookup(table, !referring.is_empty()) {
            return planned(
                table,
                Kind::Global,
                format!("A small list of codes without anything personal; it leads to nobody, and {used}."),
            );
        }
        let text = if table.bytes <= SMALL && !referring.is_empty() && !has_personal(table) {
            format!(
                "Leads to nobody; {used}. Small and without anything personal, so it may be the same for everybody: global?"
            )
        } else {
            format!(
                "Leads to nobody; {used}. Owned needs a path, global opens it to everybody, excluded leaves it alone."
            )
        };
        planned(table, Kind::Undecided, text)
    }

    /// Strong evidence only: opening a table to everybody cannot be taken back.
    fn is_lookup(&self, table: &Table, used: bool) -> bool {
        let Some(key) = single_key(table) else { return false };
        let coded = sort_of(&kind(table, &key)) == "text" && naming::is_code(&key);
        let named = naming::is_lookup(&table.name.table);
        let leads = self
            .links
            .of
            .get(&table.name)
            .is_some_and(|links| links.iter().any(|link| link.key.is_some()));
        table.bytes <= SMALL && !has_personal(table) && !leads && (named || coded) && (used || named && coded)
    }
}

fn has_personal(table: &Table) -> bool {
    table
        .columns
        .iter()
        .any(|column| naming::is_personal(&column.name) || naming::names_person(&column.name))
}

pub(super) fn way(link: &Link) -> String {
    let columns = link.path.columns.join(", ");
    match &link.path.when {
        Some(when) => format!("{columns} (where {} is `{}`)", when.column, when.equals),
        None => columns,
    }
}

/// What the values say of a link without a foreign key.
fn share(link: &Link) -> String {
    match link.share {
        None => String::new(),
        Some(share) if share.filled == 0 => " (no foreign key, and no values to go by)".to_owned(),
        Some(share) => format!(
            " (no foreign key; {} of {} values are found there)",
            share.found, share.filled
        ),
    }
}
