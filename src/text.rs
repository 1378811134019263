//! Text: what both sides do with words before they are shown.

/// The same with a capital letter at its beginning. ASCII alone: the tables of all letters would be 8 kB of the bundle.
pub fn capitalize(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

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
