//! Rows that name an organization that is gone: the value would be taken for the answer, and no rule would be asked.

use sqlx::PgConnection;

use super::flaw;
use crate::{
    catalog::Catalog,
    error::WardenError,
    name::{Name, quoted},
    plan::{End, Flaw, Missing, Path, Plan, Source},
    steps::condition,
};

/// A column whose value is the answer as it stands.
struct Named<'a> {
    table: &'a Name,
    column: &'a str,
    /// Which of the rows it counts for.
    only: Option<String>,
    to: &'a Name,
    key: &'a str,
    what: &'static str,
}

pub(super) async fn gone(
    connection: &mut PgConnection,
    plan: &Plan,
    catalog: &Catalog,
) -> Result<Vec<Flaw>, WardenError> {
    let mut found = Vec::new();
    for named in named(plan).into_iter().filter(|named| !vouched(catalog, named)) {
        let (rows, lost) = named.count(connection).await?;
        if lost > 0 {
            found.push(flaw(
                named.table,
                format!(
                    "`{}`: {lost} of the {rows} rows that have a value there name {} that is not in {}. Bring it back, or delete these rows \
                     or lead them elsewhere, and give the column a foreign key so that no more come",
                    named.column, named.what, named.to
                ),
            ));
        }
    }
    found.extend(settings(connection, plan).await?);
    Ok(found)
}

/// Where a plan takes a value for an organization without looking whether it is there.
fn named(plan: &Plan) -> Vec<Named<'_>> {
    let mut all = Vec::new();
    if let (Some(to), Some(key)) = (&plan.organization.table, &plan.organization.key) {
        let whole = |table, column, only| Named {
            table,
            column,
            only,
            to,
            key,
            what: "an organization",
        };
        let direct = |path: &&Path| plan.end(path) == End::Organization && path.references == [key.clone()];
        for planned in plan.owned() {
            if let Some(column) = &planned.column {
                all.push(whole(&planned.name, column.as_str(), None));
            }
            let paths = planned.paths.iter().filter(direct);
            all.extend(paths.map(|path| whole(&planned.name, path.columns[0].as_str(), condition(path, "t"))));
        }
        let people = match &plan.users.source {
            Source::Membership {
                table, organization, ..
            } => Some((table, organization)),
            Source::Column { organization } => Some((&plan.users.table, organization)),
            Source::Personal => None,
        };
        if let Some((table, path)) = people.filter(|(_, path)| direct(path)) {
            all.push(whole(table, path.columns[0].as_str(), condition(path, "t")));
        }
    }
    if matches!(plan.users.source, Source::Personal) {
        for planned in plan.owned() {
            let person = |column, only| Named {
                table: &planned.name,
                column,
                only,
                to: &plan.users.table,
                key: &plan.users.key,
                what: "a person, who is an organization here,",
            };
            all.extend(planned.column.iter().map(|column| person(column.as_str(), None)));
            let paths = planned.paths.iter().filter(|path| plan.end(path) == End::User);
            all.extend(paths.map(|path| person(path.columns[0].as_str(), condition(path, "t"))));
        }
    }
    all
}

/// Whether a foreign key that holds says that the value is there.
fn vouched(catalog: &Catalog, named: &Named<'_>) -> bool {
    catalog.table(named.table).is_some_and(|table| {
        table.foreign_keys.iter().any(|key| {
            key.valid && key.to == *named.to && key.columns == [named.column] && key.references == [named.key]
        })
    })
}

impl Named<'_> {
    /// How many rows have a value, and how many of these one that leads nowhere.
    async fn count(&self, connection: &mut PgConnection) -> Result<(i64, i64), WardenError> {
        let column = quoted(self.column);
        let only = self
            .only
            .as_ref()
            .map_or_else(String::new, |only| format!(" and {only}"));
        let text = format!(
            "select count(*), count(*) filter (where not exists (select from {} o where o.{} = t.{column}))
             from {} t where t.{column} is not null{only}",
            self.to.sql(),
            quoted(self.key),
            self.table.sql(),
        );
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(text)).fetch_one(connection).await?)
    }
}

/// Organizations that the plan itself names.
async fn settings(connection: &mut PgConnection, plan: &Plan) -> Result<Vec<Flaw>, WardenError> {
    let organization = &plan.organization;
    let (Some(table), Some(key)) = (&organization.table, &organization.key) else {
        return Ok(Vec::new());
    };
    let defaults = plan.owned().any(|planned| planned.on_missing == Missing::Default);
    let default = organization.default.iter().filter(|_| defaults);
    let mut asked: Vec<(&str, String)> = default.map(|key| ("organization.default", key.clone())).collect();
    let assigned = plan.users.assigned.values();
    asked.extend(assigned.map(|key| ("users.assigned", key.clone())));
    // The quarantine is made where it is missing.
    asked.retain(|(_, key)| {
        organization
            .quarantine
            .as_ref()
            .is_none_or(|quarantine| quarantine.key != *key)
    });
    let keys: Vec<String> = asked.iter().map(|(_, key)| key.clone()).collect();
    let missing = missing(connection, table, key, &keys).await?;
    let lost = asked.into_iter().filter(|(_, key)| missing.contains(key));
    Ok(lost
        .map(|(at, key)| flaw(at, format!("there is no organization `{key}` in {table}")))
        .collect())
}

/// Those of some keys that no row of a table has.
pub(super) async fn missing(
    connection: &mut PgConnection,
    table: &Name,
    key: &str,
    wanted: &[String],
) -> Result<Vec<String>, WardenError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "select w from unnest($1::text[]) w where not exists (select from {} o where o.{}::text = w)",
        table.sql(),
        quoted(key)
    );
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(text))
        .bind(wanted)
        .fetch_all(connection)
        .await?)
}
