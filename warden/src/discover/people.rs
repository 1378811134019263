//! People and organizations: which tables hold them, and which says who belongs where.

use super::{
    Refused,
    finding::Finding,
    hints::{Hints, is_unique, sort_of, wrong},
    words,
};
use crate::{
    catalog::{Catalog, ForeignKey, Table},
    name::Name,
    plan::{Path, Source},
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
            .filter(|table| !table.is_part() && !words::is_junk(&table.name.table))
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

    fn users(&self) -> Result<&'a Table, Refused> {
        if let Some(hint) = self.hints.users.as_ref().and_then(|name| self.catalog.table(name)) {
            return Ok(hint);
        }
        let mut candidates = Vec::new();
        for table in self
            .tables()
            .filter(|table| Some(&table.name) != self.hints.organizations.as_ref())
        {
            let named = words::users(&table.name.table);
            let personal = table.columns.iter().any(|column| is_login(&column.name));
            let referring = self.referring(table);
            let company = words::organizations(&table.name.table) > 0 && !personal;
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

    fn user_key(&self, users: &Table) -> Result<String, Refused> {
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

    fn organizations(&self, users: &Table) -> Result<&'a Table, Refused> {
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
            let named = words::organizations(&table.name.table);
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

    fn organization_key(&self, table: &Table) -> Result<String, Refused> {
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
        let proper = words::organizations(&table.name.table) == 3;
        let outer = table
            .columns
            .iter()
            .find(|column| !proper && words::is_outer_key(&column.name) && is_unique(table, &column.name));
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

    fn source(&self, users: &Table, organizations: &Table, key: &str) -> Result<Source, Refused> {
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
    fn joins(&self, table: &Table, users: &Table, organizations: &Table) -> Option<(u32, String)> {
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
        let named = words::joins(&table.name.table);
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
            let like = |name: &str, kind: &str| words::names_person(name) && sort_of(kind) == sort_of(&sort);
            columns = table
                .columns
                .iter()
                .filter(|column| like(&column.name, &column.r#type))
                .map(|column| &column.name)
                .collect();
        }
        columns.into_iter().min_by_key(|column| words::person(column)).cloned()
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
                .any(|column| words::names_organization(column, &organizations.name.table))
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
                |column: &str| column == reference || words::names_organization(column, &organizations.name.table);
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

fn unclear(id: &str, texts: Vec<String>) -> Refused {
    let finding = |text| Finding::new(id, 1, 1, text).must_decide();
    Refused::Unclear(texts.into_iter().map(finding).collect())
}

fn is_login(column: &str) -> bool {
    let column = column.to_lowercase();
    ["email", "e_mail", "password", "username", "login", "clerk_user_id"]
        .iter()
        .any(|part| column.contains(part))
}

/// Whether each row is the other half of a row elsewhere: its primary key is a foreign key.
fn extends(table: &Table) -> bool {
    let Some(key) = &table.primary_key else { return false };
    table
        .foreign_keys
        .iter()
        .any(|foreign| foreign.columns == key.columns && foreign.to != table.name)
}

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

pub(super) fn kind(table: &Table, column: &str) -> String {
    table
        .column(column)
        .map(|column| column.r#type.clone())
        .unwrap_or_default()
}
