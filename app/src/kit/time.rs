//! Times: UTC in the first picture, the reader's own zone as soon as the browser is there.

use chrono::{DateTime, Datelike, Timelike, Utc};
use leptos::prelude::*;

use super::{
    browser,
    reactive::{effect, reactive_text},
};

/// The browser's clock: nothing until the page is alive, then the time in milliseconds, twice a minute.
#[derive(Clone, Copy)]
struct Clock(RwSignal<Option<f64>>);

pub fn provide_clock() {
    let clock = RwSignal::new(None);
    provide_context(Clock(clock));
    // The clock is the outside world, not state of ours: nothing else sets it.
    effect(move || {
        clock.set(Some(browser::now()));
        browser::every(30_000, move || clock.set(Some(browser::now())));
    });
}

fn clock() -> RwSignal<Option<f64>> {
    use_context::<Clock>().expect("App provides the clock").0
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A day and a time: `21 Nov 2026, 14:32`.
#[component]
pub fn When(at: DateTime<Utc>) -> impl IntoView {
    let clock = clock();
    let alive = Memo::new(move |_| clock.with(Option::is_some));
    view! {
        <time datetime=machine(at) title=reactive_text(move || if alive.get() { utc(at) } else { String::new() })>
            {reactive_text(move || if alive.get() { local(at) } else { utc(at) })}
        </time>
    }
}

/// How long ago: `3 min ago`, and the exact time on hover.
#[component]
pub fn Ago(at: DateTime<Utc>) -> impl IntoView {
    let clock = clock();
    let title = move || {
        if clock.with(Option::is_some) {
            local(at)
        } else {
            String::new()
        }
    };
    view! {
        <time datetime=machine(at) title=reactive_text(title)>
            {reactive_text(move || match clock.get() {
                Some(now) => ago_words((now / 1000.0) as i64 - at.timestamp()),
                None => utc(at),
            })}
        </time>
    }
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

fn utc(at: DateTime<Utc>) -> String {
    let mut text = date_words(at);
    text.push_str(", ");
    two_digits(&mut text, at.hour());
    text.push(':');
    two_digits(&mut text, at.minute());
    text.push_str(" UTC");
    text
}

/// `21 Nov 2026`, in UTC.
pub fn date_words(at: DateTime<Utc>) -> String {
    let mut text = at.day().to_string();
    text.push(' ');
    text.push_str(MONTHS[at.month0() as usize]);
    text.push(' ');
    text.push_str(&at.year().to_string());
    text
}

fn local(at: DateTime<Utc>) -> String {
    let date = js_sys::Date::new(&(at.timestamp_millis() as f64).into());
    format!(
        "{} {} {}, {:02}:{:02}",
        date.get_date(),
        MONTHS[date.get_month() as usize],
        date.get_full_year(),
        date.get_hours(),
        date.get_minutes()
    )
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

    use super::{ago_words, machine, utc};

    #[test]
    fn a_time_is_written_for_people_and_for_machines() {
        let at = DateTime::from_timestamp(1_794_009_905, 0).unwrap();
        assert_eq!(machine(at), "2026-11-07T00:05:05Z");
        assert_eq!(utc(at), "7 Nov 2026, 00:05 UTC");
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
