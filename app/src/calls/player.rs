//! The player: a recording drawn, heard, and held together with the turns of its transcript.

use leptos::{ev, html, prelude::*, task::spawn_local};
use switchboard::{Id, calls::Call};
use wasm_bindgen::JsCast;

use super::{
    format::{clock, seconds},
    sound::{self, Picture, Sound},
    turns::{Side, Turn, talk_ms},
    wave::wave,
};
use crate::kit::{browser, icon, keys::single_keys};

/// How far the arrow keys go, in seconds.
const STEP_S: f64 = 5.0;
const SPEEDS: [(f64, &str); 3] = [(1.0, "1×"), (1.5, "1.5×"), (2.0, "2×")];

#[derive(Clone, Debug, PartialEq)]
enum Loaded {
    Waiting,
    Ready(Sound),
    Failed(String),
}

/// A recording under somebody's fingers. Lives as long as its page.
#[derive(Clone, Copy)]
pub struct Player {
    audio: NodeRef<html::Audio>,
    loaded: RwSignal<Loaded>,
    /// Seconds.
    at: RwSignal<f64>,
    length: RwSignal<f64>,
    playing: RwSignal<bool>,
    /// Play was pressed before there was something to play.
    wanted: RwSignal<bool>,
    speed: RwSignal<f64>,
    skip_silence: RwSignal<bool>,
    pub follow: RwSignal<bool>,
}

impl Player {
    pub fn new() -> Self {
        Self {
            audio: NodeRef::new(),
            loaded: RwSignal::new(Loaded::Waiting),
            at: RwSignal::new(0.0),
            length: RwSignal::new(0.0),
            playing: RwSignal::new(false),
            wanted: RwSignal::new(false),
            speed: RwSignal::new(1.0),
            skip_silence: RwSignal::new(false),
            follow: RwSignal::new(true),
        }
    }

    /// The moment heard, in milliseconds; nothing before it was ever played.
    pub fn moment_ms(self) -> Option<i32> {
        let at = self.at.get();
        (at > 0.0 || self.playing.get()).then_some((at * 1000.0) as i32)
    }

    /// Moment and length, in seconds; both 0 before anything is known.
    pub fn place(self) -> (f64, f64) {
        (self.at.get(), self.length.get())
    }

    /// What the recording looks like, once it is here.
    pub fn with_picture<T>(self, draw: impl FnOnce(&Picture) -> T) -> Option<T> {
        match &*self.loaded.read() {
            Loaded::Ready(Sound {
                picture: Some(picture), ..
            }) => Some(draw(picture)),
            _ => None,
        }
    }

    pub fn is_playing(self) -> bool {
        self.playing.get()
    }

    pub fn play_from(self, ms: i32) {
        self.seek(f64::from(ms) / 1000.0);
        self.play();
    }

    fn play(self) {
        match self.audio.get_untracked() {
            Some(audio) if matches!(*self.loaded.read_untracked(), Loaded::Ready(_)) => {
                audio.set_playback_rate(self.speed.get_untracked());
                // A refusal shows in the button, which stays on "Play".
                if let Ok(started) = audio.play() {
                    spawn_local(async move {
                        let _ = wasm_bindgen_futures::JsFuture::from(started).await;
                    });
                }
            }
            _ => self.wanted.set(true),
        }
    }

    fn toggle(self) {
        match self.audio.get_untracked().filter(|audio| !audio.paused()) {
            Some(audio) => {
                let _ = audio.pause();
            }
            None => self.play(),
        }
    }

    pub fn seek(self, to_s: f64) {
        let length = self.length.get_untracked();
        let to = to_s.clamp(0.0, if length > 0.0 { length } else { f64::MAX });
        if let Some(audio) = self.audio.get_untracked() {
            audio.set_current_time(to);
        }
        self.at.set(to);
    }

    fn skip(self, by_s: f64) {
        self.seek(self.at.get_untracked() + by_s);
    }

    fn set_speed(self, speed: f64) {
        self.speed.set(speed);
        if let Some(audio) = self.audio.get_untracked() {
            audio.set_playback_rate(speed);
        }
    }

    /// To where the turn before or after this one begins.
    fn turn(self, turns: &[Turn], forward: bool) {
        let here = (self.at.get_untracked() * 1000.0) as i32;
        let starts = turns.iter().filter_map(|turn| turn.start_ms);
        let to = if forward {
            starts.filter(|start| *start > here).min()
        } else {
            // A second into a turn, "back" still means the one before.
            starts.filter(|start| *start < here - 1000).max().or(Some(0))
        };
        if let Some(to) = to {
            self.seek(f64::from(to) / 1000.0);
        }
    }

    /// Looks at the clock of the sound: its own events come only four times a second.
    fn tick(self) {
        let Some(audio) = self.audio.get_untracked().filter(|audio| !audio.paused()) else {
            return;
        };
        let at = audio.current_time();
        self.at.set(at);
        if self.skip_silence.get_untracked()
            && let Loaded::Ready(Sound {
                picture: Some(picture), ..
            }) = &*self.loaded.read_untracked()
            && let Some(until) = picture.silence_until(at)
        {
            audio.set_current_time(until - 0.1);
        }
    }

