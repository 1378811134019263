//! Do the simulated providers behave as the documented ones do? Every answer is held to the official schemas.

mod api;
mod calls;
mod clerk_backend;
mod clerk_browser;
mod clerk_events;
mod clerk_members;
mod clerk_script;
mod clerk_tokens;
mod faults;
mod hooks;
mod llm;
mod outcomes;
mod spec;
mod text_call;
mod ultravox;
