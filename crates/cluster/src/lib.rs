//! The private Postgres: a cluster under the data directory that its users start together, share and stop together.

mod account;
mod binaries;
mod data_dir;
#[cfg(feature = "download-postgres")]
mod download;
mod error;
mod server;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use binaries::Binaries;
pub use data_dir::fingerprint;
use data_dir::{DataDir, Elsewhere};
use error::At;
pub use error::ClusterError;
use server::{Attempt, Server};

/// The oldest major version whose SQL we speak.
const OLDEST: u32 = 15;

/// Names only the socket's file: the server has no network address, and its directory no second server.
const PORT: u16 = 5432;

const SUPERUSER: &str = "postgres";

/// How long a server may take to recover what a crash left, or to write out what it holds when it stops.
const PATIENCE: Duration = Duration::from_secs(300);

/// Poll interval while another process starts or stops the cluster.
const PAUSE: Duration = Duration::from_millis(20);

/// The file in a cluster's directory that everyone who uses it has locked for sharing.
const USERS: &str = "users.lock";

/// What the server promises about a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// What is committed stays.
    Full,
    /// Nothing; for tests, which are faster without.
    Throwaway,
}

/// What became of the server when somebody stopped using it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Stopped,
    /// Others use it still; the last of them stops it.
    InUse,
    NotRunning,
}

/// A private Postgres under `$SWITCHBOARD_DATA/postgres`, on a unix socket only.
///
/// Each value is one use, which ends when it is dropped; the server ends only in [`Cluster::stop`].
#[derive(Debug)]
pub struct Cluster {
    place: DataDir,
    socket: PathBuf,
    usage: Usage,
}

/// Our share of the lock that says a cluster is in use. The system ends it with the process, however that ends.
#[derive(Debug)]
struct Usage(File);

impl Usage {
    /// The caller holds the gate, where alone the last user asks for more than a share.
    fn of(place: &DataDir) -> Result<Self, ClusterError> {
        let users = open(&place.home.join(USERS))?;
        users.lock_shared().at(&place.home)?;
        Ok(Self(users))
    }
}

impl Drop for Usage {
    /// Closing the file would not do: a child that another thread is making holds it, too, until it is executed.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!("the cluster seems to be in use for longer than it is: {error}");
        }
    }
}

impl Cluster {
    /// Starts the cluster of `data`, made if absent; one that runs is shared. Where the account that runs it cannot reach
    /// `data`, a new one is made as near as it gets.
    pub async fn start(data: &Path) -> Result<Cluster, ClusterError> {
        Cluster::start_with(data, Durability::Full).await
    }

    /// As [`Cluster::start`], but a new cluster is made under `data` or not at all.
    pub async fn start_there(data: &Path) -> Result<Cluster, ClusterError> {
        Cluster::start_in(data, Elsewhere::Refused, Durability::Full).await
    }

    /// As [`Cluster::start`]; a cluster that runs keeps the durability it was started with.
    pub async fn start_with(data: &Path, durability: Durability) -> Result<Cluster, ClusterError> {
        Cluster::start_in(data, Elsewhere::Taken, durability).await
    }

    async fn start_in(data: &Path, elsewhere: Elsewhere, durability: Durability) -> Result<Cluster, ClusterError> {
        fs::create_dir_all(data).in_data(data)?;
        let place = DataDir::of(data, elsewhere).await?;
        place.make().await?;
        let _gate = gate(&place).await?;
        let usage = Usage::of(&place)?;
        let socket = bring_up(&place, durability).await?;
        Ok(Cluster { place, socket, usage })
    }

    /// How to connect: as the superuser to the database `postgres`, unless the caller says otherwise.
    pub fn options(&self) -> PgConnectOptions {
        options(&self.socket)
    }

