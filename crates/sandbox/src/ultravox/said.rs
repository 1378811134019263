//! Data messages: what reaches a line from outside.

use serde_json::Value;
use tokio::sync::mpsc;

/// What reaches a line from outside.
#[derive(Debug)]
pub enum Said {
    Joined(mpsc::UnboundedSender<Value>),
    User {
        text: String,
        later: bool,
    },
    Forced(String),
    HangUp(String),
    Output(&'static str),
    ToolResult {
        invocation: String,
        result: Result<String, String>,
    },
    Closed,
}

impl Said {
    /// Reads a data message; `socket` also allows those that only a connected client sends.
    pub fn parse(message: &Value, socket: bool) -> Result<Said, (&'static str, String)> {
        let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        match message["type"].as_str() {
            Some("hang_up") => Ok(Said::HangUp(text("message"))),
            Some("user_text_message" | "input_text_message") => {
                if !message["text"].is_string() {
                    return Err(("text", "This field is required.".to_owned()));
                }
                let urgency = message["urgency"].as_str().unwrap_or("soon");
                if !["immediate", "soon", "later"].contains(&urgency) {
                    return Err(("urgency", format!("\"{urgency}\" is not a valid choice.")));
                }
                Ok(Said::User {
                    text: text("text"),
                    later: urgency == "later",
                })
            }
            Some("forced_agent_message") => Ok(Said::Forced(text("content"))),
            Some("set_output_medium") if socket => {
                let voice = message["medium"] == "voice";
                Ok(Said::Output(if voice {
                    "MESSAGE_MEDIUM_VOICE"
                } else {
                    "MESSAGE_MEDIUM_TEXT"
                }))
            }
            Some("client_tool_result") if socket => {
                let failed = message["errorType"].as_str().or(message["errorMessage"].as_str());
                let result = failed.map_or_else(|| Ok(text("result")), |cause| Err(cause.to_owned()));
                Ok(Said::ToolResult {
                    invocation: text("invocationId"),
                    result,
                })
            }
            Some(other) => Err(("type", format!("\"{other}\" is not a valid choice."))),
            None => Err(("type", "This field is required.".to_owned())),
        }
    }
}
