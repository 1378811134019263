//! Pulse: whether the database answers at this moment. Asked on a line of its own, so that it can be told when the pool is empty,
//! and once for everybody who wants to know.

use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::Mutex;

/// A database that takes longer to say that it is there is not.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Pulse {
    options: PgConnectOptions,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    connection: Option<PgConnection>,
    last: Option<(Instant, bool)>,
}

impl Pulse {
    pub fn of(options: &PgConnectOptions) -> Self {
        Self {
            options: pooler::plain(options).application_name("switchboard"),
            line: Mutex::default(),
        }
    }

    pub async fn beats(&self) -> bool {
        let asked = Instant::now();
        let mut line = self.line.lock().await;
        // Somebody else has found out while this one waited.
        if let Some((_, beats)) = line.last.filter(|(at, _)| *at >= asked) {
            return beats;
        }
        let connection = line.connection.take();
        let answer = tokio::time::timeout(PATIENCE, self.ask(connection)).await;
        line.connection = answer.ok().flatten();
        let beats = line.connection.is_some();
        line.last = Some((Instant::now(), beats));
        beats
    }

    /// The line that was answered on; a new one where the old one is broken.
    async fn ask(&self, connection: Option<PgConnection>) -> Option<PgConnection> {
        if let Some(mut connection) = connection
            && connection.ping().await.is_ok()
        {
            return Some(connection);
        }
        let mut connection = self.options.connect().await.ok()?;
        connection.ping().await.ok()?;
        Some(connection)
    }

    pub async fn close(&self) {
        if let Some(connection) = self.line.lock().await.connection.take() {
            drop(connection.close().await);
        }
    }
}
