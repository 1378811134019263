//! Words: what a text is searched by, the same for passages and for questions, in any language.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longer ones are no words of a language.
const LONGEST: usize = 40;

/// The words of a text in their order: lower-case, without accents, numbers without the marks between their digits. What is
/// written without spaces is taken in pairs of characters.
pub fn words(text: &str) -> Vec<String> {
    let folded: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .nfc()
        .collect();
    let mut words = Words::default();
    let mut before = ' ';
    let mut letters = folded.chars().peekable();
    while let Some(c) = letters.next() {
        // What groups digits is no end of a number.
        let joins =
            matches!(c, ',' | '.') && before.is_numeric() && letters.peek().is_some_and(|next| next.is_numeric());
        if joins {
            continue;
        }
        if is_without_spaces(c) {
            words.end();
            words.pair(c);
        } else if c.is_alphanumeric() {
            words.end_pairs();
            words.current.push(c);
        } else {
            words.end();
            words.end_pairs();
        }
        before = c;
    }
    words.end();
    words.end_pairs();
    words.done
}

#[derive(Default)]
struct Words {
    done: Vec<String>,
    current: String,
    /// The last character of a run without spaces, and whether it is in a pair already.
    last: Option<(char, bool)>,
}

impl Words {
    fn end(&mut self) {
        if !self.current.is_empty() {
            let word: String = self.current.chars().take(LONGEST).collect();
            self.done.push(word);
            self.current.clear();
        }
    }

    fn pair(&mut self, c: char) {
        if let Some((before, _)) = self.last {
            self.done.push([before, c].iter().collect());
        }
        self.last = Some((c, self.last.is_some()));
    }

    fn end_pairs(&mut self) {
        if let Some((c, false)) = self.last.take() {
            self.done.push(c.to_string());
        }
    }
}

/// Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces.
fn is_without_spaces(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff
        | 0x20000..=0x3ffff)
        && c.is_alphanumeric()
}

/// What a word of the same family begins with: a plural or another ending is another word of it. Nothing for numbers and for
/// words too short to have endings.
pub fn stem(word: &str) -> Option<&str> {
    let length = word.chars().count();
    if length < 4 || word.chars().any(char::is_numeric) {
        return None;
    }
    let keep = length.saturating_sub(3).max(4);
    let end = word.char_indices().nth(keep).map_or(word.len(), |(at, _)| at);
    Some(&word[..end])
}

/// How alike two words are, from 0 to 100: the same, or alike but for their endings.
pub fn likeness(asked: &str, found: &str) -> u32 {
    if asked == found {
        return 100;
    }
    if stem(asked).is_none() || stem(found).is_none() {
        return 0;
    }
    let common = asked.chars().zip(found.chars()).take_while(|(a, b)| a == b).count();
    let rests = [asked, found].map(|word| word.chars().count() - common);
    match rests {
        _ if common < 4 => 0,
        // One is the other with an ending.
        [0, 1..=3] | [1..=3, 0] => 85,
        [1..=3, 1..=3] if common >= 5 => 70,
        _ => 0,
    }
}

/// How many letters have to be added, left out, changed or swapped with the next to make one word of the other; none where
/// that is more than `most`.
pub fn distance(one: &str, other: &str, most: usize) -> Option<usize> {
    let [one, other]: [Vec<char>; 2] = [one, other].map(|word| word.chars().collect());
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let (mut older, mut old): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=other.len()).collect());
    for (i, a) in one.iter().enumerate() {
        let mut new = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut least = (old[j] + usize::from(a != b)).min(old[j + 1] + 1).min(new[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(older[j - 1] + 1);
            }
            new.push(least);
        }
        older = std::mem::replace(&mut old, new);
    }
    old.last().copied().filter(|distance| *distance <= most)
}

/// How many slips are forgiven in a word of this length.
pub fn forgiven(word: &str) -> usize {
    match word.chars().count() {
        0..4 => 0,
        4..7 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_in_any_language() {
        for (text, expected) in [
            ("A crown is $1,250.00!", vec!["a", "crown", "is", "125000"]),
            (
                "Don’t café-au-lait, Straße ÉTÉ",
                vec!["don", "t", "cafe", "au", "lait", "straße", "ete"],
            ),
            ("at 10:30, v2.", vec!["at", "10", "30", "v2"]),
            ("日本語 ok", vec!["日本", "本語", "ok"]),
            ("水", vec!["水"]),
            ("가격표", vec!["가격표"]),
            ("\u{0} \u{200b} --", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert_eq!(words(&"x".repeat(500))[0].len(), LONGEST);
    }

    #[test]
    fn words_of_one_family_are_alike_and_others_are_not() {
        for (asked, found, alike) in [
            ("prices", "price", true),
            ("cleaning", "cleaned", true),
            ("insured", "insurance", false),
            ("price", "prince", false),
            ("2026", "2025", false),
            ("cat", "cats", false),
        ] {
            assert_eq!(likeness(asked, found) > 0, alike, "{asked} {found}");
        }
        assert_eq!(stem("prices"), Some("pric"));
        assert_eq!(stem("cat"), None);
    }

    #[test]
    fn a_slip_is_a_letter_more_less_other_or_swapped() {
        for (one, other, expected) in [
            ("crown", "crown", Some(0)),
            ("crwon", "crown", Some(1)),
            ("crow", "crown", Some(1)),
            ("insurnace", "insurance", Some(1)),
            ("whitning", "whitening", Some(1)),
            ("crown", "bridge", None),
        ] {
            assert_eq!(distance(one, other, 2), expected, "{one} {other}");
        }
    }
}
