//! Reading: what of the language model's answer is an answer to what was asked. What fits no type is not taken for one.

use chrono::NaiveDate;
use serde_json::Value;

use super::{
    AnalysisField, AnalysisSettings, CriterionResult, FieldKind, FieldValue, Met, Sentiment, SummaryBy, Verdict,
    prompt::criterion_key,
};

const LONGEST_SUMMARY: usize = 1_500;
const LONGEST_REASON: usize = 400;
const LONGEST_VALUE: usize = 1_000;

/// An answer that was understood, as far as it was.
#[derive(Debug, PartialEq)]
pub(super) struct Findings {
    pub verdict: Option<Verdict>,
    pub sentiment: Option<Sentiment>,
    pub summary: String,
    pub criteria: Vec<CriterionResult>,
    pub fields: Vec<FieldValue>,
}

/// Nothing where the answer has nothing of what was asked.
pub(super) fn read(settings: &AnalysisSettings, answer: &Value) -> Option<Findings> {
    let answer = answer.as_object()?;
    let asked = ["summary", "sentiment", "criteria", "fields"];
    if !asked
        .iter()
        .any(|name| answer.get(*name).is_some_and(|value| !value.is_null()))
    {
        return None;
    }
    let part = |name: &str| answer.get(name).unwrap_or(&Value::Null);
    let criteria: Vec<_> = settings
        .criteria
        .iter()
        .enumerate()
        .map(|(place, asked)| criterion(&asked.name, &part("criteria")[&criterion_key(place)]))
        .collect();
    let fields = settings
        .fields
        .iter()
        .map(|asked| field(asked, &part("fields")[&asked.name]));
    let sentiment = part("sentiment").as_str().filter(|_| settings.sentiment);
    Some(Findings {
        verdict: Verdict::of(&criteria),
        sentiment: sentiment.and_then(|word| Sentiment::ALL.into_iter().find(|known| known.word() == word)),
        summary: match settings.summary {
            SummaryBy::Ultravox => String::new(),
            SummaryBy::Model => shown(part("summary").as_str().unwrap_or_default(), LONGEST_SUMMARY),
        },
        fields: fields.collect(),
        criteria,
    })
}

fn criterion(name: &str, answer: &Value) -> CriterionResult {
    let met = match &answer["met"] {
        Value::String(word) => Met::ALL
            .into_iter()
            .find(|met| met.word() == word.trim().to_lowercase()),
        Value::Bool(true) => Some(Met::Yes),
        Value::Bool(false) => Some(Met::No),
        _ => None,
    };
    let reason = match (met, answer["because"].as_str()) {
        (None, _) => "The language model did not say.".to_owned(),
        (Some(_), reason) => shown(reason.unwrap_or_default(), LONGEST_REASON),
    };
    CriterionResult {
        name: name.to_owned(),
        met: met.unwrap_or_default(),
        reason,
    }
}

fn field(asked: &AnalysisField, answer: &Value) -> FieldValue {
    let nothing = answer.is_null() || answer.as_str().is_some_and(|text| text.trim().is_empty());
    let value = if nothing {
        Some(Value::Null)
    } else {
        typed(asked, answer)
    };
    FieldValue {
        name: asked.name.clone(),
        kind: asked.kind,
        not_understood: match (&value, answer) {
            (Some(_), _) => String::new(),
            (None, Value::String(text)) => shown(text, LONGEST_VALUE),
            (None, other) => shown(&other.to_string(), LONGEST_VALUE),
        },
        value: value.unwrap_or_default(),
    }
}

/// The answer as a value of the kind that was asked for, if it is one.
fn typed(asked: &AnalysisField, answer: &Value) -> Option<Value> {
    let text = match answer {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        _ => return None,
    };
    let lower = text.to_lowercase();
    match asked.kind {
        FieldKind::Text => Some(Value::String(shown(&text, LONGEST_VALUE))),
        FieldKind::Number if answer.is_boolean() => None,
        FieldKind::Number => serde_json::from_str::<Value>(&text).ok().filter(Value::is_number),
        FieldKind::YesNo => match lower.as_str() {
            "yes" | "true" => Some(Value::Bool(true)),
            "no" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        FieldKind::Choice => {
            let choices = &asked.choices;
            let same = |choice: &&String| choice.trim().to_lowercase() == lower;
            choices.iter().find(same).map(|choice| Value::String(choice.clone()))
        }
        // With a time behind it, it is still a day.
        FieldKind::Date => {
            let day = text
                .get(..10)
                .filter(|_| text.len() == 10 || text.as_bytes().get(10) == Some(&b'T'))?;
            day.parse::<NaiveDate>().ok().map(|day| Value::String(day.to_string()))
        }
    }
}

/// On one line, without what no screen shows and Postgres cannot hold.
fn shown(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most - 1).chain(['…']).collect()
}

