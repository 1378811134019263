//! What stops a run, with the way on. Nothing here quotes a row.

use std::{fmt::Write, path::Path};

use crate::{
    discover::Refused,
    plan::{Flaw, Unsigned},
    steps::Phase,
    throttle::ThrottleError,
};

#[derive(Debug, thiserror::Error)]
pub enum WardenError {
    #[error("the database cannot be reached: {0}. What was done is noted; `warden resume` goes on from there")]
    Unreachable(String),
    #[error(
        "a pooler that shares connections between transactions stands before this database. The warden holds locks and settings of a \
         session: say --database with the address of Postgres itself"
    )]
    Pooled,
    #[error("the database refused: {0}")]
    Refused(String),
    #[error("{step} failed: {reason}. Everything before it is done and noted; mend the cause, then `warden resume`")]
    Step { step: String, reason: String },
    #[error(
        "{step} did not get its lock within {seconds} s; nothing of it was done. In its way: {}. `warden resume` tries again",
        either(.blockers, "nobody who can be named")
    )]
    Locked {
        step: String,
        seconds: u64,
        blockers: Vec<String>,
    },
    #[error("the plan is not readable: {0}")]
    Unreadable(String),
    #[error("the plan cannot be carried out:\n{}", lines(.0))]
    Flawed(Vec<Flaw>),
    #[error("the database has changed since the plan was frozen; nothing was done. Roll back, or discover and plan anew:\n{}", lines(.0))]
    Drifted(Vec<String>),
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    #[error(
        "no plan is frozen here: run `warden discover`, decide what it asks, and freeze it with `warden plan FILE`"
    )]
    NotFrozen,
    #[error(
        "another plan is being carried out here, and this one would do otherwise what is done of it already ({0}). Roll it back first: \
         `warden rollback --to start`"
    )]
    Begun(String),
    #[error("another warden is at work here: {0}. Wait for it, or end it; it leaves nothing half-done")]
    Busy(String),
    #[error(
        "row security would keep `{role}` from seeing rows of {table}, and what it does not see it would call migrated. \
         Connect as a role with BYPASSRLS"
    )]
    Blind { role: String, table: String },
    #[error("`{role}` may not do what is needed:\n{}", lines(.missing))]
    Rights { role: String, missing: Vec<String> },
    #[error("this database has what the warden cannot take along without a pause or a loss; nothing was done:\n{}", lines(.0))]
    Unfit(Vec<String>),
    #[error("{wanted} comes after {needs}, which is not done: `warden {needs}`")]
    Order { wanted: Phase, needs: Phase },
    #[error(
        "rolling back deletes the organization of the quarantine, and rows of the application refer to it. Nothing was done. Let them refer to \
         another one, or delete them, then `warden rollback` again:\n{}",
        lines(.0)
    )]
    Held(Vec<String>),
    #[error("there is no way back from contract: restore the backup it asked for")]
    OneWay,
    #[error("contract drops what nothing but a backup brings back: say which with --i-have-a-backup ID")]
    NoBackup,
    #[error(
        "{table}: {left} of {examined} rows have no organization, and no rule says what becomes of them. Roll back, write one, and freeze the plan again"
    )]
    Left { table: String, examined: i64, left: i64 },
    #[error(
        "rows refer to rows of another organization, so keys that hold the organization would not hold for them. Nothing was done. \
         Name the key under `loose`, and freeze the plan again: what is done stays done. Or decide otherwise whose the rows are, which \
         takes `warden rollback --to start`:\n{}",
        lines(.0)
    )]
    Crossing(Vec<String>),
    #[error(
        "columns that are to go are asked for by others. Nothing was dropped. Change or drop these, then `warden contract` again:\n{}",
        lines(.0)
    )]
    Needed(Vec<String>),
    #[error(
        "of {users} people {mismatch} have another organization at the provider and {failed} failed; warden.claim says whose and why"
    )]
    People { users: u64, mismatch: u64, failed: u64 },
    #[error("{0}")]
    Claims(String),
    #[error("{0}")]
    Stopped(String),
    #[error("{0}")]
    Throttle(String),
    #[error("paused; `warden resume` goes on")]
    Paused,
    #[error("which database? Say --database postgres://user@host/name, or set WARDEN_TARGET_URL")]
    NoDatabase,
    #[error("`{0}`: {1}")]
    File(String, String),
    #[error("{0}")]
    Undiscovered(String),
}

impl WardenError {
    /// What the process ends with: 2 for what a person has to mend, 3 for what may go better the next time.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Unreachable(_) | Self::Locked { .. } | Self::Busy(_) | Self::Paused | Self::Stopped(_) => 3,
            Self::People { .. } => 1,
            _ => 2,
        }
    }
}

impl WardenError {
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File(path.display().to_string(), error.to_string())
    }
}

impl From<Refused> for WardenError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Database(error) => error.into(),
            other => Self::Undiscovered(other.to_string()),
        }
    }
}

impl From<ThrottleError> for WardenError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Database(error) => error.into(),
            ThrottleError::Canary(error) => Self::Throttle(format!("the canary query: {}", describe(&error).0)),
            other @ ThrottleError::Blind => Self::Throttle(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for WardenError {
    fn from(error: sqlx::Error) -> Self {
        match describe(&error) {
            (reason, true) => Self::Unreachable(reason),
            (reason, false) => Self::Refused(reason),
        }
    }
}

/// What happened without the values it happened to, and whether the connection is gone.
pub fn describe(error: &sqlx::Error) -> (String, bool) {
    match error {
        sqlx::Error::Database(db) => {
            let code = db.code().unwrap_or_default();
            // Class 22 quotes what it could not read.
            let message = if code.starts_with("22") {
                "a value does not fit"
            } else {
                db.message()
            };
            let constraint = db
                .constraint()
                .map_or_else(String::new, |name| format!(", constraint {name}"));
            let table = db.table().map_or_else(String::new, |name| format!(", table {name}"));
            // Class 57: the server is going, or ended us.
            (
                format!("{message} ({code}{table}{constraint})"),
                code.starts_with("57P") || code.starts_with("08"),
            )
        }
        sqlx::Error::Io(io) => (io.to_string(), true),
        sqlx::Error::Tls(_) => ("no encrypted connection".to_owned(), true),
        other => (
            other.to_string(),
            matches!(other, sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed),
        ),
    }
}

/// The code of an error of the database.
pub fn code(error: &sqlx::Error) -> Option<String> {
    error
        .as_database_error()
        .and_then(|db| db.code())
        .map(|code| code.into_owned())
}

fn lines<T: ToString>(things: &[T]) -> String {
    let mut text = String::new();
    for thing in things {
        let _ = writeln!(text, "  - {}", thing.to_string());
    }
    text.trim_end().to_owned()
}

fn either(things: &[String], otherwise: &str) -> String {
    if things.is_empty() {
        otherwise.to_owned()
    } else {
        things.join("; ")
    }
}
