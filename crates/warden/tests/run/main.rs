//! Migrations of databases the warden has never seen, on real Postgres.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod by_hand;
mod contract;
mod database;
mod foreign;
mod keys;
mod killed;
mod live;
mod odd;
mod openings;
mod own_columns;
mod planned;
mod plans;
mod refused;
mod rights;
mod stopped;
mod there_and_back;
