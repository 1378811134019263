//! Are the program's own logins refused what they should be refused? Tried with them, on the rows that are there.
//!
//! Nothing stays and nothing is needed beforehand: each login works in one transaction that is rolled back. It sees the
//! same snapshot as the warden, so both count the same rows. What it must not write it tries in the name of two
//! organizations that it makes up itself and that nobody else ever sees, so an empty database can be probed too.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres, Transaction, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{
    Tenant,
    report::{Count, Outcome, Question},
    tenants,
};
use crate::{
    db::{APP, Logins, WORKER},
    org::OrgId,
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
}

/// An organization made up inside the probing transaction.
struct Scratch {
    org: String,
    client: Uuid,
}

/// `warden` is in a repeatable-read transaction, whose snapshot the logins share.
pub(super) async fn probe(logins: &Logins, warden: &mut PgConnection) -> sqlx::Result<Vec<Outcome>> {
    let mut samples = Vec::new();
    for tenant in tenants(warden).await? {
        samples.push(sample(warden, tenant).await?);
    }
    let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()")
        .fetch_one(warden)
        .await?;
    let mut counts = Counts::default();
    for (role, login) in [(APP, &logins.app), (WORKER, &logins.worker)] {
        probe_as(role, login, &snapshot, &samples, &mut counts).await?;
    }
    Ok(vec![
        BLIND.answered(counts.blind),
        OWN.answered(counts.own),
        WRITE.answered(counts.write),
        REACH.answered(counts.reach),
        MOVE.answered(counts.moved),
    ])
}

async fn sample(warden: &mut PgConnection, tenant: Tenant) -> sqlx::Result<Sample> {
    let Tenant { name, key, owner, .. } = &tenant;
    let owners: Vec<(String, i64, i64)> = sqlx::query_as(AssertSqlSafe(format!(
        "select c.org_id, s.n, (select count(*) from {name})
         from (select {key}, count(*) as n from {name} group by {key} order by n desc limit 2) s
         join app.clients c on c.{owner} = s.{key}"
    )))
    .fetch_all(warden)
    .await?;
    Ok(Sample {
        rows: owners.first().map_or(0, |(.., rows)| rows.unsigned_abs()),
        owners: owners.into_iter().map(|(org, n, _)| (org, n.unsigned_abs())).collect(),
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
        let seen = see(&mut tx, &sample.tenant.name).await?;
        // A queue is what the worker looks at before it knows an organization.
        let wrong = if role == WORKER && sample.tenant.queue { 0 } else { seen };
        let table = format!("{} as {role}", sample.tenant.name);
        counts
            .blind
            .rows(&table, sample.rows, wrong, "are seen without an organization");
        for (org, rows) in &sample.owners {
            enter(&mut tx, org).await?;
            let seen = see(&mut tx, &sample.tenant.name).await?;
            let due = if role == WORKER && sample.tenant.queue {
                sample.rows
            } else {
                *rows
            };
            counts
                .own
                .rows(&table, due, seen.abs_diff(due), "are missing or too many");
        }
        enter(&mut tx, "").await?;
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

async fn enter(tx: &mut Transaction<'_, Postgres>, org: &str) -> sqlx::Result<()> {
    // As the program does it: the logins are not granted `set_config`.
    let set = format!("set local app.org_id = '{}'", org.replace('\'', "''"));
    sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut **tx).await.map(drop)
}

async fn see(tx: &mut Transaction<'_, Postgres>, table: &str) -> sqlx::Result<u64> {
    let seen: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
        .fetch_one(&mut **tx)
        .await?;
    Ok(seen.unsigned_abs())
}

async fn scratch(tx: &mut Transaction<'_, Postgres>) -> sqlx::Result<Scratch> {
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

impl Scratch {
    fn key(&self, tenant: &Tenant) -> String {
        if tenant.key == "org_id" {
            self.org.clone()
        } else {
            self.client.to_string()
        }
    }
}

/// Row security is asked before any constraint, so a row that has nothing but its key is enough to hear its answer.
async fn write(
    tx: &mut Transaction<'_, Postgres>,
    tenant: &Tenant,
    ours: &Scratch,
    theirs: &Scratch,
    trusted: bool,
) -> sqlx::Result<Option<String>> {
    let insert = |scratch: &Scratch| {
        format!(
            "insert into {} ({}) values ('{}')",
            tenant.name,
            tenant.key,
            scratch.key(tenant)
        )
    };
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
        "delete from {table} where ctid in (select ctid from {table} where {} is distinct from '{}' limit 1)",
        tenant.key,
        ours.key(tenant),
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
    let update = format!("update {} set {} = '{}'", tenant.name, tenant.key, theirs.key(tenant));
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
