//! The core: what every request and every job works with, made once at start.

use std::sync::Arc;

use url::Url;

use crate::{
    auth::Tokens,
    config::{self, Config, ConfigError, is_loopback},
    db::{Db, Logins},
    listing::Cursors,
    live::ChangeFeed,
    mail::{MailError, Mailer},
    org_cache::OrgCache,
    providers::{self, Clerk, LanguageModel, LanguageModelAccess, Ultravox, UltravoxAccess},
    secret::Master,
    storage::Storage,
    viewer::{Identity, Installation, WritingHelp},
    voices::available::Library,
};

/// Cheap to clone. Holds nothing another process would need: that lives in Postgres.
#[derive(Clone)]
pub struct Core(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    /// Where browsers and providers reach this installation.
    pub public_url: Url,
    pub db: Db,
    /// All logins, where the warden's is among them: then this process may run `verify`.
    pub warden: Option<Logins>,
    pub secret: Master,
    pub cursors: Cursors,
    pub tokens: Tokens,
    pub ultravox: Ultravox,
    pub clerk: Option<Clerk>,
    pub language_model: Option<LanguageModel>,
    pub mailer: Mailer,
    pub storage: Storage,
    pub voices: Library,
    pub changes: ChangeFeed,
    /// What is true of all rows of a list together, by organization.
    pub facets: OrgCache,
    pub installation: Installation,
}

/// What a process brings to its core: everything in which the program, its commands and its tests differ.
pub struct Setup {
    pub config: Config,
    pub public_url: Url,
    pub secret: Master,
    pub db: Db,
    /// All logins, for a process that may run `verify`.
    pub warden: Option<Logins>,
    pub ultravox: UltravoxAccess,
    pub language_model: Option<LanguageModelAccess>,
}

/// Why a process has no core.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Core {
    pub fn new(setup: Setup) -> Result<Self, SetupError> {
        let Setup {
            config,
            public_url,
            secret,
            db,
            warden,
            ultravox,
            language_model,
        } = setup;
        let http = providers::client();
        let mailer = Mailer::new(&config.mail, &public_url)?;
        let storage = match &config.bucket {
            Some(bucket) => Storage::bucket(bucket)?,
            None => Storage::local(&config.data.join("files")),
        };
        Ok(Self(Arc::new(Parts {
            cursors: Cursors::new(&secret.key("cursors")),
            tokens: Tokens::new(&secret, &public_url, config.clerk.as_ref(), http.clone()),
            ultravox: Ultravox::new(ultravox, http.clone()),
            clerk: config.clerk.as_ref().map(|clerk| Clerk::new(clerk, http.clone())),
            storage,
            voices: Library::new(),
            changes: ChangeFeed::default(),
            facets: OrgCache::default(),
            installation: Installation {
                host: public_url.authority().to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                sandbox: config.ultravox.is_none(),
                writing: match (&language_model, &config.language_model) {
                    (None, _) => WritingHelp::None,
                    (Some(_), None) => WritingHelp::Simulated,
                    (Some(_), Some(_)) => WritingHelp::Model,
                },
                public: !is_loopback(&public_url),
                dev_mail: mailer.shows(),
                sends_mail: mailer.sends(),
                identity: identity(config.clerk.as_ref()),
            },
            language_model: language_model.map(|access| LanguageModel::new(access, http)),
            mailer,
            warden,
            db: db.with_secret(&secret),
            secret,
            public_url,
            config,
        })))
    }
}

fn identity(clerk: Option<&config::Clerk>) -> Identity {
    match clerk {
        None => Identity::Local,
        Some(clerk) => Identity::Clerk {
            publishable_key: clerk.publishable_key.clone(),
            script: clerk
                .frontend_api
                .join("npm/@clerk/clerk-js@5/dist/clerk.browser.js")
                .expect("a relative path joins any base")
                .into(),
        },
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
