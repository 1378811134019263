//! Providers: who carries the calls, who keeps the people, and who helps with writing. Each is a base URL, a key and the one shared client.

pub mod clerk;
mod failure;
mod http;
pub mod json;
pub mod language_model;
pub mod ultravox;

pub use clerk::Clerk;
pub use failure::Failure;
pub use http::{Audio, client};
pub use language_model::{LanguageModel, LanguageModelAccess};
pub use ultravox::{Ultravox, UltravoxAccess};
