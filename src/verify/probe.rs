//! Are the program's own logins refused what they should be refused? Tried with them, on the rows that are there.
//!
//! Nothing stays and nothing is needed beforehand: each login works in one transaction that is rolled back. It sees the
//! same snapshot as the warden, so both count the same rows. What it must not write it tries in the name of two
//! organizations that it makes up itself and that nobody else ever sees, so an empty database can be probed too.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres, Transaction, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{
    Tenant, Whose,
    question::{Count, Group, Question},
    rows_of, tenants,
};
use crate::{
    db::{APP, Logins, WORKER},
    org::OrgId,
    report::Outcome,
};

const GROUP: Group = Group {
    name: "logins",
    remedy: "Ask the catalog first: what it finds wrong is why. Until it is mended treat the rows as readable by every organization.",
};

const BLIND: Question = Question::new(
    "probe-blind",
    "Without an organization, does a login see no row at all?",
    "A request that forgot to say whose it is sees everybody's rows.",
)
.optional();

const OWN: Question = Question::new(
    "probe-own",
    "Inside an organization, does a login see exactly its rows?",
    "Rows are missing from their organization, or another one's are among them.",
)
.optional();

const WRITE: Question = Question::new(
    "probe-write",
    "Does a login write into its own organization only?",
    "A request can put rows into another organization, or cannot work in its own.",
);

const REACH: Question = Question::new(
    "probe-reach",
    "Does a login find no row of another organization to change or delete, even by its name?",
    "A request can change another organization's rows.",
);

const MOVE: Question = Question::new(
    "probe-move",
    "Is a login refused to change whose a row is?",
    "A request can move rows into another organization.",
);

/// Postgres's word for "not allowed", by a grant or by row security.
const REFUSED: &str = "42501";

#[derive(Default)]
struct Counts {
    blind: Count,
    own: Count,
    write: Count,
    reach: Count,
    moved: Count,
}

/// A tenant table with how many rows it has, and the two organizations that have most of them.
struct Sample {
    tenant: Tenant,
    rows: u64,
    owners: Vec<(String, u64)>,
    /// The condition for rows that count.
    whose: String,
}

/// An organization made up inside the probing transaction.
pub(super) struct Scratch {
    pub org: String,
    pub client: Uuid,
}

/// `warden` is in a repeatable-read transaction, whose snapshot the logins share. For one organization only its own rows
/// are counted; what a login must not do is tried with what it makes up itself, and is the same for all.
pub(super) async fn probe(
    logins: &Logins,
    warden: &mut PgConnection,
    whose: Option<&Whose>,
) -> sqlx::Result<Vec<Outcome>> {
    let mut samples = Vec::new();
    for tenant in tenants(warden).await? {
        samples.push(sample(warden, tenant, whose).await?);
    }
    let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()")
        .fetch_one(warden)
        .await?;
    let mut counts = Counts::default();
    for (role, login) in [(APP, &logins.app), (WORKER, &logins.worker)] {
        probe_as(role, login, &snapshot, &samples, &mut counts).await?;
    }
    Ok(vec![
        BLIND.answered(GROUP, counts.blind),
        OWN.answered(GROUP, counts.own),
        WRITE.answered(GROUP, counts.write),
        REACH.answered(GROUP, counts.reach),
        MOVE.answered(GROUP, counts.moved),
    ])
}

async fn sample(warden: &mut PgConnection, tenant: Tenant, whose: Option<&Whose>) -> sqlx::Result<Sample> {
    let (name, whose) = (&tenant.name, rows_of(whose));
    let owners: Vec<(String, i64, i64)> = sqlx::query_as(AssertSqlSafe(format!(
        "select s.org_id, s.n, (select count(*) from {name} t where {whose})
         from (select org_id, count(*) as n from {name} t where {whose} group by org_id order by n desc limit 2) s
         join app.clients c on c.org_id = s.org_id"
    )))
    .fetch_all(warden)
    .await?;
    Ok(Sample {
        rows: owners.first().map_or(0, |(.., rows)| rows.unsigned_abs()),
        owners: owners.into_iter().map(|(org, n, _)| (org, n.unsigned_abs())).collect(),
        whose,
        tenant,
    })
}

async fn probe_as(
    role: &str,
    login: &PgConnectOptions,
    snapshot: &str,
    samples: &[Sample],
    counts: &mut Counts,
) -> sqlx::Result<()> {
    let mut connection = sqlx::ConnectOptions::connect(login).await?;
    let open = format!("begin isolation level repeatable read; set transaction snapshot '{snapshot}'");
    let mut tx = connection.begin_with(AssertSqlSafe(open)).await?;
    for sample in samples {
        look(&mut tx, role, sample, counts).await?;
    }
    let (ours, theirs) = (scratch(&mut tx).await?, scratch(&mut tx).await?);
    enter(&mut tx, &ours.org).await?;
    for Sample { tenant, .. } in samples {
        let table = format!("{} as {role}", tenant.name);
        let trusted = role == WORKER && tenant.queue;
        counts.write.attempt(
            write(&mut tx, tenant, &ours, &theirs, trusted)
                .await?
                .map(|fault| format!("{table}: {fault}")),
        );
        counts.reach.attempt(
            reach(&mut tx, tenant, &ours, trusted)
                .await?
                .map(|fault| format!("{table}: {fault}")),
        );
        counts.moved.attempt(
            change(&mut tx, tenant, &theirs)
                .await?
                .map(|fault| format!("{table}: {fault}")),
        );
    }
    tx.rollback().await?;
    connection.close().await
}

