//! Does a plan make sense for the database it is about?

use std::{collections::BTreeSet, fmt};

use super::{ClaimsProvider, Conflict, End, Kind, Missing, Path, Plan, Source, TablePlan};
use crate::{
    catalog::{Catalog, Table, TableKind},
    claims,
    name::Name,
    steps::mentions,
};

/// What is wrong with a plan, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub at: String,
    pub what: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// Everything that keeps a plan from being frozen. An empty list is a plan that can be carried out.
pub fn flaws(plan: &Plan, catalog: &Catalog) -> Vec<Flaw> {
    let mut sound = Sound {
        plan,
        catalog,
        flaws: Vec::new(),
    };
    sound.header();
    sound.organization();
    sound.users();
    sound.completeness();
    for table in plan.tables.iter().filter(|table| table.kind == Kind::Owned) {
        sound.owned(table);
        sound.left_behind(table);
    }
    for table in plan.tables.iter().filter(|table| table.kind == Kind::Global) {
        sound.global(table);
    }
    for table in &plan.tables {
        sound.listed(table);
    }
    sound.reach();
    sound.seal();
    sound.claims();
    sound.flaws
}

struct Sound<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
    flaws: Vec<Flaw>,
}

impl<'a> Sound<'a> {
    fn say(&mut self, at: impl ToString, what: impl Into<String>) {
        self.flaws.push(Flaw {
            at: at.to_string(),
            what: what.into(),
        });
    }

    fn header(&mut self) {
        if self.plan.version != 1 {
            self.say("version", format!("is {}, and this program knows 1", self.plan.version));
        }
        if self.plan.database != self.catalog.database {
            let (planned, found) = (&self.plan.database, &self.catalog.database);
            self.say("database", format!("is `{planned}`, and this is `{found}`"));
        }
    }

