//! Checks: what is wrong with a form, field by field. The browser and the server run the same ones.

use std::ops::RangeInclusive;

#[cfg(feature = "ssr")]
use crate::phone::PhoneNumber;
use crate::{
    error::{Error, FieldError, Result},
    zone::TimeZone,
};

/// Collects everything that is wrong, so that a person sees it at once.
#[derive(Debug, Default)]
pub struct Check {
    errors: Vec<FieldError>,
    #[cfg(feature = "ssr")]
    limits: Vec<(String, Limit)>,
}

/// What is asked of a field, for whoever describes the form to programs.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Characters of a text.
    Text(RangeInclusive<usize>),
    Number(RangeInclusive<i64>),
    /// Things in a list.
    Count(RangeInclusive<usize>),
    Pattern(&'static str),
    /// What the names in an object look like, and how many characters they have at most.
    Keys(&'static str, usize),
    Email,
    /// What no schema can say: when this is refused though it fits.
    Beyond(&'static str),
    /// Any JSON there is.
    Free,
}

/// Something a person decides and somebody must check.
pub trait Checked {
    fn check(&self, check: &mut Check);
}

impl Check {
    pub fn run(subject: &impl Checked) -> Result<()> {
        let mut check = Self::default();
        subject.check(&mut check);
        check.finish()
    }

    /// What is asked of every field that this one has: of a list in its first place, `tags[0]`.
    #[cfg(feature = "ssr")]
    pub fn limits(subject: &impl Checked) -> Vec<(String, Limit)> {
        let mut check = Self::default();
        subject.check(&mut check);
        check.limits
    }

    #[cfg(feature = "ssr")]
    fn note(&mut self, field: &str, limit: Limit) {
        self.limits.push((field.to_owned(), limit));
    }

    pub fn finish(self) -> Result<()> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.errors))
        }
    }

    pub fn fail(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError {
            field: field.into(),
            message: message.into(),
            link: None,
        });
    }

    /// Length in characters. Control characters other than line breaks and tabs are refused: Postgres cannot store
    /// NUL, and no screen shows the others.
    pub fn text(&mut self, field: impl Into<String>, value: &str, length: RangeInclusive<usize>) {
        let field = field.into();
        #[cfg(feature = "ssr")]
        self.note(&field, Limit::Text(length.clone()));
        if *length.start() > 0 {
            self.beyond(&field, "nothing in it is seen");
        }
        if let Some(wrong) = wrong_text(value, &length) {
            self.fail(field, wrong);
        }
    }

    /// A text that may not be missing, with words of its own for when it is.
    pub fn needed(&mut self, field: &str, value: &str, says: &str) {
        #[cfg(feature = "ssr")]
        self.note(field, Limit::Text(1..=usize::MAX));
        if !value.chars().any(is_visible) {
            self.fail(field, says);
        }
    }

    /// A text of some form. `pattern` says in the words of JSON Schema what `is_good` has found out; answers whether it is.
    pub fn form(&mut self, field: &str, is_good: bool, pattern: &'static str, says: &str) -> bool {
        #[cfg(feature = "ssr")]
        self.note(field, Limit::Pattern(pattern));
        #[cfg(not(feature = "ssr"))]
        let _ = pattern;
        if !is_good {
            self.fail(field, says);
        }
        is_good
    }

    /// Notes what no schema can say of a field: `says` goes on after its name, "another agent has it". Whoever checks it
    /// may be elsewhere, such as a statement.
    pub fn beyond(&mut self, field: &str, says: &'static str) {
        #[cfg(feature = "ssr")]
        self.note(field, Limit::Beyond(says));
        #[cfg(not(feature = "ssr"))]
        let _ = (field, says);
    }

    /// Notes that a field holds whatever JSON it is given.
    pub fn free(&mut self, field: &str) {
        #[cfg(feature = "ssr")]
        self.note(field, Limit::Free);
        #[cfg(not(feature = "ssr"))]
        let _ = field;
    }

    /// A name somebody gives to a value, `field` being where the value stands, such as `metadata.customer`. `wrong` is what
    /// was found, `pattern` and `most` say the rule in the words of JSON Schema.
    pub fn key(&mut self, field: &str, wrong: Option<String>, pattern: &'static str, most: usize) {
        #[cfg(feature = "ssr")]
        if let Some((object, _)) = field.split_once('.') {
            self.note(object, Limit::Keys(pattern, most));
        }
        #[cfg(not(feature = "ssr"))]
        let _ = (pattern, most);
        if let Some(wrong) = wrong {
            self.fail(field, wrong);
        }
    }

    /// How many things are in a list; `what` as in "tags".
    pub fn count(&mut self, field: &str, count: usize, most: usize, what: &str) {
        #[cfg(feature = "ssr")]
        self.note(field, Limit::Count(0..=most));
        if count > most {
            self.fail(field, format!("Use at most {most} {what}."));
        }
    }

    pub fn number(&mut self, field: impl Into<String>, value: i64, range: RangeInclusive<i64>, unit: &str) {
        let field = field.into();
        #[cfg(feature = "ssr")]
        self.note(&field, Limit::Number(range.clone()));
        if !range.contains(&value) {
            self.fail(field, format!("Use {} to {} {unit}.", range.start(), range.end()));
        }
    }

    /// An address that mail can be sent to, as far as its form tells.
    pub fn email(&mut self, field: impl Into<String>, value: &str) {
        let field = field.into();
        #[cfg(feature = "ssr")]
        self.note(&field, Limit::Email);
        self.beyond(&field, "no mail could be sent there");
        let value = value.trim();
        let good = value.len() <= 254
            && value.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && local.len() <= 64
                    && domain.contains('.')
                    && domain.split('.').all(|label| {
                        !label.is_empty()
                            && label
                                .chars()
                                .all(|c| c.is_ascii_alphanumeric() || !c.is_ascii() || c == '-')
                    })
            })
            && !value.chars().any(|c| c.is_whitespace() || c.is_control());
        if !good {
            self.fail(field, "Enter an email address, such as ada@example.com.");
        }
    }

    /// The rule of NIST SP 800-63B: length counts, composition does not.
    pub fn password(&mut self, field: impl Into<String>, value: &str) {
        match value.chars().count() {
            0..10 => self.fail(field, "Use at least 10 characters."),
            201.. => self.fail(field, "Use at most 200 characters."),
            _ => {}
        }
    }

    /// The IANA name of a time zone, or nothing. The browser leaves that to the server, which knows which there are.
    pub fn time_zone(&mut self, field: &str, name: &str) {
        self.beyond(field, "there is no such time zone");
        if !name.is_empty() && TimeZone::parse(name).is_err() {
            self.fail(field, "There is no such time zone. Write it like Europe/Berlin.");
        }
    }

    /// A telephone number as people write it. The browser leaves the reading to the server, which has the library for it.
    pub fn phone(&mut self, field: impl Into<String>, value: &str) {
        let field = field.into();
        self.beyond(&field, "it is no telephone number with its country code");
        #[cfg(feature = "ssr")]
        if let Err(says) = PhoneNumber::parse(value) {
            return self.fail(field, says);
        }
        self.text(field, value, 1..=60);
    }
}

