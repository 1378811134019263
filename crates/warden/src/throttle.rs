//! When to go slower: what a database says of itself between two batches.

mod read;

use std::{num::NonZeroU32, time::Duration};

use sqlx::PgConnection;
use tokio::time::Instant;

pub use read::is_paused;

use crate::{name::Name, pace::Pace};

/// The first wait for something that only time can tell; each further one in a row is twice as long.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// What a database may be put to. What is not limited is not looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// How far behind the slowest standby may be, in time and in bytes of WAL.
    pub lag: Option<Duration>,
    pub lag_bytes: Option<u64>,
    /// Bytes of WAL in a second, whoever writes them.
    pub wal: Option<u64>,
    pub canary: Option<Canary>,
    /// Rows in a second.
    pub rate: Option<NonZeroU32>,
}

/// A query of the application's that must stay quick.
#[derive(Clone, Debug, PartialEq)]
pub struct Canary {
    pub sql: String,
    pub within: Duration,
}

/// What was seen. Nothing where nothing was looked at, or nothing is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    pub paused: bool,
    pub lag: Option<Duration>,
    pub lag_bytes: Option<u64>,
    /// Bytes of WAL since the last batch began, and how long that is ago.
    pub wal: Option<(u64, Duration)>,
    /// The table is being vacuumed, and has to be before transaction ids run out.
    pub wraparound: bool,
    pub canary: Option<Duration>,
    /// Until the rows of the last batch are within the rate.
    pub ahead: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// Ask again after that time.
    Wait {
        reason: Reason,
        r#for: Duration,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("paused; `switchboard warden resume` goes on")]
    Paused,
    #[error("a vacuum against wraparound is at work on the table")]
    Wraparound,
    #[error("a standby is {} ms behind", .0.as_millis())]
    Lag(Duration),
    #[error("a standby is {0} bytes behind")]
    LagBytes(u64),
    #[error("the canary query took {} ms", .0.as_millis())]
    Canary(Duration),
    #[error("{0} bytes of WAL were written since the last batch")]
    Wal(u64),
    #[error("the rate is reached")]
    Rate,
}

#[derive(Debug, thiserror::Error)]
pub enum ThrottleError {
    #[error(
        "standbys are there, and this role may not see how far behind they are: grant it pg_monitor, or do without a limit"
    )]
    Blind,
    #[error("the canary query: {0}")]
    Canary(sqlx::Error),
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
}