/// The value as calls are found by it; nothing where there is none.
pub(super) fn key(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_lowercase(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        _ => return None,
    };
    Some(text.chars().take(LONGEST_KEY).collect()).filter(|key: &String| !key.is_empty())
}

/// Characters of a value that calls are found by.
const LONGEST_KEY: usize = 200;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::Criterion;

    fn of_kind(kind: FieldKind) -> AnalysisField {
        AnalysisField {
            name: "value".to_owned(),
            kind,
            choices: vec!["Morning".to_owned(), "Afternoon".to_owned()],
            ..AnalysisField::default()
        }
    }

    #[test]
    fn a_value_is_of_its_kind_or_none() {
        use FieldKind::{Choice, Date, Number, Text, YesNo};
        for (kind, answer, value) in [
            (Text, json!(" a  check-up\n"), json!("a check-up")),
            (Text, json!(7), json!("7")),
            (Number, json!(95), json!(95)),
            (Number, json!("4.5"), json!(4.5)),
            (YesNo, json!(true), json!(true)),
            (YesNo, json!("No"), json!(false)),
            (Choice, json!("morning"), json!("Morning")),
            (Date, json!("2026-12-02"), json!("2026-12-02")),
            (Date, json!("2026-12-02T09:20"), json!("2026-12-02")),
            (Date, Value::Null, Value::Null),
            (Text, json!("  "), Value::Null),
        ] {
            let read = field(&of_kind(kind), &answer);
            assert_eq!(
                (read.value, read.not_understood.as_str()),
                (value, ""),
                "{kind:?} {answer}"
            );
        }
        for (kind, answer, told) in [
            (Number, json!("about ninety"), "about ninety"),
            (Number, json!(true), "true"),
            (YesNo, json!("perhaps"), "perhaps"),
            (Choice, json!("evening"), "evening"),
            (Date, json!("next Tuesday"), "next Tuesday"),
            (Date, json!("2026-02-30"), "2026-02-30"),
            (Date, json!("20261-02-03"), "20261-02-03"),
            (Text, json!(["a"]), "[\"a\"]"),
        ] {
            let read = field(&of_kind(kind), &answer);
            assert_eq!(
                (read.value, read.not_understood.as_str()),
                (Value::Null, told),
                "{kind:?} {answer}"
            );
        }
    }

    #[test]
    fn what_was_not_asked_is_not_taken_and_what_is_missing_is_not_known() {
        let settings = AnalysisSettings {
            criteria: vec![Criterion {
                name: "Visit booked".to_owned(),
                ..Criterion::default()
            }],
            ..AnalysisSettings::default()
        };
        let answer = json!({ "criteria": {}, "sentiment": "positive", "summary": "All went well.", "verdict": "success", "x": 1 });
        let findings = read(&settings, &answer).unwrap();
        assert_eq!((findings.verdict, findings.sentiment), (Some(Verdict::Unknown), None));
        assert_eq!(findings.summary, "");
        assert_eq!(findings.criteria[0].reason, "The language model did not say.");
        for nonsense in [json!([]), json!("fine"), json!({}), json!({ "answer": "fine" })] {
            assert_eq!(read(&settings, &nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_long_text_ends_in_dots_and_holds_nothing_unseen() {
        assert_eq!(shown("a\u{0}b  c\n", 10), "ab c");
        assert_eq!(shown(&"é".repeat(11), 10), format!("{}…", "é".repeat(9)));
    }

    #[test]
    fn calls_are_found_by_a_value_as_people_write_it() {
        let keys = [json!("Morning "), json!(4.5), json!(false), Value::Null].map(|value| key(&value));
        assert_eq!(
            keys,
            [
                Some("morning".to_owned()),
                Some("4.5".to_owned()),
                Some("no".to_owned()),
                None
            ]
        );
    }
}
