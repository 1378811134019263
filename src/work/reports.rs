//! Runs of `verify` that members ask for: one at a time in the whole installation, by a process that has the warden's
//! login.

use std::time::Duration;

use crate::{
    auth::Caller,
    core::Core,
    db::{DbError, Logins},
    error::Result,
    id::Id,
    org::OrgId,
    report::{Report, store},
    verify::{Inspection, for_members},
};

/// A claim that outlives its process is taken up again after this. A run may take longer: it has its turn as long as
/// its connection stands, and whoever claims meanwhile finds that out.
const LEASE: Duration = Duration::from_secs(30);
/// How long a run waits for its turn before it asks again.
const PAUSE: Duration = Duration::from_secs(2);
/// A process without the warden's login leaves a run to others for so long before it says that nobody has come.
const PATIENCE: Duration = Duration::from_secs(20);
/// A run that was cut short so often is not begun again.
const ATTEMPTS: i32 = 3;

const NOBODY: &str = "No process here may look at the whole database: none has DATABASE_WARDEN_URL. \
                      Whoever runs this installation can run `switchboard verify --data --probe --canary --keep`.";
const CUT_SHORT: &str = "The process that ran it was stopped, three times. Its log says why.";

struct Claim {
    org: OrgId,
    id: Id<Report>,
    attempts: i32,
}

/// Does the run that is due, if there is one.
pub async fn run_due(core: &Core) -> Result<usize> {
    let patience = if core.warden.is_some() {
        Duration::ZERO
    } else {
        PATIENCE
    };
    let Some(claim) = claim(core, patience).await? else {
        return Ok(0);
    };
    let worker = Caller::system(claim.org.clone());
    let Some(logins) = &core.warden else {
        store::end(&core.db, &worker, claim.id, Err(NOBODY)).await?;
        return Ok(1);
    };
    if claim.attempts > ATTEMPTS {
        store::end(&core.db, &worker, claim.id, Err(CUT_SHORT)).await?;
        return Ok(1);
    }
    match inspect(core, &worker, &claim, logins).await {
        Ok(Some(report)) => store::end(&core.db, &worker, claim.id, Ok(&report)).await?,
        Ok(None) => {
            store::waiting(
                &core.db,
                &worker,
                claim.id,
                "Another run is under way. This one is next.",
            )
            .await?;
            put_off(core, &claim).await?;
            // Nothing was done, so there is a pause before the next look.
            return Ok(0);
        }
        Err(Stopped::Database(error)) => {
            tracing::warn!(%error, "a run of verify found nothing out");
            store::end(&core.db, &worker, claim.id, Err(&told(&error))).await?;
        }
        Err(Stopped::Here(error)) => return Err(error),
    }
    Ok(1)
}

/// What a member is told of it: not what Postgres said to the warden, which may quote anybody's rows.
fn told(error: &DbError) -> String {
    match error {
        DbError::Missing(_) | DbError::Unreachable(_) => format!("It could not begin: {error}."),
        _ => "The database could not be looked at. The log of this installation says why.".to_owned(),
    }
}

enum Stopped {
    /// The database could not be looked at: that is what the run has to say.
    Database(DbError),
    /// The run could not be written down. Its lease brings it back.
    Here(crate::Error),
}

impl From<DbError> for Stopped {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}
impl From<crate::Error> for Stopped {
    fn from(error: crate::Error) -> Self {
        Self::Here(error)
    }
}

/// Nothing while another run has its turn.
async fn inspect(core: &Core, worker: &Caller, claim: &Claim, logins: &Logins) -> Result<Option<Report>, Stopped> {
    let Some(mut inspection) = Inspection::begin_in_turn(logins).await? else {
        return Ok(None);
    };
    let says = async |words: &str| store::going(&core.db, worker, claim.id, words).await;
    says("Asking the catalog (1 of 4)").await?;
    let mut outcomes = for_members(inspection.catalog().await?);
    let whose = inspection.organization(&claim.org).await?;
    says("Counting your rows (2 of 4)").await?;
    outcomes.extend(inspection.rows(Some(&whose)).await?);
    says("Trying the logins (3 of 4)").await?;
    outcomes.extend(inspection.logins(Some(&whose)).await?);
    says("Planting canaries (4 of 4)").await?;
    outcomes.extend(inspection.canaries().await?);
    Ok(Some(inspection.end(outcomes).await?))
}

async fn claim(core: &Core, patience: Duration) -> Result<Option<Claim>> {
    let row = sqlx::query!(
        "update app.report_runs r set due_at = now() + make_interval(secs => $2), attempts = r.attempts + 1
         from (select d.org_id, d.report_id from app.report_runs d
               where d.due_at <= now() - make_interval(secs => $1)
               order by d.due_at limit 1 for update skip locked) due
         where r.org_id = due.org_id and r.report_id = due.report_id
         returning r.org_id, r.report_id, r.attempts",
        patience.as_secs_f64(),
        LEASE.as_secs_f64(),
    )
    .fetch_optional(core.db.worker.queue())
    .await?;
    Ok(row.map(|row| Claim {
        org: row.org_id,
        id: row.report_id,
        attempts: row.attempts,
    }))
}

/// Back into the queue as if it had not been claimed.
async fn put_off(core: &Core, claim: &Claim) -> Result<()> {
    sqlx::query!(
        "update app.report_runs r set due_at = now() + make_interval(secs => $3), attempts = $4
         where r.org_id = $1 and r.report_id = $2",
        claim.org.clone() as _,
        claim.id as _,
        PAUSE.as_secs_f64(),
        claim.attempts - 1,
    )
    .execute(core.db.worker.queue())
    .await?;
    Ok(())
}
