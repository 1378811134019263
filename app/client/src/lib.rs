//! The browser's entry: takes over the page the server drew.
