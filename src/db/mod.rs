//! The database: one pool per role, and the only way to an organization's rows.

#[cfg(test)]
mod abandoned;
mod begin;
mod billing_summary;
mod installation;
mod migrate;
mod open;
mod pool;
#[cfg(test)]
mod pooled;
mod pulse;
mod statements;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tx;

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};

use crate::{
    config::{Config, Database},
    secret::Master,
};
pub use ::cluster::{Cluster, Durability, Stop};
pub use billing_summary::BillingSummary;
pub use migrate::{MIGRATOR, migrate};
use open::Open;
pub(crate) use open::assert_none;
pub use open::watched;
use pool::Pool;
use pooler::{Pooling, pooling};
use pulse::Pulse;
pub use statements::statements;
pub use tx::OrgTx;

/// The logins of `roles.sql`.
pub const APP: &str = "switchboard_app";
pub const WORKER: &str = "switchboard_worker";
pub const IDENTITY: &str = "switchboard_identity";
pub const WARDEN: &str = "switchboard_warden";

/// Name of the database in an embedded cluster.
pub const DATABASE: &str = "switchboard";

/// Whoever waits longer for a connection of a pool is told that the database does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How to reach the database as each role.
#[derive(Clone)]
pub struct Logins {
    pub app: PgConnectOptions,
    pub worker: PgConnectOptions,
    pub identity: PgConnectOptions,
    pub warden: PgConnectOptions,
    pub admin: PgConnectOptions,
    /// For what listens to it, past any pooler, where that is said.
    pub listen: Option<PgConnectOptions>,
    /// Nothing stands between, and nobody need ask: the server is the program's own.
    pub is_direct: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("{0} is needed: each role has its own login (docs/operations.md)")]
    Missing(&'static str),
    #[error("{0} is not a Postgres URL")]
    Malformed(&'static str),
    #[error("refusing to start: {login} {fault}")]
    Unsafe { login: String, fault: String },
    #[error(
        "{0} leads through a pooler that shares connections between transactions: {1} (docs/operations.md, *Behind a pooler*)"
    )]
    Pooled(&'static str, &'static str),
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    #[error(transparent)]
    Cluster(#[from] ::cluster::ClusterError),
    #[error("migration failed: {0}")]
    Migration(String),
    #[error(
        "refusing to start: this database belongs to another secret than the one given, so none of its API keys would work. \
         Put back the file `secret` of SWITCHBOARD_DATA, or the SWITCHBOARD_SECRET, that it was made with. If that is lost for \
         good, `switchboard admin replace-secret` takes this one; keys and the secrets of tools have to be made anew then"
    )]
    OtherSecret,
    #[error("the database could not be verified: {0}")]
    Unverified(String),
}

impl Logins {
    /// Of an embedded cluster, whose socket lets only this account in.
    pub fn embedded(cluster: &Cluster) -> Self {
        Self::trusted(cluster.options().database(DATABASE))
    }

    /// Of a server that takes every role at its word, and is reached directly.
    pub fn trusted(base: PgConnectOptions) -> Self {
        let login = |role: &str| base.clone().username(role);
        Self {
            app: login(APP),
            worker: login(WORKER),
            identity: login(IDENTITY),
            warden: login(WARDEN),
            admin: base,
            listen: None,
            is_direct: true,
        }
    }

