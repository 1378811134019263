//! Pages and server functions.
