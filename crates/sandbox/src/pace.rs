//! How fast simulated time passes.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

/// The factor between simulated and real time.
#[derive(Clone, Copy, Debug)]
pub struct Pace(f64);

impl Pace {
    pub fn new(speed: f64) -> Self {
        Pace(if speed.is_finite() && speed > 0.0 { speed } else { 1.0 })
    }

    /// The real time that so many simulated seconds take.
    pub fn real(self, seconds: f64) -> Duration {
        Duration::try_from_secs_f64((seconds / self.0).max(0.0)).unwrap_or(Duration::MAX)
    }

    pub async fn sleep(self, seconds: f64) {
        tokio::time::sleep(self.real(seconds)).await;
    }
}

/// RFC 3339 in UTC with six digits of a second: of one length, so that text order is time order.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

pub fn now() -> String {
    stamp(Utc::now())
}
