//! Providers.
pub mod clerk;
mod ultravox;
pub use clerk::Clerk;
pub use ultravox::Ultravox;
