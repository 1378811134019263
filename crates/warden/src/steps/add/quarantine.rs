//! The quarantine: the organization for rows nobody can place, and what would go with it.

use super::step;
use crate::{
    catalog::Catalog,
    name::{Name, list, literal, quoted},
    plan::Plan,
    steps::{Answers, Done, Step, Work},
};

pub(super) fn make(plan: &Plan, catalog: &Catalog) -> Option<Step> {
    let organization = &plan.organization;
    let (table, key, quarantine) = (
        organization.table.as_ref()?,
        organization.key.as_ref()?,
        organization.quarantine.as_ref()?,
    );
    let names: Vec<_> = std::iter::once(key).chain(quarantine.insert.keys()).cloned().collect();
    let values: Vec<_> = std::iter::once(&quarantine.key)
        .chain(quarantine.insert.values())
        .map(|value| literal(value))
        .collect();
    let row = format!("{} = {}", quoted(key), Answers(plan).organization(&quarantine.key));
    let there = format!("exists (select from {} where {row})", table.sql());
    let ours = "exists (select from warden.made where what = 'quarantine')";
    // Whoever refers to it meanwhile waits for us here, and then finds nothing.
    let mut undo = vec![format!("select from {} where {row} and {ours} for update", table.sql())];
    let held: Vec<_> = held(plan, catalog)
        .into_iter()
        .map(|held| format!("exists (select {})", held.from))
        .collect();
    if !held.is_empty() {
        undo.push(format!(
            "do $warden$ begin if {ours} and ({}) then
               raise exception 'rows of the application refer to the organization of the quarantine' using errcode = '23503';
             end if; end $warden$",
            held.join(" or ")
        ));
    }
    undo.push(format!("delete from {} where {row} and {ours}", table.sql()));
    undo.push("delete from warden.made where what = 'quarantine'".to_owned());
    Some(Step {
        // Only what we made is taken away again.
        work: Work::Together(vec![format!(
            "with made as (insert into {} ({}) select {} where not {there} returning 1)
             insert into warden.made select 'quarantine' from made",
            table.sql(),
            list(&names),
            values.join(", ")
        )]),
        done: Done::Journal,
        undo: Work::Together(undo),
        ..step(
            "quarantine".to_owned(),
            Some(table),
            "makes sure of the organization for rows nobody can place".to_owned(),
            "",
        )
    })
}

/// Rows of the application that refer to the quarantine's organization by a key of their own.
pub struct Held {
    pub table: Name,
    pub key: String,
    pub on_delete: String,
    /// `from …`, for counting.
    pub from: String,
}

/// Where such rows may be: a delete of the organization would take them along, change them, or fail.
pub fn held(plan: &Plan, catalog: &Catalog) -> Vec<Held> {
    let organization = &plan.organization;
    let (Some(table), Some(key), Some(quarantine)) = (&organization.table, &organization.key, &organization.quarantine)
    else {
        return Vec::new();
    };
    let referring = catalog.referring(table).map(|(child, reference)| {
        let pairs = reference.columns.iter().zip(&reference.references);
        let equal: Vec<_> = pairs
            .map(|(column, to)| format!("o.{} = c.{}", quoted(to), quoted(column)))
            .collect();
        Held {
            table: child.name.clone(),
            key: reference.name.clone(),
            on_delete: reference.on_delete.clone(),
            from: format!(
                "from {} c join {} o on {} where o.{} = {}",
                child.name.sql(),
                table.sql(),
                equal.join(" and "),
                quoted(key),
                Answers(plan).organization(&quarantine.key)
            ),
        }
    });
    referring.collect()
}
