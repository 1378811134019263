//! The service, through its real router, on a real Postgres and the simulated provider.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod coverage;
mod edges;
mod support;