/// What a login sees of one table, outside every organization and inside those that have most of it.
async fn look(
    tx: &mut Transaction<'_, Postgres>,
    role: &str,
    sample: &Sample,
    counts: &mut Counts,
) -> sqlx::Result<()> {
    let table = format!("{} as {role}", sample.tenant.name);
    let (seen, _) = see(tx, sample).await?;
    // A queue is what the worker looks at before it knows an organization.
    let queue = role == WORKER && sample.tenant.queue;
    let wrong = if queue { 0 } else { seen };
    counts
        .blind
        .rows(&table, sample.rows, wrong, "are seen without an organization");
    for (org, rows) in &sample.owners {
        enter(tx, org).await?;
        let (seen, others) = see(tx, sample).await?;
        let due = if queue { sample.rows } else { *rows };
        counts
            .own
            .rows(&table, due, seen.abs_diff(due), "are missing or too many");
        if others && !queue {
            counts
                .own
                .attempt(Some(format!("{table}: rows of others are among them")));
        }
    }
    enter(tx, "").await
}

pub(super) async fn enter(tx: &mut Transaction<'_, Postgres>, org: &str) -> sqlx::Result<()> {
    // As the program does it: the logins are not granted `set_config`.
    let set = format!("set local app.org_id = '{}'", org.replace('\'', "''"));
    sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut **tx).await.map(drop)
}

/// How many rows are seen of those that count here, and whether there are others besides.
async fn see(tx: &mut Transaction<'_, Postgres>, sample: &Sample) -> sqlx::Result<(u64, bool)> {
    let Sample { tenant, whose, .. } = sample;
    let (seen, others): (i64, i64) = sqlx::query_as(AssertSqlSafe(format!(
        "select count(*) filter (where {whose}), count(*) filter (where not ({whose})) from {} t",
        tenant.name
    )))
    .fetch_one(&mut **tx)
    .await?;
    Ok((seen.unsigned_abs(), others > 0))
}

pub(super) async fn scratch(tx: &mut Transaction<'_, Postgres>) -> sqlx::Result<Scratch> {
    let scratch = Scratch {
        org: OrgId::new().to_string(),
        client: Uuid::new_v4(),
    };
    enter(tx, &scratch.org).await?;
    sqlx::query("insert into app.clients (org_id, id, name) values ($1, $2, '')")
        .bind(&scratch.org)
        .bind(scratch.client)
        .execute(&mut **tx)
        .await?;
    Ok(scratch)
}

/// Row security is asked before any constraint, so a row that has nothing but its key is enough to hear its answer.
async fn write(
    tx: &mut Transaction<'_, Postgres>,
    tenant: &Tenant,
    ours: &Scratch,
    theirs: &Scratch,
    trusted: bool,
) -> sqlx::Result<Option<String>> {
    let insert = |scratch: &Scratch| format!("insert into {} (org_id) values ('{}')", tenant.name, scratch.org);
    if !trusted && attempt(tx, insert(theirs)).await?.err().as_deref() != Some(REFUSED) {
        return Ok(Some("a row of another organization is not refused".into()));
    }
    let granted: bool = sqlx::query_scalar("select has_table_privilege($1::regclass, 'insert')")
        .bind(&tenant.name)
        .fetch_one(&mut **tx)
        .await?;
    let refused = granted && attempt(tx, insert(ours)).await?.err().as_deref() == Some(REFUSED);
    Ok(refused.then(|| "a row of its own organization is refused".into()))
}

/// Everybody else's rows, those that were there before as well as those of the other made-up organization.
async fn reach(
    tx: &mut Transaction<'_, Postgres>,
    tenant: &Tenant,
    ours: &Scratch,
    trusted: bool,
) -> sqlx::Result<Option<String>> {
    if trusted {
        return Ok(None);
    }
    // One row says it all; should there be more, this must not hold up a program at work.
    let delete = format!(
        "delete from {table} where ctid in (select ctid from {table} where org_id is distinct from '{}' limit 1)",
        ours.org,
        table = tenant.name,
    );
    Ok(match attempt(tx, delete).await? {
        Ok(0) => None,
        Ok(_) => Some("others' rows can be deleted".into()),
        Err(code) if code == REFUSED => None,
        Err(code) => Some(format!("others' rows are found, and only {code} keeps them")),
    })
}

async fn change(tx: &mut Transaction<'_, Postgres>, tenant: &Tenant, theirs: &Scratch) -> sqlx::Result<Option<String>> {
    let update = format!("update {} set org_id = '{}'", tenant.name, theirs.org);
    Ok((attempt(tx, update).await?.err().as_deref() != Some(REFUSED)).then(|| "the key may be changed".into()))
}

/// What a statement did, undone again: the rows it changed, or the code of the error.
async fn attempt(tx: &mut Transaction<'_, Postgres>, statement: String) -> sqlx::Result<Result<u64, String>> {
    let mut inner = tx.begin().await?;
    let done = sqlx::query(AssertSqlSafe(statement))
        .persistent(false)
        .execute(&mut *inner)
        .await;
    inner.rollback().await?;
    match done {
        Ok(done) => Ok(Ok(done.rows_affected())),
        Err(sqlx::Error::Database(error)) => Ok(Err(error.code().unwrap_or_default().into_owned())),
        Err(error) => Err(error),
    }
}
