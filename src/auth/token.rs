//! Tokens.
pub struct Tokens;
