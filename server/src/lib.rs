//! The process.

pub mod sandbox;
