//! Migrations of databases the warden has never seen, on real Postgres.

mod database;
mod killed;
mod live;
mod planned;
mod refused;
mod there_and_back;
