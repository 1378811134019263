//! Verify: does the database, as it is now, keep every organization's rows apart?
//!
//! Three ways to know, each harder to fool than the one before: the catalog is as it should be, the rows are where they
//! should be, and the program's own logins are refused what they should be refused. `docs/isolation.md` explains.

mod canary;
mod data;
mod expected;
mod inspection;
mod plans;
mod probe;
mod question;
mod rules;

use sqlx::{ConnectOptions, PgConnection, types::Json};

use crate::{
    auth::Caller,
    db::{Db, DbError, Logins, describe},
    org::OrgId,
    report::{Outcome, Report, store},
};
use expected::EXPECTED;
pub use inspection::{Inspection, for_members};
pub use question::{Count, Group, Question};

/// What to look at besides the catalog.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Every row of every tenant table: takes as long as reading them.
    pub data: bool,
    /// What the program's own logins may see and do, tried and undone.
    pub probe: bool,
    /// Marked rows in two made-up organizations, looked for in all that each of them is told, and undone.
    pub canary: bool,
    /// Whether the hot statements keep their indexes under row security.
    pub plans: bool,
}

/// Verifies as the warden, who sees through row security; nobody else's "0 found" would mean anything.
pub async fn run(logins: &Logins, options: Options) -> Result<Report, DbError> {
    let mut inspection = Inspection::begin(logins).await?;
    let mut outcomes = inspection.catalog().await?;
    outcomes.extend(besides(&mut inspection, options, None).await?);
    inspection.end(outcomes).await
}

/// What there is besides the catalog: of one organization what concerns it, or everything.
async fn besides(
    inspection: &mut Inspection<'_>,
    options: Options,
    whose: Option<&Whose>,
) -> Result<Vec<Outcome>, DbError> {
    let mut outcomes = Vec::new();
    if options.data {
        outcomes.extend(inspection.rows(whose).await?);
    }
    if options.probe {
        outcomes.extend(inspection.logins(whose).await?);
    }
    if options.canary {
        outcomes.extend(inspection.canaries().await?);
    }
    // Which statements are slow for the largest organization is not for the others to read.
    if options.plans && whose.is_none() {
        outcomes.extend(inspection.plans().await?);
    }
    Ok(outcomes)
}

/// The same, in turn with the runs that members ask for, and kept for every organization: the catalog, and of rows and
/// logins what concerns that organization alone. Answers with the report about all of them.
pub async fn run_and_keep(logins: &Logins, options: Options) -> Result<Report, KeepError> {
    let db = Db::connect(logins, 2).await?;
    let mut inspection = Inspection::begin_in_turn(logins).await?.ok_or(KeepError::Busy)?;
    let catalog = inspection.catalog().await?;
    for whose in inspection.organizations().await? {
        let mut outcomes = for_members(catalog.clone());
        outcomes.extend(besides(&mut inspection, options, Some(&whose)).await?);
        let report = inspection.report(outcomes);
        store::keep(&db, &Caller::system(whose.org), &report).await?;
    }
    let mut outcomes = catalog;
    outcomes.extend(besides(&mut inspection, options, None).await?);
    Ok(inspection.end(outcomes).await?)
}

#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error(transparent)]
    Database(#[from] DbError),
    #[error("another run is under way: ask again when it is over")]
    Busy,
    #[error("the report could not be kept: {0}")]
    Unkept(#[from] crate::Error),
}

/// The rules of the catalog, in the transaction that is already open.
pub async fn catalog(connection: &mut PgConnection) -> Result<Vec<Outcome>, DbError> {
    settle(connection).await?;
    let mut outcomes = Vec::new();
    for (group, rule) in rules::all() {
        let things: Vec<(String, Option<String>)> = sqlx::query_as(rule.sql)
            .bind(Json(EXPECTED))
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| DbError::Unverified(format!("{}: {}", rule.ask.id, describe(&error))))?;
        let mut count = Count::default();
        for (object, fault) in things {
            count.attempt(fault.map(|fault| format!("{object} {fault}")));
        }
        outcomes.push(rule.ask.answered(group, count));
    }
    Ok(outcomes)
}

/// The rules about rows, in the transaction that is already open: of all organizations, or of one.
pub async fn data(connection: &mut PgConnection, whose: Option<&Whose>) -> Result<Vec<Outcome>, DbError> {
    settle(connection).await?;
    data::examine(connection, whose).await.map_err(unverified)
}

/// A tenant table as it is there, listed or not; its name is written so that it can stand in a statement.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Tenant {
    name: String,
    queue: bool,
}

/// The one organization that is looked at.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Whose {
    #[sqlx(rename = "org_id")]
    pub org: OrgId,
}

/// The condition that leaves the rows of one organization, or all. Ids are letters and digits by construction
/// (`OrgId::parse`), so that they can stand in a statement.
fn rows_of(whose: Option<&Whose>) -> String {
    whose.map_or_else(|| "true".to_owned(), |whose| format!("t.org_id = '{}'", whose.org))
}

async fn tenants(connection: &mut PgConnection) -> sqlx::Result<Vec<Tenant>> {
    sqlx::query_as(rules::catalog!(
        "select name, queue from tenant where att is not null order by name"
    ))
    .bind(Json(EXPECTED))
    .fetch_all(connection)
    .await
}

/// Names are resolved and written in full, a filter would be an error, and no statement is worth compiling.
async fn settle(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::raw_sql("set local search_path = pg_catalog; set local row_security = off; set local jit = off")
        .execute(connection)
        .await
        .map(drop)
        .map_err(unverified)
}

async fn connect(options: &sqlx::postgres::PgConnectOptions) -> Result<PgConnection, DbError> {
    let connected = options.clone().application_name("switchboard verify").connect().await;
    connected.map_err(|error| DbError::Unreachable(describe(&error)))
}

fn unverified(error: sqlx::Error) -> DbError {
    DbError::Unverified(describe(&error))
}
