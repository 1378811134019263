//! Providers: who carries the calls and who keeps the people. Each is a base URL, a key and the one shared client.

pub mod clerk;
mod http;
pub mod json;
pub mod ultravox;

pub use clerk::Clerk;
pub use http::{Audio, Failure, client};
pub use ultravox::{Ultravox, UltravoxAccess};
