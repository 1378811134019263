//! Placeholders: the `{{variables}}` a text uses, as the provider's Mustache templates read them.

/// A `{{name}}` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder<'a> {
    pub name: &'a str,
    /// Byte offset of the opening braces.
    pub at: usize,
}

/// Every placeholder in order of appearance, repeated ones too. Names are as written, trimmed.
pub fn placeholders(text: &str) -> impl Iterator<Item = Placeholder<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let open = from + text[from..].find("{{")?;
        let close = open + 2 + text[open + 2..].find("}}")?;
        from = close + 2;
        Some(Placeholder {
            name: text[open + 2..close].trim(),
            at: open,
        })
    })
}

/// The text with its placeholders replaced; those without a value disappear, as they do in the provider's templates.
#[cfg(feature = "ssr")]
pub(crate) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut from = 0;
    for placeholder in placeholders(text) {
        filled.push_str(&text[from..placeholder.at]);
        filled.push_str(&value(placeholder.name).unwrap_or_default());
        from = text[placeholder.at..]
            .find("}}")
            .map_or(text.len(), |close| placeholder.at + close + 2);
    }
    filled.push_str(&text[from..]);
    filled
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    #[test]
    fn placeholders_are_found_in_order() {
        let found: Vec<_> = placeholders("Hi {{first_name}}, of {{ clinic }}. {{")
            .map(|p| p.name)
            .collect();
        assert_eq!(found, ["first_name", "clinic"]);
    }
}
