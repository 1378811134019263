//! What the simulated language model writes: the same words for the same request.

/// Between these stands the text that something is to be done with, and what somebody wishes for it.
const TEXT: (&str, &str) = ("<prompt>", "</prompt>");
const WISH: (&str, &str) = ("<wish>", "</wish>");

const STYLE: [&str; 3] = [
    "Speak in short sentences, and ask one question at a time.",
    "Say numbers and dates as people say them, and read back what is written down.",
    "If you do not know something, say so. Never make anything up.",
];

pub fn answer(system: &str, user: &str) -> String {
    let task = system.to_ascii_lowercase();
    let text = between(user, TEXT).unwrap_or(user).trim();
    let wish = between(user, WISH).unwrap_or_default().trim();
    if task.contains("greeting") || task.contains("first message") {
        greeting(text, wish)
    } else if task.contains("improve") || task.contains("rewrite") {
        improved(text, wish)
    } else {
        let first = text.split_inclusive(['.', '!', '?']).next().unwrap_or(text);
        format!("In short: {}", first.trim())
    }
}

/// From the first opening to the last closing: what stands between may hold such words itself.
fn between<'a>(text: &'a str, (open, close): (&str, &str)) -> Option<&'a str> {
    let from = text.find(open)? + open.len();
    let to = text.rfind(close).filter(|to| *to >= from)?;
    Some(&text[from..to])
}

fn wants_less(wish: &str) -> bool {
    let wish = wish.to_ascii_lowercase();
    ["short", "brief", "concise", "less"]
        .iter()
        .any(|word| wish.contains(word))
}

/// The text under headings: who it is, what it does step by step, what it never does, and how it speaks.
fn improved(text: &str, wish: &str) -> String {
    let mut parts = Parts::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        parts.sort_in(line);
    }
    if !wish.is_empty() && !wants_less(wish) {
        parts.rules.push(sentence(wish));
    }
    let mut sections = vec![format!("# Role\n{}", parts.role.join(" "))];
    if !parts.steps.is_empty() {
        let steps: Vec<String> = parts
            .steps
            .iter()
            .enumerate()
            .map(|(n, step)| format!("{}. {step}", n + 1))
            .collect();
        sections.push(format!("# Steps\n{}", steps.join("\n")));
    }
    if !parts.rules.is_empty() {
        sections.push(format!("# Rules\n{}", list(parts.rules.iter().map(String::as_str))));
    }
    let style = if wants_less(wish) { &STYLE[..1] } else { &STYLE[..] };
    let new = style.iter().copied().filter(|line| !text.contains(line));
    let style = list(new);
    if !style.is_empty() {
        sections.push(format!("# Style\n{style}"));
    }
    sections.join("\n\n")
}

fn list<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

#[derive(Default)]
struct Parts {
    role: Vec<String>,
    steps: Vec<String>,
    rules: Vec<String>,
}

impl Parts {
    fn sort_in(&mut self, line: &str) {
        if line.starts_with('#') {
            return;
        }
        if let Some(step) = numbered(line) {
            self.steps.push(step.to_owned());
            return;
        }
        if let Some(rule) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
            self.rules.push(rule.to_owned());
            return;
        }
        for said in line
            .split_inclusive(['.', '!', '?'])
            .map(str::trim)
            .filter(|said| !said.is_empty())
        {
            let lower = said.to_ascii_lowercase();
            let forbids = ["never", "do not", "don't", "must not"]
                .iter()
                .any(|word| lower.contains(word));
            if forbids {
                self.rules.push(said.to_owned());
            } else if self.role.is_empty() || lower.starts_with("you ") || self.role.len() < 2 {
                self.role.push(said.to_owned());
            } else {
                self.steps.push(said.to_owned());
            }
        }
    }
}

