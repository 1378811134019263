//! Are claims written for everybody who has one organization, for nobody else, once, and whatever happens on the way?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clerk;
mod faults;
mod hook;
mod kill;
mod secrets;
mod shadow;
mod spec;
mod stand_in;
mod supabase;
mod world;
