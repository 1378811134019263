//! Identity against a real Postgres, as the program's own roles: who gets in, where, and who does not.

mod clerk;
mod common;
mod credentials;
mod entry;
mod mail;
mod orgs;
mod sessions;
mod tokens;
mod zones;
