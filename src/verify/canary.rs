//! Canaries: does what was planted in one organization never turn up in an answer to another?
//!
//! Each login makes two organizations up in a transaction that is rolled back, writes a marked row into every tenant
//! table of both, and reads every table, and what the functions say, from each of them. Both use the same ids.

use sqlx::{
    AssertSqlSafe, Connection, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use super::{
    Tenant,
    probe::{Scratch, enter, scratch},
    question::{Count, Group, Question},
};
use crate::{
    db::{APP, Logins, OrgTx, WORKER},
    org::OrgId,
    registry::{self, Registered, ResourceVisitor},
    report::Outcome,
};

const GROUP: Group = Group {
    name: "canaries",
    remedy: "Ask the catalog first: what it finds wrong is why. Where a table has no canary, register its resource, or add it to src/verify/canary.sql.",
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
const FUNCTIONS: [&str; 4] = [
    "identity.org_members()",
    "identity.pending_invitations()",
    "identity.current_role()",
    "identity.organization()",
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
    fn identifiers(&self) -> [String; 3] {
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
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(login.clone())
        .await?;
    let (one, tx) = planted(pool.begin().await?).await?;
    let (other, mut tx) = planted(tx).await?;
    for tenant in tenants.iter().filter(|tenant| !is_planted(&tenant.name)) {
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
    pool.close().await;
    Ok(())
}

/// Makes an organization up and plants in it: what is registered by the program's own statements, then every table that
/// has a statement here, parents first.
async fn planted(mut tx: Transaction<'static, Postgres>) -> sqlx::Result<(Planted, Transaction<'static, Postgres>)> {
    let planted = Planted {
        scratch: scratch(&mut tx).await?,
        mark: format!("canary {}", Uuid::new_v4()),
    };
    sqlx::raw_sql("savepoint registered").execute(&mut *tx).await?;
    let org = OrgId::parse(&planted.scratch.org).expect("a made-up organization has an id of ours");
    let mut inside = OrgTx::entered(tx, org);
    let done = registry::plant(&mut inside, &planted.mark).await;
    let mut tx = inside.into_inner();
    // What is not there now is not found later, and that is said there.
    let end = if done.is_ok() {
        "release registered"
    } else {
        "rollback to registered"
    };
    sqlx::raw_sql(end).execute(&mut *tx).await?;
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
    Ok((planted, tx))
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
        let found = planted
            .identifiers()
            .map(|sign| format!("position('{sign}' in t::text) > 0"));
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

/// Whether something is planted in this table. The organization itself is planted by being made up.
fn is_planted(table: &str) -> bool {
    let mut tables = Tables(vec!["app.clients"]);
    registry::visit_all(&mut tables);
    tables.0.contains(&table) || plantings().any(|(name, _)| name == table)
}

struct Tables(Vec<&'static str>);

impl ResourceVisitor for Tables {
    fn visit<R: Registered>(&mut self) {
        self.0.push(R::TABLE);
    }
}

fn plantings() -> impl Iterator<Item = (&'static str, &'static str)> {
    let text = include_str!("canary.sql");
    text.split("\n-- ").skip(1).filter_map(|part| part.split_once('\n'))
}
