//! Placeholders: the `{{variables}}` a text uses, as the provider's Mustache templates read them. Double braces that mean
//! nothing are written `\{{`.

/// A `{{name}}` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder<'a> {
    pub name: &'a str,
    /// Byte offset of the opening braces.
    pub at: usize,
}

/// How double braces are written that are no placeholder.
pub const ESCAPED: &str = r"\{{";

/// A variable that every call brings, whose value is the double braces themselves: the provider's templates have no other way
/// to write them. No variable of people's begins like this.
#[cfg(feature = "ssr")]
pub(crate) const BRACES: &str = "_braces";

/// Every placeholder in order of appearance, repeated ones too. Names are as written, trimmed.
pub fn placeholders(text: &str) -> impl Iterator<Item = Placeholder<'_>> {
    parts(text).filter_map(|part| match part {
        Part::Placeholder(placeholder) => Some(placeholder),
        Part::Text(_) | Part::Braces => None,
    })
}

/// What a text is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    /// Double braces that mean nothing.
    Braces,
    Placeholder(Placeholder<'a>),
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = &text[from..];
        let begun = from;
        let part = match rest.find("{{") {
            _ if rest.is_empty() => return None,
            Some(0) => match rest.find("}}") {
                Some(close) => {
                    from += close + 2;
                    let name = rest[2..close].trim();
                    return Some(Part::Placeholder(Placeholder { name, at: begun }));
                }
                // They are never closed.
                None => rest,
            },
            Some(1) if rest.starts_with(ESCAPED) => {
                from += ESCAPED.len();
                return Some(Part::Braces);
            }
            Some(open) if rest[..open].ends_with('\\') => &rest[..open - 1],
            Some(open) => &rest[..open],
            None => rest,
        };
        from += part.len();
        Some(Part::Text(part))
    })
}

/// The text with its placeholders replaced; those without a value disappear, as they do in the provider's templates.
#[cfg(feature = "ssr")]
pub(crate) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let filled = parts(text).map(|part| match part {
        Part::Text(text) => text.into(),
        Part::Braces => "{{".into(),
        Part::Placeholder(placeholder) => value(placeholder.name).unwrap_or_default(),
    });
    filled.collect()
}

/// The text as one of the provider's templates.
#[cfg(feature = "ssr")]
pub(crate) fn for_provider(text: &str) -> String {
    text.replace(ESCAPED, &format!("{{{{{BRACES}}}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_in_order() {
        let found: Vec<_> = placeholders("Hi {{first_name}}, of {{ clinic }}. {{")
            .map(|p| p.name)
            .collect();
        assert_eq!(found, ["first_name", "clinic"]);
    }

    #[test]
    fn braces_can_be_written_that_mean_nothing() {
        let text = r"Write \{{name}} for {{ name }}, \ and }} as they are, and \{{";
        let found: Vec<_> = placeholders(text).map(|placeholder| placeholder.name).collect();
        assert_eq!(found, ["name"]);
        assert_eq!(
            fill(text, |_| Some("Ann".into())),
            r"Write {{name}} for Ann, \ and }} as they are, and {{"
        );
        assert_eq!(for_provider(r"a \{{b}}"), "a {{_braces}}b}}");
        // Each part of the text is somewhere, whatever it is made of.
        for text in [
            "",
            "{",
            "{{",
            "}}",
            r"\{",
            r"\\{{",
            "{{}}",
            "{{{a}}}",
            "é{{é}}é",
            r"\{{\{{",
        ] {
            let whole: usize = parts(text)
                .map(|part| match part {
                    Part::Text(text) => text.len(),
                    Part::Braces => ESCAPED.len(),
                    Part::Placeholder(Placeholder { at, .. }) => text[at..].find("}}").unwrap() + 2,
                })
                .sum();
            assert_eq!(whole, text.len(), "{text}");
        }
    }
}
