//! Rows: whose they are, and whether what they refer to is of the same organization.

use sqlx::PgConnection;
use switchboard::report::{Level, thousands};

use super::{Asked, Question};
use crate::{
    catalog::Catalog,
    error::WardenError,
    name::{Name, quoted},
    plan::{Kind, Path, Plan},
    steps::answer_join,
};

impl Asked<'_> {
    /// Every row of every owned table: has it an organization, does that exist, do the parts make the whole?
    pub(super) async fn rows(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        let organization = &self.frozen.plan.organization;
        for (planned, _) in self.owned() {
            let own = quoted(self.frozen.plan.column(planned));
            let unknown = match (&organization.table, &organization.key) {
                (Some(table), Some(key)) => format!(
                    "count(*) filter (where g.org is not null and not exists (select from {} o where o.{} = g.org))",
                    table.sql(),
                    quoted(key)
                ),
                _ => "0::bigint".to_owned(),
            };
            let text = format!(
                "with g as (select t.{own} as org, count(*) as n from {} t group by 1)
                 select (select count(*) from {}) as seen, coalesce(sum(g.n), 0)::bigint as summed,
                        coalesce(sum(g.n) filter (where g.org is null), 0)::bigint as missing, {unknown} as unknown from g",
                planned.name.sql(),
                planned.name.sql()
            );
            let (seen, summed, missing, unknown): (i64, i64, i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(text))
                .fetch_one(&mut *connection)
                .await?;
            let mut violations = Vec::new();
            if missing > 0 {
                violations.push(format!("{missing} rows have no organization"));
            }
            if unknown > 0 {
                violations.push(format!("{unknown} organizations do not exist"));
            }
            if seen != summed {
                violations.push(format!(
                    "{seen} rows in all, and {summed} when the organizations are counted one by one"
                ));
            }
            let violating = missing + unknown + (seen - summed).abs();
            let question = Question {
                id: planned.name.to_string(),
                group: "rows",
                question: "Does every row belong to one organization that exists, and do these make up the table?",
                remedy: "Run `warden backfill` again; a row it leaves needs a rule.",
                level: Level::Fault,
            };
            self.outcomes.push(question.answer(seen, violations, violating));
        }
        Ok(())
    }

    /// Every reference between owned tables: is the row it refers to there, and of the same organization?
    pub(super) async fn edges(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        for edge in edges(&self.frozen.plan, &self.frozen.catalog) {
            // A reference whose columns *contract* has dropped is none any more.
            let now = self.now.table(&edge.table);
            if now.is_some_and(|table| edge.columns.iter().any(|column| table.column(column).is_none())) {
                continue;
            }
            let (examined, crossing) = edge.count(connection).await?;
            let question = Question {
                id: format!("{} {}", edge.table, edge.key),
                group: "references",
                question: "Is every row it refers to there, and of the same organization?",
                remedy: if edge.loose {
                    "The plan lets these be as they were. New ones are refused."
                } else {
                    "Decide which organization the rows belong to, or name the key as loose in a new plan."
                },
                level: if edge.loose { Level::Advice } else { Level::Fault },
            };
            let violations = (crossing > 0)
                .then(|| format!("{crossing} rows refer to nothing or to another organization"))
                .into_iter()
                .collect();
            self.outcomes.push(question.answer(examined, violations, crossing));
        }
        Ok(())
    }

    /// Rows that nobody could place stand in the journal, each with its reason.
    pub(super) async fn quarantine(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        let held: Vec<(String, String, i64)> =
            sqlx::query_as("select tab, reason, count(*) from warden.quarantine group by 1, 2 order by 1, 2")
                .fetch_all(&mut *connection)
                .await?;
        let all = held.iter().map(|(.., n)| n).sum();
        let question = Question {
            id: "quarantine".to_owned(),
            group: "rows",
            question: "Did every row say itself where it belongs?",
            remedy: "These follow a rule of the plan; warden.quarantine has the key of each and what its paths said.",
            level: Level::Advice,
        };
        let lines = held
            .into_iter()
            .map(|(table, reason, n)| {
                format!(
                    "{table}: {} rows, {reason}",
                    thousands(u64::try_from(n).unwrap_or_default())
                )
            })
            .collect();
        self.outcomes.push(question.answer(all, lines, all));
        Ok(())
    }
}

/// A reference between owned tables.
pub(crate) struct Reference {
    pub table: Name,
    pub key: String,
    columns: Vec<String>,
    /// Whether the plan lets rows of today cross.
    pub loose: bool,
    question: String,
}

/// The references that the plan makes hold the organization, as they were found.
pub(crate) fn edges(plan: &Plan, catalog: &Catalog) -> Vec<Reference> {
    let mut found = Vec::new();
    for planned in plan.owned() {
        let Some(before) = catalog.table(&planned.name) else {
            continue;
        };
        for key in before.foreign_keys.iter().filter(|key| !key.inherited) {
            let path = Path {
                columns: key.columns.clone(),
                to: key.to.clone(),
                references: key.references.clone(),
                when: None,
                unless: Vec::new(),
            };
            let Some(parent) = plan.table(&key.to).filter(|parent| parent.kind == Kind::Owned) else {
                continue;
            };
            let there = key
                .columns
                .iter()
                .map(|column| format!("c.{} is not null", quoted(column)))
                .collect::<Vec<_>>()
                .join(" and ");
            let question = format!(
                "select count(*), count(*) filter (where p.{1} is distinct from c.{0}) from {2} c left join {3} p on {4} where {there}",
                quoted(plan.column(planned)),
                quoted(plan.column(parent)),
                planned.name.sql(),
                key.to.sql(),
                answer_join(&path, "p", "c"),
            );
            found.push(Reference {
                table: planned.name.clone(),
                key: key.name.clone(),
                columns: key.columns.clone(),
                loose: planned.loose.contains(&key.name),
                question,
            });
        }
    }
    found
}

impl Reference {
    /// How many rows refer, and how many of them to nothing or across.
    pub(crate) async fn count(&self, connection: &mut PgConnection) -> Result<(i64, i64), WardenError> {
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(self.question.clone()))
            .fetch_one(connection)
            .await?)
    }
}
