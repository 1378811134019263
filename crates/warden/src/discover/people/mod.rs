//! People and organizations: which tables hold them, and which says who belongs where.

mod belonging;
mod look;

use super::{
    Refused,
    finding::Finding,
    hints::{Hints, is_unique},
    naming,
};
use crate::{
    catalog::{Catalog, Table},
    name::Name,
    plan::Source,
};

/// What every path ends at.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    pub users: Name,
    pub user_key: String,
    pub user_type: String,
    /// The table of organizations and the column that stands for one.
    pub organizations: Option<(Name, String)>,
    pub organization_type: String,
    pub source: Source,
}

impl Ground {
    pub(super) fn is_users(&self, table: &Name) -> bool {
        self.users == *table
    }

    pub(super) fn is_organizations(&self, table: &Name) -> bool {
        self.organizations.as_ref().is_some_and(|(name, _)| name == table)
    }

    /// The table that says who belongs where, and its column for the person.
    pub(super) fn membership(&self) -> Option<(&Name, &str)> {
        match &self.source {
            Source::Membership { table, user, .. } => Some((table, user)),
            Source::Column { .. } | Source::Personal => None,
        }
    }

    /// Whether an organization is known elsewhere by another name than its primary key, which then is a matter of billing.
    pub(super) fn is_known_by_another_key(&self, catalog: &Catalog) -> bool {
        let Some((name, key)) = &self.organizations else {
            return false;
        };
        let primary = catalog.table(name).and_then(|table| table.primary_key.as_ref());
        primary.is_some_and(|primary| primary.columns != std::slice::from_ref(key))
    }
}

struct Candidate<'a> {
    table: &'a Table,
    score: u32,
    referring: usize,
}

/// Finds them by shape and by name, or as the hints say.
pub(super) fn find(catalog: &Catalog, hints: &Hints) -> Result<(Ground, Vec<Finding>), Refused> {
    hints.check(catalog)?;
    let look = Look { catalog, hints };
    let users = look.users()?;
    let user_key = look.user_key(users)?;
    let user_type = kind(users, &user_key);
    if hints.personal {
        let ground = Ground {
            users: users.name.clone(),
            user_key,
            organizations: None,
            organization_type: user_type.clone(),
            user_type,
            source: Source::Personal,
        };
        return Ok((ground, vec![look.found("users", &users.name, "holds people")]));
    }
    let organizations = look.organizations(users)?;
    let key = look.organization_key(organizations)?;
    let source = look.source(users, organizations, &key)?;
    let mut findings = vec![
        look.found("users", &users.name, &format!("holds people, by {user_key}")),
        look.found(
            "organizations",
            &organizations.name,
            &format!("holds organizations, by {key}"),
        ),
    ];
    findings.push(match &source {
        Source::Membership { table, .. } => look.found("membership", table, "says who belongs where"),
        _ => look.found("membership", &users.name, "says itself where each person belongs"),
    });
    let ground = Ground {
        users: users.name.clone(),
        user_key,
        user_type,
        organization_type: kind(organizations, &key),
        organizations: Some((organizations.name.clone(), key)),
        source,
    };
    Ok((ground, findings))
}

struct Look<'a> {
    catalog: &'a Catalog,
    hints: &'a Hints,
}

impl<'a> Look<'a> {
    fn tables(&self) -> impl Iterator<Item = &'a Table> {
        self.catalog
            .tables
            .iter()
            .filter(|table| !table.is_part() && !naming::is_junk(&table.name.table))
    }

    fn found(&self, id: &str, table: &Name, what: &str) -> Finding {
        let examined = self.catalog.tables.len() as u64;
        Finding::new(id, examined, 0, format!("{table} {what}.")).of(table)
    }

    /// Distinct tables that refer to one.
    fn referring(&self, to: &Table) -> usize {
        let others = |table: &&Table| {
            table.name != to.name && table.foreign_keys.iter().any(|key| key.to == to.name && !key.inherited)
        };
        self.tables().filter(others).count()
    }
}

fn unclear(id: &str, texts: Vec<String>) -> Refused {
    let finding = |text| Finding::new(id, 1, 1, text).must_decide();
    Refused::Unclear(texts.into_iter().map(finding).collect())
}

/// The column that names a row by itself, the primary key before others.
pub(super) fn single_key(table: &Table) -> Option<String> {
    match table.row_key() {
        Some([column]) => Some(column.clone()),
        _ => table
            .columns
            .iter()
            .find(|column| column.not_null && is_unique(table, &column.name))
            .map(|column| column.name.clone()),
    }
}

/// The type of a column.
pub(super) fn kind(table: &Table, column: &str) -> String {
    table
        .column(column)
        .map(|column| column.r#type.clone())
        .unwrap_or_default()
}

/// Whether each row is the other half of a row elsewhere: its primary key is a foreign key.
fn extends(table: &Table) -> bool {
    let Some(key) = &table.primary_key else { return false };
    table
        .foreign_keys
        .iter()
        .any(|foreign| foreign.columns == key.columns && foreign.to != table.name)
}
