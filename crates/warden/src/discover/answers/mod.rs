//! Answers: the organization of every row that others refer to, kept in temporary tables while the snapshot lasts.
//!
//! Each is computed once, parents before children, so that a table of millions of rows is joined with what its parents know
//! and not with their parents in turn. A table that nothing refers to is never written down.

mod question;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    draft::Draft,
    graph::circular,
    hints::sort_of,
    links,
    people::{Ground, kind},
    session::Snapshot,
};
use crate::{
    catalog::{Catalog, ForeignKey, Table},
    name::{Name, quoted},
    plan::{End, Source},
};

pub(super) use question::{Question, lost};

/// The column of a temporary table that holds the answer.
const ANSWER: &str = "warden_answer";

/// Of people, how many organizations they are in.
pub(super) const SEVERAL: &str = "warden_organizations";

pub(super) struct Answers<'a> {
    pub catalog: &'a Catalog,
    pub ground: &'a Ground,
    pub draft: &'a Draft,
    kept: BTreeMap<Name, StoredAnswer>,
}

struct StoredAnswer {
    table: String,
    /// Columns that others refer to.
    columns: BTreeSet<String>,
    /// Some of them that name one row.
    key: Vec<String>,
}
impl<'a> Answers<'a> {
    /// Makes the temporary tables, makes the snapshot read-only, and fills them.
    pub(super) async fn fill(
        catalog: &'a Catalog,
        ground: &'a Ground,
        draft: &'a Draft,
        snapshot: &mut Snapshot<'_>,
    ) -> sqlx::Result<Self> {
        let mut answers = Self {
            catalog,
            ground,
            draft,
            kept: BTreeMap::new(),
        };
        answers.choose();
        for (name, kept) in &answers.kept {
            snapshot.run(answers.create(name, kept)).await?;
        }
        snapshot.only_reads().await?;
        answers.people(snapshot).await?;
        for group in answers.groups() {
            answers.group(&group, snapshot).await?;
        }
        Ok(answers)
    }

    /// Which tables are kept: whatever a path or a foreign key of an owned table leads to.
    fn choose(&mut self) {
        let plan = &self.draft.plan;
        self.keep(&plan.users.table, std::slice::from_ref(&plan.users.key));
        for planned in plan.owned() {
            for path in planned.paths.iter().filter(|path| plan.end(path) != End::Organization) {
                self.keep(&path.to, &path.references);
            }
            for key in self.edges(&planned.name) {
                self.keep(&key.to, &key.references);
            }
        }
    }

    fn keep(&mut self, name: &Name, columns: &[String]) {
        let table = format!("pg_temp.warden_{}", self.kept.len());
        let kept = self.kept.entry(name.clone()).or_insert_with(|| StoredAnswer {
            table,
            columns: BTreeSet::new(),
            key: columns.to_vec(),
        });
        kept.columns.extend(columns.iter().cloned());
    }

