//! One simulated line: it rings, is answered or not, somebody talks, it ends, and it is billed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::super::pace;
use super::super::state::lock;
use super::Ultravox;
use super::calls::{self, Call};
use super::converse::Beat;
use super::plan::{self, Ending, Manner, Plan};
use super::said::Said;
use super::talk::{self, Who};
use super::{values, webhooks};

/// Simulated seconds between the end of a call and its bill.
const BILLING: f64 = 3.0;
/// A socket is opened by somebody real, who needs this long however fast simulated time passes.
const LEAST_JOIN: Duration = Duration::from_secs(2);

pub struct Line {
    pub app: Arc<Ultravox>,
    pub id: String,
    pub doc: Value,
    pub inbox: mpsc::UnboundedReceiver<Said>,
    pub socket: Option<mpsc::UnboundedSender<Value>>,
    /// Seconds since the call was joined.
    pub at: f64,
    pub joined: DateTime<Utc>,
    pub longest: f64,
    pub output: String,
    pub ordinal: u64,
    pub tools_fail: bool,
    pub tools_used: Vec<String>,
    pub turns: usize,
}

/// Starts the line of a call that has just been made.
pub fn open(app: &Arc<Ultravox>, id: &str) {
    let Some(doc) = app.world.read(|world| world.calls.get(id).map(|call| call.doc.clone())) else {
        return;
    };
    let (voice, inbox) = mpsc::unbounded_channel();
    lock(&app.lines).insert(id.to_owned(), voice);
    let longest = doc["maxDuration"].as_str().and_then(values::seconds).unwrap_or(3600.0);
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
pub fn choice(seed: u64, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, text).hash(&mut hasher);
    hasher.finish()
}

fn six(seconds: f64) -> String {
    format!("{}s", (seconds / 6.0).ceil() as u64 * 6)
}

impl Line {
    async fn run(mut self) {
        let ring = match plan::dialed(&self.doc["medium"]).map(plan::plan) {
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
            .and_then(values::seconds)
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

    pub fn change<R>(&self, change: impl FnOnce(&mut Call) -> R) -> Option<R> {
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

    pub fn event(&self, severity: &str, kind: &str, text: &str) {
        self.change(|call| {
            let event = json!({
                "callId": self.id, "callStageId": call.stage_id, "callTimestamp": values::duration(self.at),
                "severity": severity, "type": kind, "text": text, "extras": null,
                "wallClockTimestamp": values::duration(self.at),
            });
            call.events.push(event);
        });
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
