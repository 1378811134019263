//! What Switchboard is: its types and rules for both sides; its store, identity and providers behind `ssr`.
//!
//! Nothing here knows leptos or axum. `docs/architecture.md` follows one request through these modules.

pub mod account;
pub mod agent_tests;
pub mod agents;
pub mod analysis;
pub mod audit;
pub mod calls;
pub mod check;
pub mod contacts;
pub mod cookie;
pub mod credit;
pub mod error;
mod flat;
pub mod folders;
pub mod id;
pub mod json;
pub mod keys;
pub mod knowledge;
pub mod listing;
pub mod mail;
pub mod metadata;
pub mod money;
pub mod org;
pub mod read;
pub mod reconciliation;
pub mod report;
pub mod resource;
#[cfg(feature = "ssr")]
pub mod storage;
pub mod sync;
pub mod text;
pub mod tools;
pub mod viewer;
pub mod voices;
pub mod zone;

#[cfg(feature = "ssr")]
pub mod auth;
#[cfg(feature = "ssr")]
pub mod config;
#[cfg(feature = "ssr")]
pub mod core;
#[cfg(feature = "ssr")]
pub mod crud;
#[cfg(feature = "ssr")]
pub mod db;
#[cfg(feature = "ssr")]
pub mod export;
#[cfg(feature = "ssr")]
pub mod idempotency;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod org_cache;
#[cfg(feature = "ssr")]
pub mod phone;
#[cfg(feature = "ssr")]
pub mod provider_sync;
#[cfg(feature = "ssr")]
pub mod providers;
#[cfg(feature = "ssr")]
pub mod registry;
#[cfg(feature = "ssr")]
pub mod sample;
#[cfg(feature = "ssr")]
pub mod secret;
#[cfg(feature = "ssr")]
pub mod verify;

pub use error::{Error, Result};
pub use id::Id;
