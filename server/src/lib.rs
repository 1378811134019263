//! The process: what listens, what runs beside it, and the commands that prepare it.

pub mod address;
pub mod assets;
pub mod cli;
mod database;
mod deadline;
pub mod download;
pub mod guard;
pub mod headers;
pub mod isolation_probe;
mod knowledge;
pub mod live;
pub mod media;
pub mod metrics;
pub mod pages;
mod readable;
pub mod rest;
pub mod router;
pub mod simulation;
pub mod start;
pub mod webhooks;
