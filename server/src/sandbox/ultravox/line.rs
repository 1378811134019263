//! One simulated line: it rings, is answered or not, somebody talks, it ends, and it is billed.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::super::pace;
use super::super::state::lock;
use super::Ultravox;
use super::calls::{self, Call};
use super::plan::{Ending, Manner, Plan};
use super::talk::{self, Who};
use super::{rules, tools, webhooks};

/// Simulated seconds between the end of a call and its bill.
const BILLING: f64 = 3.0;
/// A socket is opened by somebody real, who needs this long however fast simulated time passes.
const LEAST_JOIN: Duration = Duration::from_secs(2);

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

/// One step of a conversation.
#[derive(Clone, Debug)]
enum Beat {
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

struct Line {
    app: Arc<Ultravox>,
    id: String,
    doc: Value,
    inbox: mpsc::UnboundedReceiver<Said>,
    socket: Option<mpsc::UnboundedSender<Value>>,
    /// Seconds since the call was joined.
    at: f64,
    joined: DateTime<Utc>,
    longest: f64,
    output: String,
    ordinal: u64,
    tools_fail: bool,
    tools_used: Vec<String>,
    turns: usize,
}

/// Starts the line of a call that has just been made.
pub fn open(app: &Arc<Ultravox>, id: &str) {
    let Some(doc) = app.world.read(|world| world.calls.get(id).map(|call| call.doc.clone())) else {
        return;
    };
    let (voice, inbox) = mpsc::unbounded_channel();
    lock(&app.lines).insert(id.to_owned(), voice);
    let longest = doc["maxDuration"].as_str().and_then(rules::seconds).unwrap_or(3600.0);
    let line = Line {
        app: Arc::clone(app),
        id: id.to_owned(),
        output: doc["initialOutputMedium"].as_str().unwrap_or_default().to_owned(),
        doc,
        inbox,
        socket: None,
        at: 0.0,
        joined: Utc::now(),
        longest,
        ordinal: 0,
        tools_fail: false,
        tools_used: Vec::new(),
        turns: 0,
    };
    let stop = app.desk.stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = line.run() => {}
        }
    });
}

/// Ends a call whose line went down with the process.
pub fn lost(app: &Arc<Ultravox>, id: &str) {
    let ended = app.world.write(|world| {
        let call = world.calls.get_mut(id)?;
        let ending = if call.doc["joined"].is_null() {
            Ending::Unjoined
        } else {
            Ending::Connection
        };
        call.doc["ended"] = json!(pace::now());
        call.doc["endReason"] = json!(ending.reason());
        Some(call.doc.clone())
    });
    if let Some(doc) = ended {
        webhooks::tell(app, "call.ended", &doc);
        let (app, id) = (Arc::clone(app), id.to_owned());
        tokio::spawn(async move { bill(&app, &id).await });
    }
}

/// A stable number for the same seed and text.
fn choice(seed: u64, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, text).hash(&mut hasher);
    hasher.finish()
}

fn six(seconds: f64) -> String {
    format!("{}s", (seconds / 6.0).ceil() as u64 * 6)
}

impl Line {
    async fn run(mut self) {
        let ring = match calls::plan_of(&self.doc) {
            Some(Plan::Unanswered(ring, sip)) => {
                // The far end may give up sooner than the caller, never later.
                let ring = ring.min(self.join_timeout());
                self.app.pace.sleep(ring).await;
                return self.finish(Ending::Unjoined, ring, Some(sip)).await;
            }
            Some(Plan::Answered(manner, ending)) => {
                let ring = 4.0 + (choice(self.app.seed, &self.doc["medium"].to_string()) % 5) as f64;
                self.app.pace.sleep(ring).await;
                self.join(ring);
                self.tools_fail = manner == Manner::ToolsFail;
                let beats = self.script(manner, ending);
                let ending = self.converse(beats, manner == Manner::Endless).await;
                return self.finish(ending, ring, None).await;
            }
            None => 0.0,
        };
        if self.doc["medium"]["sip"]["incoming"].is_object() && self.is_let_in() {
            self.join(ring);
            let beats = self.script(Manner::Talk, Ending::Caller);
            let ending = self.converse(beats, false).await;
            return self.finish(ending, ring, None).await;
        }
        let ending = self.wait_for_socket().await;
        self.finish(ending, ring, None).await;
    }

    /// Calls that the admin page lets in carry who calls; others wait for a caller who never comes.
    fn is_let_in(&self) -> bool {
        self.doc["metadata"]["sandbox.from"].is_string()
    }

    fn join_timeout(&self) -> f64 {
        self.doc["joinTimeout"]
            .as_str()
            .and_then(rules::seconds)
            .unwrap_or(30.0)
    }

