//! Pieces: parts cut at paragraphs, sentences and words, in this order, so that each is short enough and says something by itself.

use super::{Part, Piece};

/// Characters of a piece, if its paragraphs allow it.
const USUAL: usize = 700;
/// A paragraph up to here is not cut.
const LONGEST: usize = 1200;

pub(super) fn pieces(parts: &[Part]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for part in parts {
        let heading: String = clean(&part.heading).replace('\n', " ").chars().take(200).collect();
        let mut text = String::new();
        let mut end = |text: &mut String| {
            let done = std::mem::take(text);
            if done.chars().any(char::is_alphanumeric) {
                pieces.push(Piece {
                    heading: heading.clone(),
                    page: part.page,
                    text: done,
                    url: String::new(),
                });
            }
        };
        let cleaned = clean(&part.text);
        for paragraph in cleaned.split("\n\n").flat_map(cut) {
            if !text.is_empty() && length(&text) + length(paragraph) > USUAL {
                end(&mut text);
            }
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(paragraph);
        }
        end(&mut text);
    }
    pieces
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// A paragraph in pieces of which none is too long: at the end of a sentence, else between two words, else anywhere.
fn cut(paragraph: &str) -> Vec<&str> {
    let mut rest = paragraph.trim();
    let mut pieces = Vec::new();
    while length(rest) > LONGEST {
        let most = rest.char_indices().nth(USUAL).map_or(rest.len(), |(at, _)| at);
        let least = rest.char_indices().nth(USUAL / 3).map_or(0, |(at, _)| at);
        let sentence = rest[..most]
            .char_indices()
            .filter(|(at, c)| *at >= least && matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '\n' | ';'))
            .map(|(at, c)| at + c.len_utf8())
            .rfind(|at| rest[*at..].starts_with(char::is_whitespace) || !rest[..*at].ends_with('.'));
        let word = || rest[..most].rfind(char::is_whitespace).filter(|at| *at >= least);
        let at = sentence.or_else(word).unwrap_or(most);
        pieces.push(rest[..at].trim());
        rest = rest[at..].trim();
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// The text without what Postgres cannot store and nobody can see: NUL and other control characters, glyphs of a font's own, and
/// marks that have no width. At most one empty line in a row.
fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for line in text.replace("\r\n", "\n").replace('\r', "\n").lines() {
        let seen = line.chars().filter(|c| !is_unseen(*c));
        let line: String = seen.map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        let line = line
            .split(' ')
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        if line.is_empty() {
            if !cleaned.is_empty() && !cleaned.ends_with("\n\n") {
                cleaned.push('\n');
            }
        } else {
            cleaned.push_str(&line);
            cleaned.push('\n');
        }
    }
    cleaned.trim().to_owned()
}

fn is_unseen(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(u32::from(c),
            0xad | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x2064 | 0xfeff | 0xfffd
            | 0xe000..=0xf8ff | 0xf0000..=0x10ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Part {
        Part {
            heading: "Prices".into(),
            page: Some(2),
            text: text.into(),
        }
    }

    #[test]
    fn short_paragraphs_stand_together_and_long_ones_are_cut_at_a_sentence() {
        let sentence = "A crown is nine hundred dollars at every clinic of ours. ";
        let long = sentence.repeat(60);
        let found = pieces(&[part(&format!("One.\n\nTwo.\n\n{long}"))]);
        assert!(found.len() > 3, "{}", found.len());
        assert!(
            found
                .iter()
                .all(|piece| length(&piece.text) <= LONGEST && piece.text.ends_with('.')),
            "{found:#?}"
        );
        assert!(found[0].text.starts_with("One.\n\nTwo."));
        assert!(
            found
                .iter()
                .all(|piece| piece.heading == "Prices" && piece.page == Some(2))
        );
        let whole: usize = found.iter().map(|piece| piece.text.matches("nine").count()).sum();
        assert_eq!(whole, 60, "nothing is lost");
    }

    #[test]
    fn what_has_no_end_is_cut_anyway() {
        let found = pieces(&[part(&"字".repeat(5000))]);
        assert!(found.iter().all(|piece| length(&piece.text) <= LONGEST));
        assert_eq!(found.iter().map(|piece| length(&piece.text)).sum::<usize>(), 5000);
    }

    #[test]
    fn what_cannot_be_stored_or_seen_is_left_out() {
        assert_eq!(
            clean("a\u{0}b\u{e000}c \u{fffd}\u{200b}d\r\n\r\n\r\n\r\ne\tf\u{7}"),
            "abc d\n\ne f"
        );
        assert_eq!(pieces(&[part("\u{0}\n--\n")]), []);
    }
}
