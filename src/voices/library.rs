//! Library.
pub struct Library;
