//! Why somebody's claim could not be read or written. Nothing here repeats what a provider wrote in prose: it may hold
//! anything, a key too.

/// What is said of one person, in the journal and in reports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("has no id at the provider")]
    Nameless,
    #[error("has an id that is not formed as the provider's are")]
    Malformed,
    #[error("shares the id at the provider with somebody else")]
    Shared,
    #[error("is unknown to the provider")]
    Unknown,
    #[error("is gone from the users' table, or has another id at the provider since")]
    Gone,
    #[error("the provider could not be reached")]
    Unreachable,
    #[error("the provider did not answer in time")]
    NoAnswer,
    #[error("the provider gave an answer that cannot be read")]
    Garbled,
    #[error("the provider refused with {status}{}", code.as_deref().map(|code| format!(" {code}")).unwrap_or_default())]
    Refused { status: u16, code: Option<String> },
    /// The code that Postgres has for it, such as P0001.
    #[error("the function failed with SQLSTATE {0}")]
    Raised(String),
}

impl Fault {
    /// It is about this person, and says nothing of how the next one will fare.
    pub fn is_personal(&self) -> bool {
        matches!(
            self,
            Self::Nameless | Self::Malformed | Self::Shared | Self::Unknown | Self::Gone
        )
    }

    /// The key is wrong, or may not do this. No repetition helps.
    pub fn blames_key(&self) -> bool {
        matches!(self, Self::Refused { status: 401 | 403, .. })
    }

    /// The change may have been made all the same.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::NoAnswer | Self::Garbled => true,
            Self::Refused { status, .. } => *status == 408 || *status >= 500,
            _ => false,
        }
    }

    /// The same question may fare better in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable => true,
            Self::Refused { status: 429, .. } => true,
            other => other.may_have_acted(),
        }
    }
}
