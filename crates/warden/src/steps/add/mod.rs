//! Phase *add*: the column, and what fills it from now on. Nothing is locked for longer than an entry in the catalog takes.

mod hooks;
mod people;
mod quarantine;

pub use hooks::{FILL, FOLLOW, PASS};
pub use quarantine::held;

use super::{Done, Phase, Step, Work, answer::Answers, groups, look, named};
use crate::{
    catalog::{Catalog, Table},
    name::{Name, quoted},
    plan::{Plan, TablePlan},
};

pub fn steps(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let mut steps = vec![];
    steps.extend(people::users(plan));
    steps.extend(quarantine::make(plan, catalog));
    let ordered: Vec<_> = groups(plan).into_iter().flat_map(|group| group.tables).collect();
    for table in &ordered {
        if table.column.is_none() {
            steps.push(column(plan, table));
        }
    }
    steps.extend(hooks::functions(plan, catalog));
    for table in ordered {
        let Some(found) = catalog.table(&table.name) else {
            continue;
        };
        if !table.paths.is_empty() {
            steps.extend(hooks::triggers(plan, table, found));
        }
        steps.push(present(plan, table, found));
        steps.extend(reference(plan, catalog, table, found));
    }
    steps
}

fn step(id: String, table: Option<&Name>, what: String, lock: &'static str) -> Step {
    Step {
        id: format!("add {id}"),
        phase: Phase::Add,
        table: table.cloned(),
        what,
        lock,
        work: Work::Nothing,
        done: Done::Always,
        undo: Work::Nothing,
        beside: Vec::new(),
        makes: Vec::new(),
    }
}

fn column(plan: &Plan, table: &TablePlan) -> Step {
    let (name, own) = (&table.name, plan.column(table));
    Step {
        work: Work::Together(vec![format!(
            "alter table {} add column {} {}",
            name.sql(),
            quoted(own),
            Answers(plan).kind()
        )]),
        done: Done::Catalog(look::column(name, own)),
        undo: Work::Together(vec![format!(
            "alter table {} drop column if exists {}",
            name.sql(),
            quoted(own)
        )]),
        ..step(
            format!("{name} column"),
            Some(name),
            format!("adds the column {own}"),
            "ACCESS EXCLUSIVE",
        )
    }
}

/// The check that no new row is without, which later makes NOT NULL a matter of the catalog.
pub fn check_name(plan: &Plan, table: &TablePlan) -> String {
    named(&[&table.name.table, plan.column(table), "present"])
}

fn present(plan: &Plan, table: &TablePlan, found: &Table) -> Step {
    let name = &table.name;
    let own = plan.column(table);
    if found.column(own).is_some_and(|column| column.not_null) {
        return step(
            format!("{name} present"),
            Some(name),
            format!("{own} is never null already"),
            "",
        );
    }
    let check = check_name(plan, table);
    Step {
        work: Work::Together(vec![add_check(plan, table)]),
        // Later the column itself says it, and the check is gone.
        done: Done::Catalog(format!(
            "({} or {})",
            look::constraint(name, &check),
            look::not_null(name, own)
        )),
        undo: Work::Together(vec![format!(
            "alter table {} drop constraint if exists {}",
            name.sql(),
            quoted(&check)
        )]),
        makes: vec![(name.clone(), check)],
        ..step(
            format!("{name} present"),
            Some(name),
            format!("refuses new rows without {own}"),
            "ACCESS EXCLUSIVE",
        )
    }
}

pub fn add_check(plan: &Plan, table: &TablePlan) -> String {
    format!(
        "alter table {} add constraint {} check ({} is not null) not valid",
        table.name.sql(),
        quoted(&check_name(plan, table)),
        quoted(plan.column(table))
    )
}

pub fn reference_name(plan: &Plan, table: &TablePlan) -> String {
    named(&[&table.name.table, plan.column(table), "fkey"])
}

/// The reference to the table of organizations; absent where there is none, or where the column had one already.
pub fn refers(plan: &Plan, table: &TablePlan, found: &Table) -> Option<String> {
    let (organizations, key) = (plan.organization.table.as_ref()?, plan.organization.key.as_ref()?);
    let own = plan.column(table);
    let had = found
        .foreign_keys
        .iter()
        .any(|key| key.to == *organizations && key.columns == [own.to_owned()]);
    (!had && *organizations != table.name).then(|| {
        format!(
            "foreign key ({}) references {} ({})",
            quoted(own),
            organizations.sql(),
            quoted(key)
        )
    })
}

fn reference(plan: &Plan, catalog: &Catalog, table: &TablePlan, found: &Table) -> Vec<Step> {
    let Some(refers) = refers(plan, table, found) else {
        return Vec::new();
    };
    let key = reference_name(plan, table);
    // Partitioned tables take no reference that is not checked at once: each partition gets its own first.
    let targets: Vec<Name> = if found.is_partitioned() {
        catalog
            .leaves(&table.name)
            .into_iter()
            .map(|leaf| leaf.name.clone())
            .collect()
    } else {
        vec![table.name.clone()]
    };
    let one = |target: Name| Step {
        work: Work::Together(vec![format!(
            "alter table {} add constraint {} {refers} not valid",
            target.sql(),
            quoted(&key)
        )]),
        done: Done::Catalog(look::constraint(&target, &key)),
        undo: Work::Together(vec![format!(
            "alter table {} drop constraint if exists {}",
            target.sql(),
            quoted(&key)
        )]),
        makes: vec![(target.clone(), key.clone())],
        ..step(
            format!("{target} reference"),
            Some(&target),
            "refers to the organizations".to_owned(),
            "SHARE ROW EXCLUSIVE",
        )
    };
    targets.into_iter().map(one).collect()
}
