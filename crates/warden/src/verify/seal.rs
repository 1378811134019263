//! The seal: keys that hold the organization, row security, and what a program sees.

use sqlx::{Connection, PgConnection};
use switchboard::report::Level;

use super::{Asked, Question};
use crate::{
    catalog::Table,
    error::WardenError,
    name::{list, literal, quoted},
    plan::Kind,
};

impl Asked<'_> {
    /// Columns are never null and keys begin with the organization.
    pub(super) fn keys(&mut self) {
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
    pub(super) fn sealed(&mut self) {
        use crate::steps::{IMMUTABLE, PERMISSIVE_POLICY, RESTRICTIVE_POLICY, hooks};
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
            match table.policies.iter().find(|policy| policy.name == RESTRICTIVE_POLICY) {
                Some(wall) if !wall.permissive && wall.command == "all" && wall.roles == ["public"] && ours(&wall) => {}
                Some(_) => faults.push(format!("{name}: the wall is not as it was built")),
                None => faults.push(format!("{name}: the wall is missing")),
            }
            if let Some(door) = table.policies.iter().find(|policy| policy.name == PERMISSIVE_POLICY)
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
    pub(super) fn roles(&mut self) {
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
            let holders = self.now.holders(name);
            for (planned, found) in self.owned() {
                let own = plan.column(planned);
                let all = std::iter::once(found).chain(self.now.leaves(&found.name));
                let may = |grant: &&crate::catalog::Grant| {
                    let moves =
                        grant.privilege == "UPDATE" && grant.column.as_deref().is_none_or(|column| column == own);
                    holders.contains(&grant.role) && (moves || grant.privilege == "TRUNCATE")
                };
                for table in all {
                    let held = table.grants.iter().filter(may);
                    faults.extend(held.map(|grant| {
                        let through = if grant.role == *name {
                            String::new()
                        } else {
                            format!(", through {}", grant.role)
                        };
                        format!("{name} has {} on {}{through}", grant.privilege, table.name)
                    }));
                }
            }
        }
        if plan.seal.roles.is_empty() {
            faults.push("seal.roles names no role, so nothing was tried as a program does it".to_owned());
        }
        let examined = i64::try_from(plan.seal.roles.len()).unwrap_or(i64::MAX);
        let violating = i64::try_from(faults.len()).unwrap_or(i64::MAX);
        let question = Question {
            id: "roles".to_owned(),
            group: "seal",
            question: "Are the programs' roles bound by row security, and without the right to move or to empty?",
            remedy: "Take the right or the attribute away from the role; where none is named, roll back to claims, name the programs' role under \
                     seal.roles, and freeze the plan again.",
            level: Level::Fault,
        };
        self.outcomes.push(question.answer(examined, faults, violating));
    }

    /// What a program sees: nothing without an organization, and inside the largest ones exactly their rows.
    pub(super) async fn probe(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        let plan = &self.frozen.plan;
        for role in &plan.seal.roles {
            let (mut examined, mut faults) = (0, Vec::new());
            let holders = self.now.holders(role);
            for (planned, found) in self.owned() {
                let reads = found
                    .grants
                    .iter()
                    .any(|grant| holders.contains(&grant.role) && grant.privilege == "SELECT");
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
            if examined == 0 {
                faults.push(format!(
                    "{role} may read none of the tables, so nothing was tried as it"
                ));
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
