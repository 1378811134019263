//! Which Postgres to run: the first installed one that can read the cluster, or one downloaded for it.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::OLDEST;
use super::account::Account;
use super::data_dir::DataDir;
use super::error::ClusterError;

/// Where packages put Postgres when they leave it out of `PATH`: the parent, what comes before the version, and the
/// rest of the path.
const SHELVES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
];

#[derive(Debug)]
pub(super) struct Binaries {
    directory: PathBuf,
    pub major: u32,
}

impl Binaries {
    pub async fn find(place: &DataDir) -> Result<Binaries, ClusterError> {
        let made_by = made_by(place);
        let fits = |major| made_by.map_or(major >= OLDEST, |made_by| major == made_by);
        for directory in places_to_look().await {
            if let Some(major) = version(&directory, place.account).await
                && fits(major)
            {
                return Ok(Binaries { directory, major });
            }
        }
        #[cfg(feature = "download-postgres")]
        match super::download::download(place, made_by).await {
            Ok(directory) => {
                if let Some(major) = version(&directory, place.account).await {
                    return Ok(Binaries { directory, major });
                }
                tracing::warn!("the Postgres downloaded to {} does not run here", directory.display());
            }
            Err(error) => tracing::warn!("Postgres could not be downloaded: {error}"),
        }
        let advice = advice();
        Err(match made_by {
            Some(major) => ClusterError::OtherVersion {
                home: place.home.clone(),
                major,
                advice,
            },
            None => ClusterError::NotInstalled { advice },
        })
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// The version that made the cluster; no other can read it.
fn made_by(place: &DataDir) -> Option<u32> {
    fs::read_to_string(place.data().join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

async fn places_to_look() -> Vec<PathBuf> {
    let named = env::var_os("PG_BIN").map(PathBuf::from);
    let on_path = on_path(&env::var_os("PATH").unwrap_or_default());
    let shelves = SHELVES
        .iter()
        .flat_map(|(parent, before, rest)| shelf(Path::new(parent), before, rest));
    named
        .into_iter()
        .chain(on_path)
        .chain(configured().await)
        .chain(shelves)
        .collect()
}

/// Directories of `PATH` with a `postgres`, or those its links lead to: the other programs are beside the real one.
fn on_path(path: &OsStr) -> Vec<PathBuf> {
    env::split_paths(path)
        .filter_map(|directory| directory.join("postgres").canonicalize().ok())
        .filter_map(|program| program.parent().map(Path::to_path_buf))
        .collect()
}

async fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .stdin(Stdio::null())
        .output()
        .await
        .ok()?;
    let printed = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(printed.trim()))
}

/// The versions under `parent`, newest first.
fn shelf(parent: &Path, before: &str, rest: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    let mut versions: Vec<(u32, PathBuf)> = names
        .filter_map(|name| {
            let major = name.to_str()?.strip_prefix(before)?.parse().ok()?;
            Some((major, parent.join(&name).join(rest)))
        })
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, directory)| directory).collect()
}

/// The major version of the Postgres in `directory`, if the account can run it and its tools are there.
async fn version(directory: &Path, account: Account) -> Option<u32> {
    if !["initdb", "pg_ctl"].iter().all(|tool| directory.join(tool).exists()) {
        return None;
    }
    let output = account
        .run(account.command(directory.join("postgres")).arg("--version"))
        .await
        .ok()?;
    major(std::str::from_utf8(&output.stdout).ok()?)
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major(printed: &str) -> Option<u32> {
    let number = printed.split("(PostgreSQL)").nth(1)?.trim_start();
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

fn advice() -> &'static str {
    if cfg!(target_os = "macos") {
        return "run `brew install postgresql@17`";
    }
    package(&fs::read_to_string("/etc/os-release").unwrap_or_default())
}

/// What to install on the system that `/etc/os-release` describes.
fn package(os_release: &str) -> &'static str {
    let families = os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .flat_map(|value| value.trim_matches('"').split_whitespace());
    for family in families {
        match family {
            "debian" | "ubuntu" => return "run `apt-get install postgresql`",
            "fedora" | "rhel" => return "run `dnf install postgresql-server`",
            "suse" | "opensuse" => return "run `zypper install postgresql-server`",
            "alpine" => return "run `apk add postgresql`",
            "arch" => return "run `pacman -S postgresql`",
            _ => {}
        }
    }
    "install the package `postgresql`, with its server"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_whatever_follows_it() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("postgres: command not found"), None);
    }

    #[test]
    fn ten_is_newer_than_nine_and_what_is_no_version_is_passed_over() {
        let parent = tempdir("shelf");
        for name in ["9", "17", "10", "common"] {
            fs::create_dir_all(parent.join(name).join("bin")).unwrap();
        }
        let found = shelf(&parent, "", "bin");
        assert_eq!(found, ["17/bin", "10/bin", "9/bin"].map(|path| parent.join(path)));
        fs::remove_dir_all(parent).unwrap();
    }

    #[test]
    fn a_link_on_the_path_leads_to_the_directory_with_the_other_programs() {
        let root = tempdir("path");
        let (real, links) = (root.join("17/bin"), root.join("bin"));
        fs::create_dir_all(&real).unwrap();
        fs::create_dir_all(&links).unwrap();
        fs::write(real.join("postgres"), "").unwrap();
        std::os::unix::fs::symlink(real.join("postgres"), links.join("postgres")).unwrap();
        let path = env::join_paths([root.join("empty"), links]).unwrap();
        assert_eq!(on_path(&path), [real.canonicalize().unwrap()]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn the_advice_names_the_package_of_the_system_or_of_its_family() {
        assert_eq!(
            package("NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            package("ID=debian\n")
        );
        assert!(package("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n").contains("dnf"));
        assert!(package("").contains("postgresql"));
    }

    fn tempdir(name: &str) -> PathBuf {
        let path = env::temp_dir().join(format!("switchboard-binaries-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path.canonicalize().unwrap()
    }
}
