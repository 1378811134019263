//! Who belongs where: a table that joins people and organizations, or a column of the people's own.

use super::{Look, kind, single_key, unclear};
use crate::{
    catalog::Table,
    discover::{
        Refused,
        hints::{sort_of, wrong},
        naming,
    },
    plan::{Path, Source},
};

impl Look<'_> {
    pub(super) fn source(&self, users: &Table, organizations: &Table, key: &str) -> Result<Source, Refused> {
        if let Some(name) = &self.hints.membership {
            let table = self.catalog.table(name).filter(|table| table.name != users.name);
            let table = table.ok_or_else(|| wrong("membership", format!("{name} is the table of people itself")))?;
            let member = self.member(table, users).zip(self.way(table, organizations, key));
            let (user, organization) = member.ok_or_else(|| {
                wrong(
                    "membership",
                    format!("{name} does not lead to both {} and {}", users.name, organizations.name),
                )
            })?;
            return Ok(Source::Membership {
                table: name.clone(),
                user,
                organization,
            });
        }
        let mut memberships: Vec<(u32, &Table, String, Path)> = Vec::new();
        for table in self
            .tables()
            .filter(|table| table.name != users.name && table.name != organizations.name)
        {
            if let Some((score, user)) = self.joins(table, users, organizations)
                && let Some(organization) = self.way(table, organizations, key)
            {
                memberships.push((score, table, user, organization));
            }
        }
        memberships.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
        match memberships.as_slice() {
            [] => match self.way(users, organizations, key) {
                Some(organization) => Ok(Source::Column { organization }),
                None => Err(unclear(
                    "membership",
                    vec![format!(
                        "Nothing says which of {} a person of {} belongs to. Name the table that does with --membership.",
                        organizations.name, users.name
                    )],
                )),
            },
            [first, second, ..] if first.0 == second.0 => Err(unclear(
                "membership",
                memberships
                    .iter()
                    .map(|(_, table, ..)| {
                        format!("{} could say who belongs where. Choose with --membership.", table.name)
                    })
                    .collect(),
            )),
            [(_, table, user, organization), ..] => Ok(Source::Membership {
                table: table.name.clone(),
                user: user.clone(),
                organization: organization.clone(),
            }),
        }
    }

    /// Whether a table joins people and organizations: how surely, and by which column it names the person.
    pub(super) fn joins(&self, table: &Table, users: &Table, organizations: &Table) -> Option<(u32, String)> {
        if table.name == users.name || table.name == organizations.name {
            return None;
        }
        let user = self.member(table, users)?;
        let organization = single_key(organizations).and_then(|key| self.way(table, organizations, &key))?;
        let mut pair = organization.columns.clone();
        pair.push(user.clone());
        let covers =
            |columns: &[String]| columns.len() == pair.len() && columns.iter().all(|column| pair.contains(column));
        let keyed = table.primary_key.as_ref().is_some_and(|key| covers(&key.columns))
            || table.uniques.iter().any(|unique| covers(&unique.columns));
        let named = naming::joins(&table.name.table);
        let score = 2 * u32::from(keyed) + u32::from(named);
        (score > 0).then_some((score, user))
    }

    /// The column by which a table names the person it is about.
    fn member(&self, table: &Table, users: &Table) -> Option<String> {
        let mut columns: Vec<_> = table
            .foreign_keys
            .iter()
            .filter(|key| key.to == users.name && key.columns.len() == 1)
            .map(|key| &key.columns[0])
            .collect();
        if columns.is_empty() {
            let sort = single_key(users).map(|key| kind(users, &key))?;
            let like = |name: &str, kind: &str| naming::names_person(name) && sort_of(kind) == sort_of(&sort);
            columns = table
                .columns
                .iter()
                .filter(|column| like(&column.name, &column.r#type))
                .map(|column| &column.name)
                .collect();
        }
        columns.into_iter().min_by_key(|column| naming::person(column)).cloned()
    }

    /// How a row names its organization: by a foreign key, or by a column of that name and type.
    fn way(&self, table: &Table, organizations: &Table, key: &str) -> Option<Path> {
        let foreign = table
            .foreign_keys
            .iter()
            .filter(|foreign| foreign.to == organizations.name);
        if let Some(foreign) = foreign.min_by_key(|key| {
            !key.columns
                .iter()
                .any(|column| naming::names_organization(column, &organizations.name.table))
        }) {
            return Some(Path {
                columns: foreign.columns.clone(),
                to: organizations.name.clone(),
                references: foreign.references.clone(),
                when: None,
                unless: Vec::new(),
            });
        }
        let primary = single_key(organizations);
        let mut references = vec![key.to_owned()];
        references.extend(primary.filter(|primary| primary != key));
        references.into_iter().find_map(|reference| {
            let sort = kind(organizations, &reference);
            let named =
                |column: &str| column == reference || naming::names_organization(column, &organizations.name.table);
            let column = table.columns.iter().find(|column| {
                column.name != "id" && named(&column.name) && sort_of(&column.r#type) == sort_of(&sort)
            })?;
            Some(Path {
                columns: vec![column.name.clone()],
                to: organizations.name.clone(),
                references: vec![reference],
                when: None,
                unless: Vec::new(),
            })
        })
    }
}
