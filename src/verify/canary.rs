//! Canaries: does what was planted in one organization never turn up in an answer to another?
//!
//! Each login makes two organizations up in a transaction that is rolled back, writes a marked row into every tenant
//! table of both, and reads every table, and what the functions say, from each of them. Both use the same ids.

use sqlx::{AssertSqlSafe, Connection, Postgres, Transaction, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{
    Tenant,
    probe::{Scratch, enter, scratch},
    question::{Count, Group, Question},
};
use crate::{
    db::{APP, Logins, WORKER},
    report::Outcome,
};

const GROUP: Group = Group {
    name: "canaries",
    remedy: "Ask the catalog first: what it finds wrong is why. Where a table has no canary, add one to src/verify/canary.sql.",
};

const OWN: Question = Question::new(
    "canary-own",
    "Does each of two made-up organizations find what was planted in it?",
    "Nothing is shown by not finding what is not there; or an organization cannot work with its own rows.",
);

const FOREIGN: Question = Question::new(
    "canary-foreign",
    "Does no answer to one of them contain what was planted in the other?",
    "Something of one organization turns up in what another one is told.",
);

/// What an organization may ask besides its tables, and answers with rows.
const FUNCTIONS: [&str; 3] = [
    "identity.org_members()",
    "identity.pending_invitations()",
    "identity.current_role()",
];

#[derive(Default)]
struct Counts {
    own: Count,
    foreign: Count,
}

/// A made-up organization, and what is written into every row of it.
struct Planted {
    scratch: Scratch,
    mark: String,
}

impl Planted {
    /// Whatever of it could be in an answer.
    fn signs(&self) -> [String; 3] {
        [
            self.mark.clone(),
            self.scratch.org.clone(),
            self.scratch.client.to_string(),
        ]
    }
}

pub(super) async fn plant(logins: &Logins, tenants: &[Tenant]) -> sqlx::Result<Vec<Outcome>> {
    let mut counts = Counts::default();
    for (role, login) in [(APP, &logins.app), (WORKER, &logins.worker)] {
        plant_as(role, login, tenants, &mut counts).await?;
    }
    Ok(vec![
        OWN.answered(GROUP, counts.own),
        FOREIGN.answered(GROUP, counts.foreign),
    ])
}

async fn plant_as(role: &str, login: &PgConnectOptions, tenants: &[Tenant], counts: &mut Counts) -> sqlx::Result<()> {
    let mut connection = sqlx::ConnectOptions::connect(login).await?;
    let mut tx = connection.begin().await?;
    let (one, other) = (planted(&mut tx).await?, planted(&mut tx).await?);
    for tenant in tenants.iter().filter(|tenant| planting(&tenant.name).is_none()) {
        let fault = format!("{}: nobody knows how to plant in it", tenant.name);
        counts.own.attempt(Some(fault));
    }
    for (ours, theirs) in [(&one, &other), (&other, &one)] {
        enter(&mut tx, &ours.scratch.org).await?;
        for tenant in tenants {
            // A queue is what the worker sees across organizations.
            if !(role == WORKER && tenant.queue) {
                look(&mut tx, role, &tenant.name, (ours, theirs), true, counts).await?;
            }
        }
        for function in FUNCTIONS.iter().filter(|_| role == APP) {
            look(&mut tx, role, function, (ours, theirs), false, counts).await?;
        }
    }
    tx.rollback().await?;
    connection.close().await
}

/// Makes an organization up and plants in every table that has a statement, parents first.
async fn planted(tx: &mut Transaction<'_, Postgres>) -> sqlx::Result<Planted> {
    let planted = Planted {
        scratch: scratch(tx).await?,
        mark: format!("canary {}", Uuid::new_v4()),
    };
    for (_, statement) in plantings() {
        let mut inner = tx.begin().await?;
        let statement = statement
            .replace("{mark}", &planted.mark)
            .replace("{client}", &planted.scratch.client.to_string());
        let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *inner).await;
        match done {
            Ok(_) => inner.commit().await?,
            // What is not there now is not found later, and that is said there.
            Err(sqlx::Error::Database(_)) => inner.rollback().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(planted)
}

/// What one source of rows tells `ours`: its own mark, if it has one to tell, and nothing of `theirs`.
async fn look(
    tx: &mut Transaction<'_, Postgres>,
    role: &str,
    source: &str,
    (ours, theirs): (&Planted, &Planted),
    has_own: bool,
    counts: &mut Counts,
) -> sqlx::Result<()> {
    let has = |planted: &Planted| {
        let found = planted.signs().map(|sign| format!("position('{sign}' in t::text) > 0"));
        format!("count(*) filter (where {})", found.join(" or "))
    };
    let mut inner = tx.begin().await?;
    let statement = format!("select {}, {} from {source} t", has(ours), has(theirs));
    let seen: sqlx::Result<(i64, i64)> = sqlx::query_as(AssertSqlSafe(statement))
        .persistent(false)
        .fetch_one(&mut *inner)
        .await;
    inner.rollback().await?;
    let (own, foreign) = match seen {
        Ok(seen) => seen,
        Err(sqlx::Error::Database(error)) => {
            counts
                .own
                .attempt(Some(format!("{source} as {role}: {}", error.message())));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if has_own {
        let missing = (own == 0).then(|| format!("{source} as {role}: its own mark is not found"));
        counts.own.attempt(missing);
    }
    let told = (foreign > 0).then(|| format!("{source} as {role}: the mark of another organization"));
    counts.foreign.attempt(told);
    Ok(())
}

fn planting(table: &str) -> Option<&'static str> {
    // The organization itself is planted by being made up.
    if table == "app.clients" {
        return Some("");
    }
    plantings().find_map(|(name, statement)| (name == table).then_some(statement))
}

fn plantings() -> impl Iterator<Item = (&'static str, &'static str)> {
    let text = include_str!("canary.sql");
    text.split("\n-- ").skip(1).filter_map(|part| part.split_once('\n'))
}
