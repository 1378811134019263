//! What the catalog says of each owned table.

use super::Around;
use crate::{
    catalog::{ForeignKey, Table, TableKind, Unique},
    name::{list, quoted},
};

impl Around<'_> {
    pub(super) fn uniques(&mut self, table: &Table, column: &str) {
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
                " If a row is looked up by it before the organization is known, as when somebody signs in, exclude the table: row security hides the row, \
                 and global_uniques keeps no more than the key."
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

    pub(super) fn keys(&mut self, table: &Table) {
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
        let later = |key: &&ForeignKey| !key.inherited && key.definition.contains(" DEFERRABLE");
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

    pub(super) fn indexes(&mut self, table: &Table) {
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

    pub(super) fn triggers(&mut self, table: &Table) {
        if !table.triggers.is_empty() {
            let names: Vec<_> = table.triggers.iter().map(|trigger| trigger.name.as_str()).collect();
            let text = format!(
                "{} will fire for every row of the backfill that it is made for.",
                names.join(", ")
            );
            self.say_of(&table.name, "trigger", names.len(), names.len(), text);
        }
    }

    pub(super) fn policies(&mut self, table: &Table) {
        let permissive: Vec<_> = table
            .policies
            .iter()
            .filter(|policy| policy.permissive)
            .map(|policy| policy.name.as_str())
            .collect();
        if !permissive.is_empty() {
            let text = format!(
                "Has policies already: {}. The new one would stand beside them and open what they keep closed inside an organization; `plan` asks for open_inside.",
                permissive.join(", ")
            );
            self.say_of(&table.name, "policy", table.policies.len(), permissive.len(), text);
        }
        if table.row_security {
            let forced = if table.row_security_forced {
                ""
            } else {
                ", though not for its owner"
            };
            let text = format!("Row security is enabled already{forced}; `plan` asks for open_inside.");
            self.say_of(&table.name, "row-security", 1, 1, text);
        }
    }

    pub(super) fn partitions(&mut self, table: &Table) {
        if !table.is_partitioned() {
            return;
        }
        let leaves = self.catalog.leaves(&table.name);
        let direct = leaves
            .iter()
            .filter(|leaf| leaf.kind == TableKind::PartOf(table.name.clone()))
            .count();
        if direct < leaves.len() {
            let text = "Some partitions are partitioned themselves, which the warden cannot take along while programs write. Make them plain partitions, or exclude the table.";
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
}
