//! The language model: any server with OpenAI's chat completions. It is given messages and answers with a text, or with JSON
//! of a schema; nothing here knows what it is asked for.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use super::{
    failure::{Failure, Trouble},
    http::{Question, Repeat},
    json,
};
use crate::error::{Error, Fault, Provider, Upstream};

/// The longest text that is asked for comes nowhere near it.
const LARGEST_ANSWER: usize = 2 << 20;
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// How an installation reaches its model.
#[derive(Clone, Debug)]
pub struct LanguageModelAccess {
    /// What `/chat/completions` stands behind.
    pub url: Url,
    pub key: SecretString,
    pub model: String,
    /// For one answer.
    pub deadline: Duration,
}

pub struct LanguageModel {
    access: LanguageModelAccess,
    http: reqwest::Client,
}

/// One message of a conversation with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    role: &'static str,
    content: String,
}

impl Message {
    /// What it is to do. Only the program's own words.
    pub fn system(content: impl Into<String>) -> Self {
        Self {
            role: "system",
            content: content.into(),
        }
    }

    /// What it is to do it with.
    pub fn user(content: impl Into<String>) -> Self {
        Self {
            role: "user",
            content: content.into(),
        }
    }
}

/// What an answer in JSON looks like.
#[derive(Clone, Debug)]
pub struct AnswerSchema {
    /// Letters, digits, underscores and hyphens.
    pub name: &'static str,
    /// JSON Schema, of an object.
    pub schema: Value,
}

/// An answer in JSON, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered<T> {
    pub value: T,
    pub usage: Usage,
}

/// Tokens of a question and of its answer; none where the server does not count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Usage {
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
}

/// How it failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelFailure {
    #[error(transparent)]
    Asked(#[from] Failure),
    /// It answered, and nothing can be done with the answer.
    #[error("an answer without use: {0:?}")]
    Unusable(Unusable),
}

impl ModelFailure {
    /// Asking once more would change nothing.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Asked(failure) => matches!(failure.fault(), Fault::Rejected | Fault::Account),
            Self::Unusable(unusable) => *unusable == Unusable::Declined,
        }
    }

    /// How long the model asks to be left alone, up to ten minutes.
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Asked(failure) => failure.retry_after().map(|pause| pause.min(LONGEST_PAUSE)),
            Self::Unusable(_) => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    Empty,
    /// It ends in the middle, because it is longer than it may be.
    CutOff,
    /// The model would not write it.
    Declined,
    /// It is no JSON, or none of the schema.
    NotJson,
    /// It is longer than there is room for.
    TooLong,
}

impl Unusable {
    fn words(self) -> &'static str {
        match self {
            Self::Empty => "Its answer was empty. Try again.",
            Self::CutOff => "Its answer was cut off in the middle. Ask for something shorter.",
            Self::Declined => "It declined to write this. Try other words.",
            Self::NotJson => "Its answer was not in the form it was asked for. Try again.",
            Self::TooLong => "Its answer is longer than there is room for. Ask for something shorter.",
        }
    }
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        Self::Upstream(Upstream {
            provider: Provider::LanguageModel,
            fault: Fault::Failing,
            said: Some(unusable.words().to_owned()),
        })
    }
}

impl From<ModelFailure> for Error {
    fn from(failure: ModelFailure) -> Self {
        let failure = match failure {
            ModelFailure::Unusable(unusable) => return unusable.into(),
            ModelFailure::Asked(failure) => failure,
        };
        let said = match &failure.trouble {
            Trouble::Garbled => {
                Some("It answered with something that cannot be read. Try again in a moment.".to_owned())
            }
            Trouble::Refused {
                retry_after: Some(wait),
                ..
            } if failure.fault() == Fault::Busy => Some(format!("Try again in {} s.", wait.as_secs().max(1))),
            // What a limit or a fault of its own says is nothing that whoever writes can do something about.
            _ => failure
                .said()
                .filter(|_| failure.fault() == Fault::Rejected)
                .map(str::to_owned),
        };
        Self::Upstream(Upstream {
            provider: Provider::LanguageModel,
            fault: failure.fault(),
            said,
        })
    }
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Written,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    content: Option<String>,
    refusal: Option<String>,
}

