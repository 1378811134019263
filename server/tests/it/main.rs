//! The service, through its real router, on a real Postgres and the simulated provider.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ablation;
mod attacks;
mod contract;
mod coverage;
mod edges;
mod live;
mod model;
mod questions;
mod replay;
mod support;
