//! The program as an operator runs it: started, asked over HTTP, killed and started again.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apart;
mod demo;
mod jobs;
mod journey;
mod killed;
mod operators;
mod pooled;
mod stopped;
mod support;