/// `2. Ask` and `2) Ask` are the step "Ask".
fn numbered(line: &str) -> Option<&str> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).filter(|_| digits > 0)?;
    rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters
        .next()
        .map(|letter| letter.to_uppercase().collect())
        .unwrap_or_default();
    let end = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Who speaks, and for whom, as far as the prompt says it.
fn greeting(prompt: &str, wish: &str) -> String {
    let name = after(prompt, &["You are ", "Your name is "]).filter(|name| {
        name.split_whitespace().count() <= 2 && name.starts_with(|letter: char| letter.is_uppercase() || letter == '{')
    });
    let house = after(
        prompt,
        &[
            "telephone of ",
            "phone of ",
            "calls for ",
            "calls of ",
            "assistant of ",
            "on behalf of ",
            "work for ",
        ],
    );
    let who = match (name, house) {
        (Some(name), Some(house)) => format!("{name} from {house}"),
        (Some(name), None) => name.to_owned(),
        (None, Some(house)) => format!("the automated assistant of {house}"),
        (None, None) => "the automated assistant".to_owned(),
    };
    let calls = ["You call ", "you call ", "You are calling "]
        .iter()
        .any(|words| prompt.contains(words));
    match (calls, wants_less(wish)) {
        (true, _) if prompt.contains("{{first_name}}") => {
            format!("Hi {{{{first_name}}}}, this is {who}. Do you have a moment?")
        }
        (true, _) => format!("Hi, this is {who}. Do you have a moment?"),
        (false, true) => format!("Hello, this is {who}."),
        (false, false) => format!("Hello, this is {who}. How can I help you today?"),
    }
}

/// What follows one of these words, up to where its part of the sentence ends.
fn after<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let found = words
        .iter()
        .find_map(|word| Some(&text[text.find(word)? + word.len()..]))?;
    let end = found.find(['.', ',', ';', ':', '\n', '!', '?']).unwrap_or(found.len());
    let found = found[..end].trim();
    (!found.is_empty() && found.len() <= 60).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "You are Mia. You answer the telephone of {{business_name}}. Never quote prices.\n\n1. Ask for the name.\n2) Read it back.";

    fn ask(text: &str, wish: &str) -> String {
        format!("<prompt>\n{text}\n</prompt>\n<wish>\n{wish}\n</wish>")
    }

    #[test]
    fn a_prompt_is_restructured_and_loses_nothing() {
        let improved = answer("Improve the system prompt of a voice agent.", &ask(PROMPT, ""));
        assert!(improved.starts_with("# Role\nYou are Mia. You answer the telephone of {{business_name}}.\n\n# Steps\n1. Ask for the name.\n2. Read it back."));
        assert!(improved.contains("# Rules\n- Never quote prices."), "{improved}");
        assert!(improved.contains("# Style\n- Speak in short sentences"), "{improved}");
        assert_eq!(
            improved,
            answer("Improve the system prompt of a voice agent.", &ask(PROMPT, ""))
        );
    }

    #[test]
    fn a_wish_is_followed() {
        let shorter = answer("Improve it.", &ask(PROMPT, "Make it shorter"));
        assert!(shorter.len() < answer("Improve it.", &ask(PROMPT, "")).len());
        let other = answer("Improve it.", &ask(PROMPT, "offer a call back"));
        assert!(other.contains("- Offer a call back."), "{other}");
    }

    #[test]
    fn a_greeting_says_who_speaks() {
        assert_eq!(
            answer("Write the greeting.", &ask(PROMPT, "")),
            "Hello, this is Mia from {{business_name}}. How can I help you today?"
        );
        assert_eq!(
            answer(
                "Write the greeting.",
                &ask("You call {{first_name}} about a visit.", "")
            ),
            "Hi {{first_name}}, this is the automated assistant. Do you have a moment?"
        );
    }

    #[test]
    fn what_looks_like_an_end_inside_of_the_text_is_none() {
        let text = "Say </prompt> aloud.";
        assert_eq!(between(&ask(text, ""), TEXT).map(str::trim), Some(text));
    }
}
