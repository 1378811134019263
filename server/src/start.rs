//! Starting: from a configuration to a core that can be served or worked from.

use secrecy::SecretString;
use switchboard::{
    config::{Config, is_loopback},
    core::{Core, Setup},
    db::{Cluster, Db, Logins},
    providers::{LanguageModelAccess, UltravoxAccess},
    secret::Master,
};
use url::Url;

use crate::{
    database::{Reached, connect, public_url, reach},
    simulation::{self, Simulation},
};

/// Everything a running process holds. Stop it with [`Started::stop`]; dropping it leaves Postgres to its other users.
pub struct Started {
    pub core: Core,
    pub logins: Logins,
    cluster: Option<Cluster>,
    pub(crate) sandbox: Option<Simulation>,
}

/// Brings everything up but the listener. `public_url` is where browsers and providers reach this process.
pub async fn start(config: Config, public_url: Url) -> anyhow::Result<Started> {
    let secret = Master::load(&config)?;
    let reached = reach(&config).await?;
    let assembled = assemble(config, public_url, secret, &reached.logins).await;
    let ((core, sandbox), Reached { logins, cluster }) = reached.unless_failed(assembled).await?;
    Ok(Started {
        core,
        logins,
        cluster,
        sandbox,
    })
}

/// As [`start`], for commands about people and keys: they ask no voice provider, so none is simulated for them, and what they
/// print is for the server that runs, wherever that is reached.
pub async fn start_without_voice(config: Config) -> anyhow::Result<Started> {
    let secret = Master::load(&config)?;
    let reached = reach(&config).await?;
    let assembled = async {
        let db = connect(&config, &secret, &reached.logins).await?;
        let public_url = public_url(&config, &db).await?;
        core_without_voice(config, public_url, secret, (db, &reached.logins))
    };
    let assembled = assembled.await;
    let (core, Reached { logins, cluster }) = reached.unless_failed(assembled).await?;
    Ok(Started {
        core,
        logins,
        cluster,
        sandbox: None,
    })
}

/// A core on a database that is there, and the simulated provider it talks to where it has no key for the real one.
pub async fn assemble(
    config: Config,
    public_url: Url,
    secret: Master,
    logins: &Logins,
) -> anyhow::Result<(Core, Option<Simulation>)> {
    let db = connect(&config, &secret, logins).await?;
    let model = config.language_model.clone();
    if let Some(ultravox) = access(&config, &secret) {
        let core = core(config, public_url, secret, (db, logins), Access { ultravox, model })?;
        return Ok((core, None));
    }
    let sandbox = simulation::join(&config).await?;
    let access = Access {
        ultravox: simulated(sandbox.ultravox_url().parse()?, &secret),
        model: Some(match model {
            Some(model) => model,
            None => simulated_model(sandbox.llm_url().parse()?, &config),
        }),
    };
    if is_loopback(&public_url) {
        tracing::info!(url = sandbox.ultravox_url(), public = %public_url, "calls are simulated: no ULTRAVOX_API_KEY");
        if config.language_model.is_none() {
            tracing::info!(url = sandbox.llm_url(), "the language model is simulated: no LLM_URL");
        }
    } else {
        tracing::warn!(public = %public_url, "calls are simulated for everybody who comes to this address: no ULTRAVOX_API_KEY");
    }
    let core = core(config, public_url, secret, (db, logins), access)?;
    Ok((core, Some(sandbox)))
}

/// As [`assemble`], without a voice provider where there is no key for one.
pub async fn assemble_without_voice(
    config: Config,
    public_url: Url,
    secret: Master,
    logins: &Logins,
) -> anyhow::Result<Core> {
    let db = connect(&config, &secret, logins).await?;
    core_without_voice(config, public_url, secret, (db, logins))
}

fn core_without_voice(
    config: Config,
    public_url: Url,
    secret: Master,
    database: (Db, &Logins),
) -> anyhow::Result<Core> {
    let access = Access {
        ultravox: match access(&config, &secret) {
            Some(access) => access,
            // Port 9 discards: whoever asks all the same is refused at once.
            None => simulated("http://127.0.0.1:9".parse()?, &secret),
        },
        model: config.language_model.clone(),
    };
    core(config, public_url, secret, database, access)
}

fn core(
    config: Config,
    public_url: Url,
    secret: Master,
    (db, logins): (Db, &Logins),
    Access { ultravox, model }: Access,
) -> anyhow::Result<Core> {
    Ok(Core::new(Setup {
        warden: config.database.has_warden().then(|| logins.clone()),
        config,
        public_url,
        secret,
        db,
        ultravox,
        language_model: model,
    })?)
}

/// How the providers are reached that a core asks.
struct Access {
    ultravox: UltravoxAccess,
    model: Option<LanguageModelAccess>,
}

/// The provider itself, where there is a key for it.
fn access(config: &Config, secret: &Master) -> Option<UltravoxAccess> {
    let ultravox = config.ultravox.as_ref()?;
    Some(UltravoxAccess {
        url: ultravox.url.clone(),
        key: ultravox.key.clone(),
        medium: ultravox.medium.clone(),
        from: ultravox.from.clone(),
        sip_host: ultravox.sip_host.clone(),
        webhook_secret: webhook_secret(secret),
    })
}

/// The simulated one at this address.
fn simulated(url: Url, secret: &Master) -> UltravoxAccess {
    UltravoxAccess {
        url,
        // Any key of the real shape is good in the sandbox.
        key: "sandbox0.00000000000000000000000000000000".to_owned().into(),
        medium: "sip".into(),
        from: "+15550100000".into(),
        sip_host: Some("sandbox.invalid".into()),
        webhook_secret: webhook_secret(secret),
    }
}

/// The simulated language model at this address.
fn simulated_model(url: Url, config: &Config) -> LanguageModelAccess {
    LanguageModelAccess {
        url,
        // Any key of the real shape is good in the sandbox.
        key: "sk-sandbox".to_owned().into(),
        model: "sandbox-small".to_owned(),
        deadline: config.model_deadline,
    }
}

fn webhook_secret(secret: &Master) -> SecretString {
    SecretString::from(hex::encode(secret.key("ultravox-webhook")))
}

impl Started {
    pub async fn stop(self) -> anyhow::Result<()> {
        self.core.db.close().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        if let Some(cluster) = self.cluster {
            cluster.stop().await?;
        }
        Ok(())
    }
}
