//! What the simulated language model accepts: the body of a chat completion, and what each member may be.

use serde_json::{Map, Value};

use super::errors::{Answer, Problem};

/// Members that are accepted. Those that are not read change nothing about what is written here.
const MEMBERS: [&str; 15] = [
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "n",
    "stop",
    "stream",
    "seed",
    "user",
    "response_format",
    "presence_penalty",
    "frequency_penalty",
    "reasoning_effort",
];
const ROLES: [&str; 5] = ["system", "developer", "user", "assistant", "tool"];
/// What is written where nobody says how much.
const USUAL_TOKENS: usize = 16_384;

pub enum Format {
    Text,
    Json,
    Schema(Value),
}

/// A request that can be answered.
pub struct Completion {
    pub model: String,
    /// What the system messages say, all together.
    pub system: String,
    /// What the last message of a person says.
    pub user: String,
    pub max_tokens: usize,
    pub format: Format,
}

impl Completion {
    pub fn read(body: &[u8]) -> Answer<Self> {
        let body: Value = serde_json::from_slice(body).map_err(|_| {
            Problem::invalid("body", "We could not parse the JSON body of your request.").code("invalid_json")
        })?;
        let Value::Object(members) = body else {
            return Err(Problem::invalid("body", "The body has to be an object."));
        };
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            let says = format!("Unrecognized request argument supplied: {unknown}");
            return Err(Problem::invalid(unknown.clone(), says));
        }
        let model = members.get("model").and_then(Value::as_str).unwrap_or_default();
        if model.is_empty() {
            return Err(Problem::invalid("model", "you must provide a model parameter"));
        }
        check_numbers(&members)?;
        if members.get("stream").and_then(Value::as_bool) == Some(true) {
            return Err(Problem::invalid("stream", "The sandbox does not stream.").code("unsupported_value"));
        }
        let (system, user) = messages(&members)?;
        Ok(Self {
            model: model.to_owned(),
            system,
            user,
            max_tokens: max_tokens(&members)?,
            format: format(&members)?,
        })
    }
}

fn check_numbers(members: &Map<String, Value>) -> Answer<()> {
    for (name, most) in [("temperature", 2.0), ("top_p", 1.0)] {
        let Some(value) = members.get(name).filter(|value| !value.is_null()) else {
            continue;
        };
        if !value.as_f64().is_some_and(|value| (0.0..=most).contains(&value)) {
            return Err(Problem::invalid(name, format!("Invalid '{name}': use 0 to {most}.")));
        }
    }
    match members.get("n") {
        None | Some(Value::Null) => Ok(()),
        Some(n) if n.as_u64() == Some(1) => Ok(()),
        Some(_) => Err(Problem::invalid("n", "The sandbox writes one choice.").code("unsupported_value")),
    }
}

fn max_tokens(members: &Map<String, Value>) -> Answer<usize> {
    let said: Vec<(&str, &Value)> = ["max_tokens", "max_completion_tokens"]
        .into_iter()
        .filter_map(|name| Some((name, members.get(name).filter(|value| !value.is_null())?)))
        .collect();
    match said.as_slice() {
        [] => Ok(USUAL_TOKENS),
        [(name, value)] => value
            .as_u64()
            .filter(|most| *most > 0)
            .and_then(|most| usize::try_from(most).ok())
            .ok_or_else(|| Problem::invalid(*name, format!("Invalid '{name}': use a whole number above 0."))),
        _ => Err(Problem::invalid(
            "max_tokens",
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        )),
    }
}

fn messages(members: &Map<String, Value>) -> Answer<(String, String)> {
    let messages = members.get("messages").and_then(Value::as_array);
    let messages = messages.filter(|messages| !messages.is_empty()).ok_or_else(|| {
        Problem::invalid(
            "messages",
            "Invalid 'messages': an array with at least one message is needed.",
        )
    })?;
    let mut system = Vec::new();
    let mut user = String::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if !ROLES.contains(&role) {
            let param = format!("messages[{at}].role");
            return Err(Problem::invalid(param, format!("Invalid value: '{role}'.")));
        }
        let content = content(&message["content"]).ok_or_else(|| {
            let param = format!("messages[{at}].content");
            Problem::invalid(param.clone(), format!("Invalid type for '{param}': a text is needed."))
        })?;
        match role {
            "system" | "developer" => system.push(content),
            "user" => user = content,
            _ => {}
        }
    }
    Ok((system.join("\n"), user))
}

/// A text, or the texts of its parts.
fn content(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => parts
            .iter()
            .map(|part| part["text"].as_str().filter(|_| part["type"] == "text"))
            .collect(),
        _ => None,
    }
}

fn format(members: &Map<String, Value>) -> Answer<Format> {
    let Some(format) = members.get("response_format").filter(|format| !format.is_null()) else {
        return Ok(Format::Text);
    };
    match format["type"].as_str() {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::Json),
        Some("json_schema") => {
            let described = &format["json_schema"];
            let named = described["name"].as_str().is_some_and(|name| {
                (1..=64).contains(&name.len())
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
            });
            if !named {
                let param = "response_format.json_schema.name";
                return Err(Problem::invalid(
                    param,
                    format!("Invalid '{param}': letters, digits, _ and - are needed."),
                ));
            }
            if !described["schema"].is_object() {
                let param = "response_format.json_schema.schema";
                return Err(Problem::invalid(
                    param,
                    format!("Missing required parameter: '{param}'."),
                ));
            }
            Ok(Format::Schema(described["schema"].clone()))
        }
        _ => Err(Problem::invalid(
            "response_format.type",
            "Invalid value for 'response_format.type'.",
        )),
    }
}
