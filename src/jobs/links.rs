//! Links to a provider's objects, as queues: rows of `app.provider_links` say beside what is intended when it is due for a look.
//! Claimed across organizations, attended to inside one.
//!
//! What a look finds out is written to the same row, so there is nothing to settle when it went well.

use std::{marker::PhantomData, time::Duration};

use super::{Backoff, Claim, Failure, Limits, Outcome, Queue, Request, Settlement, queue::whole, store::until};
use crate::{
    auth::Caller,
    calls::watch,
    core::Core,
    error::{Error, Result},
    live,
    org::OrgId,
    provider_sync::{self, Due, ProviderBacked},
    resource::Kind,
};

/// Calls that somebody may be watching. Looking at one costs two requests and it is looked at once a second, so that with all
/// slots in use the provider gets 80 requests a second of the 200 that it allows a key.
#[derive(Clone, Copy, Debug)]
pub struct Calls;

const CALLS: Limits = Limits {
    slots: 40,
    per_org: 20,
    attempts: i32::MAX,
    lease: Duration::from_secs(15),
    timeout: Duration::from_secs(60),
    backoff: Backoff {
        first: Duration::from_secs(2),
        longest: Duration::from_secs(32),
    },
};

/// One kind of resource that has copies at a provider.
pub struct Links<R>(PhantomData<fn() -> R>);

impl<R> Clone for Links<R> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<R> Default for Links<R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// Nobody waits for the next round of an agent.
const RESOURCES: Limits = Limits {
    slots: 20,
    per_org: 10,
    attempts: i32::MAX,
    lease: Duration::from_secs(120),
    timeout: Duration::from_secs(110),
    backoff: Backoff {
        first: Duration::from_secs(2),
        longest: Duration::from_secs(512),
    },
};

impl Queue for Calls {
    type Item = Due;

    fn name(&self) -> &'static str {
        watch::LINK
    }

    fn limits(&self) -> Limits {
        CALLS
    }

    async fn claim(&self, core: &Core, request: &Request) -> Result<Vec<Claim<Due>>> {
        claim(core, watch::LINK, CALLS, request).await
    }

    async fn next_due(&self, core: &Core) -> Result<Option<Duration>> {
        next_due(core, watch::LINK).await
    }

    async fn run(&self, core: &Core, claim: &Claim<Due>) -> Result<Outcome, Failure> {
        watch::attend(core, &worker(claim)?, &claim.item).await?;
        Ok(Outcome::Done)
    }

    async fn given_up(&self, _: &Core, _: &Claim<Due>, _: &str) -> Result<()> {
        Ok(())
    }

    async fn renew(&self, core: &Core, claim: &Claim<Due>) -> Result<bool> {
        renew(core, watch::LINK, claim, CALLS.lease).await
    }

    async fn settle(&self, core: &Core, claim: &Claim<Due>, settlement: Settlement<'_>) -> Result<bool> {
        settle(core, watch::LINK, claim, settlement).await
    }
}

impl<R: ProviderBacked> Queue for Links<R> {
    type Item = Due;

    fn name(&self) -> &'static str {
        R::LINK
    }

    fn limits(&self) -> Limits {
        RESOURCES
    }

    async fn claim(&self, core: &Core, request: &Request) -> Result<Vec<Claim<Due>>> {
        claim(core, R::LINK, RESOURCES, request).await
    }

    async fn next_due(&self, core: &Core) -> Result<Option<Duration>> {
        next_due(core, R::LINK).await
    }

    async fn run(&self, core: &Core, claim: &Claim<Due>) -> Result<Outcome, Failure> {
        provider_sync::reconcile::<R>(core, &worker(claim)?, &claim.item).await?;
        Ok(Outcome::Done)
    }

    async fn given_up(&self, _: &Core, _: &Claim<Due>, _: &str) -> Result<()> {
        Ok(())
    }

    async fn renew(&self, core: &Core, claim: &Claim<Due>) -> Result<bool> {
        renew(core, R::LINK, claim, RESOURCES.lease).await
    }

    async fn settle(&self, core: &Core, claim: &Claim<Due>, settlement: Settlement<'_>) -> Result<bool> {
        settle(core, R::LINK, claim, settlement).await
    }
}

fn worker(claim: &Claim<Due>) -> Result<Caller> {
    claim.org.clone().map(Caller::system).ok_or(Error::NotFound)
}

fn org(claim: &Claim<Due>) -> &str {
    claim.org.as_ref().map_or("", OrgId::as_str)
}

