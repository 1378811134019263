//! What a parser remarks about a request, in the words of whoever wrote the request: of texts, numbers, lists and objects, never
//! of the types they would have become here.

use switchboard::text::capitalize;

/// A remark as a sentence; `field` is what it is about, where the remark says more of that than the path does.
#[derive(Debug, PartialEq)]
pub struct Remark {
    pub field: Option<String>,
    pub sentence: String,
}

impl Remark {
    pub fn read(remark: &str) -> Self {
        // The place in the text is what only a program would count.
        let remark = remark.split(" at line ").next().unwrap_or(remark);
        let field = missing(remark);
        let sentence = match field {
            Some(_) => "This is required.".to_owned(),
            None => known(remark).unwrap_or_else(|| format!("{}.", capitalize(remark.trim_end_matches('.')))),
        };
        Self {
            field: field.map(str::to_owned),
            sentence,
        }
    }

    /// The path of the field it is about.
    pub fn below(&self, path: &str) -> String {
        match &self.field {
            None => path.to_owned(),
            Some(field) if path.is_empty() => field.clone(),
            Some(field) => format!("{path}.{field}"),
        }
    }
}

fn missing(remark: &str) -> Option<&str> {
    remark.strip_prefix("missing field `")?.strip_suffix('`')
}

fn known(remark: &str) -> Option<String> {
    if let Some((got, expected)) = remark
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.split_once(", expected "))
    {
        return Some(format!("Send {}, not {}.", wanted(expected), sent(got)));
    }
    if let Some((_, expected)) = remark
        .strip_prefix("invalid value: ")
        .and_then(|rest| rest.split_once(", expected "))
    {
        return Some(format!("Send {}.", wanted(expected)));
    }
    if let Some((got, words)) = remark
        .strip_prefix("unknown variant `")
        .and_then(|rest| rest.split_once("`, expected "))
    {
        let words = words.trim_start_matches("one of ").replace('`', "");
        return Some(format!("“{got}” is not possible here. Possible: {words}."));
    }
    if let Some((length, expected)) = remark
        .strip_prefix("invalid length ")
        .and_then(|rest| rest.split_once(", expected "))
    {
        return Some(match wanted(expected).as_str() {
            "an object" => "Send an object, not a list.".to_owned(),
            _ => format!("It has {length} entries, which is another number than belongs here."),
        });
    }
    if remark.starts_with("unknown field ") {
        return Some("There is no such field.".to_owned());
    }
    if let Some(field) = remark.strip_prefix("duplicate field ") {
        return Some(format!("{} is said twice.", field.replace('`', "")));
    }
    if remark.starts_with("UUID parsing failed") {
        return Some("This is not an id.".to_owned());
    }
    let sentence = match remark {
        // Of chrono.
        "input contains invalid characters"
        | "premature end of input"
        | "input is out of range"
        | "trailing input"
        | "no possible date and time matching input"
        | "input is not enough for unique date and time" => TIME,
        "invalid digit found in string" | "cannot parse integer from empty string" => "Send a whole number.",
        "number too large to fit in target type" => "This number is too large.",
        "number too small to fit in target type" => "This number is too small.",
        "invalid float literal" | "cannot parse float from empty string" => "Send a number.",
        "provided string was not `true` or `false`" => "Send true or false.",
        "recursion limit exceeded" => "This is nested too deeply.",
        "trailing characters" => "Something follows the end of the JSON.",
        "expected value" | "expected ident" => "Nothing that can be read stands here.",
        _ if remark.starts_with("EOF while parsing") => "The JSON ends too early.",
        _ if remark.contains("untagged enum") => "This has none of the forms that are possible here.",
        _ => return None,
    };
    Some(sentence.to_owned())
}

const TIME: &str = "Send a time as RFC 3339 has it, such as 2026-11-30T14:00:00Z.";

/// What was to be sent, by what serde expected.
fn wanted(expected: &str) -> String {
    let words = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of at least 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" | "string" | "str" | "a character" | "variant identifier" => "a text",
        "a sequence" => "a list",
        "a map" | "map" => "an object",
        "unit" | "null" => "null",
        "a formatted UUID string" | "a UUID string" => "an id",
        _ if expected.contains("RFC 3339") || expected.contains("date and time") => "a time as RFC 3339 has it",
        _ if expected.starts_with("tuple") || expected.starts_with("an array") => "a list",
        _ if expected.starts_with("enum ") || expected == "string or map" => "one of its words",
        // A struct, a variant with fields, an enum of either.
        _ if ["struct ", "internally tagged enum ", "adjacently tagged enum "]
            .iter()
            .any(|kind| expected.starts_with(kind)) =>
        {
            "an object"
        }
        _ => "something else",
    };
    words.to_owned()
}

