//! Surroundings: what the catalog says that a plan does not, and that row security will not reach or a new key will break.

mod tables;

use super::{finding::Finding, session::Snapshot};
use crate::{
    catalog::{Catalog, Role, Table, ThingKind},
    name::Name,
    plan::{Kind, Plan},
};

struct Around<'a> {
    catalog: &'a Catalog,
    plan: &'a Plan,
    findings: Vec<Finding>,
}

/// What one should know of a database before it is changed.
pub(super) async fn surroundings(
    catalog: &Catalog,
    plan: &Plan,
    snapshot: &mut Snapshot<'_>,
) -> sqlx::Result<Vec<Finding>> {
    let sessions: Vec<(String, i64)> = snapshot
        .rows(
            "select usename::text, count(*) from pg_stat_activity
             where datname = current_database() and usename is not null and pid <> pg_backend_pid() group by 1"
                .to_owned(),
        )
        .await?;
    let mut around = Around {
        catalog,
        plan,
        findings: Vec::new(),
    };
    around.roles(&sessions);
    for planned in plan.owned() {
        if let Some(table) = catalog.table(&planned.name) {
            around.uniques(table, plan.column(planned));
            around.keys(table);
            around.indexes(table);
            around.triggers(table);
            around.policies(table);
            around.partitions(table);
        }
    }
    around.sequences();
    around.things();
    Ok(around.findings)
}

impl Around<'_> {
    fn say(&mut self, id: &str, examined: usize, violating: usize, text: impl Into<String>) -> &mut Finding {
        self.findings
            .push(Finding::new(id, examined as u64, violating as u64, text));
        self.findings.last_mut().expect("one was pushed")
    }

    fn say_of(&mut self, table: &Name, id: &str, examined: usize, violating: usize, text: impl Into<String>) {
        self.say(id, examined, violating, text).table = Some(table.clone());
    }

    fn owned(&self, name: &Name) -> bool {
        self.plan.owned().any(|table| table.name == *name)
    }

    /// Roles that row security does not bind, and those it will.
    fn roles(&mut self, sessions: &[(String, i64)]) {
        let roles: Vec<&Role> = self.catalog.roles.iter().filter(|role| role.login).collect();
        let mut free = 0;
        for role in &roles {
            let why = match role {
                Role { superuser: true, .. } => "is a superuser",
                Role { bypasses: true, .. } => "has BYPASSRLS",
                Role { owns: true, .. } => "owns tables, so it can open them again",
                _ => continue,
            };
            free += 1;
            let now = sessions
                .iter()
                .find(|(name, _)| *name == role.name)
                .map_or(0, |(_, count)| *count);
            let text = format!(
                "`{}` {why}: row security keeps nothing from whatever connects as it ({now} other sessions now). Programs need a role of their own.",
                role.name
            );
            self.say("role", roles.len(), 1, text);
        }
        if free == 0 {
            self.say("role", roles.len(), 0, "Row security binds every role that logs in.");
        }
        let bound = &self.plan.seal.roles;
        match bound.as_slice() {
            [] => self.say(
                "seal-roles",
                roles.len(),
                1,
                "No role logs in, uses the tables and can be bound: make one for the programs and name it in seal.roles.",
            ),
            bound => {
                let text = format!("seal.roles: {}.", bound.join(", "));
                self.say("seal-roles", roles.len(), 0, text)
            }
        };
        let groups: Vec<_> = self
            .catalog
            .roles
            .iter()
            .filter(|role| !role.login && role.uses && !role.owns && !role.superuser && !role.bypasses)
            .map(|role| role.name.as_str())
            .collect();
        if !groups.is_empty() {
            let text = format!(
                "{} may use the tables and cannot log in. If a program takes such a role with SET ROLE, name it in seal.roles.",
                groups.join(", ")
            );
            self.say("group-role", self.catalog.roles.len(), groups.len(), text);
        }
    }
    fn sequences(&mut self) {
        let counted = |table: &Table| {
            table.columns.iter().any(|column| {
                column
                    .default
                    .as_deref()
                    .is_some_and(|default| default.starts_with("nextval("))
                    || column.made && is_whole(&column.r#type)
            })
        };
        let owned: Vec<_> = self
            .plan
            .owned()
            .filter_map(|planned| self.catalog.table(&planned.name))
            .collect();
        let with = owned.iter().filter(|table| counted(table)).count();
        let text = match with {
            0 => "No owned table counts its rows with a sequence.".to_owned(),
            with => format!(
                "{with} owned tables number their rows with a sequence that all organizations share: an id tells how many rows others have made."
            ),
        };
        self.say("sequence", owned.len(), with, text);
    }

    fn things(&mut self) {
        for thing in &self.catalog.surroundings {
            let touched: Vec<_> = thing.tables.iter().filter(|name| self.owned(name)).collect();
            let (id, anywhere) = match thing.kind {
                ThingKind::View => ("view", false),
                ThingKind::MaterializedView => ("materialized-view", false),
                ThingKind::Publication => ("publication", true),
                ThingKind::Rule => ("rule", false),
                // What a function or an event trigger touches is not known to the catalog.
                ThingKind::DefinerFunction => ("definer-function", true),
                ThingKind::EventTrigger => ("event-trigger", true),
                ThingKind::ForeignTable => ("foreign-table", true),
            };
            if touched.is_empty() && !anywhere {
                continue;
            }
            let over = match touched.as_slice() {
                [] => String::new(),
                tables => format!(
                    " over {}",
                    tables
                        .iter()
                        .map(|name| name.to_string())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            };
            let violating = u64::from(thing.note != "reads as whoever asks");
            // Which functions these are, and which views over others, is looked at when the plan is frozen.
            let asked = match thing.kind {
                ThingKind::View | ThingKind::MaterializedView if violating > 0 => {
                    "; `plan` asks for it under seal.reads_as_owner"
                }
                ThingKind::DefinerFunction => {
                    "; where it reads owned tables, `plan` asks for it under seal.reads_as_owner"
                }
                _ => "",
            };
            let text = format!("{}{over}: {}{asked}.", thing.name, thing.note);
            self.findings.push(Finding::new(id, 1, violating, text));
        }
        let open = self
            .plan
            .tables
            .iter()
            .filter(|table| table.kind == Kind::Global)
            .count();
        if open > 0 {
            let text = format!("{open} tables are proposed as the same for everybody.");
            self.findings
                .push(Finding::new("global", self.plan.tables.len() as u64, open as u64, text));
        }
    }
}

fn is_whole(kind: &str) -> bool {
    matches!(kind, "bigint" | "integer" | "smallint")
}
