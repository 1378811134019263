//! What is said on a simulated call. The same agent, number and seed always talk the same way.

use serde_json::Value;

use super::phrases::{BILLING, BOOKING, ENGLISH, ORDER, SURVEY, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Agent,
    Person,
}

/// How long it takes to say.
pub fn seconds(text: &str) -> f64 {
    let words = text.split_whitespace().count() as f64;
    ((0.8 + words * 0.36) * 10.0).round() / 10.0
}

/// "You are Anna, …" makes the agent's name Anna; else it is what the agent is called in the list.
pub fn agent_name(call: &Value) -> String {
    let prompt = call["systemPrompt"].as_str().unwrap_or_default();
    let said = prompt.split_once("You are ").map(|(_, rest)| rest);
    let said = said.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
    let proper = said.filter(|word| word.chars().next().is_some_and(char::is_uppercase) && word.len() > 1);
    // Whoever made the agent may have marked its name for their own records; nobody says such a mark aloud.
    let listed = call["agent"]["name"].as_str().unwrap_or_default().split_whitespace();
    let listed: Vec<_> = listed.filter(|word| !word.contains('_')).collect();
    match proper {
        Some(name) => name.to_owned(),
        None if listed.is_empty() => "the assistant".to_owned(),
        None => listed.join(" "),
    }
}

pub fn greeting(call: &Value) -> String {
    let words = words(call["languageHint"].as_str());
    let settings = &call["firstSpeakerSettings"];
    let fixed = settings["agent"]["text"]
        .as_str()
        .or_else(|| settings["user"]["fallback"]["text"].as_str());
    fixed.map_or_else(|| words.greeting.replace("{name}", &agent_name(call)), str::to_owned)
}

fn topic(call: &Value) -> (&'static str, &'static [(&'static str, &'static str)]) {
    let words = words(call["languageHint"].as_str());
    let prompt = call["systemPrompt"].as_str().unwrap_or_default().to_lowercase();
    let about = |keys: &[&str]| keys.iter().any(|key| prompt.contains(key));
    let english = words.hello == ENGLISH.hello;
    match () {
        () if about(&["appointment", "booking", "reserv", "schedul", "termin", "cita"]) => {
            ("an appointment", if english { BOOKING } else { words.turns })
        }
        () if about(&["order", "deliver", "shipp", "bestell", "pedido"]) => {
            ("an order", if english { ORDER } else { words.turns })
        }
        () if about(&["invoice", "billing", "payment", "rechnung", "factura"]) => {
            ("an invoice", if english { BILLING } else { words.turns })
        }
        () if about(&["survey", "feedback", "umfrage", "encuesta"]) => {
            ("feedback", if english { SURVEY } else { words.turns })
        }
        () => ("the service", words.turns),
    }
}

/// The whole conversation after the greeting, as who says what.
pub fn conversation(call: &Value, choice: u64) -> Vec<(Who, String)> {
    let (_, turns) = topic(call);
    let words = words(call["languageHint"].as_str());
    let mut said: Vec<_> = turns
        .iter()
        .flat_map(|(person, agent)| [(Who::Person, (*person).to_owned()), (Who::Agent, (*agent).to_owned())])
        .collect();
    if choice % 2 == 1 {
        said.extend([
            (Who::Person, words.more.0.to_owned()),
            (Who::Agent, words.more.1.to_owned()),
        ]);
    }
    said
}

pub fn hello(call: &Value) -> &'static str {
    words(call["languageHint"].as_str()).hello
}

pub fn goodbye(call: &Value, who: Who) -> &'static str {
    let words = words(call["languageHint"].as_str());
    if who == Who::Agent {
        words.bye_agent
    } else {
        words.bye_person
    }
}

pub fn more(call: &Value) -> (&'static str, &'static str) {
    words(call["languageHint"].as_str()).more
}

pub fn is_goodbye(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "goodbye",
        "bye",
        "auf wiederhören",
        "tschüss",
        "adiós",
        "au revoir",
        "arrivederci",
        "até logo",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// Answers what somebody wrote, repeating what they want from the other side.
pub fn reply(call: &Value, text: &str) -> String {
    let words = words(call["languageHint"].as_str());
    let lower = text.trim().trim_end_matches(['.', '!', '?']).to_lowercase();
    if is_goodbye(&lower) {
        return words.bye_agent.to_owned();
    }
    if words.hello != ENGLISH.hello {
        return words.echo.replace("{text}", text.trim());
    }
    if ["hi", "hello", "hey", "hello there", "good morning"].contains(&lower.as_str()) {
        return format!("Hello! {} here. What can I do for you?", agent_name(call));
    }
    for wish in [
        "i want to ",
        "i'd like to ",
        "i would like to ",
        "i need to ",
        "can i ",
        "could i ",
    ] {
        if let Some((_, wanted)) = lower.split_once(wish) {
            return format!(
                "You would like to {}. I can help with that. When would suit you?",
                turned(wanted)
            );
        }
    }
    if text.trim_end().ends_with('?') {
        return format!(
            "Good question. You are asking: \"{}\" Let me find that out for you.",
            text.trim()
        );
    }
    words.echo.replace("{text}", text.trim())
}

/// Turns "my order" into "your order".
fn turned(text: &str) -> String {
    let turn = |word: &str| match word {
        "my" => "your".to_owned(),
        "me" | "i" => "you".to_owned(),
        "mine" => "yours".to_owned(),
        other => other.to_owned(),
    };
    text.split_whitespace().map(turn).collect::<Vec<_>>().join(" ")
}

/// The long and the short summary of a call that was answered.
pub fn summary(call: &Value, turns: usize, tools: &[String], ending: &str) -> (String, String) {
    let (about, _) = topic(call);
    let name = agent_name(call);
    let used = match tools {
        [] => String::new(),
        tools => format!(" The agent used {}.", tools.join(", ")),
    };
    let end = match ending {
        "hangup" => "The caller ended the call.",
        "agent_hangup" => "The agent ended the call.",
        "timeout" => "The call reached its maximum duration.",
        "connection_error" => "The connection was lost.",
        _ => "The call ended because of an error.",
    };
    if turns == 0 {
        return (
            format!("The caller reached {name} but said nothing. {end}"),
            "No conversation took place.".to_owned(),
        );
    }
    (
        format!("The caller spoke with {name} about {about}, in {turns} turns.{used} {end}"),
        format!("Caller and {name} talked about {about}."),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reply_repeats_the_wish_from_the_other_side() {
        let call = json!({ "systemPrompt": "You are Anna, a receptionist.", "languageHint": "en" });
        assert_eq!(
            reply(&call, "I want to change my order."),
            "You would like to change your order. I can help with that. When would suit you?"
        );
        assert_eq!(reply(&call, "Hi!"), "Hello! Anna here. What can I do for you?");
    }

    #[test]
    fn the_language_hint_chooses_the_words() {
        let call = json!({ "languageHint": "de-AT", "agent": { "name": "Empfang" } });
        assert_eq!(
            greeting(&call),
            "Guten Tag, hier ist Empfang. Wie kann ich Ihnen helfen?"
        );
    }
}