    /// The directory of the socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub fn port(&self) -> u16 {
        PORT
    }

    /// The directory of the cluster: `postgres` under the data directory, or as near as its account gets.
    pub fn home(&self) -> &Path {
        &self.place.home
    }

    /// Ends this use, and the server when it was the last.
    pub async fn stop(self) -> Result<Stop, ClusterError> {
        let _gate = gate(&self.place).await?;
        drop(self.usage);
        stop_unused(&self.place).await
    }

    /// Ends this use and leaves the server for the next, as when our process is killed.
    pub fn leave_running(self) {}

    /// Stops the server of `data` that an earlier process left running, unless somebody uses it.
    pub async fn stop_running(data: &Path) -> Result<Stop, ClusterError> {
        if !data.exists() {
            return Ok(Stop::NotRunning);
        }
        let place = DataDir::of(data, Elsewhere::Taken).await?;
        if !place.is_cluster() {
            return Ok(Stop::NotRunning);
        }
        let _gate = gate(&place).await?;
        stop_unused(&place).await
    }
}

/// Returns the socket of the server, which takes connections by then. The caller holds the gate.
async fn bring_up(place: &DataDir, durability: Durability) -> Result<PathBuf, ClusterError> {
    let server = Server {
        place,
        binaries: Binaries::find(place).await?,
    };
    if !place.is_cluster() {
        server.initialize(durability).await?;
    }
    let socket = place.socket()?;
    place.private(&socket)?;
    let up = async {
        // A process id proves little after a crash: only an answer counts.
        while !answers(&socket).await? {
            if server.is_running().await? || server.start(&socket, durability).await? == Attempt::Occupied {
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, up).await {
        Ok(outcome) => outcome.map(|()| socket),
        Err(_) => Err(ClusterError::Silent {
            socket,
            log: place.log(),
        }),
    }
}

/// The caller holds the gate, so nobody begins to use the cluster meanwhile.
async fn stop_unused(place: &DataDir) -> Result<Stop, ClusterError> {
    let users = place.home.join(USERS);
    match open(&users)?.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Stop::InUse),
        Err(TryLockError::Error(error)) => return Err(error).at(&users),
    }
    let server = Server {
        place,
        binaries: Binaries::find(place).await?,
    };
    if !server.is_running().await? {
        return Ok(Stop::NotRunning);
    }
    server.stop().await?;
    let socket = place.socket()?;
    if let Err(error) = fs::remove_dir(&socket) {
        tracing::debug!("{} stays behind: {error}", socket.display());
    }
    Ok(Stop::Stopped)
}

/// Waits for the turn to start or stop the cluster of `place`; it ends with the file.
async fn gate(place: &DataDir) -> Result<File, ClusterError> {
    let path = place.home.join("gate.lock");
    let file = open(&path)?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => tracing::info!("waiting for another process that starts or stops Postgres"),
        Err(TryLockError::Error(error)) => return Err(error).at(&path),
    }
    let wait = move || file.lock().map(|()| file);
    tokio::task::spawn_blocking(wait)
        .await
        .expect("waiting for a lock does not panic")
        .at(&path)
}

fn open(path: &Path) -> Result<File, ClusterError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .in_data(path)
}

fn options(socket: &Path) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(PORT)
        .username(SUPERUSER)
        .database(SUPERUSER)
        // Whatever PGSSLMODE says to others: there is no wire to listen on.
        .ssl_mode(PgSslMode::Disable)
}

/// Whether the server takes connections. One that is starting, stopping or full does not, yet.
async fn answers(socket: &Path) -> Result<bool, ClusterError> {
    let tried = async {
        let mut connection = options(socket).connect().await?;
        connection.ping().await?;
        connection.close().await
    };
    match tried.await {
        Ok(()) => Ok(true),
        Err(sqlx::Error::Database(error)) if !error.code().is_some_and(|code| passes(&code)) => {
            Err(ClusterError::Refused {
                socket: socket.to_path_buf(),
                source: sqlx::Error::Database(error),
            })
        }
        Err(_) => Ok(false),
    }
}

/// Whether the refusal is of a kind that time ends: "operator intervention" or "insufficient resources".
fn passes(code: &str) -> bool {
    ["57", "53"].iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_ends_although_a_child_that_is_being_made_has_its_file() {
        let path = std::env::temp_dir().join(format!("cluster-usage-{}", std::process::id()));
        let usage = Usage(open(&path).unwrap());
        usage.0.lock_shared().unwrap();
        let inherited = usage.0.try_clone().unwrap();
        assert!(open(&path).unwrap().try_lock().is_err());
        drop(usage);
        open(&path).unwrap().try_lock().unwrap();
        drop(inherited);
        fs::remove_file(path).unwrap();
    }
}
