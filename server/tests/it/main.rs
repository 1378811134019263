//! The service, through its real router, on a real Postgres and the simulated provider.

mod contract;
mod coverage;
mod edges;
mod support;