    async fn wait_for_socket(&mut self) -> Ending {
        let mut patience = self.app.pace.real(self.join_timeout());
        if self.doc["medium"]["serverWebSocket"].is_object() {
            patience = patience.max(LEAST_JOIN);
        }
        let deadline = tokio::time::sleep(patience);
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                () = &mut deadline => return Ending::Unjoined,
                said = self.inbox.recv() => match said {
                    Some(Said::Joined(socket)) => self.socket = Some(socket),
                    Some(_) => continue,
                    None => return Ending::Unjoined,
                },
            }
            self.join(0.0);
            self.send(json!({ "type": "call_started", "callId": self.id }));
            self.send(json!({ "type": "state", "state": "listening" }));
            let agent_first = !self.doc["firstSpeakerSettings"]["user"].is_object();
            let greeting = agent_first.then(|| Beat::Say(Who::Agent, talk::greeting(&self.doc)));
            return self.converse(greeting.into_iter().collect(), false).await;
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Call) -> R) -> Option<R> {
        self.app.world.write(|world| world.calls.get_mut(&self.id).map(change))
    }

    fn join(&mut self, ring: f64) {
        let created = self.doc["created"]
            .as_str()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        // Simulated time may run ahead of the clock on the wall, and a call's own times must agree with each other.
        self.joined = if ring > 0.0 {
            created.map_or_else(Utc::now, |at| at.to_utc()) + delta(ring)
        } else {
            Utc::now()
        };
        let joined = pace::stamp(self.joined);
        let doc = self.change(|call| {
            call.doc["joined"] = json!(joined);
            call.doc.clone()
        });
        self.event("info", "call_joined", "The call was joined.");
        if let Some(doc) = doc {
            self.doc = doc;
            webhooks::tell(&self.app, "call.joined", &self.doc);
        }
    }

    /// The beats of a call to a telephone.
    fn script(&self, manner: Manner, ending: Ending) -> VecDeque<Beat> {
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
                    let wait = message["duration"].as_str().and_then(rules::seconds).unwrap_or(10.0);
                    beats.push_back(Beat::Silence(wait));
                    beats.push_back(say(Who::Agent, message["message"].as_str().unwrap_or_default()));
                }
                if messages.is_empty() {
                    beats.push_back(Beat::Silence(10.0));
                    beats.push_back(say(
                        Who::Agent,
                        talk::words(self.doc["languageHint"].as_str()).still_there,
                    ));
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

    async fn converse(&mut self, mut beats: VecDeque<Beat>, endless: bool) -> Ending {
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
                .and_then(rules::seconds);
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
        let span = json!({ "start": rules::duration((self.at - takes).max(0.0)), "end": rules::duration(self.at) });
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

    fn event(&self, severity: &str, kind: &str, text: &str) {
        self.change(|call| {
            let event = json!({
                "callId": self.id, "callStageId": call.stage_id, "callTimestamp": rules::duration(self.at),
                "severity": severity, "type": kind, "text": text, "extras": null,
                "wallClockTimestamp": rules::duration(self.at),
            });
            call.events.push(event);
        });
    }

    fn send(&self, message: Value) {
        if let Some(socket) = &self.socket
            && socket.send(message).is_err()
        {
            tracing::debug!("a data message came after the client had gone");
        }
    }

    async fn finish(self, ending: Ending, ring: f64, sip: Option<&'static str>) {
        lock(&self.app.lines).remove(&self.id);
        let answered = ending != Ending::Unjoined;
        let dialed_by_sip = self.doc["medium"]["sip"]["outgoing"].is_object();
        let sip = sip.unwrap_or(match ending {
            Ending::Unjoined => "SIP_TERMINATION_TIMEOUT",
            Ending::Connection | Ending::System => "SIP_TERMINATION_UNKNOWN",
            _ => "SIP_TERMINATION_NORMAL",
        });
        let created = self.doc["created"]
            .as_str()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let ended = if answered {
            self.joined + delta(self.at)
        } else {
            created.map_or_else(Utc::now, |at| at.to_utc()) + delta(if ring > 0.0 { ring } else { self.join_timeout() })
        };
        let severity = if matches!(ending, Ending::Connection | Ending::System) {
            "error"
        } else {
            "info"
        };
        self.event(severity, "call_ended", &format!("The call ended: {}.", ending.reason()));
        let doc = self.change(|call| {
            call.doc["ended"] = json!(pace::stamp(ended));
            call.doc["endReason"] = json!(ending.reason());
            if dialed_by_sip {
                // Infrastructure is busy from the first ring on.
                call.doc["sipDetails"] = json!({ "billedDuration": six(ring + self.at), "terminationReason": sip });
            }
            if answered && ending != Ending::System {
                let (long, short) = talk::summary(&call.doc, self.turns, &self.tools_used, ending.reason());
                call.doc["summary"] = json!(long);
                call.doc["shortSummary"] = json!(short);
            }
            call.doc.clone()
        });
        if let Some(doc) = doc {
            webhooks::tell(&self.app, "call.ended", &doc);
            bill(&self.app, &self.id).await;
        }
    }
}

fn delta(seconds: f64) -> TimeDelta {
    TimeDelta::milliseconds((seconds * 1000.0).round() as i64)
}

/// Every started six seconds of talk cost; rings, and what the provider broke itself, do not.
async fn bill(app: &Arc<Ultravox>, id: &str) {
    app.pace.sleep(BILLING).await;
    let doc = app.world.write(|world| {
        let call = world.calls.get_mut(id)?;
        let length = calls::length(&call.doc).unwrap_or_default();
        let (status, billed) = match call.doc["endReason"].as_str() {
            Some("system_error") => ("BILLING_STATUS_FREE_SYSTEM_ERROR", "0s".to_owned()),
            _ if length <= 0.0 => ("BILLING_STATUS_FREE_ZERO_EFFECTIVE_DURATION", "0s".to_owned()),
            _ => ("BILLING_STATUS_BILLED", six(length)),
        };
        call.doc["billingStatus"] = json!(status);
        call.doc["billedDuration"] = json!(billed);
        call.doc["billedSideInputTokens"] = json!(0);
        call.doc["billedSideOutputTokens"] = json!(0);
        Some(call.doc.clone())
    });
    if let Some(doc) = doc {
        webhooks::tell(app, "call.billed", &doc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_started_six_seconds_count() {
        assert_eq!(six(0.0), "0s");
        assert_eq!(six(1.0), "6s");
        assert_eq!(six(37.0), "42s");
        assert_eq!(six(42.0), "42s");
    }
}
