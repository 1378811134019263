//! Comparing what stands at the provider with what the database says, for everybody, and changing neither.

use sqlx::PgConnection;

use super::{
    Breaker, ClaimsError, Options, Progress, Stop,
    decide::{Person, hash},
    fault::Fault,
    journal::Journal,
    provider::{Look, Standing},
    shadow::install,
    target::Target,
};
use crate::plan::Plan;

/// People of each kind whose keys a report names, as hashes.
const NAMED: usize = 20;

/// How the claims of all people compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    pub users: u64,
    pub examined: u64,
    /// No claim where there is no organization is the same, too.
    pub same: u64,
    /// They have an organization, and no claim of it, be it because the provider does not know them.
    pub missing: u64,
    /// Another organization stands there, or one of somebody who has none.
    pub different: u64,
    /// The provider did not say.
    pub unread: u64,
    /// Hashes of the keys of some who are not the same.
    pub named: Vec<String>,
    pub stopped: Option<Stop>,
}

impl Survey {
    pub fn violating(&self) -> u64 {
        self.missing + self.different + self.unread
    }

    /// Everybody was looked at, and everybody is the same. Nobody looked at is no proof where there is somebody.
    pub fn holds(&self) -> bool {
        self.stopped.is_none() && self.violating() == 0 && (self.examined > 0 || self.users == 0)
    }

    fn count(&mut self, person: &Person, look: &Look) {
        self.examined += 1;
        let standing = match look {
            Ok(found) => Some(&found.standing),
            Err(Fault::Unknown | Fault::Nameless | Fault::Malformed) => Some(&Standing::Nothing),
            Err(_) => None,
        };
        let figure = match (&person.org, standing) {
            (_, None) => &mut self.unread,
            (None, Some(Standing::Nothing)) => &mut self.same,
            (Some(org), Some(Standing::Org(is))) if org == is => &mut self.same,
            (Some(_), Some(Standing::Nothing)) => &mut self.missing,
            (_, Some(_)) => &mut self.different,
        };
        *figure += 1;
        if self.named.len() < NAMED && self.violating() > self.named.len() as u64 {
            self.named.push(hash(&person.key));
        }
    }
}

/// Before it counts: installs `warden.shadow` for the running program, and compares what tokens will say with what the
/// database says. With a hook, what its function was last told is compared.
///
/// # Errors
/// As [`super::run`].
pub async fn shadow(
    connection: &mut PgConnection,
    plan: &Plan,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Survey, ClaimsError> {
    // First, so that a plan without people's organizations is refused before the program calls something that is wrong.
    Journal::open(connection, plan).await?;
    install(connection, plan).await?;
    verify(connection, plan, options, progress).await
}

/// Compares the claims of everybody.
///
/// # Errors
/// As [`super::run`].
pub async fn verify(
    connection: &mut PgConnection,
    plan: &Plan,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Survey, ClaimsError> {
    let claims = plan.claims.as_ref().ok_or(ClaimsError::NoClaims)?;
    let target = Target::new(connection, claims, options).await?;
    let journal = Journal::open(connection, plan).await?;
    let shared = journal.shared(connection).await?;
    let mut breaker = Breaker::new(options);
    let mut survey = Survey {
        users: u64::try_from(journal.users(connection).await?).unwrap_or_default(),
        ..Survey::default()
    };
    let mut after: Option<String> = None;
    while survey.stopped.is_none() {
        let batch = options.batch.get();
        let people = journal.page(connection, after.as_deref(), batch).await?;
        let Some(last) = people.last() else { break };
        after = Some(last.key.clone());
        let people: Vec<Person> = people.into_iter().map(Person::under_this_id).collect();
        let looks = target.look(&people, &shared).await;
        for (person, look) in people.iter().zip(&looks) {
            survey.count(person, look);
            survey.stopped = survey.stopped.or(breaker.heard(look));
        }
        progress(Progress {
            users: survey.users,
            examined: survey.examined,
            same: survey.same,
            mismatch: survey.different,
            failed: survey.missing + survey.unread,
            ..Progress::default()
        });
    }
    Ok(survey)
}
