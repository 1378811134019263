//! Columns of the application's own that hold the organization: what they have no value for may mean something.

use sqlx::PgConnection;

use super::flaw;
use crate::{
    catalog::{Catalog, ForeignKey, Table},
    error::WardenError,
    name::{Name, literal, quoted},
    plan::{End, Flaw, Missing, Plan, TablePlan},
};

/// Columns that have nulls, or that the plan would write into: with a path, or with a rule for rows without an answer.
pub(super) async fn held(
    connection: &mut PgConnection,
    plan: &Plan,
    catalog: &Catalog,
) -> Result<Vec<Flaw>, WardenError> {
    let mut found = Vec::new();
    for planned in plan.owned() {
        let (Some(column), Some(table)) = (&planned.column, catalog.table(&planned.name)) else {
            continue;
        };
        let Some(held) = table.column(column) else { continue };
        if held.made {
            found.push(flaw(
                &planned.name,
                format!(
                    "`{column}` is filled by the database itself, so it can be given no default. Exclude the table{}",
                    beside(plan, column)
                ),
            ));
        }
        let nulls = if held.not_null {
            None
        } else {
            nulls(connection, planned, column).await?
        };
        let (what, way) = if let Some((rows, nulls)) = nulls {
            (
                format!(
                    "of its {rows} rows {nulls} have null there, which may mean something. The warden neither fills it nor refuses programs that \
                     leave it null"
                ),
                "Fill the rows yourself and make it NOT NULL",
            )
        } else if !planned.paths.is_empty() {
            (
                "the table's paths would fill it, and change it where a row moves, and a rollback would not change it back".to_owned(),
                "Take the paths away, since the column says whose a row is",
            )
        } else if let Some(rule) = filling(planned).filter(|_| !held.not_null) {
            (
                format!("it may be null, and {rule} would have to write into it"),
                "Make it NOT NULL",
            )
        } else {
            continue;
        };
        let deletes = deleting(plan, table, column).filter(|_| filling(planned).is_some());
        let deletes = deletes.map_or_else(String::new, |rule| {
            format!(
                " What is filled with the quarantine would be in the way of a rollback: its key says ON DELETE {rule}."
            )
        });
        found.push(flaw(
            &planned.name,
            format!(
                "`{column}` is the application's own: {what}.{deletes} {way}, or exclude the table{}",
                beside(plan, column)
            ),
        ));
    }
    Ok(found)
}

/// How many rows there are, and how many of them have no value, if any.
async fn nulls(
    connection: &mut PgConnection,
    planned: &TablePlan,
    column: &str,
) -> Result<Option<(i64, i64)>, WardenError> {
    let counted: (i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "select count(*), count(*) filter (where {} is null) from {}",
        quoted(column),
        planned.name.sql()
    )))
    .fetch_one(connection)
    .await?;
    Ok((counted.1 > 0).then_some(counted))
}

/// The rule of a table that gives rows without an answer one.
fn filling(planned: &TablePlan) -> Option<&'static str> {
    match planned.on_missing {
        Missing::Quarantine => Some("on_missing = \"quarantine\""),
        Missing::Default => Some("on_missing = \"default\""),
        Missing::Refuse | Missing::Undecided => None,
    }
}

/// What a key of the application does to rows whose organization is deleted, where that is more than to refuse.
fn deleting(plan: &Plan, table: &Table, column: &str) -> Option<String> {
    let acts = |key: &&ForeignKey| {
        plan.organization.table.as_ref() == Some(&key.to)
            && key.columns.iter().any(|own| own == column)
            && !matches!(key.on_delete.as_str(), "no action" | "restrict")
    };
    let key = table.foreign_keys.iter().find(acts)?;
    Some(key.on_delete.to_uppercase())
}

/// A column of the warden's own leaves the application's as it is.
fn beside(plan: &Plan, column: &str) -> String {
    match (&plan.organization.table, &plan.organization.key) {
        (Some(table), Some(key)) => format!(
            "; or leave out `column` and lead over it, paths = [{{ columns = [\"{column}\"], to = {}, references = [\"{key}\"] }}], so that the \
             warden adds a column beside it{}",
            literal(&table.to_string()),
            if plan.organization.column == *column {
                " (organization.column then needs another name)"
            } else {
                ""
            }
        ),
        _ => String::new(),
    }
}

/// Keys of the application that clear the organization of a row when the organization goes: it could not go any more.
pub(super) fn cleared(plan: &Plan, catalog: &Catalog) -> Vec<Flaw> {
    let mut found = Vec::new();
    for planned in plan.owned() {
        let Some(table) = catalog.table(&planned.name) else {
            continue;
        };
        let leads = |path: &&crate::plan::Path| plan.end(path) == End::Organization;
        let over = planned.paths.iter().filter(leads).flat_map(|path| &path.columns);
        let columns: Vec<&String> = planned.column.iter().chain(over).collect();
        let clears = |key: &&ForeignKey| {
            let to: &Name = &key.to;
            plan.organization.table.as_ref() == Some(to)
                && matches!(key.on_delete.as_str(), "set null" | "set default")
                && key.columns.iter().any(|column| columns.contains(&column))
        };
        for key in table.foreign_keys.iter().filter(|key| !key.inherited).filter(clears) {
            found.push(flaw(
                &planned.name,
                format!(
                    "the key {} clears {} when an organization is deleted (ON DELETE {}), and a row of an owned table is never without one: \
                     programs could not delete organizations any more. Let the key say ON DELETE CASCADE or RESTRICT, or exclude the table",
                    key.name,
                    key.columns.join(", "),
                    key.on_delete.to_uppercase()
                ),
            ));
        }
    }
    found
}
