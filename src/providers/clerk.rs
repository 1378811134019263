//! Clerk.
pub struct Clerk;
