//! Verify: is the database as the plan says? Every answer says how many things it has looked at.

use std::time::Instant;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use switchboard::report::{Figure, Level, NAMED, Outcome, Report, ReportKind, State, thousands};

use crate::{
    catalog::{Catalog, Table},
    error::WardenError,
    journal,
    name::{Name, list, literal, quoted},
    plan::{Frozen, Kind, Path, Plan, TablePlan},
    session::Session,
    steps::{Phase, answer_join},
};

/// Asks everything that should hold after the phases that are done.
///
/// # Errors
/// When the role cannot see every row, or the database cannot be asked.
pub async fn verify(session: &mut Session, frozen: &Frozen) -> Result<Report, WardenError> {
    let (began_at, began): (DateTime<Utc>, _) = (Utc::now(), Instant::now());
    let now = Catalog::read(&mut session.connection).await?;
    session.sees(&frozen.plan, &now)?;
    let noted = journal::noted(&mut session.connection, frozen).await?;
    let done = |phase: Phase| phase == Phase::Claims || journal::complete(frozen, &noted, phase);
    let mut asked = Asked {
        frozen,
        now: &now,
        outcomes: Vec::new(),
    };
    let mut tx = session
        .connection
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    asked.work(&mut tx).await?;
    if done(Phase::Backfill) {
        asked.rows(&mut tx).await?;
        asked.edges(&mut tx).await?;
        asked.quarantine(&mut tx).await?;
    }
    if done(Phase::Constrain) {
        asked.keys();
    }
    if done(Phase::Seal) {
        asked.sealed();
        asked.roles();
        asked.probe(&mut tx).await?;
    }
    asked.columns(done(Phase::Contract));
    tx.rollback().await?;
    let server = format!("PostgreSQL {}.{}", now.server / 10_000, now.server % 10_000);
    Ok(Report::new(
        ReportKind::Warden,
        format!("Warden of {}", now.database),
        (now.database.clone(), server),
        (began_at, u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)),
        asked.outcomes,
    ))
}

struct Asked<'a> {
    frozen: &'a Frozen,
    now: &'a Catalog,
    outcomes: Vec<Outcome>,
}

/// A question before it is answered.
struct Question {
    id: String,
    group: &'static str,
    question: &'static str,
    remedy: &'static str,
    level: Level,
}

impl Question {
    fn answer(self, examined: i64, violations: Vec<String>, violating: i64) -> Outcome {
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        let mut named = violations;
        let more = named.len().saturating_sub(NAMED);
        if more > 0 {
            named.truncate(NAMED);
            named.push(format!(
                "and {} more",
                thousands(u64::try_from(more).unwrap_or(u64::MAX))
            ));
        }
        Outcome {
            id: self.id,
            group: self.group.to_owned(),
            question: self.question.to_owned(),
            means: String::new(),
            remedy: self.remedy.to_owned(),
            level: self.level,
            state: match (examined, violating) {
                (_, 1..) => State::Broken,
                (0, _) => State::Empty,
                _ => State::Holds,
            },
            examined: count(examined),
            violating: count(violating),
            violations: named,
            empty: Vec::new(),
            figures: Vec::new(),
        }
    }
}

