//! Errors: everything a person or a client may be told. Safe to show, made where the cause is known.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::resource::Kind;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Error {
    /// No credential, or one that does not count. Never says why.
    #[error("Sign in to continue.")]
    Unauthenticated,
    /// A good key whose maker may do nothing here any more. Whoever holds the key is told, and nobody else.
    #[error("Whoever made this API key has left the organization, and the key ended with that. Make a new one.")]
    MakerGone,
    /// Signed in, but no organization chosen.
    #[error("Choose an organization first.")]
    NoOrg,
    /// The thing is visible, the action is not permitted.
    #[error("Your role does not allow this.")]
    Forbidden,
    /// Not there, or not theirs: the two cannot be told apart.
    #[error("This does not exist here.")]
    NotFound,
    /// The request is well formed but the state of things forbids it.
    #[error("{0}")]
    Conflict(String),
    #[error("Some fields need another look.")]
    Invalid(Vec<FieldError>),
    /// The page was drawn for another organization than the session is in now.
    #[error("You switched organization in another tab.")]
    OrgChanged,
    #[error("Too many requests. Try again in {retry_after_s} s.")]
    Limited { retry_after_s: u64 },
    /// A part of this installation is away for a moment, and nothing was done.
    #[error("The database of this service does not answer at the moment. Try again in {retry_after_s} s.")]
    Unavailable { retry_after_s: u64 },
    #[error("{0}")]
    Upstream(Upstream),
    #[error("That did not work, and it is our fault. Incident {0}.")]
    Internal(Incident),
}

/// One thing wrong with one field, in words that stand beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Path of the field, as in the request: `name`, `variables[2].name`.
    pub field: String,
    pub message: String,
    /// The page of what is in the way, such as the contact that already has this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// A provider failed us: which, what happened, and what became of the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    pub provider: Provider,
    pub fault: Fault,
    /// What the provider said, if it said something fit to repeat.
    pub said: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Ultravox,
    Clerk,
    LanguageModel,
}

impl Provider {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ultravox => "Ultravox",
            Self::Clerk => "Clerk",
            Self::LanguageModel => "Language model",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No connection could be made.
    Unreachable,
    /// It accepted the request and did not answer in time; whether it acted is unknown.
    NoAnswer,
    /// It answered with a failure of its own.
    Failing,
    /// It refused what we sent.
    Rejected,
    /// It asks for fewer requests.
    Busy,
    /// It refuses our key, or our account is out of credit.
    Account,
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.provider {
            // It only writes: nothing of what is asked of it may be half done.
            Provider::LanguageModel => return f.write_str(&self.of_the_model()),
            other => other.name(),
        };
        match self.fault {
            Fault::Unreachable => write!(
                f,
                "{name} could not be reached. Nothing was changed; try again in a moment."
            ),
            Fault::NoAnswer => write!(
                f,
                "{name} did not answer in time. Nothing was changed here; what it may have done is being undone."
            ),
            Fault::Failing => write!(
                f,
                "{name} answered with an error of its own. Nothing was changed; try again in a moment."
            ),
            Fault::Busy => write!(
                f,
                "{name} asks us to slow down. Nothing was changed; try again in a minute."
            ),
            Fault::Account => write!(
                f,
                "{name} refuses this installation's key or account. An operator has to look at it; nothing was changed."
            ),
            Fault::Rejected => match &self.said {
                Some(said) => write!(f, "{name} did not accept this: {said} Nothing was changed."),
                None => write!(f, "{name} did not accept this. Nothing was changed."),
            },
        }
    }
}

impl Upstream {
    fn of_the_model(&self) -> String {
        let said = self.said.as_deref();
        let said = |usual: &str| format!(" {}", said.unwrap_or(usual));
        let (what, then) = match self.fault {
            Fault::Unreachable => ("could not be reached.", " Try again in a moment.".to_owned()),
            Fault::NoAnswer => (
                "did not answer in time.",
                " Try again, or ask for something shorter.".to_owned(),
            ),
            Fault::Failing => (
                "failed.",
                said("It answered with an error of its own. Try again in a moment."),
            ),
            Fault::Busy => ("asks us to slow down.", said("Try again in a minute.")),
            Fault::Account => (
                "refuses this installation's key or account.",
                " An operator has to look at it.".to_owned(),
            ),
            Fault::Rejected => ("did not accept this.", said("Try other words.")),
        };
        format!("The language model {what}{then} Nothing was changed.")
    }
}

