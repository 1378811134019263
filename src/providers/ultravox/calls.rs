//! Calls: placed, followed, heard and deleted.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    SKEW, Ultravox, question,
    shape::{Call, Message},
    sound_type, storage_of,
};
use crate::providers::{
    Audio, Failure,
    http::{Incoming, Repeat, Take},
};

/// Four hours at 16 kHz, one channel.
const LARGEST_RECORDING: usize = 480 << 20;
/// For a whole recording.
const LONGEST_DOWNLOAD: Duration = Duration::from_secs(600);

/// Whether a recording can be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingState {
    Ready,
    NotYet,
}

impl Ultravox {
    /// Places a call with an agent's copy, or with what the body brings along. Never asked twice: there are no idempotency keys, and somebody's phone would ring twice.
    pub async fn place_call(&self, agent_id: Option<&str>, body: &Value) -> Result<Call, Failure> {
        let path: &[&str] = match agent_id {
            Some(agent_id) => &["agents", agent_id, "calls"],
            None => &["calls"],
        };
        self.post("create_call", path, body, Repeat::Never).await
    }

    pub async fn call(&self, id: &str) -> Result<Call, Failure> {
        let url = self.url(&["calls", id]);
        question("get_call", Repeat::Safe)
            .json(self.request(Method::GET, url))
            .await
    }

    /// All of what is answered of a call, not only what the program reads.
    pub async fn call_record(&self, id: &str) -> Result<Value, Failure> {
        let url = self.url(&["calls", id]);
        question("get_call_record", Repeat::Safe)
            .json(self.request(Method::GET, url))
            .await
    }

    /// Calls that carry this pair of metadata, made at `since` or later, oldest first.
    pub async fn calls_marked(&self, key: &str, value: &str, since: DateTime<Utc>) -> Result<Vec<Call>, Failure> {
        let filter = format!("metadata.{key}");
        let from = (since - SKEW).to_rfc3339_opts(SecondsFormat::Secs, true);
        let query = [(filter.as_str(), value), ("fromDate", from.as_str())];
        let mut found = self.list("find_calls", &["calls"], &query, |_: &Call| true).await?;
        // A filter that the service did not understand would be ignored rather than refused.
        found.retain(|call| call.belongs_to(key, value));
        found.sort_by_key(|call| call.created);
        Ok(found)
    }

    /// Everything said in all stages of a call, in order.
    pub async fn messages(&self, id: &str) -> Result<Vec<Message>, Failure> {
        let query = [("mode", "in_call"), ("pageSize", "200")];
        self.list("get_messages", &["calls", id, "messages"], &query, |_| true)
            .await
    }

    /// Answers false if nobody is on the line (any more, or yet): the provider takes no message then.
    pub async fn say(&self, id: &str, text: &str) -> Result<bool, Failure> {
        let message = json!({ "type": "user_text_message", "text": text, "urgency": "soon" });
        self.tell("say", id, &message, Repeat::Never).await
    }

    /// As [`Ultravox::say`]; hanging up twice is hanging up.
    pub async fn hang_up(&self, id: &str) -> Result<bool, Failure> {
        self.tell(
            "hang_up",
            id,
            &json!({ "type": "hang_up", "message": "" }),
            Repeat::Safe,
        )
        .await
    }

    /// Removes what was said and the recording. A call that is already gone is fine; one that is under way is refused.
    pub async fn delete_call(&self, id: &str) -> Result<(), Failure> {
        self.delete("delete_call", &["calls", id]).await
    }

    async fn tell(&self, operation: &'static str, id: &str, message: &Value, repeat: Repeat) -> Result<bool, Failure> {
        let request = self.request(Method::POST, self.url(&["calls", id, "send_data_message"]));
        match question(operation, repeat).done(request.json(message)).await {
            Ok(()) => Ok(true),
            Err(failure) if failure.status() == Some(422) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Asks for the recording without fetching it: where the answer is the sound itself, its connection is dropped.
    pub async fn recording_state(&self, id: &str) -> Result<RecordingState, Failure> {
        let url = self.url(&["calls", id, "recording"]);
        match question("recording_state", Repeat::Safe)
            .ask(self.request(Method::GET, url), Take::Nothing)
            .await
        {
            Ok(answer) if answer.status.is_success() || answer.location.is_some() => Ok(RecordingState::Ready),
            Ok(_) => Ok(RecordingState::NotYet),
            Err(failure) if matches!(failure.status(), Some(404 | 425)) => Ok(RecordingState::NotYet),
            Err(failure) => Err(failure),
        }
    }

    pub async fn recording(&self, id: &str) -> Result<Audio, Failure> {
        self.sound(
            "get_recording",
            self.url(&["calls", id, "recording"]),
            LARGEST_RECORDING,
        )
        .await
    }

    /// The recording piece by piece, for whoever does not want it in memory, with its type.
    pub async fn open_recording(&self, id: &str) -> Result<(String, Incoming), Failure> {
        let question = question("open_recording", Repeat::Safe);
        let url = self.url(&["calls", id, "recording"]);
        let mut incoming = question
            .open(self.request(Method::GET, url.clone()), LONGEST_DOWNLOAD)
            .await?;
        if let Some(location) = incoming.location() {
            let target = storage_of(&url, location)?;
            incoming = question.open(self.http.get(target), LONGEST_DOWNLOAD).await?;
        }
        let content_type = sound_type(incoming.content_type());
        Ok((content_type, incoming))
    }
}
