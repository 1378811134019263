//! The command line, the same for `switchboard warden` and for the program that tests drive.

mod carry;
mod show;

use std::{num::NonZeroU32, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::{
    claims,
    name::Name,
    run::{Options, Patience},
    steps::Phase,
    throttle::{Canary, Limits},
};
use carry::End;

/// Takes an existing, user-scoped Postgres database to organization scope while its programs go on working.
///
/// Ends with 0 when all is well, 1 when something is not as it should be, 2 when a person has to mend something first, and 3
/// when it may go better the next time (`resume`).
#[derive(Parser)]
pub struct Warden {
    /// The database: postgres://user@host/name. Connect as a role with BYPASSRLS that owns the tables.
    #[arg(long, env = "WARDEN_TARGET_URL", hide_env_values = true, global = true)]
    database: Option<String>,
    /// The key that plans are signed with; made where there is none.
    #[arg(long, default_value = "warden.key", global = true)]
    key: PathBuf,
    /// Prints JSON: one line for each event.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Looks at the database, changes nothing, and writes a plan with what has to be decided.
    Discover(Discover),
    /// Looks whether a plan makes sense, signs it and freezes it.
    Plan {
        /// The file that `discover` wrote and you have edited.
        file: PathBuf,
    },
    /// The column, what fills it from now on, and the check that it is there.
    Add(Carry),
    /// The rows that are there.
    Backfill(Carry),
    /// Never null, and keys that begin with the organization.
    Constrain(Carry),
    /// The organization of each person at the identity provider, whose key is in WARDEN_CLAIMS_KEY.
    Claims {
        /// Compares what stands there with what the database says, and writes nothing.
        #[arg(long)]
        shadow: bool,
        /// Replaces another organization that stands there already.
        #[arg(long)]
        overwrite: bool,
        /// Questions to the provider in a second.
        #[arg(long)]
        rate: Option<NonZeroU32>,
        #[command(flatten)]
        carry: Carry,
    },
    /// Row security, immutability and rights.
    Seal {
        /// Closes only so many tables, the smallest first, to look at what programs make of it. Another `seal` goes on.
        #[arg(long)]
        first: Option<usize>,
        #[command(flatten)]
        carry: Carry,
    },
    /// Drops what only older programs needed. There is no way back from it but a backup.
    Contract {
        /// The backup that has been restored for a trial.
        #[arg(long)]
        i_have_a_backup: Option<String>,
        #[command(flatten)]
        carry: Carry,
    },
    /// Asks whether the database is as the plan says.
    Verify {
        /// Writes the report as a page.
        #[arg(long)]
        html: Option<PathBuf>,
        /// Writes the report as JSON, for `POST /api/v1/reports`, and its signature beside it.
        #[arg(long)]
        report: Option<PathBuf>,
    },
    /// Says whether a report is as it was signed, and by which key.
    Signed {
        /// What `verify --report` wrote; its signature stands beside it.
        file: PathBuf,
    },
    /// Undoes what comes after a phase: `--to backfill`, or `--to start` for everything.
    Rollback {
        #[arg(long)]
        to: String,
        #[command(flatten)]
        carry: Carry,
    },
    /// Says how far it is.
    Status,
    /// Goes on with the phase that was left off, or with all phases through the one named.
    Resume {
        #[arg(long)]
        through: Option<Phase>,
        #[command(flatten)]
        carry: Carry,
    },
    /// Lets the run that is under way stop after its batch.
    Pause,
}

#[derive(Args)]
struct Discover {
    /// Where the plan goes.
    #[arg(long, default_value = "warden.toml")]
    out: PathBuf,
    /// The table of people: public.users.
    #[arg(long)]
    users: Option<Name>,
    /// The table of organizations.
    #[arg(long)]
    organizations: Option<Name>,
    /// The column of that table that stands for the organization everywhere else.
    #[arg(long)]
    organization_key: Option<String>,
    /// The table that says who belongs where.
    #[arg(long)]
    membership: Option<Name>,
    /// The column that tables get.
    #[arg(long)]
    column: Option<String>,
    /// Everybody is an organization of their own.
    #[arg(long)]
    personal: bool,
}

#[derive(Args)]
struct Carry {
    /// Prints the statements, their locks and how many rows they concern, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Seconds to try for a lock before giving up, resumably.
    #[arg(long, default_value_t = 600)]
    patience: u64,
    /// Milliseconds others may be kept waiting by one try.
    #[arg(long, default_value_t = 800)]
    longest_try: u64,
    /// Milliseconds a batch should take.
    #[arg(long, default_value_t = 200)]
    batch_ms: u64,
    /// Rows a second at most.
    #[arg(long)]
    max_rate: Option<NonZeroU32>,
    /// Seconds the slowest standby may be behind.
    #[arg(long)]
    max_lag: Option<u64>,
    /// Bytes of WAL a second, whoever writes them.
    #[arg(long)]
    max_wal: Option<u64>,
    /// A query of the application's that must stay quick meanwhile.
    #[arg(long, requires = "canary_ms")]
    canary: Option<String>,
    /// Milliseconds it may take.
    #[arg(long, requires = "canary")]
    canary_ms: Option<u64>,
}

impl Carry {
    fn options(&self) -> Options {
        Options {
            patience: Patience {
                longest_try: Duration::from_millis(self.longest_try),
                in_all: Duration::from_secs(self.patience),
            },
            batch: Duration::from_millis(self.batch_ms),
            limits: Limits {
                lag: self.max_lag.map(Duration::from_secs),
                lag_bytes: None,
                wal: self.max_wal,
                canary: self.canary.clone().zip(self.canary_ms).map(|(sql, ms)| Canary {
                    sql,
                    within: Duration::from_millis(ms),
                }),
                rate: self.max_rate,
            },
            claims: claims::Options::from_env(),
            first: None,
        }
    }
}

/// Runs a command and says what the process ends with.
pub async fn run(command: Warden) -> ExitCode {
    match command.carry_out().await {
        Ok(End::Well) => ExitCode::SUCCESS,
        Ok(End::Amiss) => ExitCode::from(1),
        Err(error) => {
            eprintln!("warden: {error}");
            ExitCode::from(error.code())
        }
    }
}
