//! Live pages: one event stream for the whole page; lists look again when something of theirs has changed.

use std::future::Future;

use leptos::{ev, prelude::*, task::spawn_local};
use send_wrapper::SendWrapper;
use switchboard::resource::Kind;
use wasm_bindgen::{JsCast, closure::Closure};

use super::{
    browser::{self, Debounce},
    icon::{StatusDot, status_dot},
    reactive::{dynamic, effect, reactive_text},
};
use crate::AppError;

#[derive(Clone, Copy)]
struct Live {
    /// For each kind how often something of it has changed.
    changes: [RwSignal<u64>; Kind::ALL.len()],
    /// When the stream broke off, in milliseconds; nothing while it runs.
    lost: RwSignal<Option<f64>>,
}

/// Opens the stream of this page. Once, in the frame.
pub fn live_start() {
    let live = Live {
        changes: std::array::from_fn(|_| RwSignal::new(0)),
        lost: RwSignal::new(None),
    };
    provide_context(live);
    effect(move || connect(live));
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
}

/// Several changes in a moment are one look.
const GATHER_MS: u64 = 150;
/// A reload of the server is not worth a word.
const PATIENCE_MS: u64 = 5_000;

fn connect(live: Live) {
    let Ok(source) = web_sys::EventSource::new("/events") else {
        return;
    };
    let gather: [Debounce; Kind::ALL.len()] = std::array::from_fn(|_| Debounce::new(GATHER_MS));
    let gather_all = Debounce::new(GATHER_MS);
    let heard = Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
        let word = event.data().as_string().unwrap_or_default();
        let kind = Kind::from_word(&word);
        let gather = kind.map_or(gather_all, |kind| gather[kind as usize]);
        gather.call(move || live.bump(kind));
    });
    let patience = Debounce::new(PATIENCE_MS);
    let opened = Closure::<dyn Fn()>::new(move || {
        patience.cancel();
        // What changed while nobody listened was not heard.
        if live.lost.try_get_untracked().flatten().is_some() {
            live.lost.try_set(None);
            live.bump(None);
        }
    });
    let again = Debounce::new(PATIENCE_MS);
    let frame = Owner::current();
    let stream = source.clone();
    let broken = Closure::<dyn Fn()>::new(move || {
        let since = browser::now();
        if live.lost.try_get_untracked().flatten().is_none() {
            patience.call(move || {
                live.lost.try_set(Some(since));
            });
        }
        // The browser tries again by itself, except after an answer that was no stream.
        if stream.ready_state() == web_sys::EventSource::CLOSED {
            let frame = frame.clone();
            again.call(move || {
                if let Some(frame) = frame {
                    frame.with(|| connect(live));
                }
            });
        }
    });
    let _ = source.add_event_listener_with_callback("changed", heard.as_ref().unchecked_ref());
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));
    source.set_onerror(Some(broken.as_ref().unchecked_ref()));
    // It ends with its frame: a browser has six connections to a server, and each stream keeps one.
    let stream = SendWrapper::new(source);
    on_cleanup(move || stream.close());
    // What is called by it may stay: a page has few frames.
    heard.forget();
    opened.forget();
    broken.forget();
}

/// Says that what is shown may be old, and how old.
#[component]
pub fn LiveBanner() -> impl IntoView {
    let lost = use_context::<Live>().map(|live| live.lost);
    let shown = move |since: f64| {
        let age = RwSignal::new(0_u64);
        let count = move || {
            age.try_set(((browser::now() - since) / 1000.0) as u64);
        };
        count();
        browser::every(1000, count);
        view! {
            <div class="banner" data-kind="info" role="status">
                {status_dot(StatusDot::Work, "Reconnecting")}
                <p>{reactive_text(move || format!("Live updates stopped {} s ago. What you see may be behind; nothing you saved is lost.", age.get()))}</p>
                <button type="button" class="btn sm" on:click=|_| browser::reload()>"Reload"</button>
            </div>
        }
        .into_any()
    };
    dynamic(move || lost.and_then(|lost| lost.get()).map(shown).into_any())
}
