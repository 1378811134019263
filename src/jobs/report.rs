//! Runs of `verify` that members ask for: one at a time in the whole installation, by a process that has the warden's
//! login.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Backoff, Context, Failure, Job, Jobs, Limits, Outcome};
use crate::{
    auth::Caller,
    core::Core,
    db::{DbError, Logins},
    error::{Error, Result},
    id::Id,
    org::OrgId,
    report::{Report, store},
    verify::{Inspection, for_members},
};

/// How long a run waits for its turn before it asks again.
const PAUSE: Duration = Duration::from_secs(2);
/// A process without the warden's login leaves a run to others for so long before it says that nobody has come.
const PATIENCE: Duration = Duration::from_secs(20);

const NOBODY: &str = "No process here may look at the whole database: none has DATABASE_WARDEN_URL. \
                      Whoever runs this installation can run `switchboard verify --data --probe --canary --keep`.";
const CUT_SHORT: &str = "It did not come to an end, in three attempts. The log of this installation says why.";

/// Makes one report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunReport {
    pub report: Id<Report>,
}

/// The runs, for a process like this one.
pub fn queue(core: &Core) -> Jobs<RunReport> {
    Jobs::patient(if core.warden.is_some() {
        Duration::ZERO
    } else {
        PATIENCE
    })
}

impl Job for RunReport {
    const NAME: &'static str = "report";
    const LIMITS: Limits = Limits {
        slots: 1,
        per_org: 1,
        attempts: 3,
        timeout: Duration::from_secs(3600),
        backoff: Backoff {
            first: Duration::from_secs(10),
            longest: Duration::from_secs(60),
        },
        ..Limits::USUAL
    };

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let (core, worker) = (&context.core, context.caller()?);
        let Some(logins) = &core.warden else {
            store::end(core, &worker, self.report, &context.lease, Err(NOBODY)).await?;
            return Ok(Outcome::Done);
        };
        match inspect(core, &worker, self.report, logins).await {
            Ok(Some(report)) => store::end(core, &worker, self.report, &context.lease, Ok(&report)).await?,
            Ok(None) => {
                let note = "Another run is under way. This one is next.";
                store::waiting(&core.db, &worker, self.report, note).await?;
                return Ok(Outcome::Again(PAUSE));
            }
            Err(Stopped::Database(error)) => {
                tracing::warn!(%error, "a run of verify found nothing out");
                store::end(core, &worker, self.report, &context.lease, Err(&told(&error))).await?;
            }
            Err(Stopped::Here(error)) => return Err(error.into()),
        }
        Ok(Outcome::Done)
    }

    async fn given_up(self, context: Context, _: &str) -> Result<()> {
        let worker = context.caller()?;
        store::end(&context.core, &worker, self.report, &context.lease, Err(CUT_SHORT)).await
    }
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
    /// The run could not be written down.
    Here(Error),
}

impl From<DbError> for Stopped {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}
impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Here(error)
    }
}

/// Nothing while another run has its turn.
async fn inspect(core: &Core, worker: &Caller, report: Id<Report>, logins: &Logins) -> Result<Option<Report>, Stopped> {
    let Some(mut inspection) = Inspection::begin_in_turn(logins).await? else {
        return Ok(None);
    };
    let says = async |words: &str| store::going(&core.db, worker, report, words).await;
    let org: &OrgId = worker.org();
    says("Asking the catalog (1 of 4)").await?;
    let mut outcomes = for_members(inspection.catalog().await?);
    let whose = inspection.organization(org).await?;
    says("Counting your rows (2 of 4)").await?;
    outcomes.extend(inspection.rows(Some(&whose)).await?);
    says("Trying the logins (3 of 4)").await?;
    outcomes.extend(inspection.logins(Some(&whose)).await?);
    says("Planting canaries (4 of 4)").await?;
    outcomes.extend(inspection.canaries().await?);
    Ok(Some(inspection.end(outcomes).await?))
}
