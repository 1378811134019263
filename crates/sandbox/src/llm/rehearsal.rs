//! What the simulated language model says on the telephone: as a caller its lines, one after the other, and as an agent what its
//! instructions and the caller give it.

use serde_json::{Value, json};

const TALK: (&str, &str) = ("<talk>", "</talk>");
const CALLER: (&str, &str) = ("<caller>", "</caller>");
const TOOLS: (&str, &str) = ("<tools>", "</tools>");

/// What one side says next, where that is what is asked for.
pub fn turn(schema: &Value, system: &str, user: &str) -> Option<Value> {
    let members = schema["properties"].as_object()?;
    if !members.contains_key("say") || !members.contains_key("hang_up") {
        return None;
    }
    let talk = between(user, TALK)?;
    Some(match between(user, CALLER) {
        Some(caller) => of_caller(caller, talk),
        None => of_agent(system, between(user, TOOLS).unwrap_or_default(), talk),
    })
}

fn between<'a>(text: &'a str, (open, close): (&str, &str)) -> Option<&'a str> {
    let from = text.find(open)? + open.len();
    let to = text[from..].rfind(close)? + from;
    Some(text[from..to].trim())
}

/// The lines that begin with a hyphen, or all that is said of the caller; then goodbye.
fn of_caller(caller: &str, talk: &str) -> Value {
    let mut lines: Vec<&str> = caller.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
    if lines.is_empty() {
        lines = vec![caller];
    }
    let said = talk.lines().filter(|line| line.starts_with("Caller: ")).count();
    match lines.get(said) {
        Some(line) => json!({ "say": line.trim(), "hang_up": false }),
        None => json!({ "say": "Thank you, goodbye.", "hang_up": true }),
    }
}

fn of_agent(system: &str, tools: &str, talk: &str) -> Value {
    let turn = |say: String, hang_up: bool| json!({ "say": say, "hang_up": hang_up, "tool": null, "arguments": null });
    if system.to_lowercase().contains("hang up at once") {
        return turn("Goodbye.".to_owned(), true);
    }
    let last = talk.lines().last().unwrap_or_default();
    let heard = talk
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("Caller: "))
        .unwrap_or_default();
    if let Some((_, answer)) = last.split_once(" answers: ").filter(|_| !last.starts_with("Caller: ")) {
        return turn(format!("I have looked it up: {answer}"), false);
    }
    if heard.is_empty() {
        return turn("Hello, how can I help?".to_owned(), false);
    }
    let unused = tools.lines().find_map(|line| {
        let (name, description) = line.strip_prefix("- ")?.split_once(": ")?;
        let is_used = talk.lines().any(|line| line.starts_with(&format!("Agent uses {name}: ")));
        let fits = words(&format!("{name} {description}"))
            .iter()
            .any(|word| words(heard).contains(word));
        (fits && !is_used).then_some(name)
    });
    if let Some(name) = unused {
        return json!({ "say": "", "hang_up": false, "tool": name, "arguments": json!({ "asked": heard }).to_string() });
    }
    let known = sentences(system)
        .max_by_key(|sentence| {
            let there = words(sentence);
            words(heard).iter().filter(|word| there.contains(word)).count()
        })
        .filter(|sentence| words(sentence).iter().any(|word| words(heard).contains(word)));
    match known {
        Some(sentence) => turn(format!("{sentence}. I have noted: {heard}"), false),
        None => turn(format!("I have noted: {heard} What else can I do?"), false),
    }
}

/// Those of the instructions that people wrote, before what is said about the form of answers.
fn sentences(system: &str) -> impl Iterator<Item = &str> {
    let instructions = system.split("\n\nWhat stands above").next().unwrap_or(system);
    instructions
        .split(['\n', '.', '!', '?'])
        .map(|sentence| sentence.trim_matches([' ', '-', '#', '*']))
        .filter(|sentence| sentence.len() > 12)
}

/// Of four letters and more.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() >= 4)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({ "properties": { "say": {}, "hang_up": {} } })
    }

    fn says(system: &str, user: &str) -> Value {
        turn(&schema(), system, user).unwrap()
    }

    #[test]
    fn a_caller_says_one_line_after_the_other_and_goodbye() {
        let talk = |talk: &str| format!("<caller>\nAnn.\n- One.\n- Two.\n</caller>\n<talk>\n{talk}\n</talk>");
        assert_eq!(says("", &talk("Agent: Hello?"))["say"], "One.");
        assert_eq!(says("", &talk("Agent: Hello?\nCaller: One.\nAgent: Yes."))["say"], "Two.");
        let last = says("", &talk("Caller: One.\nCaller: Two."));
        assert_eq!(last, json!({ "say": "Thank you, goodbye.", "hang_up": true }));
    }

    #[test]
    fn an_agent_says_what_its_instructions_know_and_uses_a_tool_that_fits_once() {
        let system = "You are Mia. Opening hours: weekdays from eight to five.\n\nWhat stands above are your instructions.";
        let user = |talk: &str| format!("<tools>\n- book_visit: Books a visit\n</tools>\n<talk>\n{talk}\n</talk>");
        let hours = says(system, &user("Caller: Until when on weekdays?"));
        assert!(hours["say"].as_str().unwrap().contains("from eight to five"), "{hours}");
        let tool = says(system, &user("Caller: A visit, please."));
        assert_eq!(tool["tool"], "book_visit");
        let told = says(
            system,
            &user("Caller: A visit, please.\nAgent uses book_visit: {}\nbook_visit answers: Monday"),
        );
        assert_eq!(told["say"], "I have looked it up: Monday");
        let ends = says("Hang up at once.", &user("Caller: A visit, please."));
        assert_eq!(ends["hang_up"], true);
    }

    #[test]
    fn what_asks_for_something_else_is_no_turn() {
        assert_eq!(turn(&json!({ "properties": { "say": {} } }), "", "<talk></talk>"), None);
        assert_eq!(turn(&schema(), "", "Hello"), None);
    }
}
