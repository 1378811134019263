//! Times and days, in the viewer's zone: the first picture and the living page write the same.

use std::cell::Cell;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use leptos::prelude::*;
use switchboard::zone::Offsets;

use super::{
    browser,
    reactive::{effect, reactive_text},
};

/// The browser's clock: nothing until the page is alive, then the time in milliseconds, twice a minute.
#[derive(Clone, Copy)]
struct Clock(RwSignal<Option<f64>>);

thread_local! {
    /// The clock of this page, which nobody but its browser has.
    static HERE: Cell<Option<RwSignal<Option<f64>>>> = const { Cell::new(None) };
}

pub fn provide_clock() {
    let clock = RwSignal::new(None);
    provide_context(Clock(clock));
    // The clock is the outside world, not state of ours.
    effect(move || {
        HERE.set(Some(clock));
        browser::every(30_000, move || clock.set(Some(browser::now())));
    });
}

/// Once the first picture has been taken over. Words that were others before would be taken for what stands there.
#[cfg(feature = "hydrate")]
pub fn start_clock() {
    if let Some(clock) = HERE.get() {
        clock.set(Some(browser::now()));
    }
}

fn clock() -> RwSignal<Option<f64>> {
    use_context::<Clock>().expect("App provides the clock").0
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The zone that times are written in, with its offsets: decided by the server, the same on both sides.
pub fn offsets() -> Offsets {
    use_context().expect("App provides the viewer's zone")
}

/// A day and a time: `21 Nov 2026, 14:32`.
#[component]
pub fn When(at: DateTime<Utc>) -> impl IntoView {
    let zone = offsets();
    view! { <time datetime=machine(at) title=exact(&zone, at)>{moment(zone.local(at))}</time> }
}

/// A day alone: `21 Nov 2026`.
#[component]
pub fn Day(at: DateTime<Utc>) -> impl IntoView {
    let zone = offsets();
    view! { <time datetime=machine(at) title=exact(&zone, at)>{day(zone.local(at))}</time> }
}

/// How long ago: `3 min ago`, and the exact time on hover.
#[component]
pub fn Ago(at: DateTime<Utc>) -> impl IntoView {
    let (clock, zone) = (clock(), offsets());
    let title = exact(&zone, at);
    let words = move || match clock.get() {
        Some(now) => ago_words((now / 1000.0) as i64 - at.timestamp()),
        None => moment(zone.local(at)),
    };
    view! { <time datetime=machine(at) title=title>{reactive_text(words)}</time> }
}

/// As `<time datetime>` wants it. A list has a hundred of these, and `format!` would take longer than the rest of its row.
pub fn machine(at: DateTime<Utc>) -> String {
    let mut text = at.year().to_string();
    for (before, part) in [
        ('-', at.month()),
        ('-', at.day()),
        ('T', at.hour()),
        (':', at.minute()),
        (':', at.second()),
    ] {
        text.push(before);
        two_digits(&mut text, part);
    }
    text.push('Z');
    text
}

fn two_digits(text: &mut String, number: u32) {
    for digit in [number / 10, number % 10] {
        text.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

/// `21 Nov 2026, 14:32`
fn moment(local: NaiveDateTime) -> String {
    let mut text = day(local);
    text.push_str(", ");
    time_of_day(&mut text, local);
    text
}

fn time_of_day(text: &mut String, local: NaiveDateTime) {
    two_digits(text, local.hour());
    text.push(':');
    two_digits(text, local.minute());
}

fn day(local: NaiveDateTime) -> String {
    let mut text = local.day().to_string();
    text.push(' ');
    text.push_str(MONTHS[local.month0() as usize]);
    text.push(' ');
    text.push_str(&local.year().to_string());
    text
}

/// The same time with its zone, and in UTC: `21 Nov 2026, 14:32 Europe/Berlin · 13:32 UTC`.
fn exact(zone: &Offsets, at: DateTime<Utc>) -> String {
    let (local, utc) = (zone.local(at), at.naive_utc());
    let mut text = moment(local);
    if !zone.zone().is_utc() {
        text.push(' ');
        text.push_str(&zone.zone().words());
        text.push_str(" · ");
        if utc.ordinal() != local.ordinal() {
            text.push_str(&day(utc));
            text.push_str(", ");
        }
        time_of_day(&mut text, utc);
    }
    text.push_str(" UTC");
    text
}

/// The same in the middle of a sentence.
pub fn date_words(at: DateTime<Utc>) -> String {
    day(offsets().local(at))
}

/// Seconds as people say them. A clock that runs ahead of ours is not worth a word.
pub fn ago_words(seconds: i64) -> String {
    match seconds {
        ..10 => "just now".into(),
        10..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        86_400..2_592_000 => format!("{} d ago", seconds / 86_400),
        2_592_000..31_536_000 => format!("{} mo ago", seconds / 2_592_000),
        _ => format!("{} y ago", seconds / 31_536_000),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    #[cfg(feature = "ssr")]
    use switchboard::zone::{Offsets, TimeZone};

    use super::{ago_words, exact, machine, moment};

    #[test]
    fn a_time_is_written_for_people_and_for_machines() {
        let at = DateTime::from_timestamp(1_794_009_905, 0).unwrap();
        assert_eq!(machine(at), "2026-11-07T00:05:05Z");
        assert_eq!(moment(at.naive_utc()), "7 Nov 2026, 00:05");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn an_exact_time_says_its_zone_and_what_it_is_in_utc() {
        let exact = |zone: &str, at: &str| {
            let now = "2026-11-30T09:00:00Z".parse().unwrap();
            exact(&Offsets::of(&TimeZone::parse(zone).unwrap(), now), at.parse().unwrap())
        };
        assert_eq!(
            exact("Europe/Berlin", "2026-11-21T13:32:10Z"),
            "21 Nov 2026, 14:32 Europe/Berlin · 13:32 UTC"
        );
        assert_eq!(
            exact("America/New_York", "2026-12-01T04:30:00Z"),
            "30 Nov 2026, 23:30 America/New York · 1 Dec 2026, 04:30 UTC"
        );
        assert_eq!(exact("UTC", "2026-11-21T13:32:10Z"), "21 Nov 2026, 13:32 UTC");
    }

    #[test]
    fn the_past_is_told_in_the_largest_unit_that_fits() {
        let told: Vec<_> = [-5, 3, 45, 61, 7200, 200_000, 3_000_000, 70_000_000]
            .map(ago_words)
            .into();
        assert_eq!(
            told,
            [
                "just now",
                "just now",
                "45 s ago",
                "1 min ago",
                "2 h ago",
                "2 d ago",
                "1 mo ago",
                "2 y ago"
            ]
        );
    }
}
