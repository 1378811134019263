//! Telephone numbers: read as people write them, kept and dialed as E.164.

use std::fmt;

use rlibphonenumber::{
    NumberLengthType, ParseError, PhoneNumber as Parsed, PhoneNumberFormat, Region, ValidationError,
};

/// A number that can be dialed from anywhere: `+493023125001`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number as people write it, with its country code in front. What is in the way is named.
    pub fn parse(text: &str) -> Result<Self, String> {
        let plain = plain(text)?;
        if !plain.starts_with('+') {
            return Err("Begin with + and the country code, such as +49 30 23125 001.".to_owned());
        }
        let parsed = Parsed::parse(&plain, None::<Region>).map_err(|error| refusal(&error).to_owned())?;
        if !parsed.extension().is_empty() {
            return Err("Leave the extension out: only the number itself can be dialed.".to_owned());
        }
        // Not whether the number is assigned: new ranges are in use before any list of them knows.
        match parsed.is_possible_with_reason() {
            Ok(NumberLengthType::IsPossible) => {}
            Ok(NumberLengthType::IsPossibleLocalOnly) => return Err("The area code is missing.".to_owned()),
            Err(reason) => return Err(impossible(&reason).to_owned()),
        }
        Ok(Self(parsed.format_as(PhoneNumberFormat::E164).into_owned()))
    }

    /// In the groups of its country, with the country code in front: `+49 30 23125001`.
    pub fn grouped(&self) -> String {
        match Parsed::parse(&self.0, None::<Region>) {
            Ok(parsed) => parsed.format_as(PhoneNumberFormat::International).into_owned(),
            Err(_) => self.0.clone(),
        }
    }

    /// As it is dialed.
    pub fn e164(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const TOO_SHORT: &str = "A number of this country has more digits.";
const TOO_LONG: &str = "A number of this country has fewer digits.";

fn refusal(error: &ParseError) -> &'static str {
    match error {
        ParseError::InvalidCountryCode => "No country has this code. Look at the digits after the +.",
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => TOO_SHORT,
        ParseError::TooLongNsn => TOO_LONG,
        _ => "This is not a telephone number.",
    }
}

fn impossible(reason: &ValidationError) -> &'static str {
    match reason {
        ValidationError::InvalidCountryCode => "No country has this code. Look at the digits after the +.",
        ValidationError::TooShort => TOO_SHORT,
        ValidationError::TooLong => TOO_LONG,
        _ => "A number of this country has more or fewer digits.",
    }
}

/// The number in plain characters: digits of every script as digits, every kind of space and dash as one, marks that
/// nobody sees left out. `00` in front is the `+` of most countries.
fn plain(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '0'..='9' | '+' | '-' | '.' | '(' | ')' | '/' | ' ' => plain.push(c),
            '\u{ff0b}' => plain.push('+'),
            '\u{ff08}' => plain.push('('),
            '\u{ff09}' => plain.push(')'),
            // Soft hyphens, directions of writing, joiners, byte order marks: copied along from documents and address books.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' => plain.push('-'),
            c if c.is_whitespace() => plain.push(' '),
            c => match digit(c) {
                Some(digit) => plain.push(digit),
                None if c.is_alphabetic() || c.is_ascii_punctuation() => {
                    return Err(format!(
                        "Leave out \u{201c}{c}\u{201d}: a number has only digits, and + in front."
                    ));
                }
                None => {
                    let code = u32::from(c);
                    return Err(format!(
                        "Leave out the character U+{code:04X}: a number has only digits, and + in front."
                    ));
                }
            },
        }
    }
    Ok(match plain.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => plain,
    })
}

/// A decimal digit of another script.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 5] = [0x0660, 0x06f0, 0x0966, 0x09e6, 0xff10];
    let code = u32::from(c);
    let zero = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e164(text: &str) -> String {
        PhoneNumber::parse(text).map_or_else(|error| panic!("{text}: {error}"), |number| number.0)
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for (written, dialed) in [
            ("+49 (0) 30 23125 001", "+493023125001"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("0044 020 7946 0958", "+442079460958"),
            ("+33 (0) 6 39 98 01 23", "+33639980123"),
            ("+1 (415) 555-0110", "+14155550110"),
            ("+1.415.555.0110", "+14155550110"),
            // In Italy the zero belongs to the number.
            ("+39 06 6982 1234", "+390669821234"),
        ] {
            assert_eq!(e164(written), dialed, "{written}");
        }
    }

    #[test]
    fn what_nobody_sees_changes_nothing() {
        for written in [
            "\u{202d}+14155550110\u{202c}",
            "+1\u{2011}415\u{2011}555\u{2011}0110",
            "+1\u{202f}415\u{2009}555\u{a0}0110",
            "+1415\u{ad}5550110",
            "\u{feff}+14155550110",
            "\u{ff0b}\u{ff11}4155550110",
            "+\u{0661}\u{0664}\u{0661}\u{0665}5550110",
        ] {
            assert_eq!(e164(written), "+14155550110", "{written:?}");
        }
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        for (written, says) in [
            ("030 23125 001", "country code"),
            ("+999 123456", "No country"),
            ("+1 415 555", "more digits"),
            ("+1 415 555 0110 0110 0110", "fewer digits"),
            ("+1 415 555 01x0", "\u{201c}x\u{201d}"),
            ("+1 415 555 0110;12", "\u{201c};\u{201d}"),
            ("+1 415\u{0} 555 0110", "U+0000"),
        ] {
            let refused = PhoneNumber::parse(written).unwrap_err();
            assert!(refused.contains(says), "{written}: {refused}");
        }
    }

    #[test]
    fn a_number_reads_back_as_itself() {
        let number = PhoneNumber::parse("+1 (415) 555-0110").unwrap();
        assert_eq!(number.grouped(), "+1 415-555-0110");
        assert_eq!(PhoneNumber::parse(&number.grouped()), Ok(number.clone()));
        assert_eq!(PhoneNumber::parse(number.e164()), Ok(number));
    }
}
