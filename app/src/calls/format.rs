//! Words: how calls are told: states as lamps, durations as clocks, prices and events in plain language.

use switchboard::{
    calls::{Billing, Call, CallRow, EndReason, Medium, Status},
    money::Micros,
    text::capitalize,
};

use crate::kit::StatusDot;

pub fn dot_of(status: Status) -> StatusDot {
    match status {
        Status::Queued => StatusDot::Wait,
        Status::Ringing => StatusDot::Ring,
        Status::InProgress => StatusDot::Live,
        Status::Processing => StatusDot::Work,
        Status::Completed => StatusDot::Done,
        Status::NotConnected => StatusDot::None,
        Status::Failed => StatusDot::Fail,
        Status::Canceled => StatusDot::Stop,
    }
}

/// What a call is called: its number, or that it had none.
pub fn title_of(medium: Medium, number: Option<&str>) -> String {
    match (medium, number) {
        (Medium::Phone, Some(number)) => spaced(number),
        (Medium::Phone, None) => "Phone call".to_owned(),
        (Medium::Text, _) => "Text conversation".to_owned(),
    }
}

/// A North American number in its usual groups; others as they are, because their groups are not ours to know.
pub fn spaced(number: &str) -> String {
    match number.strip_prefix("+1") {
        Some(rest) if rest.len() == 10 && rest.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("+1 {} {} {}", &rest[..3], &rest[3..6], &rest[6..])
        }
        _ => number.to_owned(),
    }
}

/// `2:51`, `1:02:03`.
pub fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    }
}

/// The same from the seconds of a player.
pub fn seconds(seconds: f64) -> String {
    clock((seconds * 1000.0) as i64)
}

/// `8 s`, `1 min 5 s`: for waits, which nobody reads as a clock.
pub fn span(ms: i64) -> String {
    let seconds = (ms.max(0) + 500) / 1000;
    match (seconds / 60, seconds % 60) {
        (0, rest) => format!("{rest} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, rest) => format!("{minutes} min {rest} s"),
    }
}

/// `0.64 s`.
pub fn delay(ms: i32) -> String {
    format!("{}.{:02} s", ms / 1000, ms % 1000 / 10)
}

/// What a call costs, as far as it is known.
pub fn price_of(call: &Call) -> String {
    match (call.billing, call.price) {
        (Billing::Billed, Some(price)) => price.to_string(),
        (Billing::Free, _) => "Free".to_owned(),
        (Billing::None, _) => "Nothing".to_owned(),
        _ if !call.status.is_over() => "After the call".to_owned(),
        _ => "Pending".to_owned(),
    }
}

/// The same on a line of the list, which knows less.
pub fn price_in_row(row: &CallRow) -> String {
    match row.price {
        Some(Micros(0)) => "Free".to_owned(),
        Some(price) => price.to_string(),
        None if row.status.is_over() && row.joined_at.is_some() => "Pending".to_owned(),
        None => "–".to_owned(),
    }
}

/// What went wrong with whom, for endings that somebody must look at.
pub fn blame(reason: EndReason) -> Option<&'static str> {
    Some(match reason {
        EndReason::ConcurrencyLimit => "Ultravox had no free line.",
        EndReason::ProviderRefused => "Ultravox refused the call.",
        EndReason::AgentMissing => "Ultravox no longer has this agent.",
        EndReason::TelephonyFailed => "The telephone carrier failed.",
        EndReason::ProviderError => "Ultravox failed.",
        EndReason::PlatformError => "Switchboard failed.",
        EndReason::ProviderSilent => "Ultravox does not say what became of it.",
        EndReason::Unknown => "Ultravox did not say why it ended.",
        _ => return None,
    })
}

/// What happened, for the kinds of event this page knows; others by their own name.
pub fn event_words(kind: &str) -> String {
    let words = match kind {
        "placed" => "Placed",
        "accepted" => "Accepted by Ultravox",
        "unanswered_by_provider" => "Ultravox did not say whether it dials",
        "answered" => "Answered",
        "line_lost" => "The connection broke",
        "looked_up" => "Looked something up",
        "stop_asked" => "Asked to hang up",
        "stop_waits" => "Hanging up has to wait",
        "transcript_missing" => "No transcript",
        "ended" => "Ended",
        "corrected" => "Set right",
        "billed" => "Billed",
        other => return sentence(other),
    };
    words.to_owned()
}

/// `came_back` is `Came back`.
fn sentence(word: &str) -> String {
    capitalize(&word.replace(['_', '.'], " "))
}

pub fn event_dot(kind: &str) -> StatusDot {
    match kind {
        "placed" => StatusDot::Wait,
        "accepted" => StatusDot::Ring,
        "answered" => StatusDot::Live,
        "unanswered_by_provider" | "stop_waits" | "transcript_missing" => StatusDot::Warn,
        "line_lost" => StatusDot::Fail,
        "stop_asked" => StatusDot::Stop,
        "billed" | "corrected" => StatusDot::Done,
        _ => StatusDot::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_a_clock_and_a_wait_as_a_span() {
        let clocks: Vec<_> = [-5, 0, 9_400, 171_000, 3_723_000].map(clock).into();
        assert_eq!(clocks, ["0:00", "0:00", "0:09", "2:51", "1:02:03"]);
        let spans: Vec<_> = [0, 8_200, 60_000, 65_000].map(span).into();
        assert_eq!(spans, ["0 s", "8 s", "1 min", "1 min 5 s"]);
        assert_eq!([640, 1_620, 70].map(delay), ["0.64 s", "1.62 s", "0.07 s"]);
    }

    #[test]
    fn only_north_american_numbers_are_grouped() {
        assert_eq!(spaced("+14155550120"), "+1 415 555 0120");
        assert_eq!(spaced("+436601234521"), "+436601234521");
    }

    #[test]
    fn an_event_nobody_named_here_is_still_readable() {
        assert_eq!(event_words("came_back"), "Came back");
    }
}
