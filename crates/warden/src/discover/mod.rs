//! Discover: reads a database and proposes a plan for it, and says what somebody has to decide first. Changes nothing.

mod answers;
mod counts;
mod draft;
mod finding;
mod graph;
mod hints;
mod links;
mod naming;
mod people;
mod report;
mod session;
mod surroundings;

use std::fmt::Write;

use sqlx::PgConnection;

pub use finding::{Conflicts, Finding};
pub use hints::Hints;

use answers::Answers;
use draft::Draft;
use links::Links;
use people::Ground;
use session::Snapshot;

use crate::{
    catalog::Catalog,
    name::Name,
    plan::{Kind, Plan},
};

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
    #[error(
        "`{role}` may not make temporary tables, in which the counting is done: grant temporary on database {} to {}",
        crate::name::quoted(.database), crate::name::quoted(.role)
    )]
    NoTemporaryTables { role: String, database: String },
    #[error("--{flag}: {why}")]
    Hint { flag: String, why: String },
    /// What holds people or organizations cannot be told, and a plan for the wrong tables would be worth nothing.
    #[error("{}", questions(.0))]
    Unclear(Vec<Finding>),
    /// People or organizations are there by the statistics, and none was seen.
    #[error("{}: {}", .0.table.as_ref().map(Name::to_string).unwrap_or_default(), .0.text)]
    Unread(Finding),
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
    let (ground, mut findings) = people::find(&catalog, hints)?;
    let mut links = links::foreign_keys(&catalog);
    links::propose(&mut links, &catalog, &ground, &mut snapshot).await?;
    let mut draft = draft::draft(&catalog, &ground, &links, hints);
    findings.extend(proposals(&draft, &links, &ground));
    findings.extend(count(&catalog, &ground, &mut draft, &mut snapshot).await?);
    findings.extend(surroundings::surroundings(&catalog, &draft.plan, &mut snapshot).await?);
    snapshot.end().await?;
    Ok(Discovery {
        plan: draft.plan,
        catalog,
        findings,
    })
}

/// Counts the rows of every table that the draft says something of, and writes the rules that follow into it.
async fn count(
    catalog: &Catalog,
    ground: &Ground,
    draft: &mut Draft,
    snapshot: &mut Snapshot<'_>,
) -> Result<Vec<Finding>, Refused> {
    let answers = Answers::fill(catalog, ground, draft, snapshot).await?;
    let mut findings = counts::people(&answers, snapshot).await?;
    let mut verdicts = Vec::new();
    for planned in &draft.plan.tables {
        match planned.kind {
            Kind::Owned => {
                let (verdict, found) = counts::table(&answers, &planned.name, snapshot).await?;
                verdicts.push(verdict);
                findings.extend(found);
            }
            Kind::Undecided => findings.push(counts::undecided(&answers, &planned.name, snapshot).await?),
            Kind::Global | Kind::Excluded => {}
        }
    }
    for verdict in verdicts {
        let planned = draft
            .plan
            .tables
            .iter_mut()
            .find(|planned| planned.name == verdict.table);
        if let Some(planned) = planned {
            planned.on_conflict = verdict.on_conflict;
            planned.on_missing = verdict.on_missing;
            planned.loose = verdict.loose;
            planned.because += &verdict.because;
        }
    }
    Ok(findings)
}

/// What names propose, what the values say to it, and what the draft made of it.
fn proposals(draft: &Draft, links: &Links, ground: &Ground) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, links) in &links.of {
        for link in links {
            let excluded = draft
                .plan
                .table(name)
                .is_none_or(|planned| planned.kind == Kind::Excluded);
            let used = draft
                .ways
                .get(name)
                .is_some_and(|ways| ways.held.as_ref() == Some(link) || ways.paths.contains(link));
            // One that is used is told with its orphans.
            let Some(share) = link.share.filter(|share| share.convinces() && !used && !excluded) else {
                continue;
            };
            let columns = link.path.columns.join(", ");
            let text = format!(
                "{columns} may lead to {}, without a foreign key: {} of {} values are found there. It is not in the plan.",
                link.path.to, share.found, share.filled
            );
            findings.push(Finding::new("proposal", share.filled, share.filled.max(1), text).of(name));
        }
        let inner = links.iter().filter(|link| {
            ground.is_organizations(&link.path.to)
                && Some(&link.path.references[0]) != ground.organizations.as_ref().map(|(_, key)| key)
        });
        for link in inner {
            let others = draft
                .ways
                .get(name)
                .is_some_and(|ways| ways.paths.iter().any(|path| path != link));
            if others {
                let columns = link.path.columns.join(", ");
                let text = format!(
                    "{columns} leads to the organizations' own id, and other paths lead there too. When nothing asks for it any more: drop_columns = [\"{columns}\"]."
                );
                findings.push(Finding::new("drop-column", 1, 1, text).of(name));
            }
        }
    }
    for pair in &links.pairs {
        let (rows, kinds) = pair.unknown;
        let text = match kinds {
            0 => format!(
                "{} says which table {} means, and every kind is known.",
                pair.kind, pair.id
            ),
            kinds => format!(
                "{} says which table {} means; {rows} rows of {kinds} kinds mean none that is known.",
                pair.kind, pair.id
            ),
        };
        findings.push(Finding::new("polymorphic", pair.rows, rows, text).of(&pair.table));
    }
    findings
}