// As `Jobs::claim`, from the table that links lie in.
async fn claim(core: &Core, kind: &str, limits: Limits, request: &Request) -> Result<Vec<Claim<Due>>> {
    let (orgs, running) = request.busy();
    let rows = sqlx::query!(
        r#"with recursive org as (
           (select m.org_id, 1 as place from app.provider_links m
            where m.kind = $1 and m.due_at < 'infinity' and m.org_id >= $2 and m.due_at <= now()
            order by m.org_id limit 1)
           union all
           select next.org_id, org.place + 1 from org cross join lateral (
             select m.org_id from app.provider_links m
             where m.kind = $1 and m.due_at < 'infinity' and m.org_id > org.org_id and m.due_at <= now()
             order by m.org_id limit 1) next
           where org.place < $3::bigint + cardinality($4::text[])),
         candidate as (
           select due.org_id, due.object_id, due.due_at,
                  coalesce(busy.running, 0) + row_number() over (partition by due.org_id order by due.due_at, due.object_id) as turn
           from org
           left join unnest($4::text[], $5::bigint[]) busy (org_id, running) on busy.org_id = org.org_id
           cross join lateral (
             select m.org_id, m.object_id, m.due_at from app.provider_links m
             where m.kind = $1 and m.org_id = org.org_id and m.due_at < 'infinity' and m.due_at <= now()
             order by m.due_at limit greatest($6 - coalesce(busy.running, 0), 0)) due
           order by turn, due.due_at limit $3 * 2),
         taken as materialized (
           select m.org_id, m.object_id from app.provider_links m
           join candidate c on c.org_id = m.org_id and c.object_id = m.object_id
           where m.kind = $1 and m.due_at <= now()
           order by c.turn, c.due_at limit $3 for update of m skip locked)
         update app.provider_links m
         set due_at = now() + make_interval(secs => $7), attempts = m.attempts + 1, lease = m.lease + 1
         from taken where m.org_id = taken.org_id and m.kind = $1 and m.object_id = taken.object_id
         returning m.org_id, m.object_id, m.state, m.note, m.differs_since is not null as "differs!", m.attempts, m.lease"#,
        kind,
        request.from,
        whole(request.slots),
        &orgs,
        &running,
        whole(limits.per_org),
        limits.lease.as_secs_f64(),
    )
    .fetch_all(core.db.worker.queue())
    .await?;
    let claims = rows.into_iter().map(|row| Claim {
        org: Some(row.org_id),
        attempt: row.attempts,
        token: row.lease,
        item: Due {
            object_id: row.object_id,
            state: row.state,
            note: row.note,
            differs: row.differs,
        },
    });
    Ok(claims.collect())
}

async fn next_due(core: &Core, kind: &str) -> Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from min(m.due_at) - now())::float8 from app.provider_links m where m.kind = $1 and m.due_at < 'infinity'",
        kind,
    )
    .fetch_one(core.db.worker.queue())
    .await?;
    Ok(seconds.map(until))
}

/// Holds the link for longer, unless the look has set a later time already; false if somebody else has claimed it since.
async fn renew(core: &Core, kind: &str, claim: &Claim<Due>, lease: Duration) -> Result<bool> {
    let renewed = sqlx::query!(
        "update app.provider_links m set due_at = greatest(m.due_at, now() + make_interval(secs => $5))
         where m.org_id = $1 and m.kind = $2 and m.object_id = $3 and m.lease = $4",
        org(claim),
        kind,
        claim.item.object_id,
        claim.token,
        lease.as_secs_f64(),
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(renewed.rows_affected() == 1)
}

async fn settle(core: &Core, kind: &str, claim: &Claim<Due>, settlement: Settlement<'_>) -> Result<bool> {
    let (after, uncounted, failure) = match settlement {
        // The look has said when the next one is due, or the link is gone.
        Settlement::Done => return Ok(true),
        Settlement::Again(after) => (after, 1, None),
        Settlement::Retry { after, reason } => (after, 0, Some(reason)),
        // No link is given up: the longest pause between two looks is short enough.
        Settlement::Park { reason } => (RESOURCES.backoff.longest, 0, Some(reason)),
        Settlement::GiveBack => (Duration::ZERO, 1, None),
    };
    let settled = sqlx::query!(
        "update app.provider_links m set due_at = now() + make_interval(secs => $5), attempts = m.attempts - $6,
                failure = coalesce(left($7, 1000), m.failure),
                differs_since = case when $7::text is null then m.differs_since else coalesce(m.differs_since, now()) end
         where m.org_id = $1 and m.kind = $2 and m.object_id = $3 and m.lease = $4",
        org(claim),
        kind,
        claim.item.object_id,
        claim.token,
        after.as_secs_f64(),
        uncounted,
        failure,
    )
    .execute(core.db.worker.queue())
    .await?;
    if let (Some(org), Some(_)) = (&claim.org, failure) {
        sqlx::query!(
            "select pg_notify('switchboard', $1)",
            live::payload(Kind::Reconciliation, org)
        )
        .execute(core.db.worker.queue())
        .await?;
    }
    Ok(settled.rows_affected() == 1)
}
