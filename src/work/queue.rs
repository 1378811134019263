//! The queue of mirrors: what of ours lives at the provider and is due for a look. Claimed across organizations,
//! attended to inside one.

use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::depth::Depth;
use crate::{
    agents::Agent,
    auth::Caller,
    calls::watch,
    core::Core,
    error::{Error, Result},
    org::OrgId,
    provider_sync::{self, Due, ProviderBacked},
};

/// How many are claimed at once. Two questions each, twice a second: well below the 200 questions a second that the
/// provider allows a key. With more calls on the line than that each is looked at less often, the longest unseen first.
const CALLS: i64 = 40;
const AGENTS: i64 = 20;
/// How long a claim holds. A call that nobody looks at for longer would leave its page standing still; two looks at
/// once do no harm.
const CALL_LEASE: Duration = Duration::from_secs(15);
const AGENT_LEASE: Duration = Duration::from_secs(120);

/// A mirror whose time has come, and whose it is.
#[derive(Clone, Debug)]
pub struct Claim {
    pub org: OrgId,
    pub due: Due,
    /// Claims since the last that came to something, this one counted.
    pub attempts: i32,
}

/// Looks at the calls that are due; answers how many there were.
pub async fn settle_calls(core: &Core) -> Result<usize> {
    let claims = claim(core, watch::LINK, CALLS, CALL_LEASE).await?;
    Ok(attend(core, claims, watch::LINK).await)
}

/// Makes agents and their copies agree where that is due.
pub async fn settle_agents(core: &Core) -> Result<usize> {
    let claims = claim(core, Agent::LINK, AGENTS, AGENT_LEASE).await?;
    Ok(attend(core, claims, Agent::LINK).await)
}

/// Takes what is due, longest overdue first, so that nobody else does until the lease ends.
async fn claim(core: &Core, kind: &str, limit: i64, lease: Duration) -> Result<Vec<Claim>> {
    let rows = sqlx::query!(
        "update app.provider_links m set due_at = now() + make_interval(secs => $3), attempts = m.attempts + 1
         from (select d.org_id, d.kind, d.object_id from app.provider_links d
               where d.kind = $1 and d.due_at <= now()
               order by d.due_at limit $2 for update skip locked) due
         where m.org_id = due.org_id and m.kind = due.kind and m.object_id = due.object_id
         returning m.org_id, m.object_id, m.state, m.note, m.attempts",
        kind,
        limit,
        lease.as_secs_f64(),
    )
    .fetch_all(core.db.worker.queue())
    .await?;
    let claims = rows.into_iter().map(|row| Claim {
        org: row.org_id,
        due: Due {
            object_id: row.object_id,
            state: row.state,
            note: row.note,
        },
        attempts: row.attempts,
    });
    Ok(claims.collect())
}

/// How deep the queues are that lie in tables of organizations, and the inbox; mail is kept elsewhere.
pub(super) async fn depths(core: &Core) -> Result<Vec<Depth>> {
    let rows = sqlx::query_as!(
        Depth,
        r#"select q.queue as "queue!", count(d.due_at) as "due!",
                  coalesce(extract(epoch from now() - min(d.due_at)), 0)::float8 as "oldest_s!"
           from (values ('calls', $1), ('agents', $2), ('reports', ''), ('inbox', '')) q (queue, kind)
           left join lateral (
             select m.due_at from app.provider_links m where m.kind = q.kind and m.due_at <= now()
             union all
             select r.due_at from app.report_runs r where q.queue = 'reports' and r.due_at <= now()
             union all
             select i.next_at from ops.inbox i
             where q.queue = 'inbox' and i.done_at is null and i.next_at <= now() and i.provider = 'ultravox') d on true
           group by q.queue"#,
        watch::LINK,
        Agent::LINK,
    )
    .fetch_all(core.db.worker.queue())
    .await?;
    Ok(rows)
}

async fn attend(core: &Core, claims: Vec<Claim>, kind: &'static str) -> usize {
    let count = claims.len();
    let mut tasks = JoinSet::new();
    for claim in claims {
        let core = core.clone();
        tasks.spawn(async move {
            let worker = Caller::system(claim.org.clone());
            let settled = match kind {
                watch::LINK => watch::settle(&core, &worker, &claim.due).await,
                _ => provider_sync::reconcile::<Agent>(&core, &worker, &claim.due).await,
            };
            if let Err(error) = settled {
                put_off(&core, &claim, kind, &error).await;
            }
        });
    }
    while let Some(joined) = tasks.join_next().await {
        if let Err(panic) = joined {
            tracing::error!(%panic, "a piece of work panicked; its lease brings it back");
        }
    }
    count
}

/// Tries again later, each time a little later, and says once that it is stuck.
async fn put_off(core: &Core, claim: &Claim, kind: &str, error: &Error) {
    // Somebody may be watching a call; nobody waits for an agent's next round.
    let longest = if kind == watch::LINK { 5 } else { 9 };
    let seconds = f64::from(2_i32.pow(claim.attempts.clamp(0, longest).cast_unsigned()));
    tracing::warn!(kind, object = %claim.due.object_id, attempts = claim.attempts, %error, "could not settle");
    if let Err(error) = postpone(core, &claim.org, kind, claim.due.object_id, seconds).await {
        tracing::warn!(%error, "the lease brings it back instead");
    }
}

async fn postpone(core: &Core, org: &OrgId, kind: &str, object_id: Uuid, seconds: f64) -> Result<()> {
    sqlx::query!(
        "update app.provider_links set due_at = now() + make_interval(secs => $4) where org_id = $1 and kind = $2 and object_id = $3",
        org.as_str(),
        kind,
        object_id,
        seconds,
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(())
}
