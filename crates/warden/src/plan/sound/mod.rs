//! Does a plan make sense for the database it is about?

mod tables;

use std::fmt;

use super::{ClaimsProvider, Conflict, End, Kind, Missing, Path, Plan, Source, TablePlan};
use crate::{
    catalog::{Catalog, Table},
    claims,
    name::Name,
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

/// What makes no sense in a plan, as far as the catalog tells. What its rows and whatever reads them tell is said by `hazards`.
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
        sound.twice(table);
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
                    let people = self.catalog.table(&users.table);
                    if self.has("users.source.membership.user", members, user)
                        && let Some(people) = people
                    {
                        self.fits("users.source.membership.user", (members, user), (people, &users.key));
                    }
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
            self.fits(at, (table, from), (to, reference));
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

    /// What asks for a parent takes its type, and Postgres makes a value wider by itself, never narrower.
    fn fits(&mut self, at: &str, (table, from): (&Table, &str), (to, reference): (&Table, &str)) {
        let kind = |table: &Table, column| table.column(column).map(|column| bare(&column.r#type).to_owned());
        let (Some(left), Some(right)) = (kind(table, from), kind(to, reference)) else {
            return;
        };
        let widens = width(&left)
            .zip(width(&right))
            .is_some_and(|(left, right)| left <= right);
        if left != right && !(is_text(&left) && is_text(&right)) && !widens {
            self.say(
                at,
                format!(
                    "{}.{from} is `{left}`, and {}.{reference} is `{right}`: what asks for the one would not take the other, and programs could \
                     not write any more. Give both one type first, lead over another column, or exclude the table",
                    table.name, to.name
                ),
            );
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

/// The bytes of a whole number.
fn width(kind: &str) -> Option<u8> {
    match kind {
        "smallint" => Some(2),
        "integer" => Some(4),
        "bigint" => Some(8),
        _ => None,
    }
}
