//! The statements of `ops.jobs`.

use std::{marker::PhantomData, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Claim, Context, Failure, Job, Lease, Limits, Outcome, Queue, Request, Settlement, queue::whole};
use crate::{core::Core, db::OrgTx, error::Result, org::OrgId};

/// The longest reason that is kept.
const LONGEST: usize = 500;

/// Adds a job of the organization, in the transaction of what causes it.
pub async fn enqueue<J: Job>(tx: &mut OrgTx, job: &J) -> Result<()> {
    enqueue_after(tx, job, Duration::ZERO).await
}

/// As [`enqueue`], but not to be run before so much time has passed.
pub async fn enqueue_after<J: Job>(tx: &mut OrgTx, job: &J, delay: Duration) -> Result<()> {
    sqlx::query!(
        "select app.enqueue($1, $2, $3, $4, $5)",
        Uuid::now_v7(),
        J::NAME,
        payload(job),
        job.dedup_key(),
        delay.as_secs_f64(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds a job of the installation's own, as the worker.
pub(crate) async fn enqueue_own<J: Job>(worker: impl PgExecutor<'_>, job: &J) -> Result<()> {
    sqlx::query!(
        "select ops.enqueue($1, $2, '', $3, $4, 0)",
        Uuid::now_v7(),
        J::NAME,
        payload(job),
        job.dedup_key(),
    )
    .execute(worker)
    .await?;
    Ok(())
}

pub(super) fn payload<J: Job>(job: &J) -> Value {
    serde_json::to_value(job).expect("ids are JSON")
}

/// Whether the lease still holds; then nobody can claim the job until the transaction ends.
pub(super) async fn hold(conn: &mut PgConnection, lease: &Lease) -> Result<bool> {
    let held = sqlx::query!(
        "select 1 as one from ops.jobs j where j.id = $1 and j.lease = $2 and j.state = 'leased' for key share",
        lease.job,
        lease.token,
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Parked {
    pub id: Uuid,
    pub kind: String,
    pub org_id: String,
    pub payload: Value,
    pub attempts: i32,
    pub error: Option<String>,
    pub parked_at: DateTime<Utc>,
}

/// The jobs that were given up, the newest first.
pub async fn parked(core: &Core) -> Result<Vec<Parked>> {
    Ok(sqlx::query_as!(
        Parked,
        "select j.id, j.kind, j.org_id, j.payload, j.attempts, j.error, j.run_at as parked_at
         from ops.jobs j where j.state = 'parked' order by j.run_at desc, j.id limit 1000",
    )
    .fetch_all(core.db.worker.queue())
    .await?)
}

/// Lets jobs that were given up begin anew: one, or all of a kind; answers how many.
pub async fn retry_parked(core: &Core, id: Option<Uuid>, kind: Option<&str>) -> Result<u64> {
    let retried = sqlx::query!(
        "update ops.jobs j set state = 'ready', run_at = now(), attempts = 0
         where j.state = 'parked' and ($1::uuid is null or j.id = $1) and ($2::text is null or j.kind = $2)",
        id,
        kind,
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(retried.rows_affected())
}

/// Forgets jobs that were given up long ago.
pub(crate) async fn purge(core: &Core) -> Result<()> {
    sqlx::query!("delete from ops.jobs where state = 'parked' and run_at < now() - interval '30 days'")
        .execute(core.db.worker.queue())
        .await?;
    Ok(())
}

/// The jobs of one kind, as a queue.
pub struct Jobs<J> {
    /// How long it leaves a job that is due to other processes.
    patience: Duration,
    kind: PhantomData<fn() -> J>,
}

impl<J> Clone for Jobs<J> {
    fn clone(&self) -> Self {
        Self::patient(self.patience)
    }
}

impl<J> Default for Jobs<J> {
    fn default() -> Self {
        Self::patient(Duration::ZERO)
    }
}

impl<J> Jobs<J> {
    pub fn patient(patience: Duration) -> Self {
        Self {
            patience,
            kind: PhantomData,
        }
    }
}

/// A job as it was claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    id: Uuid,
    payload: Value,
}

#[cfg(test)]
impl Claimed {
    pub(super) fn id(&self) -> Uuid {
        self.id
    }
}

impl<J: Job> Jobs<J> {
    /// The job, and what it runs with; a payload that this program does not understand is nobody's to try again.
    fn read(core: &Core, claim: &Claim<Claimed>) -> Result<(J, Context), Failure> {
        let job = serde_json::from_value(claim.item.payload.clone())
            .map_err(|_| Failure::Park("This program cannot read its payload.".into()))?;
        let context = Context {
            core: core.clone(),
            org: claim.org.clone(),
            attempt: claim.attempt,
            lease: Lease {
                job: claim.item.id,
                token: claim.token,
            },
        };
        Ok((job, context))
    }
}

impl<J: Job> Queue for Jobs<J> {
    type Item = Claimed;

    fn name(&self) -> &'static str {
        J::NAME
    }

    fn limits(&self) -> Limits {
        J::LIMITS
    }

    // Goes along the index from one organization with something due to the next, as far as there are slots, and takes each
    // one's oldest in turn: a backlog is not read. Twice as many rows as slots, because others may be taking the same. They are
    // looked at again under their locks.
    async fn claim(&self, core: &Core, request: &Request) -> Result<Vec<Claim<Claimed>>> {
        let limits = J::LIMITS;
        let (orgs, running) = request.busy();
        let rows = sqlx::query!(
            "with recursive org as (
               (select j.org_id, 1 as place from ops.jobs j
                where j.kind = $1 and j.state <> 'parked' and j.org_id >= $2 and j.run_at <= now() - make_interval(secs => $8)
                order by j.org_id limit 1)
               union all
               select next.org_id, org.place + 1 from org cross join lateral (
                 select j.org_id from ops.jobs j
                 where j.kind = $1 and j.state <> 'parked' and j.org_id > org.org_id and j.run_at <= now() - make_interval(secs => $8)
                 order by j.org_id limit 1) next
               where org.place < $3::bigint + cardinality($4::text[])),
             candidate as (
               select due.id, due.run_at,
                      coalesce(busy.running, 0) + row_number() over (partition by org.org_id order by due.run_at, due.id) as turn
               from org
               left join unnest($4::text[], $5::bigint[]) busy (org_id, running) on busy.org_id = org.org_id
               cross join lateral (
                 select j.id, j.run_at from ops.jobs j
                 where j.kind = $1 and j.org_id = org.org_id and j.state <> 'parked' and j.run_at <= now() - make_interval(secs => $8)
                 order by j.run_at limit greatest($6 - coalesce(busy.running, 0), 0)) due
               order by turn, due.run_at limit $3 * 2),
             taken as materialized (
               select j.id from ops.jobs j join candidate c on c.id = j.id
               where j.state <> 'parked' and j.run_at <= now() - make_interval(secs => $8)
               order by c.turn, c.run_at limit $3 for update of j skip locked)
             update ops.jobs j
             set state = 'leased', lease = j.lease + 1, attempts = j.attempts + 1, again = false,
                 run_at = now() + make_interval(secs => $7)
             from taken where j.id = taken.id
             returning j.id, j.org_id, j.payload, j.attempts, j.lease",
            J::NAME,
            request.from,
            whole(request.slots),
            &orgs,
            &running,
            whole(limits.per_org),
            limits.lease.as_secs_f64(),
            self.patience.as_secs_f64(),
        )
        .fetch_all(core.db.worker.queue())
        .await?;
        let claims = rows.into_iter().map(|row| Claim {
            // Only organizations of our making are ever enqueued for; the empty one is the installation.
            org: OrgId::parse(&row.org_id).ok(),
            attempt: row.attempts,
            token: row.lease,
            item: Claimed {
                id: row.id,
                payload: row.payload,
            },
        });
        Ok(claims.collect())
    }

    async fn next_due(&self, core: &Core) -> Result<Option<Duration>> {
        let seconds = sqlx::query_scalar!(
            "select extract(epoch from min(j.run_at) - now())::float8 from ops.jobs j where j.kind = $1 and j.state <> 'parked'",
            J::NAME,
        )
        .fetch_one(core.db.worker.queue())
        .await?;
        Ok(seconds.map(|seconds| until(seconds + self.patience.as_secs_f64())))
    }

    async fn run(&self, core: &Core, claim: &Claim<Claimed>) -> Result<Outcome, Failure> {
        let (job, context) = Self::read(core, claim)?;
        job.run(context).await
    }

    async fn given_up(&self, core: &Core, claim: &Claim<Claimed>, reason: &str) -> Result<()> {
        match Self::read(core, claim) {
            Ok((job, context)) => job.given_up(context, reason).await,
            Err(_) => Ok(()),
        }
    }

    async fn renew(&self, core: &Core, claim: &Claim<Claimed>) -> Result<bool> {
        let renewed = sqlx::query!(
            "update ops.jobs j set run_at = now() + make_interval(secs => $3) where j.id = $1 and j.lease = $2 and j.state = 'leased'",
            claim.item.id,
            claim.token,
            J::LIMITS.lease.as_secs_f64(),
        )
        .execute(core.db.worker.queue())
        .await?;
        Ok(renewed.rows_affected() == 1)
    }

    async fn settle(&self, core: &Core, claim: &Claim<Claimed>, settlement: Settlement<'_>) -> Result<bool> {
        let (state, after, uncounted, reason) = match settlement {
            Settlement::Done => return finish(core, claim).await,
            Settlement::Again(after) => ("ready", after, 1, None),
            Settlement::Retry { after, reason } => ("ready", after, 0, Some(reason)),
            Settlement::Park { reason } => ("parked", Duration::ZERO, 0, Some(reason)),
            Settlement::GiveBack => ("ready", Duration::ZERO, 1, None),
        };
        let settled = sqlx::query!(
            "update ops.jobs j
             set state = $3, run_at = now() + make_interval(secs => $4), attempts = j.attempts - $5, error = left($6, $7)
             where j.id = $1 and j.lease = $2 and j.state = 'leased'",
            claim.item.id,
            claim.token,
            state,
            after.as_secs_f64(),
            uncounted,
            reason,
            i32::try_from(LONGEST).expect("it is short"),
        )
        .execute(core.db.worker.queue())
        .await?;
        Ok(settled.rows_affected() == 1)
    }
}

/// A job that is done is gone, unless it was enqueued once more while it ran.
async fn finish(core: &Core, claim: &Claim<Claimed>) -> Result<bool> {
    let gone = sqlx::query!(
        "delete from ops.jobs j where j.id = $1 and j.lease = $2 and j.state = 'leased' and not j.again",
        claim.item.id,
        claim.token,
    )
    .execute(core.db.worker.queue())
    .await?;
    if gone.rows_affected() == 1 {
        return Ok(true);
    }
    let again = sqlx::query!(
        "update ops.jobs j set state = 'ready', run_at = now(), attempts = 0, again = false, error = null
         where j.id = $1 and j.lease = $2 and j.state = 'leased'",
        claim.item.id,
        claim.token,
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(again.rows_affected() == 1)
}

pub(super) fn until(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}
