//! Live updates: tells caches and open pages that something of an organization changed, so that they read it again.
//!
//! Postgres only wakes; what changed is read by the page itself, inside its own organization.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};
use tokio::sync::{broadcast, watch};

use crate::{core::Core, org::OrgId, resource::Kind};

/// An organization as the whole database may hear of it, because LISTEN is open to everybody: its hash, as
/// `identity.notify_members()` writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrgHash(Arc<str>);

impl OrgHash {
    pub fn of(org: &OrgId) -> Self {
        Self(hex::encode(Sha256::digest(org.as_str().as_bytes())).into())
    }
}

/// What Postgres passes on when something of an organization has changed: its kind, and nothing of the row.
pub(crate) fn payload(kind: Kind, org: &OrgId) -> String {
    format!("{}:{}", kind.word(), OrgHash::of(org).0)
}

/// What the listener learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something of this kind of the organization with this hash.
    Of { kind: Kind, org: OrgHash },
    /// The connection was lost for a while: anything may have changed, everywhere.
    Missed,
}

impl Change {
    fn read(payload: &str) -> Option<Self> {
        let (word, hash) = payload.split_once(':')?;
        Some(Self::Of {
            kind: Kind::from_word(word)?,
            org: OrgHash(hash.into()),
        })
    }
}

#[derive(Clone)]
pub struct ChangeFeed {
    changes: broadcast::Sender<Change>,
    closed: watch::Sender<bool>,
}

impl Default for ChangeFeed {
    fn default() -> Self {
        Self {
            changes: broadcast::channel(1024).0,
            closed: watch::Sender::new(false),
        }
    }
}

impl ChangeFeed {
    /// Changes of one organization.
    pub fn subscribe(&self, org: &OrgId) -> Subscription {
        Subscription {
            changes: self.changes.subscribe(),
            closed: self.closed.subscribe(),
            org: OrgHash::of(org),
        }
    }

    /// Ends every subscription, so that a stopping process need not wait for pages that stay open.
    pub fn shutdown(&self) {
        self.closed.send_replace(true);
    }

    /// Passes a change on to the open pages. That there is none is not an error.
    fn publish(&self, change: Change) {
        let _ = self.changes.send(change);
    }
}

impl Core {
    /// Hears of every change until the process ends; a lost connection is taken up again.
    pub async fn listen(self) {
        loop {
            if let Err(error) = self.listen_once().await {
                tracing::warn!(%error, "live updates interrupted");
            }
            self.facets.disable();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen_once(&self) -> Result<(), sqlx::Error> {
        let mut listener = self.db.listener("switchboard").await?;
        self.apply(Change::Missed).await;
        loop {
            // Nothing: the connection was lost and is there again.
            let change = match listener.try_recv().await? {
                Some(notification) => Change::read(notification.payload()),
                None => Some(Change::Missed),
            };
            if let Some(change) = change {
                self.apply(change).await;
            }
        }
    }

    /// First the cache is cleared, then the pages are told: what they read next is new.
    async fn apply(&self, change: Change) {
        self.facets.apply(&change).await;
        self.changes.publish(change);
    }
}

pub struct Subscription {
    changes: broadcast::Receiver<Change>,
    closed: watch::Receiver<bool>,
    org: OrgHash,
}

impl Subscription {
    /// The word of the next kind that changed; `*` after something was missed, because then anything may have.
    pub async fn next(&mut self) -> Option<&'static str> {
        loop {
            let change = tokio::select! {
                change = self.changes.recv() => change,
                _ = self.closed.wait_for(|closed| *closed) => return None,
            };
            match change {
                Ok(Change::Of { kind, org }) if org == self.org => return Some(kind.word()),
                Ok(Change::Of { .. }) => {}
                Ok(Change::Missed) | Err(broadcast::error::RecvError::Lagged(_)) => return Some("*"),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: Kind, org: &OrgId) -> Change {
        Change::Of {
            kind,
            org: OrgHash::of(org),
        }
    }

    #[tokio::test]
    async fn a_page_hears_only_its_own_organization() {
        let feed = ChangeFeed::default();
        let (mine, other) = (OrgId::parse("org_a").unwrap(), OrgId::parse("org_b").unwrap());
        let mut page = feed.subscribe(&mine);
        feed.publish(change(Kind::Agent, &other));
        feed.publish(change(Kind::Call, &mine));
        assert_eq!(page.next().await, Some("calls"));
    }

    #[tokio::test]
    async fn a_page_that_fell_behind_looks_at_everything() {
        let feed = ChangeFeed::default();
        let org = OrgId::parse("org_a").unwrap();
        let mut page = feed.subscribe(&org);
        for _ in 0..2000 {
            feed.publish(change(Kind::Call, &org));
        }
        assert_eq!(page.next().await, Some("*"));
    }

    #[tokio::test]
    async fn a_page_looks_at_everything_when_the_listener_was_deaf() {
        let feed = ChangeFeed::default();
        let mut page = feed.subscribe(&OrgId::parse("org_a").unwrap());
        feed.publish(Change::Missed);
        assert_eq!(page.next().await, Some("*"));
    }
}
