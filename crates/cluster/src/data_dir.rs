//! Where a cluster lives: its home under the data directory or as near as its account gets, and a short directory for
//! its socket.
//!
//! ```text
//! postgres/            the home: the caller's, so that root works in a directory nobody else can rearrange
//!   gate.lock          held while starting or stopping
//!   users.lock         shared by everyone who uses the cluster
//!   data/  log/        the account's, mode 0700
//!   programs/          a downloaded Postgres, if none was installed
//! ```

use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::{Account, ROOT};
use super::error::{At, ClusterError};

#[derive(Clone, Debug)]
pub(super) struct DataDir {
    pub home: PathBuf,
    pub account: Account,
    caller: Account,
}

/// Whether a new cluster may be made elsewhere than under a data directory that its account cannot reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elsewhere {
    Taken,
    Refused,
}

impl DataDir {
    /// Finds where the cluster of `data`, an existing directory, is or is to be.
    pub async fn of(data: &Path, elsewhere: Elsewhere) -> Result<DataDir, ClusterError> {
        let data = data.canonicalize().at(data)?;
        let caller = Account::caller().await?;
        let near = data.join("postgres");
        let near = near.canonicalize().unwrap_or(near);
        if !caller.is_root() {
            return Ok(DataDir {
                home: near,
                account: caller,
                caller,
            });
        }
        let [lib, tmp] = refuges(&data);
        let found = [&near, &lib, &tmp].into_iter().find(|home| is_cluster(home)).cloned();
        let (home, account) = match found {
            Some(home) => {
                let account = Account::owner_of(&home.join("data"))?;
                (home, account)
            }
            None => {
                let account = Account::lent().await?;
                let home = match account.reaches(&data).await {
                    true => near.clone(),
                    false if elsewhere == Elsewhere::Refused => return Err(ClusterError::Unreachable(data)),
                    false if open_parent(&lib).is_ok() => lib,
                    false => tmp,
                };
                (home, account)
            }
        };
        if home != near {
            tracing::warn!(
                "the account that runs Postgres cannot enter {}: its database is in {}",
                data.display(),
                home.display()
            );
        }
        Ok(DataDir { home, account, caller })
    }

    /// Makes the home and what stands in it, or makes sure that those found there can be trusted.
    pub async fn make(&self) -> Result<(), ClusterError> {
        // Passable, because the account owns only what is inside; by others it cannot be listed.
        let mode = if self.account == self.caller { 0o700 } else { 0o711 };
        match DirBuilder::new().mode(mode).create(&self.home) {
            Ok(()) => fs::set_permissions(&self.home, Permissions::from_mode(mode)).at(&self.home)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).in_data(&self.home),
        }
        let found = self.home.symlink_metadata().at(&self.home)?;
        if !found.is_dir() || ![self.caller.uid, self.account.uid].contains(&found.uid()) {
            return Err(ClusterError::NotPrivate(self.home.clone()));
        }
        if !self.account.reaches(&self.home).await {
            return Err(ClusterError::Unreachable(self.home.clone()));
        }
        self.private(&self.home.join("log"))
    }

    pub fn is_cluster(&self) -> bool {
        is_cluster(&self.home)
    }

    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub fn log(&self) -> PathBuf {
        self.home.join("log/postgres.log")
    }

    /// The directory of the socket: a path of its own, as the home's may exceed the 107 bytes an address has. Named
    /// after the inode too, so that a server whose files were deleted under it never answers for the next one.
    pub fn socket(&self) -> Result<PathBuf, ClusterError> {
        let data = self.data();
        let inode = data.metadata().at(&data)?.ino();
        let name = format!(
            "switchboard-{}",
            fingerprint([data.as_os_str().as_encoded_bytes(), &inode.to_be_bytes()])
        );
        // By whose cluster it is, not by who asks: root and the user must look in the same place.
        let roots = self.home.metadata().at(&self.home)?.uid() == ROOT;
        let run = Path::new("/run");
        Ok(if roots && run.is_dir() { run } else { Path::new("/tmp") }.join(name))
    }

    /// Makes a directory for the account alone. One that is there must be just that: anyone may have put it in `/tmp`.
    pub fn private(&self, path: &Path) -> Result<(), ClusterError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error).at(path),
            Ok(()) | Err(_) => {}
        }
        let found = path.symlink_metadata().at(path)?;
        if !found.is_dir() || found.mode() & 0o077 != 0 {
            return Err(ClusterError::NotPrivate(path.to_path_buf()));
        }
        match found.uid() {
            uid if uid == self.account.uid => Ok(()),
            uid if uid == self.caller.uid => self.account.take(path),
            _ => Err(ClusterError::NotPrivate(path.to_path_buf())),
        }
    }
}

fn is_cluster(home: &Path) -> bool {
    home.join("data/PG_VERSION").exists()
}

/// Where root puts a cluster whose account cannot reach the data directory, best first.
fn refuges(data: &Path) -> [PathBuf; 2] {
    let bytes = data.as_os_str().as_encoded_bytes();
    let words: String = data
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let tail = &words[words.len().saturating_sub(40)..];
    let name = format!("{}-{}", tail.trim_matches('-'), fingerprint([bytes]));
    [
        Path::new("/var/lib/switchboard").join(&name),
        Path::new("/var/tmp").join(format!("switchboard-{name}")),
    ]
}

fn open_parent(home: &Path) -> Result<(), ClusterError> {
    let parent = home.parent().expect("a refuge has a parent");
    match fs::create_dir(parent) {
        // Root's umask may be narrow, and the account has to pass.
        Ok(()) => fs::set_permissions(parent, Permissions::from_mode(0o755)).at(parent),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).at(parent),
    }
}

/// Twelve characters that stand for the parts: enough to keep checkouts apart, short enough for a socket's path.
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refuge_is_named_after_the_path_and_differs_for_paths_that_read_alike() {
        let [lib, tmp] = refuges(Path::new("/root/my work/data"));
        let [other, _] = refuges(Path::new("/root/my-work/data"));
        assert!(lib.starts_with("/var/lib/switchboard"));
        assert!(
            lib.to_string_lossy().contains("root-my-work-data-"),
            "{}",
            lib.display()
        );
        assert!(tmp.starts_with("/var/tmp"));
        assert_ne!(lib, other);
    }

    #[test]
    fn a_refuge_has_a_name_of_bounded_length() {
        let [_, tmp] = refuges(Path::new(&format!("/{}", "ä".repeat(400))));
        assert!(tmp.file_name().unwrap().len() < 80);
    }
}
