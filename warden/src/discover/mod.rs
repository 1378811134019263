//! Discover: reads a database and proposes a plan for it, and says what somebody has to decide first. Changes nothing.

mod draft;
mod finding;
mod graph;
mod hints;
mod links;
mod people;
mod session;
mod words;

use std::fmt::Write;

use sqlx::PgConnection;

pub use finding::{Conflicts, Finding};
pub use hints::Hints;

use crate::{catalog::Catalog, name::Name, plan::Plan};
use session::Snapshot;

/// What was found, all of it in one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovery {
    /// Refuses to be frozen until every question in it is answered.
    pub plan: Plan,
    pub catalog: Catalog,
    pub findings: Vec<Finding>,
}

/// Why a database could not be looked at, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(
        "row security binds `{role}`, so it sees a part of {}: connect as a role that owns or may read the tables and has BYPASSRLS \
         (alter role {} bypassrls), or as a superuser", list(.tables), crate::name::quoted(.role)
    )]
    Blinded { role: String, tables: Vec<Name> },
    #[error("`{role}` may not read {}: connect as their owner with BYPASSRLS, or grant usage on the schema and select", list(.tables))]
    Unreadable { role: String, tables: Vec<Name> },
    #[error("--{flag}: {why}")]
    Hint { flag: String, why: String },
    /// What holds people or organizations cannot be told, and a plan for the wrong tables would be worth nothing.
    #[error("{}", questions(.0))]
    Unclear(Vec<Finding>),
    #[error("the database cannot be read: {0}")]
    Database(#[from] sqlx::Error),
}

fn list(tables: &[Name]) -> String {
    let shown: Vec<_> = tables.iter().take(10).map(Name::to_string).collect();
    match tables.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn questions(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let separator = if text.is_empty() { "" } else { "\n" };
        write!(text, "{separator}{}", finding.text).expect("a text takes everything");
    }
    text
}

/// Looks at a database and leaves it as it is: the transaction is rolled back, and all that it makes is temporary.
///
/// # Errors
/// When the role does not see every row, when a hint is wrong, when people or organizations cannot be told without one, or
/// when the database cannot be read.
pub async fn discover(connection: &mut PgConnection, hints: &Hints) -> Result<Discovery, Refused> {
    let (mut snapshot, catalog) = Snapshot::begin(connection).await?;
    let (ground, findings) = people::find(&catalog, hints)?;
    let mut links = links::foreign_keys(&catalog);
    links::propose(&mut links, &catalog, &ground, &mut snapshot).await?;
    snapshot.only_reads().await?;
    let draft = draft::draft(&catalog, &ground, &links, hints);
    snapshot.end().await?;
    Ok(Discovery {
        plan: draft.plan,
        catalog,
        findings,
    })
}
