//! The store: how the process finds its Postgres.

pub mod cluster;
pub mod testing;
