//! Hearing a voice: one audio element, so that no two speak at once.

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;

use crate::kit::{dynamic, icon};

/// Plays the voice with this id, and knows which one that is.
#[derive(Clone, Copy)]
pub struct Player {
    playing: RwSignal<Option<String>>,
    failed: RwSignal<Option<String>>,
    audio: NodeRef<html::Audio>,
}

pub fn use_player() -> Player {
    Player {
        playing: RwSignal::new(None),
        failed: RwSignal::new(None),
        audio: NodeRef::new(),
    }
}

impl Player {
    /// The element that plays. It falls silent when it leaves the page.
    pub fn element(self) -> AnyView {
        let failed = move |_| {
            // Stopping empties the source, which is no failure.
            if let Some(voice) = self.playing.get_untracked() {
                self.failed.set(Some(voice));
                self.playing.set(None);
            }
        };
        view! { <audio node_ref=self.audio preload="none" hidden on:ended=move |_| self.playing.set(None) on:error=failed></audio> }
            .into_any()
    }

    fn hush(self) {
        self.playing.set(None);
        if let Some(audio) = self.audio.get_untracked() {
            let _ = audio.pause();
        }
    }

    fn play(self, voice: String) {
        self.failed.set(None);
        if let Some(audio) = self.audio.get_untracked() {
            audio.set_src(&format!("/app/voices/{voice}/preview"));
            if let Ok(playing) = audio.play() {
                // Stopped before it began, which is no failure, or failed, which the element says.
                spawn_local(async move { drop(JsFuture::from(playing).await) });
            }
            self.playing.set(Some(voice));
        }
    }

    /// Plays or stops. `name` for those who cannot see which voice is meant.
    pub fn button(self, voice: String, name: &str) -> AnyView {
        let (plays, broken, pressed) = (voice.clone(), voice.clone(), voice.clone());
        let (listen, stop) = (format!("Listen to {name}"), format!("Stop {name}"));
        let playing = Memo::new(move |_| self.playing.with(|playing| playing.as_ref() == Some(&plays)));
        let words = move || if playing.get() { stop.clone() } else { listen.clone() };
        let toggle = move |_| {
            if playing.get_untracked() {
                self.hush();
            } else {
                self.play(pressed.clone());
            }
        };
        let sorry = move || {
            (self.failed.with(|failed| failed.as_ref() == Some(&broken)))
                .then(|| view! { <small class="bad-ink" role="status">"The sample did not play."</small> })
        };
        view! {
            <button type="button" class="btn icon-only sm" aria-label=words.clone() title=words on:click=toggle>
                {dynamic(move || icon(if playing.get() { "stop" } else { "play" }).into_any())}
            </button>
            {sorry}
        }
        .into_any()
    }
}
