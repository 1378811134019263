//! The core: what every request and every job works with, made once at start.

use std::sync::Arc;

use url::Url;

use crate::{
    auth::Tokens,
    config::Config,
    db::Db,
    listing::Cursors,
    live::Bells,
    mail::Mailer,
    providers::{Clerk, Ultravox},
    secret::Master,
    viewer::{Identity, Installation},
    voices::library::Library,
};

/// Cheap to clone. Holds nothing another process would need: that lives in Postgres.
#[derive(Clone)]
pub struct Core(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    /// Where browsers and providers reach this installation.
    pub public_url: Url,
    pub db: Db,
    pub secret: Master,
    pub cursors: Cursors,
    pub tokens: Tokens,
    pub ultravox: Ultravox,
    pub clerk: Option<Clerk>,
    pub mailer: Mailer,
    pub voices: Library,
    pub bells: Bells,
    pub installation: Installation,
}

impl Core {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Core {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    pub fn uses_clerk(&self) -> bool {
        matches!(self.installation.identity, Identity::Clerk { .. })
    }
}
