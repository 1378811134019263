//! Identity against a real Postgres, as the program's own roles: who gets in, where, and who does not.

mod common;
mod tokens;
