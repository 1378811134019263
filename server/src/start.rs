//! Starting: from a configuration to a core that can be served or worked from.

use anyhow::{Context, bail};
use secrecy::SecretString;
use switchboard::{
    config::{Config, Database, is_loopback},
    core::{Core, Setup},
    db::{self, Cluster, Db, Logins},
    providers::UltravoxAccess,
    secret::Master,
};
use url::Url;

use crate::simulation::{self, Simulation};

/// Everything a running process holds. Stop it with [`Started::stop`]; dropping it leaves Postgres to its other users.
pub struct Started {
    pub core: Core,
    pub logins: Logins,
    cluster: Option<Cluster>,
    pub(crate) sandbox: Option<Simulation>,
}

/// The database of a configuration: reached, and for an embedded one started and migrated.
pub struct Reached {
    pub logins: Logins,
    pub cluster: Option<Cluster>,
}

pub async fn reach(config: &Config) -> anyhow::Result<Reached> {
    if let Database::External { .. } = config.database {
        return Ok(Reached {
            logins: Logins::external(config)?,
            cluster: None,
        });
    }
    let cluster = if config.is_data_said {
        Cluster::start_there(&config.data).await
    } else {
        Cluster::start(&config.data).await
    };
    let cluster = cluster.context("the private Postgres did not start")?;
    let made = async {
        db::ensure_database(&cluster).await?;
        db::migrate(&Logins::embedded(&cluster)).await
    };
    let made = made.await;
    let reached = Reached {
        logins: Logins::embedded(&cluster),
        cluster: Some(cluster),
    };
    reached
        .unless_failed(made.map_err(Into::into))
        .await
        .map(|((), reached)| reached)
}

impl Reached {
    /// What was made of the database, and the database. After a refusal nothing of ours goes on running.
    async fn unless_failed<T>(self, made: anyhow::Result<T>) -> anyhow::Result<(T, Self)> {
        match made {
            Ok(made) => Ok((made, self)),
            Err(error) => {
                self.stop().await?;
                Err(error)
            }
        }
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        if let Some(cluster) = self.cluster {
            cluster.stop().await?;
        }
        Ok(())
    }
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
    if let Some(access) = access(&config, &secret) {
        let core = core(config, public_url, secret, (db, logins), access)?;
        return Ok((core, None));
    }
    let sandbox = simulation::join(&config).await?;
    let access = simulated(sandbox.ultravox_url().parse()?, &secret);
    if is_loopback(&public_url) {
        tracing::info!(url = sandbox.ultravox_url(), public = %public_url, "calls are simulated: no ULTRAVOX_API_KEY");
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
    let access = match access(&config, &secret) {
        Some(access) => access,
        // Port 9 discards: whoever asks all the same is refused at once.
        None => simulated("http://127.0.0.1:9".parse()?, &secret),
    };
    core(config, public_url, secret, database, access)
}

async fn connect(config: &Config, secret: &Master, logins: &Logins) -> anyhow::Result<Db> {
    let db = connect_as_anybody(config, logins).await?;
    db.belongs_to(secret).await?;
    Ok(db)
}

async fn connect_as_anybody(config: &Config, logins: &Logins) -> anyhow::Result<Db> {
    let db = Db::connect(logins, config.max_connections).await?;
    if !db.current().await? {
        bail!("the database has another schema than this program: run `switchboard migrate`");
    }
    Ok(db)
}

/// Has the database belong to the secret that is there now.
pub async fn replace_secret(config: &Config) -> anyhow::Result<()> {
    let secret = Master::load(config)?;
    let reached = reach(config).await?;
    let done = async {
        let db = connect_as_anybody(config, &reached.logins).await?;
        let replaced = db.replace_secret(&secret).await;
        db.close().await;
        anyhow::Ok(replaced?)
    };
    let ((), reached) = {
        let done = done.await;
        reached.unless_failed(done).await?
    };
    reached.stop().await
}

/// As it is said, else where the server ran last, else where it would run.
async fn public_url(config: &Config, db: &Db) -> anyhow::Result<Url> {
    let kept = db.public_url().await?;
    match (&config.public_url, kept) {
        (Some(said), Some(kept)) if *said != kept => {
            tracing::warn!(%said, %kept, "the server that ran last was reached elsewhere: tokens are good for PUBLIC_URL alone");
            Ok(said.clone())
        }
        (Some(said), _) => Ok(said.clone()),
        (None, Some(kept)) => Ok(kept),
        (None, None) => Ok(format!("http://{}", config.addr).parse()?),
    }
}

fn core(
    config: Config,
    public_url: Url,
    secret: Master,
    (db, logins): (Db, &Logins),
    ultravox: UltravoxAccess,
) -> anyhow::Result<Core> {
    Ok(Core::new(Setup {
        warden: config.database.has_warden().then(|| logins.clone()),
        config,
        public_url,
        secret,
        db,
        ultravox,
    })?)
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