    fn load(self, path: String) {
        self.loaded.set(Loaded::Waiting);
        spawn_local(async move {
            let loaded = match sound::load(&path).await {
                Ok(sound) => Loaded::Ready(sound),
                Err(told) => Loaded::Failed(told),
            };
            // Left while it was on its way: nobody else will release it.
            if let Some(Loaded::Ready(sound)) = self.loaded.try_set(loaded) {
                sound::release(&sound);
            }
        });
    }

    fn arrived(self) {
        if let Some(audio) = self.audio.get_untracked() {
            let length = audio.duration();
            if length.is_finite() {
                self.length.set(length);
            }
            if self.at.get_untracked() > 0.0 {
                audio.set_current_time(self.at.get_untracked());
            }
        }
        if self.wanted.get_untracked() {
            self.wanted.set(false);
            self.play();
        }
    }
}

/// The recording of a call that has one.
pub fn player(player: Player, id: Id<Call>, turns: Memo<Vec<Turn>>) -> AnyView {
    let path = format!("/app/calls/{id}/recording");
    let source = path.clone();
    Effect::new(move |_| player.load(source.clone()));
    Effect::new(move |_| browser::every(100, move || player.tick()));
    on_cleanup(move || {
        if let Some(Loaded::Ready(sound)) = player.loaded.try_get_untracked() {
            sound::release(&sound);
        }
    });
    keys(player, turns);

    let url = move || {
        player.loaded.with(|loaded| match loaded {
            Loaded::Ready(sound) => Some(sound.url.clone()),
            _ => None,
        })
    };
    let button = view! {
        <button type="button" class="playbtn"
            aria-label=move || if player.playing.get() { "Pause" } else { "Play" }
            title=move || if player.playing.get() { "Pause" } else { "Play" }
            aria-busy=move || player.wanted.get().to_string()
            on:click=move |_| player.toggle()>
            {move || if player.playing.get() { icon("pause") } else { icon("play") }}
        </button>
    };
    let failed = move || {
        let told = match player.loaded.get() {
            Loaded::Failed(told) => told,
            _ => return None,
        };
        let again = path.clone();
        Some(view! {
            <p class="ctl bad-ink" role="alert">
                <span>"The recording did not load. "{told}</span>
                <button type="button" class="btn sm" on:click=move |_| player.load(again.clone())>{icon("refresh")}"Try again"</button>
            </p>
        })
    };
    view! {
        <section class="player" aria-label="Recording">
            {button}
            {wave(player, turns)}
            {failed}
            {controls(player, turns)}
            <audio
                node_ref=player.audio
                preload="auto"
                src=url
                on:loadedmetadata=move |_| player.arrived()
                on:play=move |_| player.playing.set(true)
                on:pause=move |_| player.playing.set(false)
                on:ended=move |_| player.playing.set(false)
            ></audio>
        </section>
    }
    .into_any()
}

fn controls(player: Player, turns: Memo<Vec<Turn>>) -> AnyView {
    let time = move || {
        let (at, length) = player.place();
        format!("{} / {}", seconds(at), seconds(length))
    };
    let speeds = SPEEDS
        .map(|(speed, words)| {
            view! {
                <button type="button" class="btn sm" aria-pressed=move || (player.speed.get() == speed).to_string()
                    on:click=move |_| player.set_speed(speed)>{words}</button>
            }
        })
        .into_iter()
        .collect_view();
    let talked = move |by: Side| turns.with(|turns| clock(talk_ms(turns, by)));
    view! {
        <div class="ctl">
            <span class="t">{time}</span>
            <span class="btn-group" role="group" aria-label="Speed">{speeds}</span>
            <label class="check">
                <input type="checkbox" prop:checked=move || player.skip_silence.get()
                    on:change=move |event| player.skip_silence.set(event_target_checked(&event))/>
                <span>"Skip silence"</span>
            </label>
            <label class="check wide">
                <input type="checkbox" checked prop:checked=move || player.follow.get()
                    on:change=move |event| player.follow.set(event_target_checked(&event))/>
                <span>"Follow"</span>
            </label>
            <span class="legend push">
                <span><i class="k-agent"></i>"Agent "{move || talked(Side::Agent)}</span>
                <span><i class="k-caller"></i>"Person "{move || talked(Side::Person)}</span>
            </span>
        </div>
    }
    .into_any()
}

/// Space plays, arrows go five seconds, with Shift a turn, 1 2 3 set the speed.
fn keys(player: Player, turns: Memo<Vec<Turn>>) {
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() || !single_keys() {
                return;
            }
            let within = |selector: &str| {
                let target = event
                    .target()
                    .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
                target.is_some_and(|target| browser::is_within(&target, selector))
            };
            let typing = within("input:not([type=checkbox], .seek), textarea, select, dialog, [popover]");
            let pressing = within("a, button, summary, input[type=checkbox]");
            let taken = match event.key().as_str() {
                _ if typing => false,
                " " if !pressing => {
                    player.toggle();
                    true
                }
                key @ ("ArrowLeft" | "ArrowRight") => {
                    let forward = key == "ArrowRight";
                    if event.shift_key() {
                        turns.with_untracked(|turns| player.turn(turns, forward));
                    } else {
                        player.skip(if forward { STEP_S } else { -STEP_S });
                    }
                    true
                }
                key @ ("1" | "2" | "3") => {
                    let at = usize::from(key.as_bytes()[0] - b'1');
                    player.set_speed(SPEEDS[at].0);
                    true
                }
                _ => false,
            };
            if taken {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}
