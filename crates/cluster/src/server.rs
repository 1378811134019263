//! The server of one cluster: made, started and stopped with Postgres's own tools, as the account that owns it.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tokio::process::Command;

use super::binaries::Binaries;
use super::data_dir::DataDir;
use super::error::{At, ClusterError};
use super::{Durability, PATIENCE, PORT, SUPERUSER};

/// What a new cluster is made with; its operator may change it in `postgresql.conf` or with `alter system`.
const SETTINGS: &str = "
# Set by Switchboard when it made this cluster.
max_connections = 200
shared_buffers = '128MB'
timezone = 'UTC'
log_timezone = 'UTC'
";

/// There is no password to ask for: the socket stands in a directory that only the cluster's account (and root) can
/// enter, the server listens nowhere else, and that account could read the files themselves.
const WHO_MAY_CONNECT: &str = "local all all trust\n";

/// What `initdb` says of a user whom the system has no name for.
const UNKNOWN_USER: &str = "could not look up effective user ID";

/// Past this size the log makes room for a new one at the next start.
const LONG_LOG: u64 = 16 << 20;

pub(super) struct Server<'a> {
    pub place: &'a DataDir,
    pub binaries: Binaries,
}

/// How an attempt to start ended when it did not fail for good.
#[derive(PartialEq, Eq)]
pub(super) enum Attempt {
    Started,
    /// Backends of a server that was killed still hold its shared memory; they leave within moments.
    Occupied,
}

impl Server<'_> {
    /// Makes the cluster. It gets its name when it is complete, so that an interrupted attempt is never taken for one.
    pub async fn initialize(&self, durability: Durability) -> Result<(), ClusterError> {
        let account = self.place.account;
        let draft = self.place.home.join("data.new");
        if draft.exists() {
            fs::remove_dir_all(&draft).at(&draft)?;
        }
        self.place.private(&draft)?;
        tracing::info!(
            "making a database with Postgres {} in {}",
            self.binaries.major,
            self.place.home.display()
        );
        let mut initdb = account.command(self.binaries.program("initdb"));
        initdb
            .args([
                "--username",
                SUPERUSER,
                "--encoding",
                "UTF8",
                "--auth",
                "trust",
                "--pgdata",
            ])
            .arg(&draft);
        // Text sorts by code point on every machine, and still knows the case of every letter.
        initdb.args(["--locale", "C"]).args(match self.binaries.major {
            ..17 => ["--lc-ctype", "C.UTF-8"].as_slice(),
            17.. => ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"].as_slice(),
        });
        if durability == Durability::Throwaway {
            initdb.arg("--no-sync");
        }
        match account.run(&mut initdb).await {
            Err(ClusterError::Program { output, .. }) if output.contains(UNKNOWN_USER) => {
                return Err(ClusterError::UnknownUser(account.uid));
            }
            done => done?,
        };
        account.append(&draft.join("postgresql.conf"), SETTINGS).await?;
        account.write(&draft.join("pg_hba.conf"), WHO_MAY_CONNECT).await?;
        let data = self.place.data();
        fs::rename(&draft, &data).at(&data)
    }

    /// Starts the server and returns when it takes connections.
    pub async fn start(&self, socket: &Path, durability: Durability) -> Result<Attempt, ClusterError> {
        let log = self.place.log();
        make_room(&log)?;
        let before = fs::metadata(&log).map_or(0, |found| found.len());
        tracing::info!(
            "starting Postgres {} in {}",
            self.binaries.major,
            self.place.home.display()
        );
        let patience = PATIENCE.as_secs().to_string();
        let mut start = self.pg_ctl("start");
        start.args(["--wait", "--timeout", &patience]).arg("--log").arg(&log);
        start.arg("--options").arg(options(socket, durability));
        match self.place.account.run(&mut start).await {
            Ok(_) => Ok(Attempt::Started),
            Err(ClusterError::Program { program, output }) => {
                let logged = fs::read(&log).unwrap_or_default();
                let logged = String::from_utf8_lossy(logged.get(before as usize..).unwrap_or_default());
                if logged.contains("shared memory block") && logged.contains("still in use") {
                    return Ok(Attempt::Occupied);
                }
                Err(ClusterError::Program {
                    program,
                    output: format!("{output}\n{}", logged.trim()),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a process runs on the cluster, ready or not.
    pub async fn is_running(&self) -> Result<bool, ClusterError> {
        let status = self
            .pg_ctl("status")
            .output()
            .await
            .at(&self.binaries.program("pg_ctl"))?
            .status;
        Ok(status.success() && !self.disown_stranger().await?)
    }

    pub async fn stop(&self) -> Result<(), ClusterError> {
        tracing::info!("stopping Postgres in {}", self.place.home.display());
        let patience = PATIENCE.as_secs().to_string();
        let mut stop = self.pg_ctl("stop");
        stop.args(["--wait", "--mode", "fast", "--timeout", &patience]);
        self.place.account.run(&mut stop).await.map(drop)
    }

    fn pg_ctl(&self, verb: &str) -> Command {
        let mut command = self.place.account.command(self.binaries.program("pg_ctl"));
        command.arg(verb).arg("--silent").arg("--pgdata").arg(self.place.data());
        command
    }

    /// After a reboot or in a new container, the process a dead server named in `postmaster.pid` may be somebody
    /// else's, or a zombie nobody reaps, and Postgres would not start beside it. Returns whether that was so.
    ///
    /// The file then gets our id: Postgres takes its grandparent for no rival, and goes on to the check of shared
    /// memory, which deleting the file would skip. The lock of the socket names the same process and guards nothing
    /// else, so it goes.
    async fn disown_stranger(&self) -> Result<bool, ClusterError> {
        // Where there is no /proc, Postgres decides alone.
        if !Path::new("/proc/self/cwd").exists() {
            return Ok(false);
        }
        let data = self.place.data();
        let path = data.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(false);
        };
        let (pid, rest) = text.split_once('\n').unwrap_or((&text, ""));
        // A server works in its data directory.
        match fs::read_link(format!("/proc/{pid}/cwd")) {
            Ok(directory) if directory == data.canonicalize().at(&data)? => return Ok(false),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(false),
            Ok(_) | Err(_) => {}
        }
        tracing::info!("process {pid} is not the Postgres it once was");
        self.place
            .account
            .write(&path, &format!("{}\n{rest}", std::process::id()))
            .await?;
        let lock = self.place.socket()?.join(format!(".s.PGSQL.{PORT}.lock"));
        match fs::remove_file(&lock) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at(&lock),
            Ok(()) | Err(_) => Ok(true),
        }
    }
}

/// The server's own options. They outrank every file: who can connect is not a matter of taste.
fn options(socket: &Path, durability: Durability) -> OsString {
    let switch = match durability {
        Durability::Full => "on",
        Durability::Throwaway => "off",
    };
    let mut options = OsString::from(format!(
        "-p {PORT} -c listen_addresses= -c unix_socket_permissions=0700"
    ));
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        options.push(format!(" -c {name}={switch}"));
    }
    options.push(" -k ");
    options.push(socket);
    options
}

fn make_room(log: &Path) -> Result<(), ClusterError> {
    if fs::metadata(log).is_ok_and(|found| found.len() > LONG_LOG) {
        fs::rename(log, log.with_extension("log.1")).at(log)?;
    }
    Ok(())
}
