//! Durations as Ultravox writes them: protobuf's `"0.384s"`, and for bills perhaps `"0:00:42"`.

/// Milliseconds; `None` for what is neither form.
pub fn parse_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let seconds = match text.strip_suffix('s') {
        Some(number) => number.parse::<f64>().ok()?,
        None => {
            let mut parts = text.split(':').rev();
            let seconds: f64 = parts.next()?.parse().ok()?;
            let minutes: u32 = parts.next()?.parse().ok()?;
            let hours: u32 = parts.next().map_or(Some(0), |hours| hours.parse().ok())?;
            if parts.next().is_some() {
                return None;
            }
            seconds + f64::from(minutes) * 60.0 + f64::from(hours) * 3600.0
        }
    };
    seconds.is_finite().then(|| (seconds * 1000.0).round() as i64)
}

/// Seconds with as many decimals as needed.
pub fn write_ms(ms: i64) -> String {
    if ms % 1000 == 0 {
        return format!("{}s", ms / 1000);
    }
    let text = format!("{}.{:03}", ms / 1000, ms % 1000);
    format!("{}s", text.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_duration_are_read() {
        for (text, ms) in [
            ("42s", 42_000),
            ("0.384s", 384),
            ("0s", 0),
            ("0:00:42", 42_000),
            ("1:01:06", 3_666_000),
            ("01:30", 90_000),
        ] {
            assert_eq!(parse_ms(text), Some(ms), "{text}");
        }
        for text in ["", "s", "42", "1:2:3:4", "a:b:c", "NaNs"] {
            assert_eq!(parse_ms(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for (ms, text) in [
            (0, "0s"),
            (90, "0.09s"),
            (384, "0.384s"),
            (1_500, "1.5s"),
            (600_000, "600s"),
        ] {
            assert_eq!(write_ms(ms), text);
            assert_eq!(parse_ms(text), Some(ms));
        }
    }
}
