//! The player: a recording drawn, heard, and held together with the turns of its transcript.

use leptos::{ev, html, prelude::*, task::spawn_local};
use switchboard::{Id, calls::Call};
use wasm_bindgen::JsCast;

use super::{
    sound::{self, Sound},
    turns::{Side, Turn, speaker_at, talk_ms},
    words::clock,
};
use crate::kit::{browser, icon};

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

    fn seek(self, to_s: f64) {
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

const BARS: usize = 200;
const WIDTH: usize = 800;

fn wave(player: Player, turns: Memo<Vec<Turn>>) -> AnyView {
    let paths = Memo::new(move |_| match &*player.loaded.read() {
        Loaded::Ready(Sound {
            picture: Some(picture), ..
        }) => turns.with(|turns| Some(draw(&picture.bars(BARS), picture.length_s, turns))),
        _ => None,
    });
    let path = move |of: fn(&Lanes) -> &String| paths.with(|paths| paths.as_ref().map(|lanes| of(lanes).clone()));
    let share = move || {
        let length = player.length.get();
        if length > 0.0 {
            player.at.get() / length * WIDTH as f64
        } else {
            0.0
        }
    };
    let told = move || {
        format!(
            "{} of {}",
            clock((player.at.get() * 1000.0) as i64),
            clock((player.length.get() * 1000.0) as i64)
        )
    };
    view! {
        <div class="wavebox" data-s=move || if paths.with(Option::is_some) { "drawn" } else { "blank" }>
            <svg class="wave" viewBox=format!("0 0 {WIDTH} 76") preserveAspectRatio="none" aria-hidden="true">
                <path class="mid" d=format!("M0 38H{WIDTH}")></path>
                <path class="agent" d=move || path(|lanes| &lanes.agent)></path>
                <path class="caller" d=move || path(|lanes| &lanes.person)></path>
                <path class="other" d=move || path(|lanes| &lanes.other)></path>
                <rect class="to-come" y="0" height="76" x=share width=move || WIDTH as f64 - share()></rect>
                <path class="head" d=move || format!("M{0:.1} 0V76", share())></path>
            </svg>
            <input
                type="range"
                class="seek"
                min="0"
                step="0.1"
                max=move || player.length.get().to_string()
                aria-label="Position in the recording"
                aria-valuetext=told
                prop:value=move || player.at.get().to_string()
                on:input=move |event| {
                    if let Ok(to) = event_target_value(&event).parse() {
                        player.seek(to);
                    }
                }
            />
        </div>
    }
    .into_any()
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Lanes {
    agent: String,
    person: String,
    /// Sound while nobody's turn is known.
    other: String,
}

/// Bars above the middle for the agent, below it for the other side, as the transcript tells them apart.
fn draw(bars: &[f32], length_s: f64, turns: &[Turn]) -> Lanes {
    let mut lanes = Lanes::default();
    let width = WIDTH as f64 / bars.len().max(1) as f64;
    for (i, level) in bars.iter().enumerate() {
        let ms = ((i as f64 + 0.5) / bars.len() as f64 * length_s * 1000.0) as i32;
        let (lane, middle) = match speaker_at(turns, ms) {
            Some(Side::Agent) => (&mut lanes.agent, 19.0),
            Some(Side::Person) => (&mut lanes.person, 57.0),
            None if *level > 0.03 => (&mut lanes.other, 38.0),
            None => continue,
        };
        // Speech is mostly soft beside its peaks: the root makes it visible.
        let half = (f64::from(*level).sqrt() * 17.0).max(0.75);
        lane.push_str(&format!(
            "M{:.1} {:.1}V{:.1}",
            (i as f64 + 0.5) * width,
            middle - half,
            middle + half
        ));
    }
    lanes
}

fn controls(player: Player, turns: Memo<Vec<Turn>>) -> AnyView {
    let time = move || {
        format!(
            "{} / {}",
            clock((player.at.get() * 1000.0) as i64),
            clock((player.length.get() * 1000.0) as i64)
        )
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
                <span><i class="k-caller"></i>"Caller "{move || talked(Side::Person)}</span>
            </span>
            <span class="keys wide"><kbd>"Space"</kbd><kbd>"←"</kbd><kbd>"→"</kbd></span>
        </div>
    }
    .into_any()
}

/// Space plays, arrows go five seconds, with Shift a turn, 1 2 3 set the speed.
fn keys(player: Player, turns: Memo<Vec<Turn>>) {
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_has_its_lane_and_strange_sounds_the_middle() {
        let turn = |by, start, end| Turn {
            seq: start,
            by,
            text: String::new(),
            start_ms: Some(start),
            end_ms: Some(end),
            delay_ms: None,
            tools: Vec::new(),
        };
        let turns = [turn(Side::Agent, 0, 1000), turn(Side::Person, 1000, 2000)];
        let lanes = draw(&[1.0, 1.0, 1.0, 0.0], 4.0, &turns);
        assert_eq!(lanes.agent, "M100.0 2.0V36.0");
        assert_eq!(lanes.person, "M300.0 40.0V74.0");
        assert_eq!(lanes.other, "M500.0 21.0V55.0");
    }
}
