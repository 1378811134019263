//! Where does a statement of a text of SQL end?

/// The statements of a text, one by one, with their comments and without the semicolon between them.
///
/// Knows comments, quotes and dollar quotes, which is what semicolons hide in. A text cut in the wrong place does no harm:
/// Postgres takes neither a part of a statement nor two at once.
pub fn statements(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (end, says_something) = first(rest);
            let statement = &rest[..end];
            rest = rest[end..].strip_prefix(';').unwrap_or_default();
            if says_something {
                return Some(statement.trim());
            }
        }
        None
    })
}

/// Where the first statement ends, and whether it is more than comments.
fn first(text: &str) -> (usize, bool) {
    let (mut at, mut says_something) = (0, false);
    while let Some(next) = text[at..].chars().next() {
        let here = &text[at..];
        let length = match next {
            ';' => return (at, says_something),
            '-' if here.starts_with("--") => here.find('\n').unwrap_or(here.len()),
            '/' if here.starts_with("/*") => comment(here),
            '\'' | '"' => {
                says_something = true;
                1 + here[1..].find(next).map_or(here.len() - 1, |end| end + 1)
            }
            // What follows a name is a part of it: `$1` is a parameter, and `a$b` a name.
            '$' if !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                says_something = true;
                dollar_quoted(here).unwrap_or(1)
            }
            _ => {
                says_something |= !next.is_whitespace();
                next.len_utf8()
            }
        };
        at += length;
    }
    (at, says_something)
}

/// How long a comment is, those in it included.
fn comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        let here = &text[at..];
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// How long `$tag$ … $tag$` is, if that is what begins here.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag = 1 + text[1..].find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let is_tag = text[tag..].starts_with('$') && !text[1..].starts_with(|c: char| c.is_ascii_digit());
    let quote = is_tag.then(|| &text[..=tag])?;
    let end = text[quote.len()..].find(quote).map(|end| end + 2 * quote.len());
    Some(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        statements(text).collect()
    }

    #[test]
    fn a_semicolon_ends_a_statement() {
        assert_eq!(split("select 1; select 2"), ["select 1", "select 2"]);
        assert_eq!(split("select 1;\n\nselect 2;\n"), ["select 1", "select 2"]);
        assert_eq!(split(""), [""; 0]);
        assert_eq!(split(" ;; \n;"), [""; 0]);
    }

    #[test]
    fn a_semicolon_in_quotes_or_in_a_comment_ends_nothing() {
        for whole in [
            "select ';', 'it''s; fine'",
            r#"select 1 as "a;b""#,
            "select 1 -- ; no\n + 1",
            "select /* ; /* ; */ ; */ 1",
            "do $$ begin perform 1; end $$",
            "do $a$ begin perform $$;$$; end $a$",
            "select $1, a$b from t",
            "select 'é; ü'",
        ] {
            assert_eq!(split(&format!("{whole}; select 2")), [whole, "select 2"]);
        }
    }

    #[test]
    fn what_is_nothing_but_a_comment_is_no_statement() {
        assert_eq!(split("-- first\nselect 1;\n-- the end\n"), ["-- first\nselect 1"]);
        assert_eq!(split("/* nothing */ ; -- nothing"), [""; 0]);
    }

    #[test]
    fn what_is_never_closed_goes_to_the_end() {
        for whole in ["select 'a; b", "select /* a; b", "do $$ a; b", "select $a; b"] {
            let expected: &[&str] = if whole.ends_with("$a; b") {
                &["select $a", "b"]
            } else {
                &[whole]
            };
            assert_eq!(split(whole), expected);
        }
    }
}
