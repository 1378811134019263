//! Endings: why a call is over, whose matter that is, and what a person can do about it.

use serde::{Deserialize, Serialize};

use super::Status;

/// The field's canonical reasons, as far as this product can bring them about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    CallerHangup,
    AgentHangup,
    ManuallyStopped,
    Inactivity,
    MaxDuration,
    Voicemail,
    NoAnswer,
    Busy,
    Declined,
    InvalidNumber,
    Unreachable,
    CanceledElsewhere,
    Unjoined,
    ConcurrencyLimit,
    ProviderRefused,
    AgentMissing,
    TelephonyFailed,
    ProviderError,
    PlatformError,
    /// The provider does not say what became of it; set right when it does.
    ProviderSilent,
    Unknown,
}

/// Whose matter an end was: where somebody has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum AtFault {
    /// Nothing is to be mended.
    Nobody,
    /// The number that was called.
    Number,
    /// The agent, or its copy at the provider.
    Agent,
    /// The provider's account: its credit, its permissions, its lines.
    Account,
    Telephony,
    Provider,
    /// Switchboard itself.
    Platform,
    Unknown,
}

impl AtFault {
    pub const ALL: [Self; 8] = [
        Self::Nobody,
        Self::Number,
        Self::Agent,
        Self::Account,
        Self::Telephony,
        Self::Provider,
        Self::Platform,
        Self::Unknown,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Number => "number",
            Self::Agent => "agent",
            Self::Account => "account",
            Self::Telephony => "telephony",
            Self::Provider => "provider",
            Self::Platform => "platform",
            Self::Unknown => "unknown",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Nobody => "Nobody",
            Self::Number => "The number",
            Self::Agent => "The agent",
            Self::Account => "The provider's account",
            Self::Telephony => "The telephone carrier",
            Self::Provider => "The provider",
            Self::Platform => "Switchboard",
            Self::Unknown => "Not known",
        }
    }
}

