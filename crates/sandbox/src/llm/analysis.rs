//! What the simulated language model finds in the transcript of a call: by the words of the questions alone, always in the same way.

use serde_json::{Map, Value, json};

const OPEN: &str = "<transcript>";
const CLOSE: &str = "</transcript>";

const GLAD: [&str; 7] = ["thank", "thanks", "great", "perfect", "wonderful", "lovely", "happy"];
const CROSS: [&str; 7] = [
    "angry",
    "terrible",
    "awful",
    "annoyed",
    "unacceptable",
    "complain",
    "disappointed",
];
/// Words of four letters and more that say nothing about what is asked.
const FILLERS: [&str; 22] = [
    "that", "this", "with", "what", "when", "where", "which", "whether", "they", "them", "their", "person", "agent",
    "call", "caller", "said", "says", "from", "have", "does", "were", "about",
];

/// The transcript that a conversation is about, if it is about one.
pub fn transcript(user: &str) -> Option<&str> {
    let from = user.find(OPEN)? + OPEN.len();
    let to = user.rfind(CLOSE).filter(|to| *to >= from)?;
    Some(user[from..to].trim())
}

/// An answer of this schema.
pub fn filled(schema: &Value, transcript: &str) -> Value {
    let call = Call::read(transcript);
    let members = schema["properties"].as_object();
    let each = members.into_iter().flatten().map(|(name, member)| {
        let answer = match name.as_str() {
            "summary" => json!(call.summary()),
            "sentiment" => json!(call.sentiment()),
            "criteria" => every(member, |name, asked| call.criterion(&question(name, asked))),
            "fields" => every(member, |name, asked| call.field(asked, &question(name, asked))),
            _ => Value::Null,
        };
        (name.clone(), answer)
    });
    Value::Object(each.collect())
}

fn every(schema: &Value, answer: impl Fn(&str, &Value) -> Value) -> Value {
    let members = schema["properties"].as_object();
    let each = members.into_iter().flatten();
    Value::Object(
        each.map(|(name, asked)| (name.clone(), answer(name, asked)))
            .collect::<Map<_, _>>(),
    )
}

/// The words that are asked for.
fn question(name: &str, asked: &Value) -> Vec<String> {
    let text = asked["description"].as_str().unwrap_or(name);
    let mut asked = words(&text.replace('_', " "));
    asked.retain(|word| word.chars().count() >= 4 && !FILLERS.contains(&word.as_str()));
    asked
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

struct Call<'a> {
    all: Vec<&'a str>,
    person: Vec<&'a str>,
}

impl<'a> Call<'a> {
    /// `[1:05] Person: I would like a visit.`
    fn read(transcript: &'a str) -> Self {
        let (mut all, mut person) = (Vec::new(), Vec::new());
        for line in transcript.lines() {
            let line = line
                .strip_prefix('[')
                .and_then(|line| line.split_once("] "))
                .map_or(line, |(_, line)| line);
            let Some((who, said)) = line.split_once(": ") else {
                continue;
            };
            all.push(said);
            if who == "Person" {
                person.push(said);
            }
        }
        Self { all, person }
    }

    fn summary(&self) -> String {
        match self.person.first() {
            Some(said) => format!(
                "The person said “{said}”, and the call had {} messages.",
                self.all.len()
            ),
            None => "Only the agent spoke.".to_owned(),
        }
    }

