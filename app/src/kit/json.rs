//! JSON to be read by people: one member to a line, names and strings in their colours.

use leptos::prelude::*;
use switchboard::json::parse;

/// A text as it is shown in a `pre`. What is no JSON stays as it is.
pub fn json(text: &str) -> AnyView {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.into_any(),
            Piece::Name(text) => view! { <span class="k">{text}</span> }.into_any(),
            Piece::Text(text) => view! { <span class="s">{text}</span> }.into_any(),
        })
        .collect_view()
        .into_any()
}

/// The same without colours, for the clipboard and for text boxes.
pub fn laid_out(text: &str) -> String {
    pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) | Piece::Name(text) | Piece::Text(text) => text,
        })
        .collect()
}

#[derive(Debug, PartialEq)]
enum Piece {
    Plain(String),
    Name(String),
    Text(String),
}

/// Longer texts are shown as they came: thousands of coloured pieces would make the page slow.
const LONGEST: usize = 20_000;

fn pieces(text: &str) -> Vec<Piece> {
    let json = text.trim();
    let is_json = json.len() <= LONGEST && json.starts_with(['{', '[']) && parse(json).is_ok();
    if is_json {
        lay_out(json)
    } else {
        vec![Piece::Plain(text.to_owned())]
    }
}

/// The members keep their order, which a parsed value would not.
fn lay_out(json: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut depth = 0_usize;
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '"' => {
                let end = end_of_string(rest);
                let (string, follows) = rest.split_at(end);
                if !plain.is_empty() {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                let string = string.to_owned();
                pieces.push(if follows.trim_start().starts_with(':') {
                    Piece::Name(string)
                } else {
                    Piece::Text(string)
                });
                rest = follows;
                continue;
            }
            '{' | '[' => {
                plain.push(c);
                if !after.trim_start().starts_with(['}', ']']) {
                    depth += 1;
                    new_line(&mut plain, depth);
                }
            }
            '}' | ']' => {
                if !plain.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    new_line(&mut plain, depth);
                }
                plain.push(c);
            }
            ',' => {
                plain.push(c);
                new_line(&mut plain, depth);
            }
            ':' => plain.push_str(": "),
            c if c.is_whitespace() => {}
            c => plain.push(c),
        }
        rest = after;
    }
    pieces.push(Piece::Plain(plain));
    pieces
}

fn new_line(plain: &mut String, depth: usize) {
    plain.push('\n');
    (0..depth).for_each(|_| plain.push_str("  "));
}

/// Where the string ends that this begins with.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_on_lines_of_their_own_in_their_order() {
        let wanted = "{\n  \"b\": [\n    1,\n    \"x, \\\"{y}\\\"\"\n  ],\n  \"a\": {},\n  \"c\": null\n}";
        assert_eq!(laid_out(r#"{"b":[1,"x, \"{y}\""],"a":{ },"c":null}"#), wanted);
        assert_eq!(laid_out(wanted), wanted);
    }

    #[test]
    fn names_and_strings_are_told_apart() {
        let wanted = [
            Piece::Plain("{\n  ".into()),
            Piece::Name("\"a\"".into()),
            Piece::Plain(": ".into()),
            Piece::Text("\"b\"".into()),
            Piece::Plain("\n}".into()),
        ];
        assert_eq!(pieces(r#"{"a":"b"}"#), wanted);
    }

    #[test]
    fn what_is_no_json_stays_as_it_is() {
        for text in ["", "Not found", "{\"a\": ", "<p>{}</p>", "12"] {
            assert_eq!(laid_out(text), text);
        }
    }
}
