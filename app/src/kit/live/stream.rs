//! The stream of changes of one browser: one tab listens to the server and tells the others.

use leptos::{ev, prelude::*, task::spawn_local};
use send_wrapper::SendWrapper;
use switchboard::resource::Kind;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, EventSource, MessageEvent};

use super::{
    Live,
    lease::{Lease, Turn, turn},
};
use crate::kit::browser::{self, Keep};

/// The server says something every five seconds; whoever hears nothing for as long is not connected, whatever the browser says.
const SILENCE_MS: f64 = 12_000.0;
/// A stream that broke off is given as long before that counts.
const PATIENCE_MS: f64 = 5_000.0;
/// How often a page without a stream looks by itself, and how soon a stream is opened again.
const LOOK_MS: f64 = 10_000.0;
const AGAIN_MS: f64 = 1_500.0;
/// And after it was refused: whoever signs in elsewhere finds the page right a moment later.
const REFUSED_MS: f64 = 5_000.0;
/// Two tabs that claim the lease at the same moment see by then who was last.
const CLAIM_MS: u64 = 80;

/// What tabs tell each other beside the kinds that changed.
const PING: &str = "ping";
const WHO: &str = "who";
const LEFT: &str = "left";
/// Of no kind in particular: there was a time that nobody heard of.
const ALL: &str = "all";
/// A page that begins to listen as late after it was drawn may have missed something.
const LATE_MS: f64 = 2_000.0;

/// This tab's part in it. The handles are the page's: they go with its frame.
#[derive(Clone, Copy)]
pub(super) struct Stream {
    live: Live,
    key: StoredValue<String>,
    tab: StoredValue<String>,
    channel: StoredValue<Option<SendWrapper<BroadcastChannel>>>,
    source: StoredValue<Option<SendWrapper<EventSource>>>,
    /// When something was heard last, when the page looked by itself last, and when a stream may be opened again.
    heard: StoredValue<f64>,
    looked: StoredValue<f64>,
    again: StoredValue<f64>,
    /// Whether something may have changed since, that nobody heard of.
    gap: StoredValue<bool>,
}

/// Listens to the changes of an organization until the current owner is gone.
pub(super) fn listen(live: Live, org: &str) {
    let key = format!("changes {org}");
    let now = browser::now();
    let stream = Stream {
        live,
        tab: StoredValue::new(browser::token()),
        channel: StoredValue::new(BroadcastChannel::new(&key).ok().map(SendWrapper::new)),
        key: StoredValue::new(key),
        source: StoredValue::new(None),
        heard: StoredValue::new(now),
        looked: StoredValue::new(now),
        again: StoredValue::new(0.0),
        gap: StoredValue::new(false),
    };
    stream.channel.with_value(|channel| {
        if let Some(channel) = channel {
            let told = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
                stream.told(&event.data().as_string().unwrap_or_default());
            });
            channel.set_onmessage(Some(told.as_ref().unchecked_ref()));
            // A page has few frames.
            told.forget();
        }
    });
    let handles = [
        window_event_listener(ev::Custom::<web_sys::Event>::new("storage"), move |_| stream.turn()),
        window_event_listener(ev::Custom::<web_sys::Event>::new("pagehide"), move |_| stream.resign()),
        window_event_listener(ev::Custom::<web_sys::Event>::new("pageshow"), move |_| stream.turn()),
        // It bubbles from the document.
        window_event_listener(ev::Custom::<web_sys::Event>::new("visibilitychange"), move |_| {
            stream.seen();
        }),
    ];
    browser::every(1_000, move || stream.tick());
    on_cleanup(move || {
        handles.into_iter().for_each(|handle| handle.remove());
        stream.resign();
        if let Some(channel) = stream.channel.try_update_value(Option::take).flatten() {
            channel.close();
        }
    });
    stream.tell(WHO);
    stream.turn();
}

impl Stream {
    fn leads(self) -> bool {
        self.source.try_with_value(Option::is_some).unwrap_or_default()
    }

    fn tell(self, word: &str) {
        self.channel.try_with_value(|channel| {
            if let Some(channel) = channel {
                let _ = channel.post_message(&word.into());
            }
        });
    }

    /// From another tab.
    fn told(self, word: &str) {
        match word {
            WHO => {
                if self.leads() {
                    self.tell(PING);
                }
            }
            LEFT => self.live.leave(),
            word => self.heard(word),
        }
    }

    /// From the server, by this tab or by another one.
    fn heard(self, word: &str) {
        self.heard.try_set_value(browser::now());
        let late = browser::set_live() && browser::age() > LATE_MS;
        let gap = self.gap.try_update_value(std::mem::take).unwrap_or_default();
        // What changed while nobody listened was not heard.
        if self.live.found() || gap || late {
            self.live.bump(None);
        }
        if gap && self.leads() {
            self.tell(ALL);
        }
        if word != PING {
            self.live.gather(Kind::from_word(word));
        }
    }

