//! Hazards: what a plan would break or open in this database although it makes sense. Each is said by name, with the way on,
//! before anything is done.

mod columns;
pub(crate) mod readers;
mod rows;

use sqlx::PgConnection;

use crate::{
    catalog::{Catalog, Table, ThingKind},
    error::WardenError,
    name::literal,
    plan::{Flaw, Plan},
};

/// Every such thing. The plan has no flaws, and the connection sees every row.
///
/// # Errors
/// When the database cannot be asked.
pub async fn hazards(connection: &mut PgConnection, plan: &Plan, catalog: &Catalog) -> Result<Vec<Flaw>, WardenError> {
    let mut found = policies(plan, catalog);
    found.extend(columns::cleared(plan, catalog));
    found.extend(columns::held(connection, plan, catalog).await?);
    found.extend(rows::gone(connection, plan, catalog).await?);
    found.extend(triggers(connection, plan, catalog).await?);
    let past = readers::past(connection, plan, catalog).await?;
    found.extend(past.found.iter().filter_map(|reader| reader.flaw(plan, catalog.server)));
    Ok(found)
}

fn flaw(at: impl ToString, what: impl Into<String>) -> Flaw {
    Flaw {
        at: at.to_string(),
        what: what.into(),
    }
}

/// The policy of the seal lets in whoever is of the organization, and permissive policies are joined by OR.
fn policies(plan: &Plan, catalog: &Catalog) -> Vec<Flaw> {
    let mut found = Vec::new();
    for planned in plan.owned().filter(|planned| !planned.open_inside) {
        let table = catalog.table(&planned.name);
        for table in table.into_iter().chain(catalog.leaves(&planned.name)) {
            let Some(has) = own_policies(table) else { continue };
            let part = if table.name == planned.name {
                String::new()
            } else {
                format!(" (a partition of {})", planned.name)
            };
            found.push(flaw(
                &table.name,
                format!(
                    "{has}{part}. The policy that seal adds stands beside what is there, so whatever this keeps from people of the same \
                     organization would be open to all of them. Take it away first (drop policy, disable row level security) or exclude the \
                     table; or, where everybody inside an organization may read and change all of its rows, say open_inside = true"
                ),
            ));
        }
    }
    found
}

/// The row security that a table has of the application's own, in words.
pub(crate) fn own_policies(table: &Table) -> Option<String> {
    let names: Vec<_> = table.policies.iter().map(|policy| policy.name.as_str()).collect();
    match (table.row_security, names.as_slice()) {
        (false, []) => None,
        (true, []) => Some("has row security on and no policy, so it is closed".to_owned()),
        (true, names) => Some(format!("has row security of its own: {}", names.join(", "))),
        (false, names) => Some(format!(
            "has policies that wait for row security to be turned on: {}",
            names.join(", ")
        )),
    }
}

/// Triggers and rules that the quarantine's organization would set off when the warden makes it, and when a rollback deletes it.
async fn triggers(connection: &mut PgConnection, plan: &Plan, catalog: &Catalog) -> Result<Vec<Flaw>, WardenError> {
    let organization = &plan.organization;
    let (Some(name), Some(key), Some(quarantine)) = (&organization.table, &organization.key, &organization.quarantine)
    else {
        return Ok(Vec::new());
    };
    let Some(table) = catalog.table(name) else {
        return Ok(Vec::new());
    };
    let fires = |definition: &str| {
        let events = definition.split(" ON ").next().unwrap_or_default();
        events.contains(" AFTER INSERT") || events.contains(" DELETE")
    };
    let made = rows::missing(connection, name, key, std::slice::from_ref(&quarantine.key)).await?;
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let firing = table.triggers.iter().filter(|trigger| fires(&trigger.definition));
    let mut named: Vec<_> = firing.map(|trigger| format!("trigger {}", trigger.name)).collect();
    let rules = catalog
        .surroundings
        .iter()
        .filter(|thing| thing.kind == ThingKind::Rule);
    let on = rules.filter(|rule| rule.tables.contains(name));
    named.extend(on.map(|rule| format!("rule {}", rule.name)));
    let said = named.into_iter().map(|what| {
        flaw(
            name,
            format!(
                "the {what} would run when the quarantine's organization is made, or when a rollback deletes it, with whatever it does to other \
                 rows. Make the organization {} yourself first: the warden then neither makes nor deletes it",
                literal(&quarantine.key)
            ),
        )
    });
    Ok(said.collect())
}
