//! The product's types, rules and statements against a real Postgres, as the program's own logins.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod described;
mod identity;
mod rows;
mod verify;
