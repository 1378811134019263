//! The wave: loudness over time, drawn in a lane for each side, and the place in it that is heard.

use leptos::prelude::*;

use super::{
    format::seconds,
    player::Player,
    turns::{Side, Turn, speaker_at},
};

const BARS: usize = 200;
const WIDTH: usize = 800;

pub fn wave(player: Player, turns: Memo<Vec<Turn>>) -> AnyView {
    let paths = Memo::new(move |_| {
        player.with_picture(|picture| turns.with(|turns| draw(&picture.bars(BARS), picture.length_s, turns)))
    });
    let path = move |of: fn(&Lanes) -> &String| paths.with(|paths| paths.as_ref().map(|lanes| of(lanes).clone()));
    let share = move || {
        let (at, length) = player.place();
        if length > 0.0 { at / length * WIDTH as f64 } else { 0.0 }
    };
    let told = move || {
        let (at, length) = player.place();
        format!("{} of {}", seconds(at), seconds(length))
    };
    view! {
        <div class="wavebox" data-s=move || if paths.with(Option::is_some) { "drawn" } else { "blank" }>
            <svg class="wave" viewBox=format!("0 0 {WIDTH} 76") preserveAspectRatio="none" aria-hidden="true">
                <path class="mid" d=format!("M0 38H{WIDTH}")></path>
                <path class="agent" d=move || path(|lanes| &lanes.agent)></path>
                <path class="caller" d=move || path(|lanes| &lanes.person)></path>
                <path class="other" d=move || path(|lanes| &lanes.other)></path>
                <rect class="to-come" y="0" height="76" x=move || tenths(share()) width=move || tenths(WIDTH as f64 - share())></rect>
                <path class="head" d=move || format!("M{} 0V76", tenths(share()))></path>
            </svg>
            <input
                type="range"
                class="seek"
                min="0"
                step="0.1"
                max=move || tenths(player.place().1)
                aria-label="Position in the recording"
                aria-valuetext=told
                prop:value=move || tenths(player.place().0)
                on:input=move |event| {
                    let to = event_target::<web_sys::HtmlInputElement>(&event).value_as_number();
                    if to.is_finite() {
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

/// With one decimal. Printing fractions the general way costs the bundle tables of powers, 12 kB of them.
fn tenths(number: f64) -> String {
    let tenths = (number * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
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
            "M{} {}V{}",
            tenths((i as f64 + 0.5) * width),
            tenths(middle - half),
            tenths(middle + half)
        ));
    }
    lanes
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