    /// Foreign keys from one owned table to another, or to itself.
    pub(super) fn edges(&self, name: &Name) -> Vec<&'a ForeignKey> {
        let plan = &self.draft.plan;
        let owned = |name: &Name| plan.owned().any(|table| table.name == *name);
        let keys = self
            .catalog
            .table(name)
            .map(|table| table.foreign_keys.as_slice())
            .unwrap_or_default();
        keys.iter().filter(|key| !key.inherited && owned(&key.to)).collect()
    }

    fn create(&self, name: &Name, kept: &StoredAnswer) -> String {
        let mut columns: Vec<_> = kept.columns.iter().map(|column| self.plain(name, column)).collect();
        columns.push(format!("{} as {ANSWER}", self.typed("null")));
        if self.ground.is_users(name) {
            columns.push(format!("null::bigint as {SEVERAL}"));
        }
        format!(
            "create temporary table {} on commit drop as select {} from {} t limit 0",
            kept.table,
            columns.join(", "),
            name.sql()
        )
        .replace("temporary table pg_temp.", "temporary table ")
    }

    /// A column of `t` under its own name. Texts lose what collation they have, so that any two can be compared.
    fn plain(&self, name: &Name, column: &str) -> String {
        let sort = self
            .catalog
            .table(name)
            .map(|table| kind(table, column))
            .unwrap_or_default();
        let quoted = quoted(column);
        match sort_of(&sort) {
            "text" => format!("t.{quoted}::text collate \"default\" as {quoted}"),
            _ => format!("t.{quoted}"),
        }
    }

    /// An organization in a form that is the same wherever it comes from.
    fn typed(&self, expression: &str) -> String {
        let organization = &self.ground.organization_type;
        match sort_of(organization) {
            "text" => format!("({expression})::text collate \"C\""),
            sort => format!("({expression})::{sort}"),
        }
    }

    async fn people(&self, snapshot: &mut Snapshot<'_>) -> sqlx::Result<()> {
        let users = &self.ground.users;
        let Some(kept) = self.kept.get(users) else {
            return Ok(());
        };
        let columns: Vec<_> = kept.columns.iter().map(|column| self.plain(users, column)).collect();
        let key = quoted(&self.ground.user_key);
        let (joins, answer, several) = match (&self.ground.source, &self.ground.organizations) {
            (
                Source::Membership {
                    table,
                    user,
                    organization,
                },
                Some((organizations, known)),
            ) => {
                let (user, known) = (quoted(user), quoted(known));
                let joins = format!(
                    "left join (select m.{user} as person, count(distinct o.{known}) as several, (array_agg(o.{known}))[1] as one
                                from {} m join {} o on {} where o.{known} is not null group by 1) m on m.person = t.{key}",
                    table.sql(),
                    organizations.sql(),
                    links::on("m", "o", organization),
                );
                (
                    joins,
                    "case when m.several = 1 then m.one end".to_owned(),
                    "coalesce(m.several, 0)".to_owned(),
                )
            }
            (Source::Column { organization }, Some((organizations, known))) => {
                let known = quoted(known);
                let joins = format!(
                    "left join {} o on {}",
                    organizations.sql(),
                    links::on("t", "o", organization)
                );
                (
                    joins,
                    format!("o.{known}"),
                    format!("(o.{known} is not null)::int::bigint"),
                )
            }
            _ => (String::new(), format!("t.{key}"), "1::bigint".to_owned()),
        };
        let answer = self.typed(&answer);
        let select = format!(
            "select {}, {answer}, {several} from {} t {joins}",
            columns.join(", "),
            users.sql()
        );
        snapshot.run(format!("insert into {} {select}", kept.table)).await?;
        snapshot.run(format!("analyze {}", kept.table)).await.map(drop)
    }

    /// The table of people with their answers.
    pub(super) fn of_people(&self) -> String {
        self.kept[&self.ground.users].table.clone()
    }

    /// StoredAnswer owned tables, parents before children; those that lead to each other together.
    fn groups(&self) -> Vec<BTreeSet<Name>> {
        let circular = circular(&self.draft.ways);
        let mut open: BTreeSet<Name> = self
            .kept
            .keys()
            .filter(|name| !self.ground.is_users(name))
            .cloned()
            .collect();
        let mut groups = Vec::new();
        while let Some(first) = open.first().cloned() {
            // Walk up to somebody whose parents are all done, but for those in the same circle.
            let mut at = first;
            let group = loop {
                let mut group = BTreeSet::from([at.clone()]);
                let mut last = 0;
                while last != group.len() {
                    last = group.len();
                    let more: Vec<_> = circular
                        .iter()
                        .filter(|(from, to)| group.contains(from) && open.contains(to))
                        .map(|(_, to)| to.clone())
                        .collect();
                    group.extend(more);
                }
                let above = |name: &Name| {
                    let paths = self
                        .draft
                        .ways
                        .get(name)
                        .map(|ways| ways.paths.as_slice())
                        .unwrap_or_default();
                    paths
                        .iter()
                        .map(|link| &link.path.to)
                        .find(|to| open.contains(*to) && !group.contains(*to))
                        .cloned()
                };
                match group.iter().find_map(above) {
                    Some(parent) => at = parent,
                    None => break group,
                }
            };
            open.retain(|name| !group.contains(name));
            groups.push(group);
        }
        groups
    }

    /// Fills the tables of one group. A circle is gone round until nobody learns anything new.
    async fn group(&self, group: &BTreeSet<Name>, snapshot: &mut Snapshot<'_>) -> sqlx::Result<()> {
        for name in group {
            let kept = &self.kept[name];
            let columns: Vec<_> = kept.columns.iter().map(|column| self.plain(name, column)).collect();
            let question = self.question(name);
            let statement = format!(
                "insert into {} select {}, {} {}",
                kept.table,
                columns.join(", "),
                question.answer(),
                question.from
            );
            snapshot.run(statement).await?;
            snapshot.run(format!("analyze {}", kept.table)).await?;
        }
        let circular = circular(&self.draft.ways);
        let round: Vec<_> = group
            .iter()
            .filter(|name| circular.iter().any(|(from, _)| from == *name))
            .collect();
        loop {
            let mut learned = 0;
            for name in &round {
                learned += snapshot.run(self.again(name)).await?;
            }
            if learned == 0 {
                return Ok(());
            }
        }
    }

    /// Asks once more for the rows that have no answer yet.
    fn again(&self, name: &Name) -> String {
        let kept = &self.kept[name];
        let question = self.question(name);
        let same: Vec<_> = kept
            .key
            .iter()
            .map(|column| format!("t.{column} = own.{column}", column = quoted(column)))
            .collect();
        format!(
            "update {} own set {ANSWER} = {answer} {} where {} and own.{ANSWER} is null and {answer} is not null",
            kept.table,
            question.from,
            same.join(" and "),
            answer = question.answer(),
        )
    }

    pub(super) fn table(&self, name: &Name) -> Option<&'a Table> {
        self.catalog.table(name)
    }
}
