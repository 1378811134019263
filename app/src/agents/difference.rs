//! How two drafts of an agent differ, for people: texts by words, settings by name.

use leptos::prelude::*;
use similar::{
    DiffTag,
    algorithms::{Capture, Replace, myers},
};
use switchboard::agents::Difference;

/// Id and name of each tool and each knowledge base there is.
pub type ToolNames = Vec<(String, String)>;

/// What the two are called: `Live, version 3` and `Draft`.
pub type Sides = (String, String);

/// All differences: first the texts, then the settings in a table.
pub fn differences(found: Vec<Difference>, tools: &ToolNames, (before, after): Sides) -> AnyView {
    let (texts, settings): (Vec<_>, Vec<_>) = found.into_iter().partition(|difference| difference.is_text);
    let texts = texts
        .into_iter()
        .map(|difference| {
            view! {
                <section class="difference">
                    <h3>{difference.label}</h3>
                    {words(&difference.before, &difference.after)}
                </section>
            }
        })
        .collect_view();
    let rows = settings
        .into_iter()
        .map(|difference| {
            let named = |value: &str| match (difference.field, value) {
                (_, "") => "–".to_owned(),
                ("tool_ids" | "knowledge_base_ids", ids) => {
                    ids.lines().map(|id| name_of(tools, id)).collect::<Vec<_>>().join("\n")
                }
                (_, value) => value.to_owned(),
            };
            view! {
                <tr>
                    <th scope="row">{difference.label}</th>
                    <td data-l=before.clone()>{named(&difference.before)}</td>
                    <td data-l=after.clone()><b>{named(&difference.after)}</b></td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <div class="table-wrap">
                <table class="table cards changes">
                    <caption class="sr">"Changed settings"</caption>
                    <thead>
                        <tr><th scope="col">"Setting"</th><th scope="col">{before.clone()}</th><th scope="col">{after.clone()}</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    });
    view! { <div class="stack s3">{texts}{table}</div> }.into_any()
}

fn name_of(tools: &ToolNames, id: &str) -> String {
    let known = tools.iter().find(|(known, _)| known == id);
    known.map_or_else(|| "One that is gone".to_owned(), |(_, name)| name.clone())
}

/// Both texts in one, word by word. What stays as it is is shortened.
pub fn words(before: &str, after: &str) -> AnyView {
    let parts = compared(before, after);
    let last = parts.len().saturating_sub(1);
    let parts = parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| match part {
            Part::Same(text) => shortened(&text, at == 0, at == last).into_any(),
            Part::New(text) => view! { <ins>{text}</ins> }.into_any(),
            Part::Gone(text) => view! { <del>{text}</del> }.into_any(),
        })
        .collect_view();
    view! { <p class="words">{parts}</p> }.into_any()
}

/// Of how many words two texts together are compared by each of them, and not by lines.
const BY_WORDS: usize = 6000;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Same(String),
    Gone(String),
    New(String),
}

/// Two texts by their words. What is gone comes before what is new in its place.
fn compared(before: &str, after: &str) -> Vec<Part> {
    let mut sides = (pieces(before), pieces(after));
    // It takes as long as the square of what differs.
    if sides.0.len() + sides.1.len() > BY_WORDS {
        sides = (
            before.split_inclusive('\n').collect(),
            after.split_inclusive('\n').collect(),
        );
    }
    let (old, new) = sides;
    if old.len() + new.len() > BY_WORDS {
        return vec![Part::Gone(before.to_owned()), Part::New(after.to_owned())];
    }
    let mut found = Replace::new(Capture::new());
    if myers::diff(&mut found, &old[..], 0..old.len(), &new[..], 0..new.len()).is_err() {
        return vec![Part::Gone(before.to_owned()), Part::New(after.to_owned())];
    }
    let mut parts = Vec::new();
    for op in found.into_inner().into_ops() {
        let (tag, was, is) = op.as_tag_tuple();
        match tag {
            DiffTag::Equal => parts.push(Part::Same(old[was].concat())),
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                let (gone, new) = (old[was].concat(), new[is].concat());
                parts.extend((!gone.is_empty()).then_some(Part::Gone(gone)));
                parts.extend((!new.is_empty()).then_some(Part::New(new)));
            }
        }
    }
    parts
}

/// The words of a text, each with the space behind it.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let space = rest[word..].find(|letter: char| !letter.is_whitespace());
        let (piece, behind) = rest.split_at(space.map_or(rest.len(), |space| word + space));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// How much of what stays is shown beside a change, in characters.
const AROUND: usize = 120;

/// What stays as it is: what is near a change, and dots for the rest.
fn shortened(text: &str, is_first: bool, is_last: bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (head, tail) = (if is_first { 0 } else { AROUND }, if is_last { 0 } else { AROUND });
    if letters.len() <= head + tail + AROUND {
        return text.to_owned();
    }
    let of = |part: &[char]| part.iter().collect::<String>();
    format!("{} … {}", of(&letters[..head]), of(&letters[letters.len() - tail..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_texts_are_compared_by_their_words() {
        let same = |text: &str| Part::Same(text.to_owned());
        let gone = |text: &str| Part::Gone(text.to_owned());
        let new = |text: &str| Part::New(text.to_owned());
        assert_eq!(
            compared("Offer the earliest time.", "Offer the two earliest times."),
            [
                same("Offer the "),
                new("two "),
                same("earliest "),
                gone("time."),
                new("times.")
            ]
        );
        assert_eq!(compared("", "All new"), [new("All new")]);
        assert_eq!(compared("a\n\nb", "a b"), [gone("a\n\n"), new("a "), same("b")]);
        assert_eq!(compared("", ""), []);
        // Long ones are compared by lines, and what has no lines as a whole.
        let long = "word ".repeat(BY_WORDS);
        let (one, other) = (format!("a\n{long}\n"), format!("b\n{long}\n"));
        assert_eq!(
            compared(&one, &other),
            [gone("a\n"), new("b\n"), same(&format!("{long}\n"))]
        );
        let (one, other) = ("a\n".repeat(BY_WORDS), "b\n".repeat(BY_WORDS));
        assert_eq!(compared(&one, &other), [gone(&one), new(&other)]);
        // Whatever becomes of them, both can be read back.
        let (before, after) = ("one two  three\nfour", "two three\n\nfour five");
        let parts = compared(before, after);
        let read = |skip: fn(&Part) -> bool| -> String {
            let kept = parts.iter().filter(|part| !skip(part));
            kept.map(|(Part::Same(text) | Part::Gone(text) | Part::New(text))| text.as_str())
                .collect()
        };
        assert_eq!(read(|part| matches!(part, Part::New(_))), before);
        assert_eq!(read(|part| matches!(part, Part::Gone(_))), after);
    }

    #[test]
    fn what_stays_is_shortened_on_the_sides_that_no_change_is_on() {
        assert_eq!(shortened("short", true, true), "short");
        let long = "a".repeat(600);
        assert_eq!(shortened(&long, true, false), format!(" … {}", "a".repeat(AROUND)));
        assert_eq!(shortened(&long, false, true), format!("{} … ", "a".repeat(AROUND)));
        assert_eq!(shortened(&long, false, false).len(), 2 * AROUND + " … ".len());
    }
}
