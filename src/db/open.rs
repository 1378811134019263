//! Open transactions, counted in development for one rule: none is open while somebody outside is asked. A provider may take
//! half a minute, and until it answers nobody else gets what the transaction holds.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use sqlx::{PgConnection, Postgres, Transaction};

tokio::task_local! {
    /// How many transactions the work that is being done has open.
    static OPEN: Arc<AtomicUsize>;
}

/// Does one piece of work, such as answering a request or running a job, and holds it to the rule.
pub async fn watched<T>(work: impl Future<Output = T>) -> T {
    OPEN.scope(Arc::default(), work).await
}

/// # Panics
/// In development, where work that is watched has a transaction open.
pub(crate) fn assert_none(asked: &str) {
    let open = OPEN.try_with(|open| open.load(Ordering::Relaxed)).unwrap_or_default();
    debug_assert!(open == 0, "{asked} was about to be asked inside an open transaction");
}

/// A transaction that is counted as long as it is open.
pub struct Open {
    tx: Transaction<'static, Postgres>,
    _counted: Counted,
}

impl Open {
    pub(super) fn new(tx: Transaction<'static, Postgres>) -> Self {
        Self {
            tx,
            _counted: Counted::new(),
        }
    }

    pub(super) fn into_inner(self) -> Transaction<'static, Postgres> {
        self.tx
    }

    pub async fn commit(self) -> sqlx::Result<()> {
        self.tx.commit().await
    }

    pub async fn rollback(self) -> sqlx::Result<()> {
        self.tx.rollback().await
    }
}

impl Deref for Open {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for Open {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

/// One more, until it is dropped, wherever that is.
struct Counted(Option<Arc<AtomicUsize>>);

impl Counted {
    fn new() -> Self {
        let counter = OPEN.try_with(Arc::clone).ok();
        if let Some(open) = &counter {
            open.fetch_add(1, Ordering::Relaxed);
        }
        Self(counter)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(open) = &self.0 {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    #[should_panic(expected = "Clerk was about to be asked inside an open transaction")]
    async fn asking_inside_a_transaction_fails() {
        watched(async {
            let _open = Counted::new();
            assert_none("Clerk");
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_over_or_somebody_elses_does_not_count() {
        let other = watched(async {
            let _open = Counted::new();
            yield_now().await;
        });
        let own = watched(async {
            drop(Counted::new());
            yield_now().await;
            assert_none("Clerk");
        });
        tokio::join!(other, own);
    }
}
