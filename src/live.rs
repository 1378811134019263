//! Bells: tells open pages that something of their organization changed, so that they look again.
//!
//! Postgres only wakes; what changed is read by the page itself, inside its own organization.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::{broadcast, watch};

use crate::{core::Core, org::OrgId};

/// An organization as the whole database may hear of it, because LISTEN is open to everybody: its hash, as
/// `app.announce()` writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark(Arc<str>);

impl Mark {
    pub fn of(org: &OrgId) -> Self {
        Self(hex::encode(Sha256::digest(org.as_str().as_bytes())).into())
    }
}

/// What the listener learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ring {
    /// This list of the organization with this mark changed.
    Changed { topic: Arc<str>, mark: Mark },
    /// The listener was deaf for a while: anything may have changed, everywhere.
    Missed,
}

impl Ring {
    fn read(payload: &str) -> Option<Self> {
        let (topic, mark) = payload.split_once(':')?;
        Some(Self::Changed {
            topic: topic.into(),
            mark: Mark(mark.into()),
        })
    }
}

#[derive(Clone)]
pub struct Bells {
    rings: broadcast::Sender<Ring>,
    silenced: watch::Sender<bool>,
}

impl Default for Bells {
    fn default() -> Self {
        Self {
            rings: broadcast::channel(1024).0,
            silenced: watch::Sender::new(false),
        }
    }
}

impl Bells {
    /// Rings of one organization.
    pub fn of(&self, org: &OrgId) -> Subscription {
        Subscription {
            rings: self.rings.subscribe(),
            silenced: self.silenced.subscribe(),
            mark: Mark::of(org),
        }
    }

    /// Ends every subscription, so that a stopping process need not wait for pages that stay open.
    pub fn silence(&self) {
        self.silenced.send_replace(true);
    }

    /// Passes a ring on to the open pages. That there is none is not an error.
    fn ring(&self, ring: Ring) {
        let _ = self.rings.send(ring);
    }
}

impl Core {
    /// Hears of every change until the process ends; a lost connection is taken up again.
    pub async fn listen(self, login: PgConnectOptions) {
        loop {
            if let Err(error) = self.listen_once(&login).await {
                tracing::warn!(%error, "live updates interrupted");
            }
            self.facets.deafen();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen_once(&self, login: &PgConnectOptions) -> Result<(), sqlx::Error> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(login.clone())
            .await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen("switchboard").await?;
        self.hear(Ring::Missed).await;
        loop {
            // Nothing: the connection was lost and is there again.
            let ring = match listener.try_recv().await? {
                Some(notification) => Ring::read(notification.payload()),
                None => Some(Ring::Missed),
            };
            if let Some(ring) = ring {
                self.hear(ring).await;
            }
        }
    }

    /// First what this process keeps is dropped, then the pages are told: what they read next is new.
    async fn hear(&self, ring: Ring) {
        self.facets.hear(&ring).await;
        self.bells.ring(ring);
    }
}

pub struct Subscription {
    rings: broadcast::Receiver<Ring>,
    silenced: watch::Receiver<bool>,
    mark: Mark,
}

impl Subscription {
    /// The next topic that changed; `*` after something was missed, because then anything may have.
    pub async fn next(&mut self) -> Option<Arc<str>> {
        loop {
            let rung = tokio::select! {
                rung = self.rings.recv() => rung,
                _ = self.silenced.wait_for(|silenced| *silenced) => return None,
            };
            match rung {
                Ok(Ring::Changed { topic, mark }) if mark == self.mark => return Some(topic),
                Ok(Ring::Changed { .. }) => {}
                Ok(Ring::Missed) | Err(broadcast::error::RecvError::Lagged(_)) => return Some("*".into()),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(topic: &str, org: &OrgId) -> Ring {
        Ring::Changed {
            topic: topic.into(),
            mark: Mark::of(org),
        }
    }

    #[tokio::test]
    async fn a_page_hears_only_its_own_organization() {
        let bells = Bells::default();
        let (mine, other) = (OrgId::parse("org_a").unwrap(), OrgId::parse("org_b").unwrap());
        let mut page = bells.of(&mine);
        bells.ring(ring("agents", &other));
        bells.ring(ring("calls", &mine));
        assert_eq!(page.next().await.as_deref(), Some("calls"));
    }

    #[tokio::test]
    async fn a_page_that_fell_behind_looks_at_everything() {
        let bells = Bells::default();
        let org = OrgId::parse("org_a").unwrap();
        let mut page = bells.of(&org);
        for _ in 0..2000 {
            bells.ring(ring("calls", &org));
        }
        assert_eq!(page.next().await.as_deref(), Some("*"));
    }

    #[tokio::test]
    async fn a_page_looks_at_everything_when_the_listener_was_deaf() {
        let bells = Bells::default();
        let mut page = bells.of(&OrgId::parse("org_a").unwrap());
        bells.ring(Ring::Missed);
        assert_eq!(page.next().await.as_deref(), Some("*"));
    }
}
