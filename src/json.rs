//! JSON from its text, in few bytes: what `serde_json` reads and refuses, without its tables for fractions.

use serde_json::{Map, Number, Value};

use crate::read::DecodeError;

/// As deep as `serde_json` goes: a text of brackets alone must not exhaust the stack.
const DEEPEST: usize = 127;

pub fn parse(text: &str) -> Result<Value, DecodeError> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(DEEPEST)?;
    match parser.token() {
        None => Ok(value),
        Some(_) => Err(DecodeError),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The first byte that is no space.
    fn token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Goes past a byte if it is the next one.
    fn take(&mut self, byte: u8) -> bool {
        let taken = self.byte() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn value(&mut self, deepest: usize) -> Result<Value, DecodeError> {
        match self.token() {
            Some(b'{') => {
                let mut members = Map::new();
                self.items(b'}', deepest, &mut |parser, deepest| {
                    parser.token();
                    let name = parser.string()?;
                    parser.token();
                    if !parser.take(b':') {
                        return Err(DecodeError);
                    }
                    members.insert(name, parser.value(deepest)?);
                    Ok(())
                })?;
                Ok(Value::Object(members))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.items(b']', deepest, &mut |parser, deepest| {
                    items.push(parser.value(deepest)?);
                    Ok(())
                })?;
                Ok(Value::Array(items))
            }
            Some(b'"') => self.string().map(Value::String),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    /// What stands between brackets, with commas in between.
    fn items(
        &mut self,
        close: u8,
        deepest: usize,
        item: &mut dyn FnMut(&mut Self, usize) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let deepest = deepest.checked_sub(1).ok_or(DecodeError)?;
        self.at += 1;
        self.token();
        if self.take(close) {
            return Ok(());
        }
        loop {
            item(self, deepest)?;
            self.token();
            if self.take(close) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(DecodeError);
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, DecodeError> {
        word.bytes()
            .all(|byte| self.take(byte))
            .then_some(value)
            .ok_or(DecodeError)
    }

    fn string(&mut self) -> Result<String, DecodeError> {
        let mut string = String::new();
        if !self.take(b'"') {
            return Err(DecodeError);
        }
        loop {
            let rest = self.text.get(self.at..).ok_or(DecodeError)?;
            let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '));
            let (plain, after) = rest.split_at(end.ok_or(DecodeError)?);
            string.push_str(plain);
            self.at += plain.len() + 1;
            match after.as_bytes().first() {
                Some(b'"') => return Ok(string),
                Some(b'\\') => string.push(self.escaped()?),
                _ => return Err(DecodeError),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, DecodeError> {
        let byte = self.byte().ok_or(DecodeError)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => byte.into(),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.code()?,
            _ => return Err(DecodeError),
        })
    }

    /// A letter by its number, which is in two halves where it is beyond four digits.
    fn code(&mut self) -> Result<char, DecodeError> {
        let first = self.four_digits()?;
        let code = match first {
            0xd800..0xdc00 if self.take(b'\\') && self.take(b'u') => match self.four_digits()? {
                second @ 0xdc00..0xe000 => 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                _ => return Err(DecodeError),
            },
            _ => first,
        };
        char::from_u32(code).ok_or(DecodeError)
    }

    fn four_digits(&mut self) -> Result<u32, DecodeError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(DecodeError)?;
        self.at += 4;
        let code = digits
            .iter()
            .try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?));
        code.ok_or(DecodeError)
    }

    fn number(&mut self) -> Result<Value, DecodeError> {
        let begin = self.at;
        self.take(b'-');
        let zero = self.byte() == Some(b'0');
        let digits = self.digits()?;
        if zero && digits > 1 {
            return Err(DecodeError);
        }
        let mut whole = true;
        if self.take(b'.') {
            whole = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            whole = false;
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let text = self.text.get(begin..self.at).ok_or(DecodeError)?;
        // Whole numbers have no zero below zero.
        if whole && text != "-0" {
            if let Ok(number) = text.parse::<i64>() {
                return Ok(number.into());
            }
            if let Ok(number) = text.parse::<u64>() {
                return Ok(number.into());
            }
        }
        let number = Number::from_f64(fraction(text));
        number.map(Value::Number).ok_or(DecodeError)
    }

    /// Goes past one digit or more, and says how many.
    fn digits(&mut self) -> Result<usize, DecodeError> {
        let begin = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        match self.at - begin {
            0 => Err(DecodeError),
            digits => Ok(digits),
        }
    }
}

/// The number nearest to a text that is a number. The browser knows how; Rust's own tables for it are 10 kB that cannot be
/// compressed.
fn fraction(text: &str) -> f64 {
    #[cfg(target_arch = "wasm32")]
    {
        js_sys::parse_float(text)
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        text.parse().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn like_serde(text: &str) {
        let wanted = serde_json::from_str::<Value>(text).map_err(|_| DecodeError);
        assert_eq!(parse(text), wanted, "{text}");
    }

    #[test]
    fn a_text_reads_as_serde_json_reads_it() {
        for text in [
            " {\"a\" : [1, -2 ,\t3]\r\n, \"b\":{}, \"c\":[ ], \"a\": null} ",
            "[true, false, null, \"\", 0, -0, 0.5, -1.25e2, 1E+2, 1e-2]",
            "[9223372036854775807, 9223372036854775808, 18446744073709551615, 18446744073709551616]",
            "[-9223372036854775808, -9223372036854775809]",
            r#""\"\\\/\b\f\n\r\t\u0041\u00e9\u00C9\u260e\ud83d\ude00 ☎ 😀""#,
        ] {
            assert!(parse(text).is_ok(), "{text}");
            like_serde(text);
        }
    }

    #[test]
    fn what_serde_json_refuses_is_refused() {
        for text in [
            "",
            " ",
            "tru",
            "True",
            "nul",
            "truely",
            "1 2",
            "{",
            "[",
            "]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "{\"a\":1 \"b\":2}",
            "\"",
            "\"a",
            "\"\\",
            "\"\\x\"",
            "\"\n\"",
            "\"\u{0}\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\n\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ude00\"",
            "\"\\u12é\"",
            "-",
            "+1",
            ".5",
            "1.",
            "1.e2",
            "1e",
            "1e+",
            "01",
            "-01",
            "00",
            "0x1",
            "NaN",
            "Infinity",
            "1e999",
            "-1e999",
            "'a'",
            "[1]x",
            "\u{a0}1",
            "\u{feff}1",
        ] {
            assert!(parse(text).is_err(), "{text}");
            like_serde(text);
        }
    }

    #[test]
    fn brackets_go_as_deep_as_with_serde_json() {
        for depth in [DEEPEST, DEEPEST + 1, 100_000] {
            like_serde(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
            like_serde(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
        }
    }

    #[test]
    fn a_fraction_is_the_nearest_there_is() {
        for number in [0.1, 0.1 + 0.2, 1.0 / 3.0, f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.0] {
            assert_eq!(parse(&format!("{number:e}")), Ok(Value::from(number)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        // Its numbers are short: of long ones serde_json's last digit is not always the nearest.
        fn whatever_is_made_of_its_signs_reads_as_serde_json_reads_it(
            text in r#"([\[\]{}:,] ?|"(a|\\n|\\u00e9|\\ud83d\\ude00)*"|-?(0|[1-9][0-9]{0,3})(\.5)?[,\]} ]|true|null|[ "\\a-df+-]){0,12}"#
        ) {
            like_serde(&text);
        }

        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(parse(&written), Ok(Value::String(text)));
        }
    }
}
