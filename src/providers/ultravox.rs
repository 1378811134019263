//! Ultravox.
pub struct Ultravox;
