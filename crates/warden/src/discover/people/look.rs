//! The tables themselves: which of them holds people, and which organizations.

use super::{Candidate, Look, extends, single_key, unclear};
use crate::{
    catalog::{ForeignKey, Table},
    discover::{
        Refused,
        hints::{is_unique, wrong},
        naming,
    },
};

impl<'a> Look<'a> {
    pub(super) fn users(&self) -> Result<&'a Table, Refused> {
        if let Some(hint) = self.hints.users.as_ref().and_then(|name| self.catalog.table(name)) {
            return Ok(hint);
        }
        let mut candidates = Vec::new();
        for table in self
            .tables()
            .filter(|table| Some(&table.name) != self.hints.organizations.as_ref())
        {
            let named = naming::users(&table.name.table);
            let personal = table.columns.iter().any(|column| is_login(&column.name));
            let referring = self.referring(table);
            let company = naming::organizations(&table.name.table) > 0 && !personal;
            if company || extends(table) || single_key(table).is_none() || (named == 0 && !(personal && referring > 2))
            {
                continue;
            }
            let score = named + 2 * u32::from(personal) + referring.min(6) as u32;
            candidates.push(Candidate {
                table,
                score,
                referring,
            });
        }
        clearest(candidates, "users", "holds people", "users")
    }

    pub(super) fn user_key(&self, users: &Table) -> Result<String, Refused> {
        let mut counts: Vec<(usize, &String)> = Vec::new();
        for (_, key) in self.catalog.referring(&users.name) {
            if let [column] = key.references.as_slice() {
                match counts.iter_mut().find(|(_, name)| *name == column) {
                    Some((count, _)) => *count += 1,
                    None => counts.push((1, column)),
                }
            }
        }
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let most = counts.first().map(|(_, column)| (*column).clone());
        most.or_else(|| single_key(users)).ok_or_else(|| {
            wrong(
                "users",
                format!("{} has no unique column that could name a person", users.name),
            )
        })
    }

    pub(super) fn organizations(&self, users: &Table) -> Result<&'a Table, Refused> {
        if let Some(hint) = self
            .hints
            .organizations
            .as_ref()
            .and_then(|name| self.catalog.table(name))
        {
            return Ok(hint);
        }
        let mut candidates = Vec::new();
        for table in self
            .tables()
            .filter(|table| table.name != users.name && !extends(table))
        {
            let named = naming::organizations(&table.name.table);
            let of_users = users.foreign_keys.iter().any(|key| key.to == table.name);
            // A name helps a name; without one only a key over both columns shows that people belong there.
            let enough = if named > 0 { 1 } else { 2 };
            let joins = |between| {
                self.joins(between, users, table)
                    .is_some_and(|(score, _)| score >= enough)
            };
            let joined = self.tables().any(joins);
            if named == 0 && !joined || single_key(table).is_none() {
                continue;
            }
            let referring = self.referring(table);
            // What belongs to a person is not what people belong to: a team has a lead, an account its owner.
            let owned = table.foreign_keys.iter().any(|key| {
                key.to == users.name
                    && key
                        .columns
                        .iter()
                        .all(|name| table.column(name).is_some_and(|column| column.not_null))
            });
            let score = named + 4 * u32::from(of_users) + 3 * u32::from(joined) + referring.min(3) as u32;
            let score = if owned { score.saturating_sub(3) } else { score };
            candidates.push(Candidate {
                table,
                score,
                referring,
            });
        }
        // A team of an organization is part of it, whatever its name.
        let names: Vec<_> = candidates
            .iter()
            .map(|candidate| candidate.table.name.clone())
            .collect();
        let part = |table: &Table| {
            let up = |key: &ForeignKey| key.to != table.name && names.contains(&key.to);
            table.foreign_keys.iter().any(up)
        };
        if candidates.iter().any(|candidate| !part(candidate.table)) {
            candidates.retain(|candidate| !part(candidate.table));
        }
        clearest(
            candidates,
            "organizations",
            "holds organizations",
            "organizations, or --personal where everybody is an organization of their own",
        )
    }

    pub(super) fn organization_key(&self, table: &Table) -> Result<String, Refused> {
        if let Some(key) = &self.hints.organization_key {
            return match table.column(key) {
                None => Err(wrong(
                    "organization-key",
                    format!("{} has no column `{key}`", table.name),
                )),
                Some(_) if !is_unique(table, key) => Err(wrong(
                    "organization-key",
                    format!("{}.{key} is not unique by itself", table.name),
                )),
                Some(_) => Ok(key.clone()),
            };
        }
        // Where the table is called something else, such as clients, a column may name the organization proper.
        let proper = naming::organizations(&table.name.table) == 3;
        let outer = table
            .columns
            .iter()
            .find(|column| !proper && naming::is_outer_key(&column.name) && is_unique(table, &column.name));
        outer
            .map(|column| column.name.clone())
            .or_else(|| single_key(table))
            .ok_or_else(|| {
                wrong(
                    "organization-key",
                    format!("{} has no unique column; name one", table.name),
                )
            })
    }
}

/// The one that leads clearly; else a question with all of them.
fn clearest<'a>(mut candidates: Vec<Candidate<'a>>, id: &str, what: &str, flag: &str) -> Result<&'a Table, Refused> {
    candidates.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.table.name.cmp(&b.table.name)));
    match candidates.as_slice() {
        [] => Err(unclear(
            id,
            vec![format!("No table clearly {what}. Name it with --{flag}.")],
        )),
        [first, second, ..] if first.score < second.score + 2 => Err(unclear(
            id,
            candidates
                .iter()
                .take(5)
                .map(|Candidate { table, referring, .. }| {
                    format!(
                        "{} could be the table that {what}: {referring} tables refer to it. Choose with --{flag}.",
                        table.name
                    )
                })
                .collect(),
        )),
        [first, ..] => Ok(first.table),
    }
}

fn is_login(column: &str) -> bool {
    let column = column.to_lowercase();
    ["email", "e_mail", "password", "username", "login", "clerk_user_id"]
        .iter()
        .any(|part| column.contains(part))
}