/// Finds the log lines of one failure of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident(pub String);

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error {
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            field: field.into(),
            message: message.into(),
            link: None,
        }])
    }

    /// The same, with the page of what is in the way.
    pub fn invalid_with_link(field: impl Into<String>, message: impl Into<String>, link: String) -> Self {
        Self::Invalid(vec![FieldError {
            field: field.into(),
            message: message.into(),
            link: Some(link),
        }])
    }

    /// A change that started from what is not there any more.
    pub fn stale(kind: Kind) -> Self {
        Self::Conflict(format!(
            "This {} has changed since it was read. Read it again.",
            kind.singular()
        ))
    }

    pub fn taken(field: &str) -> Self {
        Self::invalid(field, "This name is already used. Choose another.")
    }

    /// HTTP status (RFC 9110).
    pub fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated | Self::MakerGone => 401,
            Self::Forbidden | Self::NoOrg => 403,
            Self::NotFound => 404,
            Self::Conflict(_) | Self::OrgChanged => 409,
            Self::Invalid(_) => 422,
            Self::Limited { .. } => 429,
            Self::Unavailable { .. } => 503,
            Self::Internal(_) => 500,
            Self::Upstream(up) => match up.fault {
                Fault::Rejected => 422,
                Fault::Busy => 503,
                Fault::NoAnswer => 504,
                _ => 502,
            },
        }
    }

    /// The stable word of RFC 9457 `type`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::MakerGone => "maker_gone",
            Self::NoOrg => "no_organization",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict(_) => "conflict",
            Self::Invalid(_) => "invalid",
            Self::OrgChanged => "org_changed",
            Self::Limited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Upstream(_) => "provider_failed",
            Self::Internal(_) => "internal",
        }
    }

    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(fields) => fields,
            _ => &[],
        }
    }
}

#[cfg(feature = "ssr")]
mod ssr {
    use sqlx::error::DatabaseError;

    use super::{Error, Incident, Result};

    impl Error {
        /// Logs the cause once, here, where it is lost, and keeps its number for the person.
        pub fn internal(cause: impl std::fmt::Display) -> Self {
            let incident = uuid::Uuid::new_v4().simple().to_string()[..10].to_owned();
            tracing::error!(incident, %cause, "internal error");
            Self::Internal(Incident(incident))
        }
    }

    /// What may be logged of Postgres's refusal. Of data and of constraints (classes 22, 23 and those that functions make up) its
    /// message may quote the row, so it is left out.
    pub(super) fn cause(refusal: &dyn DatabaseError) -> String {
        const WITHOUT_ROWS: [&str; 12] = ["08", "25", "28", "40", "42", "53", "54", "55", "57", "58", "XX", "0A"];
        let code = refusal.code().unwrap_or_default();
        match refusal.constraint() {
            Some(constraint) => format!("{constraint} ({code})"),
            None if WITHOUT_ROWS.iter().any(|class| code.starts_with(class)) => {
                format!("{} ({code})", refusal.message())
            }
            None => code.into_owned(),
        }
    }