/// What was sent instead. A text is not repeated: it may be long, or a secret.
fn sent(got: &str) -> String {
    let number = ["integer `", "floating point `"]
        .iter()
        .find_map(|kind| got.strip_prefix(kind))
        .and_then(|rest| rest.strip_suffix('`'));
    if let Some(number) = number {
        return format!("the number {number}");
    }
    let words = match got {
        "null" | "Option value" | "unit value" => "null",
        "sequence" => "a list",
        "map" => "an object",
        "boolean `true`" => "true",
        "boolean `false`" => "false",
        _ if got.starts_with("string ") => "a text",
        _ => "what came",
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, Utc};
    use serde::{Deserialize, de::DeserializeOwned};
    use uuid::Uuid;

    use super::Remark;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Thing {
        count: u32,
        share: f64,
        on: bool,
        at: Option<DateTime<Utc>>,
        id: Option<Uuid>,
        place: Option<Place>,
        many: Option<Vec<String>>,
        by: Option<BTreeMap<String, String>>,
        kind: Option<Kind>,
        either: Option<Either>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "medium", rename_all = "snake_case")]
    #[expect(dead_code, reason = "only read")]
    enum Place {
        Phone { number: String },
        Text,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Warm,
        Cold,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only read")]
    enum Either {
        Number(i64),
        Flag(bool),
    }

    fn remark<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> Remark {
        Remark::read(&serde_json::from_str::<T>(json).unwrap_err().to_string())
    }

    fn said(json: &str) -> String {
        remark::<Thing>(json).sentence
    }

    #[test]
    fn what_is_of_another_kind_is_said_in_the_words_of_json() {
        let with = |more: &str| format!(r#"{{"count":1,"share":1,"on":true,{more}}}"#);
        let cases = [
            (
                r#"{"count":"many"}"#.to_owned(),
                "Send a whole number of at least 0, not a text.",
            ),
            (r#"{"count":-1}"#.to_owned(), "Send a whole number of at least 0."),
            (
                r#"{"count":1.5}"#.to_owned(),
                "Send a whole number of at least 0, not the number 1.5.",
            ),
            (r#"{"count":1,"share":{}}"#.to_owned(), "Send a number, not an object."),
            (r#"{"count":1,"on":null}"#.to_owned(), "Send true or false, not null."),
            (with(r#""place":5"#), "Send an object, not the number 5."),
            (with(r#""place":"phone""#), "Send an object, not a text."),
            (
                with(r#""place":{"medium":"fax"}"#),
                "“fax” is not possible here. Possible: phone or text.",
            ),
            (
                with(r#""place":{"medium":"phone","number":[]}"#),
                "Send a text, not a list.",
            ),
            (with(r#""many":{}"#), "Send a list, not an object."),
            (with(r#""by":[]"#), "Send an object, not a list."),
            (
                with(r#""kind":"hot""#),
                "“hot” is not possible here. Possible: warm or cold.",
            ),
            (with(r#""kind":true"#), "Nothing that can be read stands here."),
            (
                with(r#""either":"x""#),
                "This has none of the forms that are possible here.",
            ),
            (
                with(r#""at":"yesterday""#),
                "Send a time as RFC 3339 has it, such as 2026-11-30T14:00:00Z.",
            ),
            (with(r#""at":5"#), "Send a time as RFC 3339 has it, not the number 5."),
            (with(r#""id":"abc""#), "This is not an id."),
            (with(r#""wrong":1"#), "There is no such field."),
            (r#"{"count":1,"count":2}"#.to_owned(), "count is said twice."),
            ("{\"count\":".to_owned(), "The JSON ends too early."),
            ("hello".to_owned(), "Nothing that can be read stands here."),
        ];
        for (json, sentence) in cases {
            assert_eq!(said(&json), sentence, "{json}");
        }
    }

    #[test]
    fn what_is_missing_is_named_by_its_path() {
        let remark = remark::<Thing>(r#"{"count":1,"share":1}"#);
        assert_eq!(
            (remark.sentence.as_str(), remark.below("to").as_str()),
            ("This is required.", "to.on")
        );
        assert_eq!(remark.below(""), "on");
    }

    #[test]
    fn no_sentence_speaks_of_types() {
        for json in [
            "5",
            "[]",
            "\"x\"",
            "null",
            "{}",
            r#"{"count":{}}"#,
            r#"{"count":1,"share":1,"on":1}"#,
        ] {
            let sentence = said(json);
            for word in [
                "struct", "enum", "variant", "u32", "f64", "Thing", "expected", "integer",
            ] {
                assert!(!sentence.contains(word), "{json}: {sentence}");
            }
        }
    }
}
