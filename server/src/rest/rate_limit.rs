//! How often the REST API may be asked: by one organization, and by one address that nobody is known to stand behind.
//! Counted by process, in memory that is swept and has a bound.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use switchboard::{Error, org::OrgId};

/// After so many requests those that have not come for a while are forgotten.
const SWEEP: u32 = 4096;
/// With more addresses than this at one time, those that come on top are counted together.
const MOST_ADDRESSES: usize = 100_000;

pub struct Limits {
    organizations: Limiter<OrgId>,
    /// `None` is whoever comes without an address of its own to be counted by.
    addresses: Limiter<Option<IpAddr>>,
}

impl Limits {
    pub fn new(per_second: u32) -> Self {
        Self {
            organizations: Limiter::new(per_second, DefaultClock::default()),
            addresses: Limiter::new(anonymous(per_second), DefaultClock::default()),
        }
    }

    pub fn count_organization(&self, org: &OrgId) -> Count {
        self.organizations.count(org)
    }

    pub fn count_address(&self, address: Option<IpAddr>) -> Count {
        count_address(&self.addresses, address)
    }
}

/// Requests per second of one address without a known credential: a tenth of what an organization may, at least ten.
fn anonymous(per_second: u32) -> u32 {
    (per_second / 10).max(10)
}

fn count_address<C: Clock + Clone>(limiter: &Limiter<Option<IpAddr>, C>, address: Option<IpAddr>) -> Count {
    let own = address.filter(|_| limiter.len.load(Ordering::Relaxed) < MOST_ADDRESSES);
    limiter.count(&own.map(network))
}

/// Who has one IPv6 address usually has the 2⁶⁴ of its network.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

struct Limiter<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    states: RateLimiter<K, DashMapStateStore<K>, C, StateInformationMiddleware>,
    clock: C,
    counted: AtomicU32,
    /// How many are remembered, as of the last sweep.
    len: AtomicUsize,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    /// Twice of what a second allows may come at once.
    fn new(per_second: u32, clock: C) -> Self {
        let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let burst = per_second.saturating_mul(const { NonZeroU32::new(2).unwrap() });
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self {
            states: RateLimiter::dashmap_with_clock(quota, clock.clone()).with_middleware(),
            clock,
            counted: AtomicU32::new(0),
            len: AtomicUsize::new(0),
        }
    }

    fn count(&self, key: &K) -> Count {
        if self.counted.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.sweep();
        }
        let (quota, left, wait) = match self.states.check_key(key) {
            Ok(snapshot) => (snapshot.quota(), snapshot.remaining_burst_capacity(), None),
            Err(until) => (until.quota(), 0, Some(until.wait_time_from(self.clock.now()))),
        };
        let limit = quota.burst_size().get();
        let reset = quota.replenish_interval() * limit.saturating_sub(left);
        Count {
            limit,
            left,
            reset_s: reset.as_secs() + u64::from(reset.subsec_nanos() > 0),
            wait,
        }
    }

    /// Forgets whoever has everything again, and so is like one who has never come.
    fn sweep(&self) {
        self.states.retain_recent();
        self.states.shrink_to_fit();
        self.len.store(self.states.len(), Ordering::Relaxed);
    }
}

/// What is left to somebody who has asked once more.
pub struct Count {
    /// How many may come at once.
    limit: u32,
    left: u32,
    /// Seconds until all are there again.
    reset_s: u64,
    /// How long this one came too early.
    wait: Option<Duration>,
}

impl Count {
    pub fn is_over(&self) -> bool {
        self.wait.is_some()
    }

    /// What somebody is told who came too early.
    pub fn over(&self) -> Option<Error> {
        self.wait.map(|wait| Error::Limited {
            retry_after_s: wait.as_secs() + 1,
        })
    }

    pub fn write(&self, headers: &mut HeaderMap) {
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("ratelimit-remaining", HeaderValue::from(self.left));
        headers.insert("ratelimit-reset", HeaderValue::from(self.reset_s));
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    type Addresses = Limiter<Option<IpAddr>, FakeRelativeClock>;

    fn addresses() -> (Addresses, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limiter::new(anonymous(10), clock.clone()), clock)
    }

    fn v4(n: u32) -> Option<IpAddr> {
        Some(IpAddr::from(n.to_be_bytes()))
    }

    /// Whether an address may ask no more after it has asked as often as one may.
    fn ends_with(limiter: &Addresses, first: &str, then: &str) -> bool {
        let parse = |address: &str| Some(address.parse().unwrap());
        for _ in 0..20 {
            assert!(!count_address(limiter, parse(first)).is_over());
        }
        count_address(limiter, parse(then)).is_over()
    }

    #[test]
    fn an_ipv6_address_is_counted_with_its_network() {
        for (first, then, together) in [
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("203.0.113.1", "203.0.113.1", true),
            ("203.0.113.1", "203.0.113.2", false),
        ] {
            assert_eq!(ends_with(&addresses().0, first, then), together, "{first} {then}");
        }
    }

    #[test]
    fn addresses_that_have_gone_are_forgotten_and_those_that_still_ask_are_not() {
        let (limiter, clock) = addresses();
        let attacker = "203.0.113.1";
        for n in 0..SWEEP * 3 {
            count_address(&limiter, v4(n));
        }
        assert!(limiter.states.len() > 10_000);
        clock.advance(Duration::from_millis(1_500));
        assert!(ends_with(&limiter, attacker, attacker));
        clock.advance(Duration::from_millis(1_500));
        limiter.sweep();
        assert_eq!(limiter.states.len(), 1);
        for _ in 0..15 {
            count_address(&limiter, Some(attacker.parse().unwrap()));
        }
        assert!(count_address(&limiter, Some(attacker.parse().unwrap())).is_over());
    }

    #[test]
    fn there_is_a_bound_to_how_many_addresses_are_remembered() {
        let (limiter, clock) = addresses();
        let most = u32::try_from(MOST_ADDRESSES).unwrap();
        for n in 0..most * 2 {
            count_address(&limiter, v4(n));
        }
        assert!(limiter.states.len() <= MOST_ADDRESSES + SWEEP as usize);
        assert!(
            count_address(&limiter, v4(most * 3)).is_over(),
            "counted with the others"
        );
        clock.advance(Duration::from_secs(3));
        for _ in 0..SWEEP {
            count_address(&limiter, None);
        }
        assert!(!count_address(&limiter, v4(most * 3)).is_over(), "there is room again");
    }

    #[test]
    fn a_sweep_comes_by_itself() {
        let (limiter, clock) = addresses();
        count_address(&limiter, v4(1));
        clock.advance(Duration::from_secs(3));
        for _ in 0..SWEEP {
            count_address(&limiter, v4(2));
        }
        assert_eq!(limiter.states.len(), 1);
    }
}
