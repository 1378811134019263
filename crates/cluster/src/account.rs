//! Who runs Postgres: the caller, or, since Postgres refuses root, an account that root lends it.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::error::{At, ClusterError};

pub(super) const ROOT: u32 = 0;

/// What Postgres needs of our environment. The rest holds provider keys, which any superuser of a cluster could read
/// back from `/proc/self/environ`, and `PG*` settings meant for another server.
const KEPT: [&str; 4] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub uid: u32,
    gid: u32,
    lent: bool,
}

impl Account {
    pub async fn caller() -> Result<Account, ClusterError> {
        let uid = id("-u", None).await.ok_or(ClusterError::NoAccount)?;
        let gid = id("-g", None).await.ok_or(ClusterError::NoAccount)?;
        Ok(Account { uid, gid, lent: false })
    }

    /// The account root hands a new cluster to.
    pub async fn lent() -> Result<Account, ClusterError> {
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id("-u", Some(name)).await, id("-g", Some(name)).await) {
                return Ok(Account { uid, gid, lent: true });
            }
        }
        Err(ClusterError::NoAccount)
    }

    /// The account that already owns `path`, for root to act as.
    pub fn owner_of(path: &Path) -> Result<Account, ClusterError> {
        let found = path.metadata().at(path)?;
        Ok(Account {
            uid: found.uid(),
            gid: found.gid(),
            lent: true,
        })
    }

    pub fn is_root(self) -> bool {
        self.uid == ROOT
    }

    /// Whether the account may pass through `directory`. Asked of the system, as mode bits are not the whole truth.
    pub async fn reaches(self, directory: &Path) -> bool {
        !self.lent
            || self
                .command("test")
                .arg("-x")
                .arg(directory)
                .status()
                .await
                .is_ok_and(|status| status.success())
    }

    /// Hands `path` over. It must stand in a directory that only the caller can change, or that is sticky.
    pub fn take(self, path: &Path) -> Result<(), ClusterError> {
        if self.lent {
            lchown(path, Some(self.uid), Some(self.gid)).at(path)
        } else {
            Ok(())
        }
    }

    /// A command that runs as the account, in a process group of its own: Ctrl-C is for us, and we still need Postgres
    /// to shut down in order. Setting the user makes std drop root's supplementary groups too.
    pub fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(KEPT.iter().filter_map(|name| Some((name, env::var_os(name)?))))
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .process_group(0);
        if self.lent {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Runs a command of [`Self::command`] to its end; what it printed is in the error.
    pub async fn run(self, command: &mut Command) -> Result<Output, ClusterError> {
        let program = command.as_std().get_program().to_owned();
        let output = command.output().await.at(Path::new(&program))?;
        check(&program, output)
    }

    /// Replaces what a file of the account holds. Root never writes there itself: a link left in the place of the
    /// file would lead it anywhere.
    pub async fn write(self, path: &Path, text: &str) -> Result<(), ClusterError> {
        self.pipe(self.command("tee").arg(path), text).await
    }

    pub async fn append(self, path: &Path, text: &str) -> Result<(), ClusterError> {
        self.pipe(self.command("tee").arg("-a").arg(path), text).await
    }

    async fn pipe(self, command: &mut Command, text: &str) -> Result<(), ClusterError> {
        let program = command.as_std().get_program().to_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .at(Path::new(&program))?;
        let mut input = child.stdin.take().expect("stdin was asked for");
        input.write_all(text.as_bytes()).await.at(Path::new(&program))?;
        drop(input);
        let output = child.wait_with_output().await.at(Path::new(&program))?;
        check(&program, output).map(drop)
    }
}

fn check(program: &OsStr, output: Output) -> Result<Output, ClusterError> {
    if output.status.success() {
        return Ok(output);
    }
    let said = [output.stdout, output.stderr].concat();
    Err(ClusterError::Program {
        program: Path::new(program).display().to_string(),
        output: String::from_utf8_lossy(&said).trim().to_owned(),
    })
}

/// Asks `id`, which knows accounts from every source the system has, not only `/etc/passwd`.
async fn id(which: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id")
        .arg(which)
        .args(name)
        .stdin(Stdio::null())
        .output()
        .await
        .ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
