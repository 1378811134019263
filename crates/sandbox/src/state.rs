//! What the simulated providers remember, and how it survives a restart of the process that hosts them.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Many changes come at once, so the file is written when it has been dirty for this long.
const SETTLE: Duration = Duration::from_millis(500);

/// Locks, and goes on with what a panicked holder left: a sandbox never refuses over its own lock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Section = Box<dyn Fn() -> Value + Send + Sync>;

/// One JSON file for all providers, a member for each.
pub struct Snapshot {
    path: Option<PathBuf>,
    found: Mutex<BTreeMap<String, Value>>,
    sections: Mutex<Vec<(&'static str, Section)>>,
    dirty: Notify,
}

impl Snapshot {
    pub fn open(path: Option<PathBuf>) -> std::io::Result<Self> {
        let found = match &path {
            Some(path) => read(path)?,
            None => BTreeMap::new(),
        };
        Ok(Self {
            path,
            found: Mutex::new(found),
            sections: Mutex::default(),
            dirty: Notify::new(),
        })
    }

    /// Writes the file whenever something has changed, and once more at the end.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.dirty.notified() => {}
                () = stop.cancelled() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(SETTLE) => {}
                () = stop.cancelled() => break,
            }
            self.write();
        }
        self.write();
    }

    fn write(&self) {
        let Some(path) = &self.path else { return };
        let content: BTreeMap<_, _> = lock(&self.sections)
            .iter()
            .map(|(name, section)| (*name, section()))
            .collect();
        if let Err(cause) = replace(path, &content) {
            tracing::warn!(%cause, path = %path.display(), "the sandbox's state was not written");
        }
    }
}

fn read(path: &Path) -> std::io::Result<BTreeMap<String, Value>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_else(|cause| {
            tracing::warn!(%cause, path = %path.display(), "the sandbox starts empty: its state file is unreadable");
            BTreeMap::new()
        })),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(cause) => Err(cause),
    }
}

/// A reader sees the old file or the new one, never half of one.
fn replace(path: &Path, content: &impl Serialize) -> std::io::Result<()> {
    let part = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // It holds simulated signing keys and passwords: only play money, and still nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(&serde_json::to_vec(content)?)?;
    file.sync_all()?;
    std::fs::rename(part, path)
}

/// One provider's objects.
pub struct Persisted<T> {
    value: Arc<Mutex<T>>,
    snapshot: Arc<Snapshot>,
}

impl<T: Default + Serialize + DeserializeOwned + Send + 'static> Persisted<T> {
    pub fn open(snapshot: &Arc<Snapshot>, name: &'static str) -> Self {
        let found = lock(&snapshot.found).remove(name);
        let value = found
            .and_then(|found| serde_json::from_value(found).ok())
            .unwrap_or_default();
        let value = Arc::new(Mutex::new(value));
        let seen = Arc::clone(&value);
        let section = move || serde_json::to_value(&*lock(&seen)).unwrap_or(Value::Null);
        lock(&snapshot.sections).push((name, Box::new(section)));
        Self {
            value,
            snapshot: Arc::clone(snapshot),
        }
    }

    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&lock(&self.value))
    }

    pub fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut lock(&self.value));
        self.snapshot.dirty.notify_one();
        result
    }
}
