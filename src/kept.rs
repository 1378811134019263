//! Kept: what a process has read of an organization, until the organization's bell rings.
//!
//! For what is read often, changes seldom and costs a look at every row. Postgres stays the only truth: many processes
//! may each keep their own, and one that cannot hear the bells keeps nothing.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;

use crate::{
    live::{Mark, Ring},
    org::OrgId,
};

/// Organizations at a time. What is kept of one is a few kilobytes at most.
const ORGANIZATIONS: u64 = 4096;
/// A connection can die without anybody being told. What is kept lives no longer than this, bell or not.
const LIFE: Duration = Duration::from_secs(10);

/// One value for each organization, true as long as the bell of `topic` does not ring for it.
pub struct Kept<T> {
    topic: &'static str,
    places: Cache<Mark, Place<T>>,
    hears: AtomicBool,
}

/// Where the value of one organization stands or will stand. A ring clears it away, and what is put there afterwards,
/// having been read before, is seen by nobody else.
pub struct Place<T>(Arc<OnceLock<T>>);

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Clone> Place<T> {
    fn new() -> Self {
        Self(Arc::new(OnceLock::new()))
    }

    pub fn get(&self) -> Option<T> {
        self.0.get().cloned()
    }

    /// The first of several that were read at once is as good as the others.
    pub fn put(&self, value: T) {
        let _ = self.0.set(value);
    }
}

impl<T: Clone + Send + Sync + 'static> Kept<T> {
    pub fn new(topic: &'static str) -> Self {
        Self {
            topic,
            places: Cache::builder().max_capacity(ORGANIZATIONS).time_to_live(LIFE).build(),
            hears: AtomicBool::new(false),
        }
    }

    /// The organization's place, to be asked for before the database is: what the database says from then on may be put
    /// there, whatever happens meanwhile.
    pub async fn place(&self, org: &OrgId) -> Place<T> {
        if !self.hears.load(Ordering::Acquire) {
            return Place::new();
        }
        let mark = Mark::of(org);
        match self.places.get(&mark).await {
            Some(place) => place,
            None => self.places.get_with(mark, async { Place::new() }).await,
        }
    }

    /// After a change of this process's own, which need not wait for the bell.
    pub async fn forget(&self, org: &OrgId) {
        self.places.invalidate(&Mark::of(org)).await;
    }

    pub async fn hear(&self, ring: &Ring) {
        match ring {
            Ring::Changed { topic, mark } if **topic == *self.topic => self.places.invalidate(mark).await,
            Ring::Changed { .. } => {}
            Ring::Missed => {
                self.places.invalidate_all();
                self.hears.store(true, Ordering::Release);
            }
        }
    }

    /// The bells cannot be heard: nothing is kept until they can.
    pub fn deafen(&self) {
        self.hears.store(false, Ordering::Release);
        self.places.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(id: &str) -> OrgId {
        OrgId::parse(id).unwrap()
    }

    fn ring(topic: &str, org: &OrgId) -> Ring {
        Ring::Changed {
            topic: topic.into(),
            mark: Mark::of(org),
        }
    }

    async fn hearing() -> Kept<u32> {
        let kept = Kept::new("agents");
        kept.hear(&Ring::Missed).await;
        kept
    }

    #[tokio::test]
    async fn an_organization_finds_its_own_and_nobody_elses() {
        let kept = hearing().await;
        let (mine, other) = (org("org_a"), org("org_b"));
        kept.place(&mine).await.put(1);
        assert_eq!(kept.place(&other).await.get(), None);
        kept.place(&other).await.put(2);
        assert_eq!(kept.place(&mine).await.get(), Some(1));
        assert_eq!(kept.place(&other).await.get(), Some(2));
    }

    #[tokio::test]
    async fn a_ring_ends_what_it_is_about() {
        let kept = hearing().await;
        let (mine, other) = (org("org_a"), org("org_b"));
        for org in [&mine, &other] {
            kept.place(org).await.put(1);
        }
        kept.hear(&ring("calls", &mine)).await;
        assert_eq!(kept.place(&mine).await.get(), Some(1));
        kept.hear(&ring("agents", &mine)).await;
        assert_eq!(kept.place(&mine).await.get(), None);
        assert_eq!(kept.place(&other).await.get(), Some(1));
        kept.forget(&other).await;
        assert_eq!(kept.place(&other).await.get(), None);
    }

    #[tokio::test]
    async fn what_was_read_before_a_ring_is_not_kept_after_it() {
        let kept = hearing().await;
        let org = org("org_a");
        for ring in [ring("agents", &org), Ring::Missed] {
            let reading = kept.place(&org).await;
            kept.hear(&ring).await;
            reading.put(1);
            assert_eq!(kept.place(&org).await.get(), None, "{ring:?}");
        }
        let reading = kept.place(&org).await;
        kept.forget(&org).await;
        reading.put(1);
        assert_eq!(kept.place(&org).await.get(), None);
    }

    #[tokio::test]
    async fn whoever_cannot_hear_keeps_nothing() {
        let kept = Kept::new("agents");
        let org = org("org_a");
        kept.place(&org).await.put(1);
        assert_eq!(kept.place(&org).await.get(), None);
        kept.hear(&Ring::Missed).await;
        kept.place(&org).await.put(1);
        assert_eq!(kept.place(&org).await.get(), Some(1));
        kept.deafen();
        assert_eq!(kept.place(&org).await.get(), None);
    }
}
