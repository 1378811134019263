//! Calls and agents against the simulated provider and a real Postgres: whatever is lost, doubled, late or out of order,
//! both sides end up agreeing.

mod agents;
mod events;
mod lost;
mod phone;
mod support;
mod text;
mod world;
