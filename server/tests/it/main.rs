//! The service, through its real router, on a real Postgres and the simulated provider.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ablation;
mod answers;
mod attacks;
mod calls;
mod common;
mod contacts;
mod contract;
mod coverage;
mod description;
mod door;
mod edges;
mod exports;
mod facets;
mod failing_provider;
mod idempotency;
mod isolation_probe;
mod knowledge;
mod live;
mod metadata;
mod model;
mod organization;
mod pages;
mod questions;
mod registry;
mod replay;
mod reports;
mod rest;
mod silent_database;
mod support;
mod templates;
mod tools;
mod unreadable;
mod writing;
