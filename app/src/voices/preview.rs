//! Hearing a voice: one audio element, so that no two speak at once.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};

use crate::kit::icon;

/// Plays the voice with this id, and knows which one that is.
#[derive(Clone, Copy)]
pub struct Player {
    playing: RwSignal<Option<String>>,
    failed: RwSignal<Option<String>>,
    audio: StoredValue<Option<web_sys::HtmlAudioElement>, LocalStorage>,
}

/// A player that falls silent with the component that asked for it.
pub fn use_player() -> Player {
    let player = Player {
        playing: RwSignal::new(None),
        failed: RwSignal::new(None),
        audio: StoredValue::new_local(None),
    };
    Effect::new(move |_| on_cleanup(move || player.hush()));
    player
}

impl Player {
    pub fn plays(self, voice: &str) -> bool {
        self.playing.with(|playing| playing.as_deref() == Some(voice))
    }

    fn hush(self) {
        self.audio.try_update_value(|audio| {
            if let Some(audio) = audio.take() {
                let _ = audio.pause();
                audio.set_src("");
            }
        });
        self.playing.try_set(None);
    }

    fn play(self, voice: String) {
        self.hush();
        self.failed.set(None);
        let Ok(audio) = web_sys::HtmlAudioElement::new_with_src(&format!("/app/voices/{voice}/preview")) else {
            return;
        };
        let over = Closure::once_into_js(move || {
            self.playing.try_set(None);
        });
        audio.set_onended(Some(over.unchecked_ref()));
        let broken = voice.clone();
        let failed = Closure::once_into_js(move || {
            self.playing.try_set(None);
            self.failed.try_set(Some(broken));
        });
        audio.set_onerror(Some(failed.unchecked_ref()));
        let _ = audio.play();
        self.audio.set_value(Some(audio));
        self.playing.set(Some(voice));
    }

    /// Plays or stops. `name` for those who cannot see which voice is meant.
    pub fn button(self, voice: String, name: &str) -> AnyView {
        let (plays, broken, pressed) = (voice.clone(), voice.clone(), voice.clone());
        let (listen, stop) = (format!("Listen to {name}"), format!("Stop {name}"));
        let playing = Memo::new(move |_| self.plays(&plays));
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
                {move || if playing.get() { icon("stop") } else { icon("play") }}
            </button>
            {sorry}
        }
        .into_any()
    }
}
