//! Outcomes: what the provider's word for an end means, and what a bill says.

use super::{
    Billing, Call, EndReason, Medium, Message, Speaker, Status, price,
    voicemail::{announcement, left_a_message},
};
use crate::{
    money::Micros,
    providers::ultravox::{duration::parse_ms, shape},
};

/// What was reported of an end, in the provider's words; empty while it says nothing.
pub(crate) fn detail(seen: &shape::Call) -> String {
    match (word(seen), sip(seen)) {
        ("", sip) => sip.unwrap_or_default().to_owned(),
        (word, None | Some("SIP_TERMINATION_NORMAL")) => word.to_owned(),
        (word, Some(sip)) => format!("{word}, {sip}"),
    }
}

/// The provider's word for an end; empty while there is none.
pub(crate) fn word(seen: &shape::Call) -> &str {
    seen.end_reason.as_deref().unwrap_or_default()
}

fn sip(seen: &shape::Call) -> Option<&str> {
    seen.sip_details
        .as_ref()
        .and_then(|sip| sip.termination_reason.as_deref())
}

/// Why a call ended.
pub(crate) fn reason(call: &Call, stop_asked: bool, seen: &shape::Call, said: &[Message]) -> EndReason {
    let word = word(seen);
    if stop_asked && ["unjoined", "hangup", "agent_hangup"].contains(&word) {
        return EndReason::ManuallyStopped;
    }
    match (word, call.medium) {
        ("unjoined", Medium::Text) => EndReason::Unjoined,
        ("unjoined", Medium::Phone) => unanswered(sip(seen)),
        // Whichever side ends it then: boxes hang up after a while, and agents talk on.
        ("hangup" | "agent_hangup" | "timeout", Medium::Phone)
            if left_a_message(said) || announcement(said).is_some() =>
        {
            EndReason::Voicemail
        }
        ("agent_hangup", _) if gave_up(seen, said) => EndReason::Inactivity,
        ("agent_hangup", _) => EndReason::AgentHangup,
        ("hangup", Medium::Phone) => EndReason::CallerHangup,
        // Nobody but us is at the other end of a written conversation: its connection broke.
        ("hangup" | "connection_error", Medium::Text) => EndReason::PlatformError,
        ("connection_error", Medium::Phone) => EndReason::TelephonyFailed,
        ("timeout", _) => EndReason::MaxDuration,
        ("system_error", _) => EndReason::ProviderError,
        _ => EndReason::Unknown,
    }
}

/// What the events say of an end: with its ground, where we judged it ourselves.
pub(crate) fn ground(reason: EndReason, said: &[Message]) -> String {
    match announcement(said).filter(|_| reason == EndReason::Voicemail) {
        Some(heard) => {
            let short: String = heard.chars().take(120).collect();
            let rest = if short.len() < heard.len() { "…" } else { "" };
            format!("{}: “{short}{rest}”", reason.label())
        }
        None => reason.label().to_owned(),
    }
}

fn unanswered(sip: Option<&str>) -> EndReason {
    match sip {
        None | Some("SIP_TERMINATION_TIMEOUT" | "SIP_TERMINATION_NORMAL") => EndReason::NoAnswer,
        Some("SIP_TERMINATION_BUSY") => EndReason::Busy,
        Some("SIP_TERMINATION_REJECTED") => EndReason::Declined,
        Some("SIP_TERMINATION_INVALID_NUMBER") => EndReason::InvalidNumber,
        Some("SIP_TERMINATION_DESTINATION_UNAVAILABLE") => EndReason::Unreachable,
        Some("SIP_TERMINATION_CANCELED") => EndReason::CanceledElsewhere,
        Some(_) => EndReason::TelephonyFailed,
    }
}

/// The last word was a step of the silence rules, and one that hangs up.
fn gave_up(seen: &shape::Call, said: &[Message]) -> bool {
    let last = said
        .iter()
        .rev()
        .find(|message| matches!(message.role, Speaker::Agent | Speaker::Person));
    last.is_some_and(|last| {
        last.role == Speaker::Agent
            && seen.inactivity_messages.iter().flatten().any(|step| {
                step.end_behavior.starts_with("END_BEHAVIOR_HANG_UP") && step.message.trim() == last.text.trim()
            })
    })
}

/// The state a call ends in: stopping one that people talk on leaves a conversation, stopping a ringing one nothing.
pub(crate) fn final_status(reason: EndReason, answered: bool) -> Status {
    match reason {
        EndReason::ManuallyStopped if answered => Status::Completed,
        reason => reason.status(),
    }
}

/// What the bill says; `None` while there is none.
pub(crate) fn bill(seen: &shape::Call) -> Option<(Billing, i64, Micros)> {
    let billed_ms = seen.billed_duration.as_deref().and_then(parse_ms);
    match seen.billing_status.as_deref()? {
        // A bill without a duration is one we cannot repeat to the client: wait for it.
        "BILLING_STATUS_BILLED" => billed_ms.map(|ms| (Billing::Billed, ms, price(ms))),
        "BILLING_STATUS_REFUNDED" => Some((Billing::Free, billed_ms.unwrap_or_default(), Micros(0))),
        status if status.starts_with("BILLING_STATUS_FREE") => {
            Some((Billing::Free, billed_ms.unwrap_or_default(), Micros(0)))
        }
        _ => None,
    }
}

/// What was said, in our terms. A place in the provider's list keeps its number.
pub(crate) fn said(messages: &[shape::Message]) -> Vec<Message> {
    let ours = messages.iter().enumerate().filter_map(|(place, message)| {
        let role = match message.role.as_str() {
            "MESSAGE_ROLE_AGENT" => Speaker::Agent,
            "MESSAGE_ROLE_USER" => Speaker::Person,
            "MESSAGE_ROLE_TOOL_CALL" => Speaker::ToolCall,
            "MESSAGE_ROLE_TOOL_RESULT" => Speaker::ToolResult,
            _ => return None,
        };
        let text = match (&message.error_details, message.text.is_empty()) {
            (Some(error), true) => error,
            _ => &message.text,
        };
        if text.is_empty() && matches!(role, Speaker::Agent | Speaker::Person) {
            return None;
        }
        let (start_ms, end_ms) = message.span_ms();
        Some(Message {
            seq: i32::try_from(place).ok()?,
            role,
            text: text.clone(),
            tool: message.tool_name.clone(),
            failed: role == Speaker::ToolResult && message.error_details.is_some(),
            start_ms,
            end_ms,
        })
    });
    ours.collect()
}

/// One or two sentences, where the provider wrote some.
pub(crate) fn summary(seen: &shape::Call) -> Option<String> {
    let long = seen
        .summary
        .as_deref()
        .filter(|text| !text.is_empty() && text.chars().count() <= 400);
    let text = long.or(seen.short_summary.as_deref()).or(seen.summary.as_deref())?;
    Some(text.to_owned()).filter(|text| !text.trim().is_empty())
}
