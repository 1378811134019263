//! What happens on a line once somebody has answered: turns are taken, tools are used, messages are written down.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use super::line::{Line, choice};
use super::phrases::words;
use super::plan::{Ending, Manner};
use super::said::Said;
use super::talk::{self, Who};
use super::{tools, values};

/// One step of a conversation.
#[derive(Clone, Debug)]
pub enum Beat {
    Say(Who, String),
    Tool(usize),
    Silence(f64),
    End(Ending),
}

impl Beat {
    fn seconds(&self) -> f64 {
        match self {
            Beat::Say(_, text) => talk::seconds(text),
            Beat::Tool(_) => 1.2,
            Beat::Silence(seconds) => *seconds,
            Beat::End(_) => 0.0,
        }
    }
}

impl Line {
    /// The beats of a call to a telephone.
    pub fn script(&self, manner: Manner, ending: Ending) -> VecDeque<Beat> {
        let say = |who, text: &str| Beat::Say(who, text.to_owned());
        let mut beats = VecDeque::new();
        let person_first = self.doc["firstSpeakerSettings"]["user"].is_object();
        if person_first && manner != Manner::Silent && manner != Manner::Voicemail {
            beats.push_back(say(Who::Person, talk::hello(&self.doc)));
        }
        match manner {
            Manner::Voicemail => {
                beats.push_back(say(
                    Who::Person,
                    "You have reached the voicemail of this number. Please leave a message after the tone.",
                ));
                beats.push_back(Beat::Silence(1.5));
                beats.push_back(say(Who::Agent, &talk::greeting(&self.doc)));
                beats.push_back(say(Who::Agent, "I will try to reach you another time. Goodbye."));
            }
            Manner::Silent => {
                beats.push_back(say(Who::Agent, &talk::greeting(&self.doc)));
                let messages = self.doc["inactivityMessages"].as_array().cloned().unwrap_or_default();
                for message in &messages {
                    let wait = message["duration"].as_str().and_then(values::seconds).unwrap_or(10.0);
                    beats.push_back(Beat::Silence(wait));
                    beats.push_back(say(Who::Agent, message["message"].as_str().unwrap_or_default()));
                }
                if messages.is_empty() {
                    beats.push_back(Beat::Silence(10.0));
                    beats.push_back(say(Who::Agent, words(self.doc["languageHint"].as_str()).still_there));
                }
                beats.push_back(Beat::Silence(5.0));
            }
            Manner::Short => beats.push_back(Beat::Silence(1.0)),
            Manner::Broken => {
                beats.push_back(say(Who::Agent, &talk::greeting(&self.doc)));
                beats.extend(self.talk().into_iter().take(1));
            }
            Manner::Talk | Manner::Endless | Manner::ToolsFail => {
                beats.push_back(say(Who::Agent, &talk::greeting(&self.doc)));
                beats.extend(self.talk());
                let who = if ending == Ending::Agent {
                    Who::Agent
                } else {
                    Who::Person
                };
                if manner != Manner::Endless {
                    beats.push_back(say(who, talk::goodbye(&self.doc, who)));
                }
            }
        }
        beats.push_back(Beat::End(ending));
        beats
    }

    /// The conversation, with every tool used once before the answer it leads to.
    fn talk(&self) -> Vec<Beat> {
        let tools = self.change(|call| call.tools.len()).unwrap_or_default();
        let choice = choice(self.app.seed, &format!("{}{}", self.doc["medium"], self.doc["agentId"]));
        let mut beats = Vec::new();
        let mut next_tool = 0;
        for (place, (who, text)) in talk::conversation(&self.doc, choice).into_iter().enumerate() {
            if who == Who::Agent && place > 1 && next_tool < tools {
                beats.push(Beat::Tool(next_tool));
                next_tool += 1;
            }
            beats.push(Beat::Say(who, text));
        }
        beats
    }

    pub async fn converse(&mut self, mut beats: VecDeque<Beat>, endless: bool) -> Ending {
        loop {
            let Some(beat) = beats.pop_front() else {
                match self.listen(&mut beats).await {
                    Some(ending) => return ending,
                    None => continue,
                }
            };
            if let Beat::End(ending) = beat {
                if endless {
                    let (person, agent) = talk::more(&self.doc);
                    beats.push_back(Beat::Say(Who::Person, person.to_owned()));
                    beats.push_back(Beat::Say(Who::Agent, agent.to_owned()));
                    beats.push_back(beat);
                    continue;
                }
                return ending;
            }
            let takes = beat.seconds();
            if self.at + takes >= self.longest {
                let left = (self.longest - self.at).max(0.0);
                self.app.pace.sleep(left).await;
                return self.time_is_up();
            }
            if let Beat::Say(Who::Agent, _) = beat {
                self.send(json!({ "type": "state", "state": "speaking" }));
            }
            tokio::select! {
                biased;
                said = self.inbox.recv() => {
                    beats.push_front(beat);
                    if let Some(ending) = self.answer(said, &mut beats) {
                        return ending;
                    }
                }
                () = self.app.pace.sleep(takes) => {
                    self.at += takes;
                    self.perform(beat, takes).await;
                }
            }
        }
    }

