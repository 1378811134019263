//! Elapsed: a clock that runs while somebody talks.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::format::clock;
use crate::kit::browser;

/// Time since then, each second anew. The first picture has no clock, so it has no number either.
#[component]
pub fn Elapsed(since: DateTime<Utc>) -> impl IntoView {
    let now = RwSignal::new(None::<f64>);
    // The clock is the outside world, not state of ours: nothing else sets it.
    Effect::new(move |_| {
        now.set(Some(browser::now()));
        browser::every(1000, move || {
            now.try_set(Some(browser::now()));
        });
    });
    let words = move || {
        now.get()
            .map_or("–".to_owned(), |now| clock(now as i64 - since.timestamp_millis()))
    };
    view! { <span class="elapsed">{words}</span> }
}
