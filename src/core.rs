//! The core: what every request and every job works with, made once at start.

use std::sync::Arc;

use url::Url;

use crate::{
    auth::Tokens,
    config::Config,
    db::{Db, Logins},
    listing::Cursors,
    live::ChangeFeed,
    mail::Mailer,
    org_cache::OrgCache,
    providers::{Clerk, Ultravox, UltravoxAccess},
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
    /// All logins, where the warden's is among them: then this process may run `verify`.
    pub warden: Option<Logins>,
    pub secret: Master,
    pub cursors: Cursors,
    pub tokens: Tokens,
    pub ultravox: Ultravox,
    pub clerk: Option<Clerk>,
    pub mailer: Mailer,
    pub voices: Library,
    pub changes: ChangeFeed,
    /// What is true of all rows of a list together, by organization.
    pub facets: OrgCache,
    pub installation: Installation,
}

impl Core {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

#[doc(hidden)]
impl Core {
    /// A core on a test's own database, as `config` says it should be; nothing else is connected.
    pub fn for_tests(db: Db, config: Config) -> Self {
        Self::of(db, config, crate::secret::Master::fresh())
    }

    /// What another process of the same installation would start with.
    pub fn for_tests_again(&self) -> Self {
        Self::of(self.db.clone(), self.config.clone(), self.secret.clone())
    }

    fn of(db: Db, config: Config, secret: crate::secret::Master) -> Self {
        let public_url = config.public_url.clone().unwrap_or_else(|| {
            format!("http://{}", config.addr)
                .parse()
                .expect("an address makes a URL")
        });
        let http = crate::providers::client();
        let identity = match &config.clerk {
            None => Identity::Local,
            Some(clerk) => Identity::Clerk {
                publishable_key: clerk.publishable_key.clone(),
                script: clerk.frontend_api.to_string(),
            },
        };
        Self::new(Parts {
            warden: None,
            db,
            cursors: Cursors::new(&secret.key("cursor")),
            tokens: Tokens::new(&secret, &public_url, config.clerk.as_ref(), http.clone()),
            ultravox: Ultravox::new(nowhere(), http.clone()),
            clerk: config.clerk.as_ref().map(|clerk| Clerk::new(clerk, http)),
            mailer: Mailer::new(&config.mail, &public_url).expect("a test's mail settings are good"),
            voices: Library::new(),
            changes: ChangeFeed::default(),
            facets: OrgCache::default(),
            installation: Installation {
                identity,
                ..Installation::default()
            },
            secret,
            public_url,
            config,
        })
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

/// A provider that nothing listens for: port 9 discards.
fn nowhere() -> UltravoxAccess {
    UltravoxAccess {
        url: Url::parse("http://127.0.0.1:9").expect("a literal URL"),
        key: "nowhere0.00000000000000000000000000000000".to_owned().into(),
        medium: "sip".into(),
        from: "+15550100000".into(),
        sip_host: Some("sip.invalid".into()),
        webhook_secret: "nowhere".to_owned().into(),
    }
}