    pub fn external(config: &Config) -> Result<Self, DbError> {
        let Database::External {
            app,
            worker,
            identity,
            warden,
            admin,
            listen,
        } = &config.database
        else {
            return Err(DbError::Missing("DATABASE_URL"));
        };
        let login = |name: &'static str, url: Option<&secrecy::SecretString>| {
            let url = url.ok_or(DbError::Missing(name))?;
            url.expose_secret()
                .parse::<PgConnectOptions>()
                .map_err(|_| DbError::Malformed(name))
        };
        let app = login("DATABASE_URL", Some(app))?;
        // Only `migrate` and `verify` use these two; a serving process is better off without them.
        let warden = warden
            .as_ref()
            .map_or(Ok(app.clone()), |url| login("DATABASE_WARDEN_URL", Some(url)))?;
        let admin = admin
            .as_ref()
            .map_or(Ok(warden.clone()), |url| login("DATABASE_ADMIN_URL", Some(url)))?;
        Ok(Self {
            worker: login("DATABASE_WORKER_URL", worker.as_ref())?,
            identity: login("DATABASE_IDENTITY_URL", identity.as_ref())?,
            app,
            warden,
            admin,
            listen: listen
                .as_ref()
                .map(|url| login("DATABASE_LISTEN_URL", Some(url)))
                .transpose()?,
            is_direct: false,
        })
    }

    async fn pooling(&self, login: &PgConnectOptions) -> Result<Pooling, DbError> {
        if self.is_direct {
            return Ok(Pooling::Session);
        }
        pooling(login)
            .await
            .map_err(|error| DbError::Unreachable(describe(&error)))
    }

    /// Of those that need connections of their own, none is pooled. `why` they need them is said where one is.
    pub(crate) async fn refuse_pooled(
        &self,
        logins: &[(&'static str, &PgConnectOptions)],
        why: &'static str,
    ) -> Result<(), DbError> {
        for (name, login) in logins {
            if self.pooling(login).await? != Pooling::Session {
                return Err(DbError::Pooled(name, why));
            }
        }
        Ok(())
    }

    /// Where to listen: past the pooler, if there is one.
    async fn listener(&self, worker: Pooling) -> Result<PgConnectOptions, DbError> {
        const WHY: &str = "what changes is heard of over a connection that lasts, so DATABASE_LISTEN_URL has to lead to Postgres itself";
        let Some(listen) = &self.listen else {
            return match worker {
                Pooling::Session => Ok(self.worker.clone()),
                Pooling::Transaction { .. } => Err(DbError::Pooled("DATABASE_WORKER_URL", WHY)),
            };
        };
        self.refuse_pooled(&[("DATABASE_LISTEN_URL", listen)], WHY).await?;
        Ok(listen.clone())
    }
}

/// Requests of people and keys. Tenant tables are reached only through [`OrgTx`].
#[derive(Clone)]
pub struct AppPool(Pool);

/// Queues across organizations; tenant rows only inside one.
#[derive(Clone)]
pub struct WorkerPool(Pool);

/// People, sessions and memberships: schema `identity` and nothing else.
#[derive(Clone)]
pub struct IdentityPool(Pool);

impl WorkerPool {
    /// For the queue tables, before an organization is known.
    pub fn queue(&self) -> &Pool {
        &self.0
    }
}

impl IdentityPool {
    pub(crate) fn pool(&self) -> &Pool {
        &self.0
    }

    pub(crate) async fn begin(&self) -> sqlx::Result<Open> {
        self.0.begin("begin").await
    }
}

#[derive(Clone)]
pub struct Db {
    pub app: AppPool,
    pub worker: WorkerPool,
    pub identity: IdentityPool,
    listen: PgConnectOptions,
    pulse: Arc<Pulse>,
    /// What sealed columns are sealed with; none for commands that read none.
    pub(crate) secret: Option<Master>,
}

impl Db {
    /// The same, with the means to seal and open columns.
    pub fn with_secret(self, secret: &Master) -> Self {
        Self {
            secret: Some(secret.clone()),
            ..self
        }
    }

    /// Connects as each role and refuses to go on where row security would not hold for it.
    pub async fn connect(logins: &Logins, max_connections: u32) -> Result<Self, DbError> {
        let [app, worker, identity] = [&logins.app, &logins.worker, &logins.identity];
        let worker_pooling = logins.pooling(worker).await?;
        let connect = async |login, pooling| {
            let pool = Pool::connect(login, pooling, max_connections).await?;
            refuse_unsafe(&pool).await?;
            Ok::<_, DbError>(pool)
        };
        Ok(Self {
            listen: logins.listener(worker_pooling).await?,
            app: AppPool(connect(app, logins.pooling(app).await?).await?),
            worker: WorkerPool(connect(worker, worker_pooling).await?),
            identity: IdentityPool(connect(identity, logins.pooling(identity).await?).await?),
            pulse: Arc::new(Pulse::of(app)),
            secret: None,
        })
    }

    /// Hears what is told on a channel. A connection of its own: one that waits is no use to anybody else.
    pub(crate) async fn listener(&self, channel: &str) -> sqlx::Result<PgListener> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(self.listen.clone())
            .await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(channel).await?;
        Ok(listener)
    }

    /// Whether the database answers, which is known within a second.
    pub async fn ready(&self) -> bool {
        self.pulse.beats().await
    }

    /// Whether the database has exactly this program's migrations.
    pub async fn current(&self) -> Result<bool, DbError> {
        let applied: Option<i64> = sqlx::query_scalar("select app.schema_version()")
            .fetch_optional(&self.app.0)
            .await
            .map_err(|error| DbError::Unreachable(describe(&error)))?
            .flatten();
        Ok(applied == MIGRATOR.iter().map(|migration| migration.version).max())
    }

    pub async fn close(&self) {
        tokio::join!(
            self.app.0.connections().close(),
            self.worker.0.connections().close(),
            self.identity.0.connections().close(),
            self.pulse.close()
        );
    }

    /// Connections in use and idle, of the pool that serves requests.
    pub fn load(&self) -> (u32, usize) {
        let pool = self.app.0.connections();
        (pool.size(), pool.num_idle())
    }
}

