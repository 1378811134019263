//! What the provider's descriptions say of a voice. It has no fields for it, and people look for a voice by nothing else.

use super::{Category, Gender};

/// Accents by the words that mean them.
pub const ACCENTS: &[(&str, &[&str])] = &[
    ("American", &["american", "southern"]),
    ("Argentinian", &["argentinian", "argentine"]),
    ("Australian", &["australian"]),
    ("Austrian", &["austrian"]),
    ("Brazilian", &["brazilian"]),
    ("British", &["british", "english", "london"]),
    ("Canadian", &["canadian"]),
    ("Indian", &["indian"]),
    ("Irish", &["irish"]),
    ("Jamaican", &["jamaican"]),
    ("Mexican", &["mexican"]),
    ("New Zealand", &["kiwi"]),
    ("Nigerian", &["nigerian"]),
    ("Scottish", &["scottish"]),
    ("South African", &["afrikaans"]),
    ("Swedish", &["swedish"]),
    ("Swiss", &["swiss"]),
];

/// Accents by the region of a language.
const REGIONS: &[(&str, &str)] = &[
    ("de-AT", "Austrian"),
    ("de-CH", "Swiss"),
    ("en-AU", "Australian"),
    ("en-CA", "Canadian"),
    ("en-GB", "British"),
    ("en-IE", "Irish"),
    ("en-IN", "Indian"),
    ("en-NG", "Nigerian"),
    ("en-NZ", "New Zealand"),
    ("en-US", "American"),
    ("en-ZA", "South African"),
    ("es-AR", "Argentinian"),
    ("es-MX", "Mexican"),
    ("fr-CA", "Canadian"),
    ("pt-BR", "Brazilian"),
];

const GENDERS: &[(Gender, &[&str])] = &[
    (Gender::Female, &["female", "woman", "feminine", "lady", "girl"]),
    (
        Gender::Male,
        &["male", "man", "masculine", "guy", "gentleman", "boy", "baritone"],
    ),
    (Gender::Neutral, &["neutral", "androgynous", "nonbinary"]),
];

const CATEGORIES: &[(Category, &[&str])] = &[
    (
        Category::Narration,
        &[
            "narration",
            "narrator",
            "narrative",
            "audiobook",
            "audiobooks",
            "storyteller",
            "storytelling",
            "documentary",
            "news",
            "newscaster",
        ],
    ),
    (
        Category::Character,
        &[
            "character",
            "characters",
            "cartoon",
            "villain",
            "animated",
            "gaming",
            "wizard",
            "pirate",
        ],
    ),
    (
        Category::Conversational,
        &[
            "conversational",
            "conversation",
            "friendly",
            "casual",
            "easygoing",
            "relaxed",
            "chatty",
        ],
    ),
    (
        Category::Professional,
        &[
            "professional",
            "business",
            "corporate",
            "support",
            "formal",
            "customer",
            "crisp",
            "clear",
            "polite",
        ],
    ),
];

fn first_of<T: Copy>(description: &str, known: &[(T, &[&str])]) -> Option<T> {
    let words: Vec<String> = description
        .split(|c: char| !c.is_alphabetic())
        .map(str::to_lowercase)
        .collect();
    let says = |(_, means): &&(T, &[&str])| means.iter().any(|mean| words.iter().any(|word| word == mean));
    known.iter().find(says).map(|(what, _)| *what)
}

#[cfg_attr(
    not(feature = "ssr"),
    expect(dead_code, reason = "the browser is told what was found")
)]
pub(super) fn gender(description: &str) -> Option<Gender> {
    first_of(description, GENDERS)
}

#[cfg_attr(
    not(feature = "ssr"),
    expect(dead_code, reason = "the browser is told what was found")
)]
pub(super) fn category(description: &str) -> Option<Category> {
    first_of(description, CATEGORIES)
}

/// By the description, else by the region of the language.
#[cfg_attr(
    not(feature = "ssr"),
    expect(dead_code, reason = "the browser is told what was found")
)]
pub(super) fn accent(description: &str, language: Option<&str>) -> Option<&'static str> {
    let by_region = || {
        let language = language?;
        let known = |(tag, _): &&(&str, &str)| tag.eq_ignore_ascii_case(language);
        REGIONS.iter().find(known).map(|(_, accent)| *accent)
    };
    first_of(description, ACCENTS).or_else(by_region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_says_gender_accent_and_what_a_voice_suits() {
        let says = |words: &str, language| (gender(words), accent(words, language), category(words));
        assert_eq!(
            says("Calm and friendly, American, male", Some("en-US")),
            (Some(Gender::Male), Some("American"), Some(Category::Conversational))
        );
        assert_eq!(
            says("A warm Irish storyteller. Young woman.", None),
            (Some(Gender::Female), Some("Irish"), Some(Category::Narration))
        );
        assert_eq!(
            says("Ruhig, male", Some("de-at")),
            (Some(Gender::Male), Some("Austrian"), None)
        );
        // A word within a word is none.
        assert_eq!(says("Manila, englishness, romantic", Some("fil")), (None, None, None));
    }
}
