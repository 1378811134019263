//! Hints: what a person says of a database before it is looked at.

use super::Refused;
use crate::{
    catalog::{Catalog, Table},
    name::Name,
};

/// What need not be found out. Everything is optional, and what is said is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The table of people.
    pub users: Option<Name>,
    /// The table of organizations.
    pub organizations: Option<Name>,
    /// The column of that table whose value stands for the organization everywhere else.
    pub organization_key: Option<String>,
    /// The table that says who belongs where.
    pub membership: Option<Name>,
    /// The column that owned tables get.
    pub column: Option<String>,
    /// Everybody is an organization of their own; there is no table of organizations.
    pub personal: bool,
}

impl Hints {
    /// Whether the database has what they name.
    pub(super) fn check(&self, catalog: &Catalog) -> Result<(), Refused> {
        for (flag, name) in [
            ("users", &self.users),
            ("organizations", &self.organizations),
            ("membership", &self.membership),
        ] {
            let Some(name) = name else { continue };
            match catalog.table(name) {
                None => return Err(wrong(flag, format!("there is no table {name}"))),
                Some(table) if table.is_part() => {
                    return Err(wrong(flag, format!("{name} is a partition; name the table above it")));
                }
                Some(_) => {}
            }
        }
        if self.personal
            && (self.organizations.is_some() || self.organization_key.is_some() || self.membership.is_some())
        {
            return Err(wrong(
                "personal",
                "everybody is an organization of their own, so there is no table of them to name",
            ));
        }
        if self.users.is_some() && self.users == self.organizations {
            return Err(wrong(
                "organizations",
                "people and organizations are two tables; say personal where they are one",
            ));
        }
        match &self.column {
            Some(column) if column.is_empty() || column.len() > 63 => {
                Err(wrong("column", "a column's name has 1 to 63 bytes"))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn wrong(flag: &str, why: impl Into<String>) -> Refused {
    Refused::Hint {
        flag: flag.to_owned(),
        why: why.into(),
    }
}

/// Whether at most one row has this value.
pub(super) fn is_unique(table: &Table, column: &str) -> bool {
    let alone = |columns: &[String]| columns.len() == 1 && columns[0] == column;
    table.primary_key.as_ref().is_some_and(|key| alone(&key.columns))
        || table
            .uniques
            .iter()
            .any(|unique| !unique.expressions && unique.predicate.is_none() && alone(&unique.columns))
}

/// A type as far as two columns must share it to be compared: without its length, one for all texts, one for all integers.
pub(super) fn sort_of(kind: &str) -> &str {
    match kind.split('(').next().unwrap_or(kind).trim() {
        "text" | "character varying" | "character" | "citext" => "text",
        "bigint" | "integer" | "smallint" => "bigint",
        kind => kind,
    }
}