    /// What a failure of the database is counted as: a few words, whatever the statement was (`docs/operations.md`).
    pub(super) fn failure_word(error: &sqlx::Error) -> &'static str {
        let sqlx::Error::Database(refusal) = error else {
            return match error {
                sqlx::Error::PoolTimedOut => "no_free_connection",
                sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
                    "unreachable"
                }
                _ => "protocol",
            };
        };
        let code = refusal.code().unwrap_or_default();
        match &*code {
            "40001" => "serialization",
            "40P01" => "deadlock",
            "42501" => "not_permitted",
            "53100" => "disk_full",
            "53200" => "out_of_memory",
            "53300" => "too_many_connections",
            "57014" => "canceled",
            _ => match code.get(..2).unwrap_or_default() {
                "08" => "server_lost",
                "22" => "data",
                "23" => "constraint",
                "25" => "transaction",
                "28" => "login",
                "42" => "statement",
                "53" => "resources",
                "57" => "stopping",
                "58" | "XX" => "broken",
                _ => "other",
            },
        }
    }

    impl From<sqlx::Error> for Error {
        fn from(error: sqlx::Error) -> Self {
            if !matches!(error, sqlx::Error::RowNotFound) {
                metrics::counter!("switchboard_database_failures_total", "cause" => failure_word(&error)).increment(1);
            }
            match &error {
                sqlx::Error::RowNotFound => Self::NotFound,
                sqlx::Error::PoolTimedOut => {
                    metrics::counter!("switchboard_pool_timeouts_total").increment(1);
                    Self::Unavailable { retry_after_s: 1 }
                }
                // The connection broke, or there is none.
                sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                    tracing::warn!(cause = crate::db::describe(&error), "the database cannot be reached");
                    Self::Unavailable { retry_after_s: 5 }
                }
                // Class 08: Postgres has lost a server that it keeps rows on. Those of other organizations are served.
                // 57P: it is stopping or starting. 53300: it takes no more connections.
                sqlx::Error::Database(db)
                    if db
                        .code()
                        .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code == "53300") =>
                {
                    tracing::warn!(cause = cause(&**db), "a part of the database cannot be reached");
                    Self::Unavailable { retry_after_s: 5 }
                }
                // A text that it can hold nowhere. Whoever reads a request or an answer keeps such texts away; this is for
                // the reader that does not.
                sqlx::Error::Database(db) if db.code().is_some_and(|code| matches!(&*code, "22021" | "22P05")) => {
                    Self::invalid("", "This holds a character that is no text. Remove it and try again.")
                }
                sqlx::Error::Database(db) => Self::internal(format_args!("database: {}", cause(&**db))),
                _ => Self::internal(error),
            }
        }
    }

    pub trait ResultExt<T> {
        /// Names what a violated constraint means; every other failure stays what it is.
        fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T>;
    }

    impl<T> ResultExt<T> for Result<T, sqlx::Error> {
        fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T> {
            self.map_err(|cause| match &cause {
                sqlx::Error::Database(db) if db.constraint() == Some(name) => error(),
                _ => cause.into(),
            })
        }
    }
}
#[cfg(feature = "ssr")]
pub use ssr::ResultExt;

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::db::testing::TestDb;

    #[tokio::test]
    async fn the_log_names_the_cause_and_never_what_a_row_holds() {
        let test = TestDb::create().await;
        for (statement, cause) in [
            ("select 'hunter2'::int", "22P02"),
            (
                "create temp table t (a text constraint t_short check (length(a) < 3)); insert into t values ('hunter2')",
                "t_short (23514)",
            ),
            ("do $$ begin raise exception 'hunter2'; end $$", "P0001"),
            ("select * from nowhere", "relation \"nowhere\" does not exist (42P01)"),
            (
                "do $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$",
                "No space left on device (53100)",
            ),
        ] {
            let error = sqlx::raw_sql(statement).execute(&test.admin).await.unwrap_err();
            assert_eq!(ssr::cause(error.as_database_error().unwrap()), cause);
        }
    }

    #[tokio::test]
    async fn figures_count_failures_by_the_words_that_operators_look_for() {
        let test = TestDb::create().await;
        for (code, word) in [
            ("08006", "server_lost"),
            ("22001", "data"),
            ("23505", "constraint"),
            ("28000", "login"),
            ("40001", "serialization"),
            ("40P01", "deadlock"),
            ("42501", "not_permitted"),
            ("42P01", "statement"),
            ("53100", "disk_full"),
            ("53300", "too_many_connections"),
            ("53400", "resources"),
            ("57014", "canceled"),
            ("57P01", "stopping"),
            ("58030", "broken"),
            ("P0001", "other"),
        ] {
            let raise = format!("do $$ begin raise exception 'x' using errcode = '{code}'; end $$");
            let error = sqlx::raw_sql(sqlx::AssertSqlSafe(raise)).execute(&test.admin).await;
            assert_eq!(ssr::failure_word(&error.unwrap_err()), word, "{code}");
        }
        assert_eq!(ssr::failure_word(&sqlx::Error::PoolTimedOut), "no_free_connection");
        assert_eq!(ssr::failure_word(&sqlx::Error::PoolClosed), "unreachable");
    }

    #[tokio::test]
    async fn a_lost_server_of_the_database_is_no_fault_of_ours_and_says_when_to_come_back() {
        let test = TestDb::create().await;
        for (code, status) in [
            ("08006", 503),
            ("08000", 503),
            ("57014", 500),
            ("0A000", 500),
            ("22021", 422),
            ("22P05", 422),
        ] {
            let raise = format!("do $$ begin raise exception 'x' using errcode = '{code}'; end $$");
            let error = sqlx::raw_sql(sqlx::AssertSqlSafe(raise)).execute(&test.admin).await;
            let error = Error::from(error.unwrap_err());
            assert_eq!(error.status(), status, "{code}");
            assert_eq!(
                matches!(error, Error::Unavailable { retry_after_s: 1.. }),
                status == 503,
                "{code}"
            );
        }
    }
}
