//! Claims: the organization of each person, written where their tokens are made and only the server may write it.
//!
//! Clerk keeps it in `public_metadata.app_metadata.org_id`, Supabase in `app_metadata.org_id`, and everybody else in
//! whatever the operator's own function writes. Who belongs to no organization, or to several, gets no claim.

mod decide;
mod fault;
mod http;
mod journal;
mod provider;
mod rollback;
mod run;
mod shadow;
mod survey;
mod target;

use std::{num::NonZeroU32, time::Duration};

use secrecy::SecretString;

pub use decide::State;
pub use fault::Fault;
pub(crate) use http::address;
pub use rollback::rollback;
pub use run::run;
pub use survey::{Survey, shadow, verify};

/// Where the provider's key is; never in a plan.
pub const KEY: &str = "WARDEN_CLAIMS_KEY";

#[derive(Clone, Debug)]
pub struct Options {
    /// The provider's key for its server side; a hook needs none.
    pub key: Option<SecretString>,
    /// Replaces another organization that stands there already.
    pub overwrite: bool,
    /// Counts what would be written, and writes nothing, no journal either.
    pub dry_run: bool,
    /// People in one batch.
    pub batch: NonZeroU32,
    /// Questions to the provider in a second, reads and writes together.
    pub rate: NonZeroU32,
    /// After so many people in a row for whom the provider failed, the run stops.
    pub failures: NonZeroU32,
    /// How long a provider may take for one answer.
    pub timeout: Duration,
    /// The first pause before a question is repeated; each further one is twice as long.
    pub backoff: Duration,
}

impl Default for Options {
    /// A rate that a development instance of Clerk (100 in ten seconds) bears beside other use.
    fn default() -> Self {
        const fn number(n: u32) -> NonZeroU32 {
            NonZeroU32::new(n).expect("it is not zero")
        }
        Self {
            key: None,
            overwrite: false,
            dry_run: false,
            batch: number(100),
            rate: number(8),
            failures: number(10),
            timeout: Duration::from_secs(10),
            backoff: Duration::from_millis(250),
        }
    }
}

impl Options {
    /// With the key of the environment.
    pub fn from_env() -> Self {
        let key = std::env::var(KEY).ok().filter(|key| !key.is_empty());
        Self {
            key: key.map(SecretString::from),
            ..Self::default()
        }
    }
}

/// How far it is, and how people fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// People when it began.
    pub users: u64,
    pub examined: u64,
    /// Done by an earlier run, and not asked about again.
    pub settled: u64,
    pub written: u64,
    pub same: u64,
    pub absent: u64,
    pub mismatch: u64,
    pub failed: u64,
    /// Those of the failed whom the provider does not know. When it is everybody, the key is that of another instance.
    pub unknown: u64,
    /// Taken back.
    pub removed: u64,
}

impl Progress {
    fn count(&mut self, state: State) {
        let figure = match state {
            State::Pending => return,
            State::Written => &mut self.written,
            State::Same => &mut self.same,
            State::Absent => &mut self.absent,
            State::Mismatch => &mut self.mismatch,
            State::Failed => &mut self.failed,
            State::Removed => &mut self.removed,
        };
        *figure += 1;
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub progress: Progress,
    /// Why it ended before the last person. What is done stays done, and the next run goes on from there.
    pub stopped: Option<Stop>,
}

impl Outcome {
    /// Everybody was looked at and nobody is left over for a person to decide about.
    pub fn is_complete(&self) -> bool {
        let Progress {
            users,
            examined,
            mismatch,
            failed,
            ..
        } = self.progress;
        self.stopped.is_none() && mismatch == 0 && failed == 0 && (examined > 0 || users == 0)
    }
}

/// Why a run ended early, and the way on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    #[error("paused at the end of a batch; `switchboard warden resume` goes on")]
    Paused,
    #[error("{0}: look at {KEY} and at what it may do, then resume")]
    Key(Fault),
    #[error(
        "{1} people in a row failed, last because {0}; when the provider is well again, resume: what is done is not asked again"
    )]
    Failing(Fault, u32),
}

#[derive(Debug, thiserror::Error)]
pub enum ClaimsError {
    #[error(
        "the plan says nothing of claims: add [claims] with a provider and the subject's column, and freeze it again"
    )]
    NoClaims,
    #[error("warden.user_org is not there, so nobody's organization is known: `switchboard warden add` makes it")]
    NoMapping,
    #[error("{KEY} is not set: the provider's server-side key is taken from the environment")]
    NoKey,
    #[error("{KEY} holds characters that no key has")]
    OddKey,
    #[error("claims.provider.url {0}")]
    Address(&'static str),
    #[error("the connection to the provider could not be set up")]
    NoClient,
    #[error(
        "there is no function {0}(text, text): the first is the provider's id of a person, the second the organization"
    )]
    NoFunction(String),
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Counts people in a row for whom the provider failed.
struct Breaker {
    run: u32,
    most: u32,
}

impl Breaker {
    fn new(options: &Options) -> Self {
        Self {
            run: 0,
            most: options.failures.get(),
        }
    }

    fn heard<T>(&mut self, result: &Result<T, Fault>) -> Option<Stop> {
        match result {
            Ok(_) => self.run = 0,
            Err(fault) if fault.is_personal() => {}
            Err(fault) if fault.blames_key() => return Some(Stop::Key(fault.clone())),
            Err(fault) => {
                self.run += 1;
                if self.run >= self.most {
                    return Some(Stop::Failing(fault.clone(), self.run));
                }
            }
        }
        None
    }
}
