//! Phase *backfill*: the rows that are there, one group of tables after the other.

use super::{Done, Phase, Step, Work, groups};
use crate::{catalog::Catalog, name::Name, plan::Plan};

pub fn steps(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let fill = |tables: Vec<Name>| Step {
        id: format!(
            "backfill {}",
            tables.iter().map(Name::to_string).collect::<Vec<_>>().join(" ")
        ),
        phase: Phase::Backfill,
        table: tables.first().cloned(),
        what: "gives every row its organization".to_owned(),
        lock: "",
        work: Work::Fill(tables),
        done: Done::Journal,
        // What was filled is right and stays; the column goes when *add* is undone.
        undo: Work::Nothing,
        beside: Vec::new(),
        makes: Vec::new(),
    };
    let needed = |name: &Name| {
        let (planned, found) = (plan.table(name), catalog.table(name));
        planned
            .zip(found)
            .is_some_and(|(planned, found)| !found.column(plan.column(planned)).is_some_and(|column| column.not_null))
    };
    let names = groups(plan)
        .into_iter()
        .map(|group| group.tables.iter().map(|table| table.name.clone()).collect::<Vec<_>>());
    names.filter(|tables| tables.iter().any(needed)).map(fill).collect()
}
