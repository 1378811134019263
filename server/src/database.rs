//! The database of a configuration: reached, and its installation's.

use anyhow::{Context, bail};
use switchboard::{
    config::{Config, Database},
    db::{self, Cluster, Db, Logins},
    secret::Master,
};
use url::Url;

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
    pub(crate) async fn unless_failed<T>(self, made: anyhow::Result<T>) -> anyhow::Result<(T, Self)> {
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

pub(crate) async fn connect(config: &Config, secret: &Master, logins: &Logins) -> anyhow::Result<Db> {
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
    let done = done.await;
    reached.stop().await?;
    done
}

/// Where the server is reached: as it is said, else where the server ran last, else where it would run.
pub(crate) async fn public_url(config: &Config, db: &Db) -> anyhow::Result<Url> {
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
