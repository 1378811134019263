//! Surroundings: what the catalog says that a plan does not, and that row security will not reach or a new key will break.

use super::{finding::Finding, session::Snapshot};
use crate::{
    catalog::{Catalog, Role, Table, ThingKind, Unique},
    name::{Name, list, quoted},
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

    fn uniques(&mut self, table: &Table, column: &str) {
        let across = |unique: &&Unique| !unique.columns.iter().any(|name| name == column);
        let examined = table.uniques.len();
        for unique in table.uniques.iter().filter(across) {
            let kind = match (unique.expressions, &unique.predicate) {
                (true, _) => " of an expression",
                (false, Some(_)) => " of a part of the rows",
                (false, None) => "",
            };
            let asked = ["token", "secret", "hash", "key", "code"];
            let early = unique
                .columns
                .iter()
                .any(|name| asked.iter().any(|word| name.to_lowercase().contains(word)));
            let advice = if early {
                " If a row is looked up by it before the organization is known, list it in global_uniques."
            } else {
                ""
            };
            let text = format!(
                "{} ({}) is unique over all organizations{kind}. It becomes unique in each, and `on conflict` on it alone breaks when the old one goes.{advice}",
                unique.name,
                unique.columns.join(", ")
            );
            self.say_of(&table.name, "global-unique", examined, 1, text);
        }
        let later: Vec<_> = table
            .uniques
            .iter()
            .filter(|unique| unique.deferrable)
            .map(|unique| unique.name.as_str())
            .collect();
        if !later.is_empty() {
            let text = format!(
                "{} is deferrable, and so will the new one have to be.",
                later.join(", ")
            );
            self.say_of(&table.name, "deferrable-key", examined, later.len(), text);
        }
    }

    fn keys(&mut self, table: &Table) {
        match &table.primary_key {
            None => {
                let text = match table.row_key() {
                    Some(columns) => format!("There is no primary key; rows are named by ({}).", list(columns)),
                    None => "There is no primary key and no other that names a row, so it cannot be worked through in the order of a key.".to_owned(),
                };
                self.say_of(&table.name, "no-primary-key", 1, 1, text);
            }
            Some(key) => {
                if !key.dependents.is_empty() {
                    let text = format!(
                        "{} go with the primary key, so it stays as it is.",
                        key.dependents.join(", ")
                    );
                    self.say_of(&table.name, "key-dependents", 1, key.dependents.len(), text);
                }
                if key.deferrable {
                    self.say_of(
                        &table.name,
                        "deferrable-key",
                        1,
                        1,
                        "The primary key is deferrable, so it stays as it is.",
                    );
                }
            }
        }
        let later = |key: &&crate::catalog::ForeignKey| !key.inherited && key.definition.contains(" DEFERRABLE");
        for key in table.foreign_keys.iter().filter(later) {
            let text = format!(
                "{} is deferrable, and so will the one that replaces it have to be.",
                key.name
            );
            self.say_of(&table.name, "deferrable-key", table.foreign_keys.len(), 1, text);
        }
        let unvalidated: Vec<_> = table
            .foreign_keys
            .iter()
            .filter(|key| !key.valid && !key.inherited)
            .map(|key| key.name.as_str())
            .collect();
        if !unvalidated.is_empty() {
            let text = format!("{} was never validated.", unvalidated.join(", "));
            self.say_of(
                &table.name,
                "not-valid",
                table.foreign_keys.len(),
                unvalidated.len(),
                text,
            );
        }
    }

    fn indexes(&mut self, table: &Table) {
        for index in &table.indexes {
            // An expression is as leaky as the function it calls, and hardly any is leakproof.
            let plain = |name: &String| {
                table
                    .columns
                    .iter()
                    .any(|column| column.name == *name || quoted(&column.name) == *name)
            };
            let mut leaky: Vec<&String> = index.columns.iter().filter(|name| !plain(name)).collect();
            leaky.extend(&index.leaky);
            leaky.dedup();
            if leaky.is_empty() {
                continue;
            }
            let leaky: Vec<_> = leaky.into_iter().map(String::as_str).collect();
            let text = format!(
                "{} cannot be asked by {} under row security, because that comparison is not leakproof: such queries will read all rows of their organization.",
                index.name,
                leaky.join(", ")
            );
            self.say_of(&table.name, "leaky-index", table.indexes.len(), 1, text);
        }
        let invalid: Vec<_> = table
            .indexes
            .iter()
            .filter(|index| !index.valid)
            .map(|index| index.name.as_str())
            .collect();
        if !invalid.is_empty() {
            let text = format!("{} is invalid: drop it or build it again first.", invalid.join(", "));
            self.say_of(&table.name, "invalid-index", table.indexes.len(), invalid.len(), text);
        }
    }

    fn triggers(&mut self, table: &Table) {
        if !table.triggers.is_empty() {
            let names: Vec<_> = table.triggers.iter().map(|trigger| trigger.name.as_str()).collect();
            let text = format!(
                "{} will fire for every row of the backfill that it is made for.",
                names.join(", ")
            );
            self.say_of(&table.name, "trigger", names.len(), names.len(), text);
        }
    }

    fn policies(&mut self, table: &Table) {
        let permissive: Vec<_> = table
            .policies
            .iter()
            .filter(|policy| policy.permissive)
            .map(|policy| policy.name.as_str())
            .collect();
        if !permissive.is_empty() {
            let text = format!(
                "Has policies already: {}. They stay, and the wall of the new ones stands in front of them.",
                permissive.join(", ")
            );
            self.say_of(&table.name, "policy", table.policies.len(), permissive.len(), text);
        }
        if table.row_security {
            let forced = if table.row_security_forced {
                "enabled and forced"
            } else {
                "enabled, and not for its owner"
            };
            self.say_of(
                &table.name,
                "row-security",
                1,
                1,
                format!("Row security is {forced} already."),
            );
        }
    }

    fn partitions(&mut self, table: &Table) {
        if !table.is_partitioned() {
            return;
        }
        let leaves = self.catalog.leaves(&table.name);
        let direct = leaves
            .iter()
            .filter(|leaf| leaf.kind == crate::catalog::TableKind::PartOf(table.name.clone()))
            .count();
        if direct < leaves.len() {
            let text = "Some partitions are partitioned themselves, which the change of keys does not follow: keep_key is set.";
            self.say_of(
                &table.name,
                "nested-partitions",
                leaves.len(),
                leaves.len() - direct,
                text,
            );
        } else {
            let text = format!("Its {} partitions follow it.", leaves.len());
            self.say_of(&table.name, "partitions", leaves.len(), 0, text);
        }
        let own: Vec<_> = leaves
            .iter()
            .filter(|leaf| leaf.foreign_keys.iter().any(|key| !key.inherited))
            .map(|leaf| leaf.name.to_string())
            .collect();
        if !own.is_empty() {
            let text = format!(
                "{} has foreign keys that its parent does not have; they stay as they are.",
                own.join(", ")
            );
            self.say_of(&table.name, "partition-keys", leaves.len(), own.len(), text);
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
            let text = format!("{}{over}: {}.", thing.name, thing.note);
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