    /// A table of the catalog, or a flaw.
    fn table(&mut self, at: &str, name: &Name) -> Option<&'a Table> {
        let table = self.catalog.table(name);
        if table.is_none() {
            self.say(at, format!("there is no table {name}"));
        }
        table
    }

    fn has(&mut self, at: &str, table: &Table, column: &str) -> bool {
        let there = table.column(column).is_some();
        if !there {
            self.say(at, format!("{} has no column `{column}`", table.name));
        }
        there
    }

    fn organization(&mut self) {
        let organization = &self.plan.organization;
        match (&organization.table, &organization.key) {
            (Some(name), Some(key)) => {
                if let Some(table) = self.table("organization.table", name)
                    && self.has("organization.key", table, key)
                {
                    if !is_unique(table, std::slice::from_ref(key)) {
                        self.say("organization.key", format!("{name}.{key} is not unique by itself"));
                    }
                    let found = table.column(key).map(|column| bare(&column.r#type));
                    if found != Some(bare(&organization.r#type)) {
                        let found = found.unwrap_or_default();
                        self.say(
                            "organization.type",
                            format!("is `{}`, and {name}.{key} is `{found}`", organization.r#type),
                        );
                    }
                }
            }
            (None, None) if matches!(self.plan.users.source, Source::Personal) => {}
            (None, None) => self.say(
                "organization.table",
                "is needed, unless everybody is an organization of their own",
            ),
            _ => self.say("organization", "needs both a table and a key, or neither"),
        }
        let needs = |rule: fn(&TablePlan) -> bool| self.plan.owned().any(rule);
        let quarantines =
            needs(|table| table.on_conflict == Conflict::Quarantine || table.on_missing == Missing::Quarantine);
        let defaults = needs(|table| table.on_missing == Missing::Default);
        if quarantines && organization.quarantine.is_none() {
            self.say("organization.quarantine", "is needed, because rules of tables use it");
        }
        if defaults && organization.default.is_none() {
            self.say("organization.default", "is needed, because rules of tables use it");
        }
    }

    fn users(&mut self) {
        let users = &self.plan.users;
        if let Some(table) = self.table("users.table", &users.table)
            && self.has("users.key", table, &users.key)
        {
            if !is_unique(table, std::slice::from_ref(&users.key)) {
                self.say(
                    "users.key",
                    format!("{}.{} is not unique by itself", users.table, users.key),
                );
            }
            let found = table
                .column(&users.key)
                .map(|column| bare(&column.r#type))
                .unwrap_or_default();
            if found != bare(&users.r#type) {
                self.say(
                    "users.type",
                    format!("is `{}`, and {}.{} is `{found}`", users.r#type, users.table, users.key),
                );
            }
        }
        match &users.source {
            Source::Membership {
                table,
                user,
                organization,
            } => {
                if let Some(members) = self.table("users.source.membership.table", table) {
                    self.has("users.source.membership.user", members, user);
                    self.leads_to_organization("users.source.membership.organization", members, organization);
                }
            }
            Source::Column { organization } => {
                if let Some(table) = self.catalog.table(&users.table) {
                    self.leads_to_organization("users.source.column.organization", table, organization);
                }
            }
            Source::Personal => {
                if bare(&users.r#type) != bare(&self.plan.organization.r#type) {
                    self.say(
                        "organization.type",
                        "must be the users' type where everybody is an organization of their own",
                    );
                }
            }
        }
    }

    fn leads_to_organization(&mut self, at: &str, table: &Table, path: &Path) {
        self.path(at, table, path);
        if self.plan.end(path) != End::Organization {
            self.say(at, "must lead to the table of organizations");
        }
    }

    /// Columns that are there, of the types they refer to, to a key.
    fn path(&mut self, at: &str, table: &Table, path: &Path) {
        if path.columns.is_empty() || path.columns.len() != path.references.len() {
            return self.say(at, "needs as many columns as it refers to");
        }
        let Some(to) = self.table(at, &path.to) else { return };
        for (from, reference) in path.columns.iter().zip(&path.references) {
            if !self.has(at, table, from) || !self.has(at, to, reference) {
                return;
            }
            let kind = |table: &Table, column| {
                table
                    .column(column)
                    .map(|column| bare(&column.r#type).to_owned())
                    .unwrap_or_default()
            };
            let (left, right) = (kind(table, from), kind(to, reference));
            if left != right && !(is_text(&left) && is_text(&right)) && !(is_whole(&left) && is_whole(&right)) {
                self.say(
                    at,
                    format!(
                        "{}.{from} is `{left}`, and {}.{reference} is `{right}`",
                        table.name, to.name
                    ),
                );
            }
        }
        if !is_unique(to, &path.references) {
            self.say(
                at,
                format!("{}({}) may name more than one row", to.name, path.references.join(", ")),
            );
        }
        for column in path.reads().skip(path.columns.len()) {
            self.has(at, table, column);
        }
    }

    /// Every table once, and nothing undecided.
    fn completeness(&mut self) {
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

    fn owned(&mut self, planned: &'a TablePlan) {
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
    fn left_behind(&mut self, planned: &TablePlan) {
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

    /// What a table's lists name must be there.
    fn listed(&mut self, planned: &TablePlan) {
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

    /// People are known to their provider by a column that is there, and its key goes nowhere else.
    fn claims(&mut self) {
        let Some(claims) = &self.plan.claims else { return };
        if let Some(users) = self.catalog.table(&self.plan.users.table) {
            self.has("claims.subject", users, &claims.subject);
        }
        match &claims.provider {
            ClaimsProvider::Clerk { url } | ClaimsProvider::Supabase { url } => {
                if let Err(error) = claims::address(url) {
                    self.say("claims.provider.url", error.to_string());
                }
            }
            ClaimsProvider::Hook { function } => {
                if function.parse::<Name>().is_err() {
                    self.say(
                        "claims.provider.function",
                        format!("`{function}` is no name of a function"),
                    );
                }
            }
        }
    }

    /// A row for everybody that refers to somebody's row would belong to them after all.
    fn global(&mut self, planned: &TablePlan) {
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
    fn reach(&mut self) {
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

    fn seal(&mut self) {
        let seal = &self.plan.seal;
        if !seal.setting.contains('.') {
            self.say(
                "seal.setting",
                "needs a dot, as app.org_id has, or Postgres takes it for one of its own",
            );
        }
        if seal.schema == "warden" || seal.schema.starts_with("pg_") || seal.schema.is_empty() {
            self.say("seal.schema", "needs a name of its own");
        }
        for name in &seal.roles {
            match self.catalog.roles.iter().find(|role| role.name == *name) {
                None => self.say("seal.roles", format!("there is no role `{name}`")),
                Some(role) if role.superuser || role.bypasses => {
                    self.say(
                        "seal.roles",
                        format!("row security does not bind `{name}`: it is a superuser or has BYPASSRLS"),
                    );
                }
                Some(role) if role.owns => {
                    self.say(
                        "seal.roles",
                        format!("`{name}` owns tables, so it could open them again"),
                    );
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether at most one row has these values.
fn is_unique(table: &Table, columns: &[String]) -> bool {
    let same = |key: &[String]| key.len() == columns.len() && key.iter().all(|column| columns.contains(column));
    table.primary_key.as_ref().is_some_and(|key| same(&key.columns))
        || table
            .uniques
            .iter()
            .any(|unique| !unique.expressions && unique.predicate.is_none() && same(&unique.columns))
}

/// A type without its length.
fn bare(kind: &str) -> &str {
    kind.split('(').next().unwrap_or(kind).trim()
}

fn is_text(kind: &str) -> bool {
    matches!(kind, "text" | "character varying" | "character" | "citext")
}

fn is_whole(kind: &str) -> bool {
    matches!(kind, "bigint" | "integer" | "smallint")
}
