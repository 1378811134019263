//! Text and Markdown, in whatever encoding it comes.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use super::Part;

/// The text of a file: by its byte order mark, else as UTF-8, else as what it looks most like.
pub(super) fn decoded(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    // What is nearly UTF-8 is UTF-8 with a mistake.
    let (text, _, wrong) = encoding.decode(bytes);
    if wrong {
        UTF_8.decode(bytes).0.into_owned()
    } else {
        text.into_owned()
    }
}

/// A text in parts, one below each heading. Without `marked` no line is a heading.
pub(super) fn parts(text: &str, marked: bool) -> Vec<Part> {
    let mut parts = vec![Part::default()];
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        match heading(line).filter(|_| marked && !in_code) {
            Some((level, words)) => {
                above.retain(|(other, _)| *other < level);
                above.push((level, words.to_owned()));
                let path: Vec<&str> = above.iter().map(|(_, words)| words.as_str()).collect();
                parts.push(Part {
                    heading: path.join(" › "),
                    ..Part::default()
                });
            }
            None => {
                if let Some(part) = parts.last_mut() {
                    part.text.push_str(line);
                    part.text.push('\n');
                }
            }
        }
    }
    parts
}

/// `## Words`: how deep, and the words.
fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    let words = line
        .get(level..)?
        .strip_prefix(' ')?
        .trim()
        .trim_end_matches('#')
        .trim();
    ((1..=6).contains(&level) && !words.is_empty()).then_some((level, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_the_encoding_it_is_in() {
        for (bytes, text) in [
            (&b"\xef\xbb\xbfprix"[..], "prix"),
            (b"\xff\xfep\0r\0i\0x\0", "prix"),
            ("café".as_bytes(), "café"),
            (
                b"Le caf\xe9 est \xe0 c\xf4t\xe9 de l'\xe9glise",
                "Le café est à côté de l'église",
            ),
        ] {
            assert_eq!(decoded(bytes), text);
        }
    }

    #[test]
    fn each_heading_begins_a_part_and_says_what_it_is_below() {
        let text = "before\n# Prices\none\n## Crowns ##\ntwo\n```\n# no heading\n```\n# Plans\nthree\n#hash";
        let found: Vec<_> = parts(text, true)
            .into_iter()
            .map(|part| (part.heading, part.text.lines().count()))
            .collect();
        let expected = [("", 1), ("Prices", 1), ("Prices › Crowns", 4), ("Plans", 2)];
        assert_eq!(found, expected.map(|(heading, lines)| (heading.to_owned(), lines)));
        assert_eq!(parts(text, false).len(), 1);
    }
}
