//! A Postgres for a machine that has none: prebuilt programs, fetched once and kept beside the cluster.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use postgresql_embedded::{PostgreSQL, Settings, VersionReq};

use super::data_dir::DataDir;

/// What a new cluster gets.
const MAJOR: u32 = 17;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Fetches the programs unless an earlier start has, and returns their directory.
pub(super) async fn download(place: &DataDir, made_by: Option<u32>) -> Result<PathBuf, Failure> {
    let shelf = place.home.join("programs");
    if !shelf.exists() {
        tracing::info!("no Postgres is installed: downloading one to {}", shelf.display());
    }
    let settings = Settings {
        version: VersionReq::parse(&format!("={}", made_by.unwrap_or(MAJOR)))?,
        installation_dir: shelf.clone(),
        ..Settings::default()
    };
    // `setup` would go on to initdb, as root and with a password of its own; it leaves a directory alone that has
    // settings, and throws this one away in the end.
    fs::write(settings.data_dir.join("postgresql.conf"), "")?;
    // Made for the file of that password.
    if let Some(unused) = settings.password_file.parent() {
        drop(fs::remove_dir(unused));
    }
    let mut postgres = PostgreSQL::new(settings);
    postgres.setup().await?;
    // Unpacked in a temporary directory, which only its owner may enter.
    for directory in [&shelf, &postgres.settings().installation_dir] {
        fs::set_permissions(directory, Permissions::from_mode(0o755))?;
    }
    Ok(postgres.settings().binary_dir())
}
