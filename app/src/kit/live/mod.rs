//! Live pages: one stream of changes for all tabs of a browser; lists look again when something of theirs has changed.

mod lease;
mod stream;

use std::future::Future;

use leptos::{ev, prelude::*, task::spawn_local};
use switchboard::resource::Kind;

use super::{
    browser::{self, Debounce},
    icon::{StatusDot, status_dot},
    reactive::{dynamic, effect, reactive_text},
};
use crate::{AppError, org};

/// How this page stands to the server.
#[derive(Clone, Copy, PartialEq)]
enum Link {
    Up,
    /// Nothing was heard since then, in milliseconds.
    Lost(f64),
    /// Whoever opened it is signed out, or no member any more.
    Left,
}

#[derive(Clone, Copy)]
struct Live {
    /// For each kind how often something of it has changed.
    changes: [RwSignal<u64>; Kind::ALL.len()],
    /// Several changes in a moment are one look.
    gather: [Debounce; Kind::ALL.len()],
    link: RwSignal<Link>,
}

const GATHER_MS: u64 = 150;

/// Hears of changes as long as this page is there. Once, in the frame.
pub fn live_start() {
    let live = Live {
        changes: std::array::from_fn(|_| RwSignal::new(0)),
        gather: std::array::from_fn(|_| Debounce::new(GATHER_MS)),
        link: RwSignal::new(Link::Up),
    };
    provide_context(live);
    let org = org();
    effect(move || stream::listen(live, org.as_str()));
}

/// A number that grows whenever something of this kind has changed. Without a stream it stays 0.
pub fn use_live(kind: Kind) -> Signal<u64> {
    match use_context::<Live>() {
        Some(live) => live.changes[kind as usize].into(),
        None => Signal::stored(0),
    }
}

/// Asks again whenever something of this kind has changed. What fails keeps what is there.
pub fn ask_again<T, F>(kind: Kind, ask: impl Fn() -> F + 'static, into: RwSignal<T>)
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, AppError>> + 'static,
{
    let live = use_live(kind);
    let mut first = true;
    effect(move || {
        live.track();
        if std::mem::take(&mut first) {
            return;
        }
        let answer = ask();
        spawn_local(async move {
            if let Ok(answer) = answer.await {
                into.try_set(answer);
            }
        });
    });
}

/// Whether the reader looks at the beginning of the page: what is new moves nothing else.
pub fn at_top() -> RwSignal<bool> {
    const NEAR: f64 = 96.0;
    let top = RwSignal::new(true);
    let look = move || {
        let near = window().scroll_y().is_ok_and(|y| y < NEAR);
        if top.try_get_untracked().is_some_and(|top| top != near) {
            top.set(near);
        }
    };
    effect(move || {
        look();
        let handle = window_event_listener(ev::scroll, move |_| look());
        on_cleanup(move || handle.remove());
    });
    top
}

impl Live {
    /// Counts a change of this kind, or of anything.
    fn bump(self, changed: Option<Kind>) {
        for (kind, change) in Kind::ALL.iter().zip(self.changes) {
            if changed.is_none_or(|changed| changed == *kind) {
                change.try_update(|n| *n += 1);
            }
        }
    }

    fn gather(self, changed: Option<Kind>) {
        match changed {
            Some(kind) => self.gather[kind as usize].call(move || self.bump(changed)),
            None => self.bump(None),
        }
    }

    fn lose(self, since: f64) {
        if self.link.try_get_untracked() == Some(Link::Up) {
            self.link.try_set(Link::Lost(since));
        }
    }

    /// Something was heard; answers whether nothing was for a while. Who was refused may have been let in again: Clerk renews a
    /// session that has ended while its computer slept.
    fn found(self) -> bool {
        let back = self.link.try_get_untracked().is_some_and(|link| link != Link::Up);
        if back {
            self.link.try_set(Link::Up);
        }
        back
    }

    fn leave(self) {
        self.link.try_set(Link::Left);
    }
}

/// Says that what is shown may be old, and how old; or that there is nothing more to come.
#[component]
pub fn LiveBanner() -> impl IntoView {
    let link = use_context::<Live>().map(|live| live.link);
    dynamic(move || match link.map(|link| link.get()) {
        None | Some(Link::Up) => ().into_any(),
        Some(Link::Lost(since)) => lost(since),
        Some(Link::Left) => left(),
    })
}

fn lost(since: f64) -> AnyView {
    let age = RwSignal::new(0_u64);
    let count = move || {
        age.try_set(((browser::now() - since) / 1000.0) as u64);
    };
    count();
    browser::every(1000, count);
    view! {
        <div class="banner" data-kind="info">
            {status_dot(StatusDot::Work, "Reconnecting")}
            // The seconds are for the eye: read aloud they would never end.
            <p>
                <span role="status">"Live updates have stopped. The page looks for itself every ten seconds."</span>
                <span class="muted" aria-hidden="true">{reactive_text(move || format!(" Nothing was heard for {} s.", age.get()))}</span>
            </p>
            <button type="button" class="btn sm" on:click=|_| browser::reload()>"Reload"</button>
        </div>
    }
    .into_any()
}

fn left() -> AnyView {
    view! {
        <div class="banner" data-kind="warn" role="status">
            <p>"You are signed out here, or no member any more. What you see is as it was then."</p>
            <button type="button" class="btn sm" on:click=|_| browser::reload()>"Go on"</button>
        </div>
    }
    .into_any()
}
