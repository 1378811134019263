//! Bells: tells open pages that something of their organization changed, so that they look again.
//!
//! Postgres only wakes; what changed is read by the page itself, inside its own organization.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::{broadcast, watch};

use crate::{org::OrgId, secret::hex};

/// One ring: which list changed, of the organization with this mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    pub topic: Arc<str>,
    mark: Arc<str>,
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

/// LISTEN is open to the whole database, so an organization is announced by its hash, as `app.announce()` writes it.
fn mark(org: &OrgId) -> String {
    hex(&Sha256::digest(org.as_str().as_bytes()))
}

impl Bells {
    /// Rings of one organization.
    pub fn of(&self, org: &OrgId) -> Subscription {
        Subscription {
            rings: self.rings.subscribe(),
            silenced: self.silenced.subscribe(),
            mark: mark(org),
        }
    }

    /// Ends every subscription, so that a stopping process need not wait for pages that stay open.
    pub fn silence(&self) {
        self.silenced.send_replace(true);
    }

    /// Listens until the process ends; a lost connection is taken up again.
    pub async fn listen(self, login: PgConnectOptions) {
        loop {
            if let Err(error) = self.listen_once(&login).await {
                tracing::warn!(%error, "live updates interrupted");
            }
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
        loop {
            let notification = listener.recv().await?;
            if let Some((topic, mark)) = notification.payload().split_once(':') {
                // No open page is not an error.
                let _ = self.rings.send(Ring {
                    topic: topic.into(),
                    mark: mark.into(),
                });
            }
        }
    }
}

pub struct Subscription {
    rings: broadcast::Receiver<Ring>,
    silenced: watch::Receiver<bool>,
    mark: String,
}

impl Subscription {
    /// The next topic that changed; `*` after falling behind, because then anything may have.
    pub async fn next(&mut self) -> Option<Arc<str>> {
        loop {
            let rung = tokio::select! {
                rung = self.rings.recv() => rung,
                _ = self.silenced.wait_for(|silenced| *silenced) => return None,
            };
            match rung {
                Ok(ring) if *ring.mark == *self.mark => return Some(ring.topic),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Some("*".into()),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(topic: &str, org: &OrgId) -> Ring {
        Ring {
            topic: topic.into(),
            mark: mark(org).into(),
        }
    }

    #[tokio::test]
    async fn a_page_hears_only_its_own_organization() {
        let bells = Bells::default();
        let (mine, other) = (OrgId::parse("org_a").unwrap(), OrgId::parse("org_b").unwrap());
        let mut page = bells.of(&mine);
        bells.rings.send(ring("agents", &other)).unwrap();
        bells.rings.send(ring("calls", &mine)).unwrap();
        assert_eq!(page.next().await.as_deref(), Some("calls"));
    }

    #[tokio::test]
    async fn a_page_that_fell_behind_looks_at_everything() {
        let bells = Bells::default();
        let org = OrgId::parse("org_a").unwrap();
        let mut page = bells.of(&org);
        for _ in 0..2000 {
            bells.rings.send(ring("calls", &org)).unwrap();
        }
        assert_eq!(page.next().await.as_deref(), Some("*"));
    }
}