    /// Waits for a person in their own time, not in simulated time.
    async fn listen(&mut self, beats: &mut VecDeque<Beat>) -> Option<Ending> {
        let started = Instant::now();
        let quiet = self.doc["inactivityMessages"].as_array().cloned().unwrap_or_default();
        let mut left = Duration::try_from_secs_f64(self.longest - self.at).unwrap_or_default();
        let mut nudges = quiet.iter();
        loop {
            let nudge = nudges.next();
            let wait = nudge
                .and_then(|nudge| nudge["duration"].as_str())
                .and_then(values::seconds);
            let wait = wait
                .map_or(left, |wait| Duration::try_from_secs_f64(wait).unwrap_or(left))
                .min(left);
            tokio::select! {
                said = self.inbox.recv() => {
                    self.at += started.elapsed().as_secs_f64();
                    return self.answer(said, beats);
                }
                () = tokio::time::sleep(wait) => {}
            }
            left = left.saturating_sub(wait);
            let Some(nudge) = nudge.filter(|_| !left.is_zero()) else {
                self.at = self.longest;
                return Some(self.time_is_up());
            };
            let text = nudge["message"].as_str().unwrap_or_default();
            self.say(Who::Agent, text, 0.0);
            if nudge["endBehavior"]
                .as_str()
                .is_some_and(|end| end.starts_with("END_BEHAVIOR_HANG_UP"))
            {
                self.at += started.elapsed().as_secs_f64();
                return Some(Ending::Agent);
            }
        }
    }

    fn time_is_up(&mut self) -> Ending {
        self.at = self.longest;
        if let Some(text) = self.doc["timeExceededMessage"].as_str().map(str::to_owned) {
            self.say(Who::Agent, &text, talk::seconds(&text).min(self.longest));
        }
        Ending::Timeout
    }

    fn answer(&mut self, said: Option<Said>, beats: &mut VecDeque<Beat>) -> Option<Ending> {
        match said {
            None | Some(Said::Closed) => return Some(Ending::Caller),
            Some(Said::HangUp(message)) => {
                if !message.is_empty() {
                    self.say(Who::Agent, &message, 0.0);
                }
                return Some(Ending::Agent);
            }
            Some(Said::User { text, later }) => {
                self.write(Who::Person, &text, "MESSAGE_MEDIUM_TEXT", 0.0);
                if !later {
                    self.send(json!({ "type": "state", "state": "thinking" }));
                    let reply = talk::reply(&self.doc, &text);
                    if talk::is_goodbye(&text) {
                        beats.push_front(Beat::End(Ending::Agent));
                    }
                    beats.push_front(Beat::Say(Who::Agent, reply));
                    if let Some(tool) = self.tool_for(&text) {
                        beats.push_front(Beat::Tool(tool));
                    }
                }
            }
            Some(Said::Forced(text)) => beats.push_front(Beat::Say(Who::Agent, text)),
            Some(Said::Output(medium)) => medium.clone_into(&mut self.output),
            Some(Said::Joined(_) | Said::ToolResult { .. }) => {}
        }
        None
    }

