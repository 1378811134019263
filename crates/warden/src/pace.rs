//! Not faster than so many a second.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

/// Hands out moments, evenly. Time that nobody used is not made up for: a pause is no reason for a rush.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    next: Instant,
}

impl Pace {
    pub fn new(per_second: NonZeroU32, now: Instant) -> Self {
        Self {
            every: Duration::from_secs(1) / per_second.get(),
            next: now,
        }
    }

    /// When `n` of them may begin; whoever comes later begins after the time that `n` take.
    pub fn take(&mut self, n: u32, now: Instant) -> Instant {
        let at = self.next.max(now);
        self.next = at + self.every.saturating_mul(n);
        at
    }

    /// When the next one may begin.
    pub fn due(&self) -> Instant {
        self.next
    }

    /// Nobody begins before that moment.
    pub fn hold(&mut self, until: Instant) {
        self.next = self.next.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn so_many_a_second_and_none_saved_up() {
        let start = Instant::now();
        let mut pace = Pace::new(NonZeroU32::new(4).unwrap(), start);
        let times: Vec<_> = (0..5).map(|_| pace.take(1, start) - start).collect();
        assert_eq!(times, [0, 250, 500, 750, 1000].map(Duration::from_millis));
        // A minute later there is no store of unused moments.
        let later = start + 60 * SECOND;
        assert_eq!(pace.take(8, later), later);
        assert_eq!(pace.take(1, later), later + 2 * SECOND);
    }

    #[test]
    fn a_hold_is_for_everybody_and_never_shortens_another() {
        let start = Instant::now();
        let mut pace = Pace::new(NonZeroU32::new(1000).unwrap(), start);
        pace.hold(start + 5 * SECOND);
        pace.hold(start + SECOND);
        assert_eq!(pace.take(1, start), start + 5 * SECOND);
    }
}
