//! Calls and agents against the simulated provider and a real Postgres: whatever is lost, doubled, late or out of order,
//! both sides end up agreeing.

mod agents;
mod analysis;
mod events;
mod expiry;
mod finding;
mod knowledge;
mod lost;
mod phone;
mod reconciliation;
mod recording;
mod server_of_a_tool;
mod silent;
mod support;
mod text;
mod tools;
mod versions;
mod voices;
mod world;
