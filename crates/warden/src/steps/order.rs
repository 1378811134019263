//! The order of tables: whatever a row's organization is known from comes before the row.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    name::Name,
    plan::{End, Plan, TablePlan},
};

/// Tables that can only be filled together, because each leads over another, or over itself.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    pub tables: Vec<&'a TablePlan>,
    /// One look at every row is not enough: a row's answer may come from a row that is looked at later.
    pub looped: bool,
}

/// The owned tables, parents first.
pub fn groups(plan: &Plan) -> Vec<Group<'_>> {
    let parents: BTreeMap<&Name, BTreeSet<&Name>> =
        plan.owned().map(|table| (&table.name, parents(plan, table))).collect();
    let mut left: Vec<&TablePlan> = plan.owned().collect();
    let mut done: BTreeSet<&Name> = BTreeSet::new();
    let mut groups = Vec::new();
    while !left.is_empty() {
        let ready = |table: &&TablePlan| {
            parents[&table.name]
                .iter()
                .all(|parent| done.contains(parent) || **parent == table.name)
        };
        let (now, later): (Vec<&TablePlan>, Vec<&TablePlan>) = left.iter().copied().partition(ready);
        if now.is_empty() {
            // Each of what is left waits for another: those that wait for themselves in the end come together.
            let ring = ring(&left, &parents, &done);
            left.retain(|table| !ring.contains(&table.name));
            let tables: Vec<_> = plan.owned().filter(|table| ring.contains(&table.name)).collect();
            done.extend(ring);
            groups.push(Group { tables, looped: true });
            continue;
        }
        for table in now {
            let looped = parents[&table.name].contains(&table.name);
            done.insert(&table.name);
            groups.push(Group {
                tables: vec![table],
                looped,
            });
        }
        left = later;
    }
    groups
}

/// The owned tables a table's paths lead over.
fn parents<'a>(plan: &Plan, table: &'a TablePlan) -> BTreeSet<&'a Name> {
    let over = table.paths.iter().filter(|path| plan.end(path) == End::Parent);
    over.map(|path| &path.to).collect()
}

/// A set of tables that wait for nobody outside of it.
fn ring<'a>(
    left: &[&'a TablePlan],
    parents: &BTreeMap<&'a Name, BTreeSet<&'a Name>>,
    done: &BTreeSet<&Name>,
) -> BTreeSet<&'a Name> {
    let above = |from: &'a Name| {
        let mut seen: BTreeSet<&'a Name> = BTreeSet::new();
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            for parent in parents[name].iter().copied().filter(|parent| !done.contains(parent)) {
                if seen.insert(parent) {
                    open.push(parent);
                }
            }
        }
        seen
    };
    let smallest = left.iter().map(|table| above(&table.name)).min_by_key(BTreeSet::len);
    smallest.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{owned, plan};

    fn order(plan: &Plan) -> Vec<(Vec<String>, bool)> {
        let names = |group: &Group<'_>| group.tables.iter().map(|table| table.name.table.clone()).collect();
        groups(plan).iter().map(|group| (names(group), group.looped)).collect()
    }

    #[test]
    fn parents_come_first() {
        let plan = plan(vec![owned("c", &["b"]), owned("b", &["a"]), owned("a", &["users"])]);
        let names: Vec<_> = order(&plan).into_iter().flat_map(|(names, _)| names).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn a_tree_is_looked_at_more_than_once() {
        let plan = plan(vec![owned("a", &["users", "a"]), owned("b", &["a"])]);
        assert_eq!(
            order(&plan),
            [(vec!["a".to_owned()], true), (vec!["b".to_owned()], false)]
        );
    }

    #[test]
    fn tables_in_a_ring_are_filled_together_and_before_what_hangs_on_them() {
        let plan = plan(vec![
            owned("leaf", &["x"]),
            owned("x", &["y", "users"]),
            owned("y", &["x"]),
        ]);
        assert_eq!(
            order(&plan),
            [
                (vec!["x".to_owned(), "y".to_owned()], true),
                (vec!["leaf".to_owned()], false)
            ]
        );
    }
}
