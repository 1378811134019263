//! Bells: tells open pages that something of their organization changed, so that they look again.
//!
//! Postgres only wakes; what changed is read by the page itself, inside its own organization.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::broadcast;

use crate::{org::OrgId, secret::hex};

/// One ring: which list changed, of the organization with this mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    pub topic: Arc<str>,
    mark: Arc<str>,
}

#[derive(Clone)]
pub struct Bells(broadcast::Sender<Ring>);

impl Default for Bells {
    fn default() -> Self {
        Self(broadcast::channel(1024).0)
    }
}

/// LISTEN is open to the whole database, so an organization is announced by its hash, as `app.announce()` writes it.
fn mark(org: &OrgId) -> String {
    hex(&Sha256::digest(org.as_str().as_bytes()))
}

impl Bells {
    /// Rings of one organization. A page that fell behind gets `None` topics lost, and looks at everything again.
    pub fn of(&self, org: &OrgId) -> Subscription {
        Subscription {
            rings: self.0.subscribe(),
            mark: mark(org),
        }
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
                let _ = self.0.send(Ring {
                    topic: topic.into(),
                    mark: mark.into(),
                });
            }
        }
    }
}

pub struct Subscription {
    rings: broadcast::Receiver<Ring>,
    mark: String,
}

impl Subscription {
    /// The next topic that changed; `*` after falling behind, because then anything may have.
    pub async fn next(&mut self) -> Option<Arc<str>> {
        loop {
            match self.rings.recv().await {
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
        bells.0.send(ring("agents", &other)).unwrap();
        bells.0.send(ring("calls", &mine)).unwrap();
        assert_eq!(page.next().await.as_deref(), Some("calls"));
    }

    #[tokio::test]
    async fn a_page_that_fell_behind_looks_at_everything() {
        let bells = Bells::default();
        let org = OrgId::parse("org_a").unwrap();
        let mut page = bells.of(&org);
        for _ in 0..2000 {
            bells.0.send(ring("calls", &org)).unwrap();
        }
        assert_eq!(page.next().await.as_deref(), Some("*"));
    }
}