/// What is to be done, by what was seen. `patience` counts the waits in a row before this one.
///
/// Of several reasons the one with the longest wait is named, and of equal ones the gravest.
pub fn decide(signals: &Signals, limits: &Limits, patience: u32) -> Verdict {
    let over =
        |seen: Option<Duration>, most: Option<Duration>| seen.filter(|seen| most.is_some_and(|most| *seen > most));
    let a_while = FIRST.saturating_mul(2_u32.saturating_pow(patience)).min(LONGEST);
    let canary = limits.canary.as_ref().map(|canary| canary.within);
    let lag_bytes = signals
        .lag_bytes
        .filter(|seen| limits.lag_bytes.is_some_and(|most| *seen > most));
    let wal = signals.wal.zip(limits.wal).and_then(|((bytes, ago), most)| {
        // That long so many bytes may take.
        let due = Duration::try_from_secs_f64(bytes as f64 / most.max(1) as f64).unwrap_or(Duration::MAX);
        let left = due.checked_sub(ago).filter(|left| !left.is_zero())?;
        Some((Reason::Wal(bytes), left.min(LONGEST)))
    });
    let reasons = [
        signals.paused.then_some((Reason::Paused, FIRST)),
        signals.wraparound.then_some((Reason::Wraparound, a_while)),
        over(signals.lag, limits.lag).map(|lag| (Reason::Lag(lag), a_while)),
        lag_bytes.map(|bytes| (Reason::LagBytes(bytes), a_while)),
        over(signals.canary, canary).map(|took| (Reason::Canary(took), a_while)),
        wal,
        (!signals.ahead.is_zero()).then_some((Reason::Rate, signals.ahead)),
    ];
    // From the back, because the last of equal ones is taken.
    let longest = reasons.into_iter().flatten().rev().max_by_key(|(_, wait)| *wait);
    longest.map_or(Verdict::Go, |(reason, r#for)| Verdict::Wait { reason, r#for })
}

/// Asked before every batch, and told after it.
#[derive(Debug)]
pub struct Throttle {
    limits: Limits,
    pace: Option<Pace>,
    /// Where the WAL ended when the last batch began.
    mark: Option<(u64, Instant)>,
    begun: Instant,
    patience: u32,
}

impl Throttle {
    pub fn new(limits: Limits, now: Instant) -> Self {
        Self {
            pace: limits.rate.map(|rate| Pace::new(rate, now)),
            limits,
            mark: None,
            begun: now,
            patience: 0,
        }
    }

    /// Whether the next batch of a table may begin. `Go` is the beginning of that batch.
    ///
    /// # Errors
    /// When a limit is set that this role cannot see, the canary query fails, or the database does.
    pub async fn ask(
        &mut self,
        connection: &mut PgConnection,
        table: &Name,
        now: Instant,
    ) -> Result<Verdict, ThrottleError> {
        let signals = self.look(connection, table, now).await?;
        let verdict = decide(&signals, &self.limits, self.patience);
        match verdict {
            Verdict::Wait { .. } => self.patience += 1,
            Verdict::Go => {
                self.patience = 0;
                self.begun = now;
                if self.limits.wal.is_some() {
                    self.mark = Some((read::wal(connection).await?, self.begun));
                }
            }
        }
        Ok(verdict)
    }

    /// So many rows were examined by the batch that has just ended.
    pub fn record(&mut self, rows: u32) {
        if let Some(pace) = &mut self.pace {
            pace.take(rows, self.begun);
        }
    }

    async fn look(&self, connection: &mut PgConnection, table: &Name, now: Instant) -> Result<Signals, ThrottleError> {
        let mut signals = Signals {
            paused: is_paused(connection).await?,
            wraparound: read::wraparound(connection, table).await?,
            ..Signals::default()
        };
        if self.limits.lag.is_some() || self.limits.lag_bytes.is_some() {
            (signals.lag, signals.lag_bytes) = read::lag(connection, read::STANDBYS).await?;
        }
        if let Some((mark, at)) = self.mark {
            let bytes = read::wal(connection).await?.saturating_sub(mark);
            signals.wal = Some((bytes, now.saturating_duration_since(at)));
        }
        if let Some(canary) = &self.limits.canary {
            signals.canary = Some(read::canary(connection, canary).await.map_err(ThrottleError::Canary)?);
        }
        if let Some(pace) = &self.pace {
            signals.ahead = pace.due().saturating_duration_since(now);
        }
        Ok(signals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits() -> Limits {
        Limits {
            lag: Some(5 * SECOND),
            lag_bytes: Some(1_000_000),
            wal: Some(1_000_000),
            canary: Some(Canary {
                sql: "select 1".into(),
                within: SECOND / 10,
            }),
            rate: NonZeroU32::new(1000),
        }
    }

    fn wait(signals: &Signals, patience: u32) -> (Reason, Duration) {
        match decide(signals, &limits(), patience) {
            Verdict::Wait { reason, r#for } => (reason, r#for),
            Verdict::Go => panic!("{signals:?}"),
        }
    }

    #[test]
    fn what_is_within_its_limits_goes_on() {
        let quiet = Signals {
            lag: Some(5 * SECOND),
            lag_bytes: Some(1_000_000),
            wal: Some((1_000_000, SECOND)),
            canary: Some(SECOND / 10),
            ..Signals::default()
        };
        assert_eq!(decide(&quiet, &limits(), 7), Verdict::Go);
        assert_eq!(decide(&Signals::default(), &limits(), 0), Verdict::Go);
        let loud = Signals {
            lag: Some(60 * SECOND),
            lag_bytes: Some(u64::MAX),
            wal: Some((u64::MAX, SECOND)),
            canary: Some(60 * SECOND),
            ..Signals::default()
        };
        assert_eq!(decide(&loud, &Limits::default(), 0), Verdict::Go, "no limit, no wait");
    }

    #[test]
    fn each_signal_has_its_reason_and_its_wait() {
        let none = Signals::default();
        let lag = Some(6 * SECOND);
        assert_eq!(
            wait(&Signals { lag, ..none.clone() }, 0),
            (Reason::Lag(6 * SECOND), SECOND)
        );
        let lag_bytes = Some(1_000_001);
        assert_eq!(
            wait(
                &Signals {
                    lag_bytes,
                    ..none.clone()
                },
                2
            ),
            (Reason::LagBytes(1_000_001), 4 * SECOND)
        );
        let canary = Some(SECOND);
        assert_eq!(
            wait(&Signals { canary, ..none.clone() }, 1),
            (Reason::Canary(SECOND), 2 * SECOND)
        );
        let wraparound = true;
        assert_eq!(
            wait(
                &Signals {
                    wraparound,
                    ..none.clone()
                },
                30
            ),
            (Reason::Wraparound, LONGEST)
        );
        let paused = true;
        assert_eq!(wait(&Signals { paused, ..none.clone() }, 30), (Reason::Paused, SECOND));
        // Three seconds' worth in one second: two more.
        let wal = Some((3_000_000, SECOND));
        assert_eq!(
            wait(&Signals { wal, ..none.clone() }, 9),
            (Reason::Wal(3_000_000), 2 * SECOND)
        );
        let ahead = SECOND / 2;
        assert_eq!(wait(&Signals { ahead, ..none }, 9), (Reason::Rate, SECOND / 2));
    }

    #[test]
    fn the_longest_wait_is_named_and_of_equal_ones_the_gravest() {
        let all = Signals {
            paused: true,
            lag: Some(9 * SECOND),
            canary: Some(SECOND),
            wal: Some((2_000_000, SECOND)),
            ahead: SECOND / 2,
            ..Signals::default()
        };
        assert_eq!(wait(&all, 0), (Reason::Paused, SECOND));
        assert_eq!(wait(&all, 3), (Reason::Lag(9 * SECOND), 8 * SECOND));
        let ahead = 20 * SECOND;
        assert_eq!(wait(&Signals { ahead, ..all }, 3), (Reason::Rate, 20 * SECOND));
    }

    #[test]
    fn a_limit_of_nothing_is_no_division_by_it() {
        let limits = Limits {
            wal: Some(0),
            ..Limits::default()
        };
        let signals = Signals {
            wal: Some((u64::MAX, SECOND)),
            ..Signals::default()
        };
        let Verdict::Wait { r#for, .. } = decide(&signals, &limits, 0) else {
            panic!()
        };
        assert_eq!(r#for, LONGEST);
    }
}
