//! Following: asks the server again whenever calls have changed, one question at a time.

use std::{future::Future, pin::Pin};

use leptos::{prelude::*, task::spawn_local};
use switchboard::resource::Kind;

use crate::{
    AppError,
    kit::{browser, use_live},
};

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, AppError>>>>;

/// How a page keeps up. Ends with the owner it was made under.
pub struct Follow<T: 'static> {
    ask: StoredValue<Box<dyn Fn() -> Answer<T> + Send + Sync>>,
    take: Callback<Result<T, AppError>>,
    /// A question is on its way; whether something changed since it left.
    under_way: StoredValue<Option<bool>>,
}

impl<T> Clone for Follow<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Follow<T> {}

/// How long the event stream of a fresh page may take to open. What changes meanwhile rings for nobody.
const OPENING_MS: u64 = 1500;

/// `unsettled` says that what the page was drawn with is about to change, so that it is asked for once in any case.
pub fn follow<T, F>(
    unsettled: bool,
    ask: impl Fn() -> F + Send + Sync + 'static,
    take: impl Fn(Result<T, AppError>) + Send + Sync + 'static,
) -> Follow<T>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, AppError>> + 'static,
{
    let follow = Follow {
        ask: StoredValue::new(
            Box::new(move || Box::pin(ask()) as Answer<T>) as Box<dyn Fn() -> Answer<T> + Send + Sync>
        ),
        take: Callback::new(take),
        under_way: StoredValue::new(None),
    };
    let rung = use_live(Kind::Call);
    Effect::watch(move || rung.get(), move |_, _, _| follow.now(), false);
    if unsettled {
        Effect::new(move |_| browser::after(OPENING_MS, move || follow.now()));
    }
    follow
}

impl<T: Send + Sync + 'static> Follow<T> {
    /// Asks now, or once more as soon as the answer on its way has arrived.
    pub fn now(self) {
        match self.under_way.try_get_value() {
            // The page is gone.
            None => {}
            Some(Some(_)) => self.under_way.set_value(Some(true)),
            Some(None) => spawn_local(self.catch_up()),
        }
    }

    async fn catch_up(self) {
        while self.under_way.try_set_value(Some(false)).is_none() {
            let Some(answer) = self.ask.try_with_value(|ask| ask()) else {
                return;
            };
            let answer = answer.await;
            if self.under_way.try_get_value().is_none() {
                return;
            }
            self.take.run(answer);
            if self.under_way.try_get_value() != Some(Some(true)) {
                self.under_way.try_set_value(None);
                return;
            }
        }
    }
}