    fn sentiment(&self) -> &'static str {
        let said: Vec<String> = self.person.iter().flat_map(|line| words(line)).collect();
        let any = |of: &[&str]| said.iter().any(|word| of.contains(&word.as_str()));
        match (any(&GLAD), any(&CROSS)) {
            (true, true) => "mixed",
            (true, false) => "positive",
            (false, true) => "negative",
            (false, false) => "neutral",
        }
    }

    /// The first line of these that has one of the words.
    fn line(lines: &[&'a str], asked: &[String]) -> Option<&'a str> {
        lines
            .iter()
            .find(|line| words(line).iter().any(|word| asked.contains(word)))
            .copied()
    }

    fn criterion(&self, asked: &[String]) -> Value {
        if self.person.is_empty() {
            return json!({ "because": "The person said nothing.", "met": "unknown" });
        }
        let said: Vec<String> = self.all.iter().flat_map(|line| words(line)).collect();
        let hits = asked.iter().filter(|word| said.contains(word)).count();
        let met = match hits {
            0 => "no",
            hits if hits * 2 >= asked.len() => "yes",
            _ => "partly",
        };
        let because = match Self::line(&self.all, asked) {
            Some(line) => format!("It was said: “{line}”"),
            None => "Nobody spoke of it.".to_owned(),
        };
        json!({ "because": because, "met": met })
    }

    fn field(&self, schema: &Value, asked: &[String]) -> Value {
        if let Some(choices) = schema["enum"].as_array() {
            let said = self.person.join(" ").to_lowercase();
            let chosen = choices.iter().find(|choice| {
                choice
                    .as_str()
                    .is_some_and(|choice| said.contains(&choice.to_lowercase()))
            });
            return chosen.cloned().unwrap_or_default();
        }
        let line = Self::line(&self.person, asked);
        match schema["type"].get(0).and_then(Value::as_str) {
            Some("boolean") => line.map_or(Value::Null, |line| {
                json!(
                    !words(line)
                        .iter()
                        .any(|word| ["no", "not", "never"].contains(&word.as_str()))
                )
            }),
            Some("number") => {
                let number = |line: &&str| words(line).iter().find_map(|word| word.parse::<i64>().ok());
                let all = line.iter().chain(&self.person);
                all.clone().find_map(number).map_or(Value::Null, |number| json!(number))
            }
            _ if schema["format"] == "date" => {
                let is_day = |word: &&str| word.len() == 10 && word.bytes().filter(|byte| *byte == b'-').count() == 2;
                let mut parts = self
                    .person
                    .iter()
                    .flat_map(|line| line.split([' ', ',', '.', '?', '!']));
                parts.find(is_day).map_or(Value::Null, |day| json!(day))
            }
            _ => json!(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "[0:00] Agent: Hello, how can I help?\n[0:04] Person: I would like an appointment for 2 people on 2026-12-02, in the morning.\n\
        [0:09] Agent: That is booked.\n[0:12] Person: Great, thank you.";

    fn asked(description: &str, kind: &Value) -> Value {
        let mut schema = kind.clone();
        schema["description"] = json!(description);
        schema
    }

    #[test]
    fn each_question_is_answered_from_what_was_said() {
        let schema = json!({ "properties": {
            "summary": { "type": "string" },
            "sentiment": { "type": "string" },
            "criteria": { "properties": {
                "criterion_1": asked("Appointment booked", &json!({})),
                "criterion_2": asked("Parcel found", &json!({})),
            } },
            "fields": { "properties": {
                "people": asked("people: How many come", &json!({ "type": ["number", "null"] })),
                "day": asked("day", &json!({ "type": ["string", "null"], "format": "date" })),
                "part_of_day": asked("part_of_day", &json!({ "type": ["string", "null"], "enum": ["afternoon", "morning", null] })),
                "parcel": asked("parcel", &json!({ "type": ["boolean", "null"] })),
                "wish": asked("wish: An appointment or a message", &json!({ "type": ["string", "null"] })),
            } },
        } });
        let answer = filled(
            &schema,
            transcript(&format!("x\n<transcript>\n{SAID}\n</transcript>")).unwrap(),
        );
        assert_eq!(answer["sentiment"], "positive");
        assert_eq!(answer["criteria"]["criterion_1"]["met"], "yes");
        assert_eq!(answer["criteria"]["criterion_2"]["met"], "no");
        let fields = &answer["fields"];
        assert_eq!((&fields["people"], &fields["day"]), (&json!(2), &json!("2026-12-02")));
        assert_eq!(
            (&fields["part_of_day"], &fields["parcel"]),
            (&json!("morning"), &Value::Null)
        );
        assert!(
            fields["wish"]
                .as_str()
                .unwrap()
                .starts_with("I would like an appointment")
        );
    }

    #[test]
    fn where_nobody_answers_nothing_is_known() {
        let schema =
            json!({ "properties": { "criteria": { "properties": { "criterion_1": asked("Booked", &json!({})) } } } });
        assert_eq!(
            filled(&schema, "Agent: Hello?")["criteria"]["criterion_1"]["met"],
            "unknown"
        );
        assert_eq!(transcript("No call."), None);
    }
}