impl EndReason {
    pub const ALL: [Self; 21] = [
        Self::CallerHangup,
        Self::AgentHangup,
        Self::ManuallyStopped,
        Self::Inactivity,
        Self::MaxDuration,
        Self::Voicemail,
        Self::NoAnswer,
        Self::Busy,
        Self::Declined,
        Self::InvalidNumber,
        Self::Unreachable,
        Self::CanceledElsewhere,
        Self::Unjoined,
        Self::ConcurrencyLimit,
        Self::ProviderRefused,
        Self::AgentMissing,
        Self::TelephonyFailed,
        Self::ProviderError,
        Self::PlatformError,
        Self::ProviderSilent,
        Self::Unknown,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::CallerHangup => "The other side hung up",
            Self::AgentHangup => "The agent hung up",
            Self::ManuallyStopped => "Stopped from here",
            Self::Inactivity => "Nobody spoke",
            Self::MaxDuration => "Reached the longest duration",
            Self::Voicemail => "Reached voicemail",
            Self::NoAnswer => "No answer",
            Self::Busy => "Busy",
            Self::Declined => "Declined",
            Self::InvalidNumber => "Not a working number",
            Self::Unreachable => "Could not be reached",
            Self::CanceledElsewhere => "Canceled while it rang",
            Self::Unjoined => "Nobody joined in time",
            Self::ConcurrencyLimit => "Too many calls at once",
            Self::ProviderRefused => "The provider refused the call",
            Self::AgentMissing => "The agent is gone at the provider",
            Self::TelephonyFailed => "The telephone connection broke",
            Self::ProviderError => "The provider failed",
            Self::PlatformError => "Our fault",
            Self::ProviderSilent => "Not known: the provider does not say",
            Self::Unknown => "Unknown",
        }
    }

    /// What a person can do next.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::CallerHangup | Self::AgentHangup | Self::ManuallyStopped => "",
            Self::Inactivity => "If people needed longer, raise the times under Silence in the agent.",
            Self::MaxDuration => "If the talk was cut short, raise Longest call in the agent.",
            Self::Voicemail => "Try again at another time of day.",
            Self::NoAnswer => "Try again later, or let it ring longer: Ring for at most, in the agent.",
            Self::Busy => "Try again in a few minutes.",
            Self::Declined => "They chose not to answer. Calling again at once is rarely welcome.",
            Self::InvalidNumber => "Check the number and its country code.",
            Self::Unreachable => "The phone may be off or out of reach. Try again later.",
            Self::CanceledElsewhere => {
                "It was stopped at the provider or by a carrier, not from here. Call again if you did not mean it."
            }
            Self::Unjoined => "Start the conversation again and stay on the page.",
            Self::ConcurrencyLimit => "Wait until another call ends, or ask the provider for more lines.",
            Self::ProviderRefused => "An operator has to look at the provider's account: key, credit and permissions.",
            Self::AgentMissing => "Open the agent and choose Sync now, then call again.",
            Self::TelephonyFailed => "Nothing you did. Call again; if it repeats, ask your carrier.",
            Self::ProviderError => "Nothing you did. Call again; if it repeats, look at the provider's status.",
            Self::PlatformError => "Call again. The events below say what happened.",
            Self::ProviderSilent => {
                "It is past its longest duration, so it is over. The provider is asked on, and this is set right when it answers."
            }
            Self::Unknown => "The provider gave no reason. The events below are all there is.",
        }
    }

    /// As the column `at_fault` of the database works it out.
    pub const fn at_fault(self) -> AtFault {
        match self {
            Self::InvalidNumber | Self::Unreachable => AtFault::Number,
            Self::ConcurrencyLimit | Self::ProviderRefused => AtFault::Account,
            Self::AgentMissing => AtFault::Agent,
            Self::TelephonyFailed => AtFault::Telephony,
            Self::ProviderError | Self::ProviderSilent => AtFault::Provider,
            Self::PlatformError => AtFault::Platform,
            Self::Unknown => AtFault::Unknown,
            Self::CallerHangup
            | Self::AgentHangup
            | Self::ManuallyStopped
            | Self::Inactivity
            | Self::MaxDuration
            | Self::Voicemail
            | Self::NoAnswer
            | Self::Busy
            | Self::Declined
            | Self::CanceledElsewhere
            | Self::Unjoined => AtFault::Nobody,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::CallerHangup => "caller_hangup",
            Self::AgentHangup => "agent_hangup",
            Self::ManuallyStopped => "manually_stopped",
            Self::Inactivity => "inactivity",
            Self::MaxDuration => "max_duration",
            Self::Voicemail => "voicemail",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::InvalidNumber => "invalid_number",
            Self::Unreachable => "unreachable",
            Self::CanceledElsewhere => "canceled_elsewhere",
            Self::Unjoined => "unjoined",
            Self::ConcurrencyLimit => "concurrency_limit",
            Self::ProviderRefused => "provider_refused",
            Self::AgentMissing => "agent_missing",
            Self::TelephonyFailed => "telephony_failed",
            Self::ProviderError => "provider_error",
            Self::PlatformError => "platform_error",
            Self::ProviderSilent => "provider_silent",
            Self::Unknown => "unknown",
        }
    }

    /// The state a call ends in, unless somebody stopped it after it was answered.
    pub const fn status(self) -> Status {
        match self {
            Self::CallerHangup | Self::AgentHangup | Self::Inactivity | Self::MaxDuration => Status::Completed,
            Self::ManuallyStopped | Self::CanceledElsewhere => Status::Canceled,
            Self::Voicemail
            | Self::NoAnswer
            | Self::Busy
            | Self::Declined
            | Self::InvalidNumber
            | Self::Unreachable
            | Self::Unjoined => Status::NotConnected,
            Self::ConcurrencyLimit
            | Self::ProviderRefused
            | Self::AgentMissing
            | Self::TelephonyFailed
            | Self::ProviderError
            | Self::PlatformError
            | Self::ProviderSilent
            | Self::Unknown => Status::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_the_one_the_api_writes() {
        for reason in EndReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
        }
        for party in AtFault::ALL {
            assert_eq!(serde_json::to_value(party).unwrap(), party.word());
        }
    }
}