/// A connection error may quote the URL it was given, password and all.
pub(crate) fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(db) => format!("{} ({})", db.message(), db.code().unwrap_or_default()),
        sqlx::Error::Io(io) => io.to_string(),
        sqlx::Error::PoolTimedOut => "no connection within 5 s".to_owned(),
        _ => "connection failed".to_owned(),
    }
}

/// Row security does not bind superusers, BYPASSRLS roles and table owners, nor anyone who can become one.
async fn refuse_unsafe(pool: &Pool) -> Result<(), DbError> {
    let fault: Option<(String, String)> = sqlx::query_as(
        "select current_user::text,
                case when r.rolsuper then 'is or can become the superuser ' || r.rolname
                     when r.rolbypassrls then 'is or can become ' || r.rolname || ', which bypasses row security'
                     else 'is or can become ' || r.rolname || ', which owns tables' end
         from pg_roles r
         where pg_has_role(current_user, r.oid, 'member')
           and (r.rolsuper or r.rolbypassrls or exists (
                 select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relowner = r.oid and n.nspname in ('app', 'identity', 'ops')))
         limit 1",
    )
    .fetch_optional(pool)
    .await
    .map_err(|error| DbError::Unreachable(describe(&error)))?;
    match fault {
        None => Ok(()),
        Some((login, fault)) => Err(DbError::Unsafe { login, fault }),
    }
}

/// Creates the product's database in an embedded cluster, unless it is there.
pub async fn ensure_database(cluster: &Cluster) -> Result<(), DbError> {
    let failed = |error: sqlx::Error| DbError::Unreachable(describe(&error));
    let mut admin = cluster.options().connect().await.map_err(failed)?;
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(DATABASE)
        .fetch_one(&mut admin)
        .await
        .map_err(failed)?;
    if !there {
        // Two processes may start at once; the second finds it made.
        match admin
            .execute(AssertSqlSafe(format!("create database {DATABASE}")))
            .await
        {
            Err(sqlx::Error::Database(db)) if matches!(db.code().as_deref(), Some("42P04" | "23505")) => {}
            other => {
                other.map_err(failed)?;
            }
        }
    }
    admin.close().await.map_err(failed)
}
