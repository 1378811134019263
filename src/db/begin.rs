//! How does a transaction begin so that whoever waits for it may leave at any moment?

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use sqlx::{PgPool, SqlStr};
use tokio::runtime::Handle;

use super::open::Open;

/// Begins with `statement`, which may set what is local to the transaction.
///
/// sqlx takes note of a transaction when the answer to BEGIN arrives. Should the request be dropped before, the pool
/// would hand the connection on as good as new, inside the transaction of somebody who has left, organization and all.
/// So what has been begun is waited for, if need be by nobody, and then undone.
pub(super) async fn begin(pool: &PgPool, statement: SqlStr) -> sqlx::Result<Open> {
    let pool = pool.clone();
    let begun = Finished(Some(Box::pin(async move { pool.begin_with(statement).await }))).await;
    begun.map(Open::new)
}

/// A future that goes on by itself when it is dropped halfway.
struct Finished<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> Future for Finished<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let future = self.0.as_mut().expect("a future is not polled after it is ready");
        let ready = future.as_mut().poll(context);
        if ready.is_ready() {
            self.0 = None;
        }
        ready
    }
}

impl<T: Send + 'static> Drop for Finished<T> {
    fn drop(&mut self) {
        // Without a runtime there is no pool to come back to either.
        if let (Some(future), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(future);
        }
    }
}