/// Says what is wrong with a text of this length.
pub(crate) fn wrong_text(value: &str, length: &RangeInclusive<usize>) -> Option<String> {
    // What nobody sees is nothing to somebody who reads it.
    let seen = value.chars().filter(|c| is_visible(*c)).count();
    let count = value.chars().count();
    if seen < *length.start() {
        Some("Fill this in.".to_owned())
    } else if count > *length.end() {
        Some(format!("Use at most {} characters; this has {count}.", length.end()))
    } else if value
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        Some("Remove the control characters.".to_owned())
    } else {
        None
    }
}

/// What every text is, in the words of JSON Schema: without control characters but line breaks and tabs.
pub const TEXT: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$";

/// A text in which something is seen, as far as the first 65,536 characters go: no two dialects of patterns agree on others.
pub const SEEN: &str = concat!(
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*",
    r"[^\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f",
    r"\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]",
    r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$",
);

/// Whether something of this character is seen: no space, and no mark that only steers how others are shown.
pub(crate) fn is_visible(c: char) -> bool {
    let hidden = matches!(
        u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e
            | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff9..=0xfffb | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff
    );
    !hidden && !c.is_whitespace() && !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::Check;

    fn passes(rule: impl FnOnce(&mut Check)) -> bool {
        let mut check = Check::default();
        rule(&mut check);
        check.finish().is_ok()
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_phone_number_needs_its_country_code() {
        for good in ["+14155550110", "+49 (0) 30 23125 001", "0044 20 7946 0958"] {
            assert!(passes(|c| c.phone("to", good)), "{good}");
        }
        for bad in [
            "",
            "415 555 0110",
            "+0155550110",
            "+1415555011012345",
            "+1415x550110",
            "+123",
        ] {
            assert!(!passes(|c| c.phone("to", bad)), "{bad}");
        }
    }

    #[test]
    fn what_nobody_sees_is_no_text() {
        for text in [
            "",
            "  ",
            "\u{200b}\u{200d}",
            "\u{ad}",
            "\u{3164}",
            "\u{2800}\u{feff}",
            "\u{e0041}",
        ] {
            assert!(!passes(|c| c.text("name", text, 1..=10)), "{text:?}");
        }
        for text in ["a", "\u{200f}\u{627}", "👩\u{200d}🔬", "é"] {
            assert!(passes(|c| c.text("name", text, 1..=10)), "{text:?}");
        }
    }

    #[test]
    fn an_email_address_has_a_place_and_a_domain() {
        for good in ["ada@example.com", "a.b+c@sub.example.co", "ü@bücher.example"] {
            assert!(passes(|c| c.email("email", good)), "{good}");
        }
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "a b@example.com",
            "ada@example",
            "ada@ex..com",
            "a@b@c.com",
        ] {
            assert!(!passes(|c| c.email("email", bad)), "{bad}");
        }
    }

    #[test]
    fn text_is_measured_in_characters_and_refuses_nul() {
        assert!(passes(|c| c.text("name", "ä".repeat(80).as_str(), 1..=80)));
        assert!(!passes(|c| c.text("name", "ä".repeat(81).as_str(), 1..=80)));
        assert!(!passes(|c| c.text("name", "   ", 1..=80)));
        assert!(!passes(|c| c.text("name", "a\0b", 1..=80)));
    }
}