impl<'a> Asked<'a> {
    fn owned(&self) -> impl Iterator<Item = (&'a TablePlan, &'a Table)> + use<'a> {
        let (frozen, now) = (self.frozen, self.now);
        frozen
            .plan
            .owned()
            .filter_map(move |planned| now.table(&planned.name).map(|found| (planned, found)))
    }

    /// What was done, and what it took.
    async fn work(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        let phases: Vec<(String, i64, i64, i64)> = sqlx::query_as(
            "select phase, count(*) filter (where state = 'done'), max(attempts)::bigint, coalesce(max(ms), 0)::bigint
             from warden.step where plan_id = $1 group by phase order by min(n)",
        )
        .bind(&self.frozen.id)
        .fetch_all(&mut *connection)
        .await?;
        let (examined, changed, ms): (i64, i64, i64) = sqlx::query_as(
            "select coalesce(sum(examined), 0)::bigint, coalesce(sum(changed), 0)::bigint, coalesce(sum(ms), 0)::bigint
             from warden.batch where plan_id = $1",
        )
        .bind(&self.frozen.id)
        .fetch_one(connection)
        .await?;
        let amount = |n: i64| thousands(u64::try_from(n).unwrap_or_default());
        for (phase, steps, attempts, longest) in phases {
            let question = Question {
                id: phase.clone(),
                group: "phases",
                question: "Is every step of it done?",
                remedy: "Run `warden resume`.",
                level: Level::Advice,
            };
            let mut outcome = question.answer(steps, Vec::new(), 0);
            outcome
                .figures
                .push(Figure::new("longest step", format!("{} ms", amount(longest))));
            outcome
                .figures
                .push(Figure::new("most tries for a lock", amount(attempts)));
            if phase == Phase::Backfill.word() && ms > 0 {
                outcome.figures.push(Figure::new("rows examined", amount(examined)));
                outcome.figures.push(Figure::new("rows filled", amount(changed)));
                outcome
                    .figures
                    .push(Figure::new("rows a second", amount(examined * 1000 / ms)));
            }
            self.outcomes.push(outcome);
        }
        Ok(())
    }

    /// Every row of every owned table: has it an organization, does that exist, do the parts make the whole?
    async fn rows(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
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
    async fn edges(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        for edge in edges(&self.frozen.plan, &self.frozen.catalog) {
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
    async fn quarantine(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
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

    /// Columns are never null and keys begin with the organization.
    fn keys(&mut self) {
        let plan = &self.frozen.plan;
        let (mut examined, mut faults, mut debts) = (0, Vec::new(), Vec::new());
        for (planned, found) in self.owned() {
            let own = plan.column(planned);
            examined += 1;
            if !found.column(own).is_some_and(|column| column.not_null) {
                faults.push(format!("{}.{own} may be null", planned.name));
            }
            match &found.primary_key {
                Some(key) if key.columns.first().is_none_or(|first| first != own) => {
                    debts.push(format!("{}: the primary key does not begin with {own}", planned.name))
                }
                None => debts.push(format!("{} has no primary key", planned.name)),
                Some(_) => {}
            }
            for unique in found
                .uniques
                .iter()
                .filter(|unique| !unique.columns.iter().any(|column| column == own))
            {
                debts.push(format!(
                    "{}: {} is unique over all organizations, so one can find out what another has",
                    planned.name, unique.name
                ));
            }
            for key in &found.foreign_keys {
                let owned = plan.table(&key.to).is_some_and(|to| to.kind == Kind::Owned);
                if owned && !key.columns.iter().any(|column| column == own) {
                    debts.push(format!("{}: {} does not hold the organization", planned.name, key.name));
                } else if !key.valid {
                    let meant = planned.loose.iter().any(|loose| key.name.starts_with(loose.as_str()));
                    let lines = if owned && !meant { &mut faults } else { &mut debts };
                    lines.push(format!("{}: {} holds for new rows only", planned.name, key.name));
                }
            }
            let broken = found.indexes.iter().filter(|index| !index.valid);
            faults.extend(broken.map(|index| format!("{}: the index {} is not valid", planned.name, index.name)));
        }
        let violating = |lines: &Vec<String>| i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let never_null = Question {
            id: "never-null".to_owned(),
            group: "keys",
            question: "Is the organization of every table never null, and is every index whole?",
            remedy: "Run `warden constrain`.",
            level: Level::Fault,
        };
        let (bad, debt) = (violating(&faults), violating(&debts));
        self.outcomes.push(never_null.answer(examined, faults, bad));
        let debts_of = Question {
            id: "debts".to_owned(),
            group: "keys",
            question: "Does every key begin with the organization?",
            remedy: "Kept for programs that are not changed yet, or because the plan says so; `warden contract` drops what it can.",
            level: Level::Advice,
        };
        self.outcomes.push(debts_of.answer(examined, debts, debt));
    }

    /// Row security, its two policies, immutability, and nothing left of the way here.
    fn sealed(&mut self) {
        use crate::steps::{DOOR, IMMUTABLE, WALL, hooks};
        let mut faults = Vec::new();
        let mut examined = 0;
        let parts = self.now.tables.iter().filter(|table| table.is_part());
        let whole: Vec<(&Table, bool)> = self.owned().map(|(_, found)| (found, true)).collect();
        let below: Vec<(&Table, bool)> = parts
            .filter(|part| {
                whole
                    .iter()
                    .any(|(table, _)| self.now.leaves(&table.name).iter().any(|leaf| leaf.name == part.name))
            })
            .map(|part| (part, false))
            .collect();
        for (table, root) in whole.into_iter().chain(below) {
            examined += 1;
            let name = &table.name;
            if !table.row_security || !table.row_security_forced {
                faults.push(format!("{name}: row security is not on for everybody"));
            }
            let expected = format!("{}.current_org()", self.frozen.plan.seal.schema);
            let ours = |policy: &&crate::catalog::Policy| {
                let text = policy.using.as_deref().unwrap_or_default();
                text.contains("current_org()")
                    && text.replace('"', "").contains(&expected)
                    && policy.using == policy.check
            };
            match table.policies.iter().find(|policy| policy.name == WALL) {
                Some(wall) if !wall.permissive && wall.command == "all" && wall.roles == ["public"] && ours(&wall) => {}
                Some(_) => faults.push(format!("{name}: the wall is not as it was built")),
                None => faults.push(format!("{name}: the wall is missing")),
            }
            if let Some(door) = table.policies.iter().find(|policy| policy.name == DOOR)
                && !ours(&door)
            {
                faults.push(format!("{name}: the door is not as it was built"));
            }
            if !table.policies.iter().any(|policy| policy.permissive) {
                faults.push(format!("{name}: no policy lets anybody in"));
            }
            if root
                && !table
                    .triggers
                    .iter()
                    .any(|trigger| trigger.name == IMMUTABLE && trigger.definition.contains("refuse_move"))
            {
                faults.push(format!("{name}: nothing keeps a row in its organization"));
            }
            faults.extend(
                table
                    .triggers
                    .iter()
                    .filter(|trigger| hooks().contains(&trigger.name.as_str()))
                    .map(|trigger| format!("{name}: {} is still there", trigger.name)),
            );
        }
        let violating = i64::try_from(faults.len()).unwrap_or(i64::MAX);
        let question = Question {
            id: "sealed".to_owned(),
            group: "seal",
            question: "Is row security on and forced on every table, with the wall, and does every row stay where it is?",
            remedy: "Run `warden seal` again; what was changed by hand since has to be put back first.",
            level: Level::Fault,
        };
        self.outcomes.push(question.answer(examined, faults, violating));
    }

    /// Programs' roles are bound by all this.
    fn roles(&mut self) {
        let plan = &self.frozen.plan;
        let mut faults = Vec::new();
        for name in &plan.seal.roles {
            match self.now.roles.iter().find(|role| role.name == *name) {
                None => faults.push(format!("the role {name} is gone")),
                Some(role) if role.superuser || role.bypasses || role.owns => {
                    faults.push(format!("row security does not bind {name}"))
                }
                Some(_) => {}
            }
            for (planned, found) in self.owned() {
                let own = plan.column(planned);
                let may = |grant: &&crate::catalog::Grant| {
                    let moves =
                        grant.privilege == "UPDATE" && grant.column.as_deref().is_none_or(|column| column == own);
                    (grant.role == *name || grant.role == "PUBLIC") && (moves || grant.privilege == "TRUNCATE")
                };
                faults.extend(
                    found
                        .grants
                        .iter()
                        .filter(may)
                        .map(|grant| format!("{name} has {} on {}", grant.privilege, planned.name)),
                );
            }
        }
        let examined = i64::try_from(plan.seal.roles.len()).unwrap_or(i64::MAX);
        let violating = i64::try_from(faults.len()).unwrap_or(i64::MAX);
        let question = Question {
            id: "roles".to_owned(),
            group: "seal",
            question: "Are the programs' roles bound by row security, and without the right to move or to empty?",
            remedy: "Take the right or the attribute away from the role.",
            level: Level::Fault,
        };
        self.outcomes.push(question.answer(examined, faults, violating));
    }

    /// What a program sees: nothing without an organization, and inside the largest ones exactly their rows.
    async fn probe(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        let plan = &self.frozen.plan;
        for role in &plan.seal.roles {
            let (mut examined, mut faults) = (0, Vec::new());
            for (planned, found) in self.owned() {
                let reads = found
                    .grants
                    .iter()
                    .any(|grant| grant.role == *role && grant.privilege == "SELECT" && grant.column.is_none());
                if !reads {
                    continue;
                }
                let (table, own) = (planned.name.sql(), quoted(plan.column(planned)));
                let largest: Vec<(String, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
                    "select {own}::text, count(*) from {table} where {own} is not null group by 1 order by 2 desc limit 2"
                )))
                .fetch_all(&mut *connection)
                .await?;
                for (org, rows) in std::iter::once((String::new(), 0)).chain(largest) {
                    examined += 1;
                    match seen(connection, role, &plan.seal.setting, &org, &table).await {
                        Ok(seen) if seen == rows => {}
                        Ok(seen) => faults.push(format!(
                            "{role} sees {seen} rows of {} where {rows} are its own",
                            planned.name
                        )),
                        Err(error) => {
                            let (reason, gone) = crate::error::describe(&error);
                            if gone {
                                return Err(error.into());
                            }
                            faults.push(format!("{role} could not be tried on {}: {reason}", planned.name));
                        }
                    }
                }
            }
            let violating = i64::try_from(faults.len()).unwrap_or(i64::MAX);
            let question = Question {
                id: format!("probe {role}"),
                group: "seal",
                question: "Does a program see nothing without an organization, and inside one exactly its rows?",
                remedy: "Look at the policies of the table, and at what else the role may do.",
                level: Level::Fault,
            };
            self.outcomes.push(question.answer(examined, faults, violating));
        }
        Ok(())
    }

    /// Columns that were to go, and columns that were to stay.
    fn columns(&mut self, contracted: bool) {
        let plan = &self.frozen.plan;
        let (mut kept, mut gone) = ((0, Vec::new()), (0, Vec::new()));
        for planned in &plan.tables {
            let has = |column: &String| {
                self.now
                    .table(&planned.name)
                    .is_some_and(|table| table.column(column).is_some())
            };
            kept.0 += i64::try_from(planned.keep_columns.len()).unwrap_or_default();
            kept.1.extend(
                planned
                    .keep_columns
                    .iter()
                    .filter(|column| !has(column))
                    .map(|column| format!("{}.{column} is gone", planned.name)),
            );
            gone.0 += i64::try_from(planned.drop_columns.len()).unwrap_or_default();
            gone.1.extend(
                planned
                    .drop_columns
                    .iter()
                    .filter(|column| has(column))
                    .map(|column| format!("{}.{column} is still there", planned.name)),
            );
        }
        for (id, question, remedy, level, (examined, lines)) in [
            (
                "kept",
                "Is every column still there that was to stay?",
                "Restore it from a backup.",
                Level::Fault,
                kept,
            ),
            (
                "dropped",
                "Is every column gone that was to go?",
                "Run `warden contract` when no program needs it any more.",
                if contracted { Level::Fault } else { Level::Advice },
                gone,
            ),
        ] {
            if examined > 0 {
                let violating = i64::try_from(lines.len()).unwrap_or(i64::MAX);
                let question = Question {
                    id: id.to_owned(),
                    group: "columns",
                    question,
                    remedy,
                    level,
                };
                self.outcomes.push(question.answer(examined, lines, violating));
            }
        }
    }
}

/// A reference between owned tables.
pub(crate) struct Reference {
    pub table: Name,
    pub key: String,
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

/// Counts as a role, inside an organization or none, and becomes itself again whatever happens.
async fn seen(connection: &mut PgConnection, role: &str, setting: &str, org: &str, table: &str) -> sqlx::Result<i64> {
    let mut inner = connection.begin().await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "set local row_security = on; set local role {}; select set_config({}, {}, true)",
        list([&role.to_owned()]),
        literal(setting),
        literal(org)
    )))
    .execute(&mut *inner)
    .await?;
    let counted = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
        .fetch_one(&mut *inner)
        .await;
    inner.rollback().await?;
    counted
}
