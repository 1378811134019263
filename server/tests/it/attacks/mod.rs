//! The attacks and faults of the registry that are tried over HTTP, each in a test that begins with its number.

mod browser;
mod events;
mod smuggled;
mod told;
mod trouble;
