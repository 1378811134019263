//! Mail.
pub struct Mailer;
