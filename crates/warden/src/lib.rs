//! Warden: takes an existing, user-scoped Postgres database to organization scope while its programs go on working.
//!
//! A plan is made from the catalog (`discover`), completed by a person, frozen (`plan`), and then carried out in phases.
//! Each phase is a list of steps that follows from the plan alone, and whether a step is done is asked of the database
//! itself, so that whoever comes after a crash needs no memory.

pub mod catalog;
pub mod claims;
pub mod cli;
pub mod discover;
pub mod error;
pub mod hazards;
pub mod journal;
pub mod name;
pub mod pace;
pub mod plan;
pub mod run;
pub mod session;
pub mod steps;
pub mod throttle;
pub mod verify;
