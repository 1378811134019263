//! Text: what both sides do with words before they are shown.

/// The same with a capital letter at its beginning. ASCII alone: the tables of all letters would be 8 kB of the bundle.
pub fn capitalize(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// A count as people read it: `12,884`.
pub fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digit.is_ascii_digit() && (digits.len() - at).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 contact`, `12,884 contacts`.
pub fn counted(count: i64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    [grouped(count).as_str(), " ", noun, plural].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_written_in_groups_of_three() {
        let written: Vec<_> = [0, 999, 1_000, 12_884, 1_000_000, -100, -1_000].map(grouped).into();
        assert_eq!(counted(1, "call"), "1 call");
        assert_eq!(counted(2_000, "call"), "2,000 calls");
        assert_eq!(written, ["0", "999", "1,000", "12,884", "1,000,000", "-100", "-1,000"]);
    }

    #[test]
    fn the_first_letter_becomes_a_capital_and_nothing_else() {
        for (text, capital) in [
            ("came back", "Came back"),
            ("A b", "A b"),
            ("", ""),
            ("x", "X"),
            ("élan", "élan"),
            ("3 of them", "3 of them"),
        ] {
            assert_eq!(capitalize(text), capital);
        }
    }
}
