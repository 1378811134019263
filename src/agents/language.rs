//! Languages that agents and voices speak, as BCP 47 tags.

use crate::check::Check;

/// Languages offered in the editor: BCP 47 tag and English name. A draft may name any other well-formed tag.
pub const LANGUAGES: [(&str, &str); 24] = [
    ("en-US", "English (United States)"),
    ("en-GB", "English (United Kingdom)"),
    ("es-ES", "Spanish (Spain)"),
    ("es-MX", "Spanish (Mexico)"),
    ("fr-FR", "French"),
    ("de-DE", "German"),
    ("it-IT", "Italian"),
    ("pt-BR", "Portuguese (Brazil)"),
    ("pt-PT", "Portuguese (Portugal)"),
    ("nl-NL", "Dutch"),
    ("pl-PL", "Polish"),
    ("cs-CZ", "Czech"),
    ("sv-SE", "Swedish"),
    ("da-DK", "Danish"),
    ("fi-FI", "Finnish"),
    ("el-GR", "Greek"),
    ("tr-TR", "Turkish"),
    ("ru-RU", "Russian"),
    ("uk-UA", "Ukrainian"),
    ("ar", "Arabic"),
    ("hi-IN", "Hindi"),
    ("zh-CN", "Chinese (Mandarin)"),
    ("ja-JP", "Japanese"),
    ("ko-KR", "Korean"),
];

/// English name of a language tag, also without its region; the tag itself where we have none.
pub fn language_name(tag: &str) -> &str {
    if let Some((_, name)) = LANGUAGES.iter().find(|(known, _)| *known == tag) {
        return name;
    }
    let is_it = |(known, _): &&(&str, &str)| known.split_once('-').is_some_and(|(language, _)| language == tag);
    match LANGUAGES.iter().find(is_it) {
        Some((_, name)) => name.split_once(" (").map_or(*name, |(language, _)| language),
        None => tag,
    }
}

/// Asks for a language tag, in the field `language`.
pub(crate) fn check_language(check: &mut Check, tag: &str) {
    check.text("language", tag, 0..=16);
    let pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$";
    check.form(
        "language",
        is_language_tag(tag),
        pattern,
        "Use a language tag such as en-US.",
    );
}

/// BCP 47 as far as languages of voices need it: a language, then subtags of 2 to 8.
pub(super) fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    parts
        .next()
        .is_some_and(|language| (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic()))
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_named_with_and_without_its_region() {
        for (tag, name) in [
            ("en-GB", "English (United Kingdom)"),
            ("en", "English"),
            ("sv", "Swedish"),
            ("ar", "Arabic"),
            ("xx-YY", "xx-YY"),
            ("fil", "fil"),
        ] {
            assert_eq!(language_name(tag), name);
        }
    }

    #[test]
    fn a_language_is_a_tag() {
        for tag in ["en", "en-US", "zh-Hans-CN", "fil"] {
            assert!(is_language_tag(tag), "{tag}");
        }
        for tag in ["", "e", "english", "en_US", "en-", "en-U"] {
            assert!(!is_language_tag(tag), "{tag}");
        }
    }
}
