//! What Switchboard is: its types and rules for both sides, its store, identity and providers behind `ssr`.

#[cfg(feature = "ssr")]
pub mod db;
