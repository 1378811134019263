//! Publishing: an agent's copy at the provider.