    /// The page is hidden, or is there again: then everything is read anew, unless another tab has told of changes meanwhile.
    fn seen(self) {
        let now = browser::now();
        if !browser::is_hidden() && now - self.heard.get_value() > PATIENCE_MS {
            self.heard.set_value(now);
            self.live.bump(None);
        }
        self.turn();
    }

    fn tick(self) {
        self.turn();
        if browser::is_hidden() {
            return;
        }
        let now = browser::now();
        let silent = now - self.heard.get_value();
        if silent > SILENCE_MS {
            self.live.lose(now - silent);
            // It may stand open behind something that keeps what it says.
            if self.leads() && now > self.again.get_value() + SILENCE_MS {
                self.close();
            }
            if now - self.looked.get_value() > LOOK_MS {
                self.looked.set_value(now);
                self.live.bump(None);
            }
        }
    }

    /// Takes the lease, keeps it, or leaves it to another tab. A hidden tab wants none.
    fn turn(self) {
        if browser::is_hidden() {
            return self.resign();
        }
        let now = browser::now();
        let lease = self.lease();
        match self.tab.with_value(|tab| turn(lease.as_ref(), tab, now as i64)) {
            Turn::Lead => {
                self.renew();
                if !self.leads() && now >= self.again.get_value() {
                    self.open();
                }
            }
            Turn::Claim => {
                // Whoever led before may have gone a moment ago.
                self.gap.set_value(browser::is_live());
                self.renew();
                browser::after(CLAIM_MS, move || {
                    if self.has_lease() && !self.leads() {
                        self.open();
                    }
                });
            }
            Turn::Follow => self.close(),
        }
    }

    fn lease(self) -> Option<Lease> {
        let text = self.key.try_with_value(|key| browser::stored(Keep::Always, key))?;
        Lease::read(&text?)
    }

    fn has_lease(self) -> bool {
        // A frame that is gone has none: the stream it opened would never be closed.
        let Some(tab) = self.tab.try_get_value() else {
            return false;
        };
        // A browser that keeps nothing has a stream in each tab.
        self.lease().is_none_or(|lease| lease.tab == tab)
    }

    fn renew(self) {
        let lease = Lease {
            tab: self.tab.get_value(),
            at: browser::now() as i64,
        };
        self.key
            .with_value(|key| browser::store(Keep::Always, key, &lease.write()));
    }

    fn resign(self) {
        self.close();
        let tab = self.tab.try_get_value();
        if self.lease().is_some_and(|lease| Some(lease.tab) == tab) {
            self.key.try_with_value(|key| browser::forget(Keep::Always, key));
        }
    }

    fn close(self) {
        if let Some(source) = self.source.try_update_value(Option::take).flatten() {
            self.gap.try_set_value(true);
            source.close();
        }
    }

    fn open(self) {
        let Ok(source) = EventSource::new("/events") else {
            return;
        };
        self.again.set_value(browser::now() + AGAIN_MS);
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let word = event.data().as_string().unwrap_or_default();
            self.tell(&word);
            self.heard(&word);
        });
        let broken = Closure::<dyn Fn()>::new(move || self.broken());
        let _ = source.add_event_listener_with_callback("changed", heard.as_ref().unchecked_ref());
        source.set_onerror(Some(broken.as_ref().unchecked_ref()));
        heard.forget();
        broken.forget();
        self.source.set_value(Some(SendWrapper::new(source)));
    }

    fn broken(self) {
        let now = browser::now();
        self.gap.try_set_value(true);
        self.heard
            .try_update_value(|heard| *heard = heard.min(now - SILENCE_MS + PATIENCE_MS));
        // The browser tries again by itself, except after an answer that was no stream: then it is asked what that was.
        let closed = self.source.try_with_value(|source| {
            source
                .as_ref()
                .is_some_and(|source| source.ready_state() == EventSource::CLOSED)
        });
        if closed != Some(true) {
            return;
        }
        self.close();
        self.again.try_set_value(now + AGAIN_MS);
        spawn_local(async move {
            if status().await.is_ok_and(|status| matches!(status, 401 | 403)) {
                self.again.try_set_value(browser::now() + REFUSED_MS);
                self.tell(LEFT);
                self.live.leave();
            }
        });
    }
}

/// How the server answers whoever asks for the stream.
async fn status() -> Result<u16, JsValue> {
    let options = web_sys::RequestInit::new();
    options.set_method("HEAD");
    let response = JsFuture::from(window().fetch_with_str_and_init("/events", &options)).await?;
    Ok(response.unchecked_into::<web_sys::Response>().status())
}