impl LanguageModel {
    pub fn new(access: LanguageModelAccess, http: reqwest::Client) -> Self {
        Self { access, http }
    }

    /// Which model is asked.
    pub fn name(&self) -> &str {
        &self.access.model
    }

    /// A text of at most so many tokens, without what stands around it: spaces, a fence, or what a model thought before.
    pub async fn complete(&self, messages: &[Message], max_tokens: u32) -> Result<String, ModelFailure> {
        let (text, _) = self.ask("complete", self.body(messages), max_tokens).await?;
        Ok(text)
    }

    /// JSON of this schema. What comes is read again here: not every server holds its model to a schema.
    pub async fn complete_json<T: DeserializeOwned>(
        &self,
        messages: &[Message],
        answer: &AnswerSchema,
        max_tokens: u32,
    ) -> Result<Answered<T>, ModelFailure> {
        let mut body = self.body(messages);
        body["response_format"] = json!({
            "type": "json_schema",
            "json_schema": { "name": answer.name, "schema": answer.schema, "strict": true },
        });
        let (text, usage) = self.ask("complete_json", body, max_tokens).await?;
        let value = json::read(text.as_bytes()).map_err(|_| ModelFailure::Unusable(Unusable::NotJson))?;
        Ok(Answered { value, usage })
    }

    fn body(&self, messages: &[Message]) -> Value {
        json!({ "model": self.access.model, "messages": messages })
    }

    async fn ask(
        &self,
        operation: &'static str,
        mut body: Value,
        max_tokens: u32,
    ) -> Result<(String, Usage), ModelFailure> {
        body["max_tokens"] = json!(max_tokens);
        let completion = match self.send(operation, &body).await {
            // Newer models take it under this name only, and older servers know the other one only.
            Err(failure)
                if failure
                    .said()
                    .is_some_and(|said| said.contains("max_completion_tokens")) =>
            {
                if let Some(members) = body.as_object_mut() {
                    members.remove("max_tokens");
                    members.insert("max_completion_tokens".to_owned(), json!(max_tokens));
                }
                self.send(operation, &body).await?
            }
            sent => sent?,
        };
        let usage = completion.usage.unwrap_or_default();
        let text = written(completion).map_err(ModelFailure::Unusable)?;
        Ok((text, usage))
    }

    /// Never asked twice by itself: each answer costs, and a person waits who can ask again.
    async fn send(&self, operation: &'static str, body: &Value) -> Result<Completion, Failure> {
        let question = Question {
            provider: Provider::LanguageModel,
            operation,
            repeat: Repeat::Never,
            deadline: self.access.deadline,
        };
        let mut url = self.access.url.clone();
        url.path_segments_mut()
            .expect("the configuration takes http addresses only")
            .pop_if_empty()
            .extend(["chat", "completions"]);
        let request = self.http.post(url).bearer_auth(self.access.key.expose_secret());
        question.json_up_to(request.json(body), LARGEST_ANSWER).await
    }
}

fn written(completion: Completion) -> Result<String, Unusable> {
    let choice = completion.choices.into_iter().next().ok_or(Unusable::Empty)?;
    let declined = choice.message.refusal.is_some_and(|refusal| !refusal.is_empty());
    match choice.finish_reason.as_deref() {
        Some("content_filter") => return Err(Unusable::Declined),
        Some("length") => return Err(Unusable::CutOff),
        _ if declined => return Err(Unusable::Declined),
        _ => {}
    }
    let content = choice.message.content.unwrap_or_default();
    let text = bare(&content);
    if text.is_empty() {
        return Err(Unusable::Empty);
    }
    Ok(text.to_owned())
}

/// What is meant as the answer: models that think aloud put that first, and many put a fence around a text.
fn bare(content: &str) -> &str {
    let mut text = content.trim();
    if let Some((_, after)) = text
        .strip_prefix("<think>")
        .and_then(|thought| thought.split_once("</think>"))
    {
        text = after.trim();
    }
    let fenced = text.strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    match fenced.and_then(|inside| inside.split_once('\n')) {
        // One fence around everything, and not two with a text between them.
        Some((kind, inside)) if !kind.contains(char::is_whitespace) && !inside.contains("```") => inside.trim(),
        _ => text,
    }
}

#[cfg(test)]
#[path = "language_model_tests.rs"]
mod tests;
