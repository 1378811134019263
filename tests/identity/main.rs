//! Identity against a real Postgres, as the program's own roles: who gets in, where, and who does not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clerk;
mod common;
mod credentials;
mod entry;
mod mail;
mod orgs;
mod sessions;
mod tokens;
