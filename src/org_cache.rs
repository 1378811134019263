//! The cache of facets: what a process has read about all rows of an organization, until one of them changes.
//!
//! For what is read often, changes seldom and costs a look at every row. Postgres stays the only truth: many processes
//! may each have a cache of their own, and one that does not hear of changes caches nothing.

use std::{
    any::Any,
    marker::PhantomData,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;

use crate::{
    live::{Change, OrgHash},
    org::OrgId,
    resource::{Kind, Resource},
};

/// Values at a time, of a few kilobytes at most.
const VALUES: u64 = 16_384;
/// A connection can die without anybody being told. A value lives no longer than this, whatever is heard.
const LIFE: Duration = Duration::from_secs(10);

/// A value that is put there once; what it is, is told by the kind.
type Shared = Arc<OnceLock<Box<dyn Any + Send + Sync>>>;

/// The facets of each kind of thing of each organization.
pub struct OrgCache {
    slots: Cache<(Kind, OrgHash), Shared>,
    hears: AtomicBool,
}

/// Where one value stands or will stand. A change removes the slot from the cache, so that what was read before the change
/// and is put there after it is seen by nobody else.
pub struct Slot<T> {
    value: Shared,
    of: PhantomData<fn() -> T>,
}

impl<T: Clone + Send + Sync + 'static> Slot<T> {
    fn new(value: Shared) -> Self {
        Self { value, of: PhantomData }
    }

    pub fn get(&self) -> Option<T> {
        self.value.get()?.downcast_ref::<T>().cloned()
    }

    /// Keeps the value and answers it. The first of several that were read at once is as good as the others.
    pub fn put(&self, value: T) -> T {
        let _ = self.value.set(Box::new(value.clone()));
        value
    }
}

impl Default for OrgCache {
    fn default() -> Self {
        Self {
            slots: Cache::builder().max_capacity(VALUES).time_to_live(LIFE).build(),
            hears: AtomicBool::new(false),
        }
    }
}

impl OrgCache {
    /// The slot of the organization's facets, to be asked for before the database is: what the database says from then on
    /// may be put there, whatever happens meanwhile.
    pub async fn slot<R: Resource>(&self, org: &OrgId) -> Slot<R::Facets> {
        let value = if self.hears.load(Ordering::Acquire) {
            let key = (R::KIND, OrgHash::of(org));
            match self.slots.get(&key).await {
                Some(value) => value,
                None => self.slots.get_with(key, async { Arc::default() }).await,
            }
        } else {
            Arc::default()
        };
        Slot::new(value)
    }

    /// After a change of this process's own, which need not wait to be heard.
    pub async fn invalidate(&self, org: &OrgId, kinds: impl IntoIterator<Item = Kind>) {
        for kind in kinds {
            self.slots.invalidate(&(kind, OrgHash::of(org))).await;
        }
    }

    pub async fn apply(&self, change: &Change) {
        match change {
            Change::Of { kind, org } => self.slots.invalidate(&(*kind, org.clone())).await,
            Change::Missed => {
                self.slots.invalidate_all();
                self.hears.store(true, Ordering::Release);
            }
        }
    }

    /// Changes are not heard: nothing is cached until they are.
    pub fn disable(&self) {
        self.hears.store(false, Ordering::Release);
        self.slots.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::{Agent, Facets};

    fn org(id: &str) -> OrgId {
        OrgId::parse(id).unwrap()
    }

    fn change(kind: Kind, org: &OrgId) -> Change {
        Change::Of {
            kind,
            org: OrgHash::of(org),
        }
    }

    fn facets(all: i64) -> Facets {
        Facets {
            all,
            ..Facets::default()
        }
    }

    impl OrgCache {
        async fn agents(&self, org: &OrgId) -> Slot<Facets> {
            self.slot::<Agent>(org).await
        }

        async fn count(&self, org: &OrgId) -> Option<i64> {
            self.agents(org).await.get().map(|facets| facets.all)
        }
    }

    async fn hearing() -> OrgCache {
        let cache = OrgCache::default();
        cache.apply(&Change::Missed).await;
        cache
    }

    #[tokio::test]
    async fn an_organization_finds_its_own_and_nobody_elses() {
        let cache = hearing().await;
        let (mine, other) = (org("org_a"), org("org_b"));
        cache.agents(&mine).await.put(facets(1));
        assert_eq!(cache.count(&other).await, None);
        cache.agents(&other).await.put(facets(2));
        assert_eq!(cache.count(&mine).await, Some(1));
        assert_eq!(cache.count(&other).await, Some(2));
    }

    #[tokio::test]
    async fn a_change_ends_what_it_is_about() {
        let cache = hearing().await;
        let (mine, other) = (org("org_a"), org("org_b"));
        for org in [&mine, &other] {
            cache.agents(org).await.put(facets(1));
        }
        cache.apply(&change(Kind::Call, &mine)).await;
        assert_eq!(cache.count(&mine).await, Some(1));
        cache.apply(&change(Kind::Agent, &mine)).await;
        assert_eq!(cache.count(&mine).await, None);
        assert_eq!(cache.count(&other).await, Some(1));
        cache.invalidate(&other, [Kind::Agent]).await;
        assert_eq!(cache.count(&other).await, None);
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_cached_after_it() {
        let cache = hearing().await;
        let org = org("org_a");
        for change in [change(Kind::Agent, &org), Change::Missed] {
            let reading = cache.agents(&org).await;
            cache.apply(&change).await;
            reading.put(facets(1));
            assert_eq!(cache.count(&org).await, None, "{change:?}");
        }
        let reading = cache.agents(&org).await;
        cache.invalidate(&org, [Kind::Agent]).await;
        reading.put(facets(1));
        assert_eq!(cache.count(&org).await, None);
    }

    #[tokio::test]
    async fn whoever_does_not_hear_caches_nothing() {
        let cache = OrgCache::default();
        let org = org("org_a");
        cache.agents(&org).await.put(facets(1));
        assert_eq!(cache.count(&org).await, None);
        cache.apply(&Change::Missed).await;
        cache.agents(&org).await.put(facets(1));
        assert_eq!(cache.count(&org).await, Some(1));
        cache.disable();
        assert_eq!(cache.count(&org).await, None);
    }
}
