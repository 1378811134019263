//! Mail: written down with the change that causes it, delivered afterwards.

#[cfg(feature = "ssr")]
mod outbox;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(feature = "ssr")]
pub(crate) use outbox::enqueue;
#[cfg(feature = "ssr")]
pub use outbox::{Letter, MailError, Mailer, SendMail, recent};

/// A mail as the development mailbox shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    pub id: Uuid,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    /// Where the mail sends its reader.
    pub link: Option<String>,
    pub created_at: DateTime<Utc>,
}
