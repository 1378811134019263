//! Why a private Postgres could not be had, in words its operator can act on.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error("no Postgres {oldest} or newer was found: {advice}, or name the directory of its programs in PG_BIN", oldest = super::OLDEST)]
    NotInstalled { advice: &'static str },

    #[error("the database in {} was made by Postgres {major}, which was not found: {advice}, or name the directory of its programs in PG_BIN", home.display())]
    OtherVersion {
        home: PathBuf,
        major: u32,
        advice: &'static str,
    },

    #[error("{} is not a directory of the account that runs Postgres alone; move it away or set SWITCHBOARD_DATA elsewhere", .0.display())]
    NotPrivate(PathBuf),

    #[error("the account that runs Postgres cannot enter {}; let it pass (chmod o+x on the parents) or set SWITCHBOARD_DATA elsewhere", .0.display())]
    Unreachable(PathBuf),

    #[error(
        "Postgres does not run as a user that the system has no name for, and {0} has none: run as one that has, give it a line in /etc/passwd, or set DATABASE_URL to a Postgres that is there"
    )]
    UnknownUser(u32),

    #[error("{} cannot be written by the user that runs this program: give it to them (chown) or set SWITCHBOARD_DATA elsewhere", .0.display())]
    Foreign(PathBuf),

    #[error("root needs an account to run Postgres as, and there is neither `postgres` nor `nobody`")]
    NoAccount,

    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },

    #[error("{program} failed: {output}")]
    Program { program: String, output: String },

    #[error("Postgres refuses us on {}: {source}", socket.display())]
    Refused { socket: PathBuf, source: sqlx::Error },

    #[error("Postgres does not answer on {} after {} s; its log is {}", socket.display(), super::PATIENCE.as_secs(), log.display())]
    Silent { socket: PathBuf, log: PathBuf },
}

/// Names the file an I/O error is about, which the error itself never does.
pub(super) trait At<T> {
    fn at(self, path: &Path) -> Result<T, ClusterError>;

    /// As [`At::at`], for what is written under the data directory: whose that is may be all that is wrong.
    fn in_data(self, path: &Path) -> Result<T, ClusterError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, ClusterError> {
        self.map_err(|source| ClusterError::File {
            path: path.to_path_buf(),
            source,
        })
    }

    fn in_data(self, path: &Path) -> Result<T, ClusterError> {
        match self {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                Err(ClusterError::Foreign(path.to_path_buf()))
            }
            done => done.at(path),
        }
    }
}
