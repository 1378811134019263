//! The catalog: what a database says of itself, read once and kept with the plan.

mod read;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::Name;

/// A database as it was found. Everything a plan is made from, and everything a rollback goes back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    pub database: String,
    /// As `server_version_num`: 150018 is 15.18.
    pub server: i32,
    pub tables: Vec<Table>,
    pub surroundings: Vec<Thing>,
    pub roles: Vec<Role>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub name: Name,
    pub kind: TableKind,
    pub owner: String,
    /// As the statistics have it; -1 where nobody has counted yet.
    pub rows: i64,
    pub bytes: i64,
    pub columns: Vec<Column>,
    pub primary_key: Option<Key>,
    /// Other unique constraints and indexes, partial ones and expressions too.
    pub uniques: Vec<Unique>,
    pub foreign_keys: Vec<ForeignKey>,
    pub indexes: Vec<Index>,
    pub triggers: Vec<Trigger>,
    pub policies: Vec<Policy>,
    pub row_security: bool,
    pub row_security_forced: bool,
    pub grants: Vec<Grant>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    Ordinary,
    Partitioned,
    /// A partition, or a partitioned table below another one.
    PartOf(Name),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// As `format_type` writes it.
    pub r#type: String,
    pub not_null: bool,
    pub default: Option<String>,
    /// Filled by the database: identity or generated.
    pub made: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    pub name: String,
    pub columns: Vec<String>,
    pub deferrable: bool,
    /// As `pg_get_constraintdef` writes it.
    pub definition: String,
    /// Views and the like that group by it and go with it.
    pub dependents: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unique {
    /// Of the index, which is also the constraint's where there is one.
    pub name: String,
    pub constraint: bool,
    pub deferrable: bool,
    /// Plain columns; an expression stands as Postgres writes it.
    pub columns: Vec<String>,
    pub expressions: bool,
    pub predicate: Option<String>,
    /// As `pg_get_indexdef` writes it.
    pub definition: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignKey {
    pub name: String,
    pub columns: Vec<String>,
    pub to: Name,
    pub references: Vec<String>,
    pub on_delete: String,
    /// As `pg_get_constraintdef` writes it, `NOT VALID` included.
    pub definition: String,
    pub valid: bool,
    /// Comes from the partitioned table above and goes with it.
    pub inherited: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    pub name: String,
    pub columns: Vec<String>,
    pub valid: bool,
    /// Columns whose comparison may leak, so that row security keeps the index from being used.
    pub leaky: Vec<String>,
    pub definition: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    pub name: String,
    pub definition: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub name: String,
    pub permissive: bool,
    pub command: String,
    pub roles: Vec<String>,
    pub using: Option<String>,
    pub check: Option<String>,
}

/// What a role may do with a table, or with one of its columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// [`PUBLIC`] for everybody.
    pub role: String,
    pub privilege: String,
    pub column: Option<String>,
    pub grantable: bool,
}

/// Something beside the tables that row security may not reach, or that a change may break.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thing {
    pub kind: ThingKind,
    pub name: String,
    /// Tables it reads or belongs to.
    pub tables: Vec<Name>,
    /// What one needs to know of it.
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThingKind {
    View,
    MaterializedView,
    DefinerFunction,
    Publication,
    EventTrigger,
    ForeignTable,
    Rule,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub login: bool,
    pub superuser: bool,
    pub bypasses: bool,
    /// Owns tables here, itself or through a role it is a member of.
    pub owns: bool,
    /// May read or write tables here.
    pub uses: bool,
    /// Roles it is a member of, over however many others.
    #[serde(default)]
    pub through: Vec<String>,
}

/// How a grant to everybody names its role.
pub const PUBLIC: &str = "PUBLIC";

impl Catalog {
    /// Everybody whose rights a role has: its own, those of its groups, and everybody's.
    pub fn holders(&self, role: &str) -> Vec<String> {
        let found = self.roles.iter().find(|found| found.name == role);
        let groups = found.map(|found| found.through.clone()).unwrap_or_default();
        [vec![role.to_owned()], groups, vec![PUBLIC.to_owned()]].concat()
    }

    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// Partitions of a table, down to the leaves that hold rows.
    pub fn leaves(&self, name: &Name) -> Vec<&Table> {
        let mut leaves = Vec::new();
        for table in &self.tables {
            if table.kind == TableKind::PartOf(name.clone()) {
                let below = self.leaves(&table.name);
                if below.is_empty() {
                    leaves.push(table)
                } else {
                    leaves.extend(below)
                }
            }
        }
        leaves
    }

    /// Foreign keys that refer to a table, each with the table it stands on; those of partitions come with their parent.
    pub fn referring<'a>(&'a self, to: &'a Name) -> impl Iterator<Item = (&'a Table, &'a ForeignKey)> {
        self.tables.iter().flat_map(move |table| {
            let keys = table
                .foreign_keys
                .iter()
                .filter(move |key| key.to == *to && !key.inherited);
            keys.map(move |key| (table, key))
        })
    }

    /// Tables by name, for whoever looks up many.
    pub fn by_name(&self) -> BTreeMap<&Name, &Table> {
        self.tables.iter().map(|table| (&table.name, table)).collect()
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub fn foreign_key(&self, name: &str) -> Option<&ForeignKey> {
        self.foreign_keys.iter().find(|key| key.name == name)
    }

    pub fn is_partitioned(&self) -> bool {
        self.kind == TableKind::Partitioned
    }

    pub fn is_part(&self) -> bool {
        matches!(self.kind, TableKind::PartOf(_))
    }

    /// Columns that name one row and are never null: the primary key, else a whole unique key.
    pub fn row_key(&self) -> Option<&[String]> {
        if let Some(key) = &self.primary_key {
            return Some(&key.columns);
        }
        let named = |unique: &&Unique| {
            let there = |name: &String| self.column(name).is_some_and(|column| column.not_null);
            !unique.expressions && unique.predicate.is_none() && !unique.deferrable && unique.columns.iter().all(there)
        };
        self.uniques.iter().find(named).map(|unique| unique.columns.as_slice())
    }
}