    /// The tool whose name or description shares a longer word with what was written.
    fn tool_for(&self, text: &str) -> Option<usize> {
        let text = text.to_lowercase();
        let wanted: Vec<&str> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 4)
            .collect();
        self.change(|call| {
            call.tools.iter().position(|tool| {
                let about = format!("{} {}", tool["name"], tool["definition"]["description"]).to_lowercase();
                wanted.iter().any(|word| about.contains(word))
            })
        })?
    }

    async fn perform(&mut self, beat: Beat, takes: f64) {
        match beat {
            Beat::Say(who, text) => self.say(who, &text, takes),
            Beat::Tool(index) => self.use_tool(index).await,
            Beat::Silence(_) | Beat::End(_) => {}
        }
    }

    fn say(&mut self, who: Who, text: &str, takes: f64) {
        let medium = if who == Who::Agent {
            self.output.clone()
        } else {
            "MESSAGE_MEDIUM_VOICE".to_owned()
        };
        self.write(who, text, &medium, takes);
        if who == Who::Agent {
            self.send(json!({ "type": "state", "state": "listening" }));
        }
    }

    fn write(&mut self, who: Who, text: &str, medium: &str, takes: f64) {
        let (role, name) = match who {
            Who::Agent => ("MESSAGE_ROLE_AGENT", "agent"),
            Who::Person => ("MESSAGE_ROLE_USER", "user"),
        };
        self.turns += usize::from(who == Who::Person);
        self.append(json!({ "role": role, "text": text, "medium": medium }), takes);
        let short = if medium == "MESSAGE_MEDIUM_TEXT" {
            "text"
        } else {
            "voice"
        };
        self.send(json!({
            "type": "transcript", "role": name, "medium": short, "text": text, "delta": null, "final": true,
            "ordinal": self.ordinal,
        }));
        self.ordinal += 1;
    }

    /// Adds a message the way protobuf writes JSON: what has its default value is left out.
    fn append(&self, mut message: Value, takes: f64) {
        let span = json!({ "start": values::duration((self.at - takes).max(0.0)), "end": values::duration(self.at) });
        self.change(|call| {
            let index = call.initial_messages.len() + call.messages.len();
            if let Some(members) = message.as_object_mut() {
                members.retain(|_, value| value != "" && !value.is_null());
                if index > 0 {
                    members.insert("callStageMessageIndex".into(), json!(index));
                }
                members.insert("callStageId".into(), json!(call.stage_id));
                members.insert("timespan".into(), span.clone());
                members.insert("wallClockTimespan".into(), span);
            }
            call.messages.push(message);
        });
    }

    async fn use_tool(&mut self, index: usize) {
        let Some(Some(tool)) = self.change(|call| call.tools.get(index).cloned()) else {
            return;
        };
        let name = tool["name"].as_str().unwrap_or_default().to_owned();
        let last = self
            .change(|call| call.messages.last().map(|message| message["text"].clone()))
            .flatten();
        let arguments = tools::arguments(&tool, last.as_ref().and_then(Value::as_str).unwrap_or_default());
        let invocation = Uuid::new_v4().to_string();
        let common = json!({ "invocationId": invocation, "toolName": name, "medium": self.output });
        let with = |more: Value| {
            let mut message = common.clone();
            for (key, value) in more.as_object().cloned().unwrap_or_default() {
                message[key] = value;
            }
            message
        };
        self.append(
            with(json!({ "role": "MESSAGE_ROLE_TOOL_CALL", "text": arguments.to_string() })),
            1.0,
        );
        let result = if self.tools_fail {
            Err("The tool did not answer in time.".to_owned())
        } else if tool["definition"]["client"].is_object() && self.socket.is_some() {
            self.ask_client(&name, &invocation, &arguments).await
        } else {
            tools::invoke(&self.app, &self.doc, &tool, &arguments).await
        };
        let (text, error) = match result {
            Ok(text) => (text, Value::Null),
            Err(cause) => (String::new(), json!(cause)),
        };
        let severity = if error.is_null() { "info" } else { "warning" };
        self.append(
            with(json!({ "role": "MESSAGE_ROLE_TOOL_RESULT", "text": text, "errorDetails": error })),
            0.2,
        );
        self.event(severity, "tool_used", &format!("The agent used {name}."));
        self.tools_used.push(name);
    }

    /// Asks the connected client; what else arrives meanwhile is for later and is lost only if the call ends.
    async fn ask_client(&mut self, name: &str, invocation: &str, arguments: &Value) -> Result<String, String> {
        self.send(json!({
            "type": "client_tool_invocation", "toolName": name, "invocationId": invocation, "parameters": arguments,
        }));
        let patience = tokio::time::sleep(Duration::from_secs(5));
        tokio::pin!(patience);
        loop {
            tokio::select! {
                () = &mut patience => return Err("The client did not answer in time.".to_owned()),
                said = self.inbox.recv() => match said {
                    Some(Said::ToolResult { invocation: of, result }) if of == invocation => return result,
                    Some(Said::Closed) | None => return Err("The client has gone.".to_owned()),
                    Some(_) => {}
                },
            }
        }
    }

    pub fn send(&self, message: Value) {
        if let Some(socket) = &self.socket
            && socket.send(message).is_err()
        {
            tracing::debug!("a data message came after the client had gone");
        }
    }
}
