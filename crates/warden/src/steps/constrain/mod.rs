//! Phase *constrain*: never null, and keys that begin with the organization.
//!
//! Whatever reads a whole table does so while everybody goes on writing; what needs the table to itself is one transaction of
//! entries in the catalog. Foreign keys are checked here and not later: under row security a check may see no row and be
//! content.

mod exchange;
mod own;

pub use exchange::same_columns;
pub use own::{kept_key, swaps};

use super::{Done, Phase, Step, Work, add, look};
use crate::{
    catalog::{Catalog, Table},
    name::{Name, quoted},
    plan::{Plan, TablePlan},
};

pub fn steps(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let tables: Vec<(&TablePlan, &Table)> = plan
        .owned()
        .filter_map(|planned| catalog.table(&planned.name).map(|found| (planned, found)))
        .collect();
    let mut steps = Vec::new();
    for (planned, found) in &tables {
        steps.extend(never_null(plan, planned, found));
        steps.extend(reference(plan, catalog, planned, found));
    }
    for (planned, found) in &tables {
        steps.extend(own::own_indexes(plan, catalog, planned, found));
    }
    for (planned, found) in &tables {
        steps.extend(exchange::exchange(plan, catalog, planned, found));
    }
    steps
}

fn step(id: String, table: &Name, what: String, lock: &'static str) -> Step {
    Step {
        id: format!("constrain {id}"),
        phase: Phase::Constrain,
        table: Some(table.clone()),
        what,
        lock,
        work: Work::Nothing,
        done: Done::Always,
        undo: Work::Nothing,
        beside: Vec::new(),
        makes: Vec::new(),
    }
}

/// The check of *add* is proved, and then is what makes the column's own rule cost nothing.
fn never_null(plan: &Plan, planned: &TablePlan, found: &Table) -> Vec<Step> {
    let name = &planned.name;
    let own = plan.column(planned);
    if found.column(own).is_some_and(|column| column.not_null) {
        return Vec::new();
    }
    let check = add::check_name(plan, planned);
    let alter = format!("alter table {}", name.sql());
    vec![
        Step {
            work: Work::Together(vec![format!("{alter} validate constraint {}", quoted(&check))]),
            done: Done::Catalog(format!(
                "({} or {})",
                look::valid(name, &check),
                look::not_null(name, own)
            )),
            undo: Work::Together(vec![
                format!("{alter} drop constraint if exists {}", quoted(&check)),
                add::add_check(plan, planned),
            ]),
            ..step(
                format!("{name} proved"),
                name,
                format!("proves that {own} is never null"),
                "SHARE UPDATE EXCLUSIVE",
            )
        },
        Step {
            work: Work::Together(vec![
                format!("{alter} alter column {} set not null", quoted(own)),
                format!("{alter} drop constraint {}", quoted(&check)),
            ]),
            done: Done::Catalog(look::not_null(name, own)),
            undo: Work::Together(vec![
                add::add_check(plan, planned),
                format!("{alter} alter column {} drop not null", quoted(own)),
            ]),
            ..step(
                format!("{name} not null"),
                name,
                format!("makes {own} NOT NULL"),
                "ACCESS EXCLUSIVE",
            )
        },
    ]
}

/// The reference to the organizations is proved.
fn reference(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Vec<Step> {
    let Some(refers) = add::refers(plan, planned, found) else {
        return Vec::new();
    };
    let key = add::reference_name(plan, planned);
    let prove = |name: &Name| Step {
        work: Work::Together(vec![format!(
            "alter table {} validate constraint {}",
            name.sql(),
            quoted(&key)
        )]),
        done: Done::Catalog(look::valid(name, &key)),
        undo: Work::Together(vec![
            format!("alter table {} drop constraint if exists {}", name.sql(), quoted(&key)),
            format!(
                "alter table {} add constraint {} {refers} not valid",
                name.sql(),
                quoted(&key)
            ),
        ]),
        ..step(
            format!("{name} reference"),
            name,
            "proves that every organization exists".to_owned(),
            "SHARE UPDATE EXCLUSIVE",
        )
    };
    if !found.is_partitioned() {
        return vec![prove(&planned.name)];
    }
    let name = &planned.name;
    let mut steps: Vec<_> = catalog.leaves(name).into_iter().map(|leaf| prove(&leaf.name)).collect();
    let bare = format!("alter table {} drop constraint if exists {}", name.sql(), quoted(&key));
    let mut undo = vec![bare];
    undo.extend(catalog.leaves(name).into_iter().map(|leaf| {
        format!(
            "alter table {} add constraint {} {refers} not valid",
            leaf.name.sql(),
            quoted(&key)
        )
    }));
    steps.push(Step {
        // The partitions' own references are proved, so this reads no row.
        work: Work::Together(vec![format!(
            "alter table {} add constraint {} {refers}",
            name.sql(),
            quoted(&key)
        )]),
        done: Done::Catalog(look::constraint(name, &key)),
        undo: Work::Together(undo),
        makes: vec![(name.clone(), key.clone())],
        ..step(
            format!("{name} reference of all"),
            name,
            "draws the partitions' references together".to_owned(),
            "SHARE ROW EXCLUSIVE",
        )
    });
    steps
}
