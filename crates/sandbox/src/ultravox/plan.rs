//! What becomes of a call: the number that is called decides, so that people can try each outcome.
//!
//! Numbers reserved for fiction, +1 xxx 555 01yy, have fixed outcomes by yy (`TABLE`); any other number is answered.

use serde_json::Value;

/// The last two digits (from, to), what happens, and how it is planned.
pub const TABLE: &[(u8, u8, &str, Plan)] = &[
    (
        0,
        9,
        "answers, talks, hangs up",
        Plan::Answered(Manner::Talk, Ending::Caller),
    ),
    (
        10,
        19,
        "answers, talks, the agent hangs up",
        Plan::Answered(Manner::Talk, Ending::Agent),
    ),
    (
        20,
        20,
        "does not answer",
        Plan::Unanswered(30.0, "SIP_TERMINATION_TIMEOUT"),
    ),
    (21, 21, "is busy", Plan::Unanswered(3.0, "SIP_TERMINATION_BUSY")),
    (
        22,
        22,
        "rejects the call",
        Plan::Unanswered(5.0, "SIP_TERMINATION_REJECTED"),
    ),
    (
        23,
        23,
        "is not a valid number",
        Plan::Unanswered(1.0, "SIP_TERMINATION_INVALID_NUMBER"),
    ),
    (
        24,
        24,
        "cannot be reached",
        Plan::Unanswered(4.0, "SIP_TERMINATION_DESTINATION_UNAVAILABLE"),
    ),
    (
        25,
        25,
        "is canceled while it rings",
        Plan::Unanswered(6.0, "SIP_TERMINATION_CANCELED"),
    ),
    (
        26,
        26,
        "fails for an unknown reason",
        Plan::Unanswered(2.0, "SIP_TERMINATION_UNKNOWN"),
    ),
    (
        30,
        30,
        "is a voicemail box",
        Plan::Answered(Manner::Voicemail, Ending::Agent),
    ),
    (
        31,
        31,
        "answers and says nothing",
        Plan::Answered(Manner::Silent, Ending::Agent),
    ),
    (
        32,
        32,
        "answers and hangs up at once",
        Plan::Answered(Manner::Short, Ending::Caller),
    ),
    (
        40,
        40,
        "talks until the call's maxDuration",
        Plan::Answered(Manner::Endless, Ending::Timeout),
    ),
    (
        50,
        50,
        "answers, then the line breaks",
        Plan::Answered(Manner::Broken, Ending::Connection),
    ),
    (
        51,
        51,
        "answers, then the provider fails",
        Plan::Answered(Manner::Broken, Ending::System),
    ),
    (
        60,
        60,
        "answers, and every tool works",
        Plan::Answered(Manner::Talk, Ending::Caller),
    ),
    (
        61,
        61,
        "answers, and every tool fails",
        Plan::Answered(Manner::ToolsFail, Ending::Agent),
    ),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    /// Rings for so long, then ends with this SIP reason.
    Unanswered(f64, &'static str),
    Answered(Manner, Ending),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Talk,
    Short,
    Silent,
    Voicemail,
    Endless,
    Broken,
    ToolsFail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Unjoined,
    Caller,
    Agent,
    Timeout,
    Connection,
    System,
}

impl Ending {
    pub fn reason(self) -> &'static str {
        match self {
            Ending::Unjoined => "unjoined",
            Ending::Caller => "hangup",
            Ending::Agent => "agent_hangup",
            Ending::Timeout => "timeout",
            Ending::Connection => "connection_error",
            Ending::System => "system_error",
        }
    }
}

/// The number that a medium dials, if it dials.
pub fn dialed(medium: &Value) -> Option<&str> {
    ["sip", "twilio", "telnyx", "plivo"]
        .iter()
        .find_map(|carrier| medium[*carrier]["outgoing"]["to"].as_str())
}

/// The plan for a number, written `+1 555 0120` or `sip:+15550120@trunk`.
pub fn plan(number: &str) -> Plan {
    let user = number.split('@').next().unwrap_or_default();
    let digits: Vec<u8> = user
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    let ending = match digits.as_slice() {
        [.., 5, 5, 5, 0, 1, tens, ones] => tens * 10 + ones,
        _ => 0,
    };
    TABLE
        .iter()
        .find(|(from, to, ..)| (*from..=*to).contains(&ending))
        .map_or(Plan::Answered(Manner::Talk, Ending::Caller), |(.., plan)| *plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digits_of_a_fictional_number_decide() {
        assert_eq!(plan("+14155550121"), Plan::Unanswered(3.0, "SIP_TERMINATION_BUSY"));
        assert_eq!(
            plan("sip:+15550140@trunk.example"),
            Plan::Answered(Manner::Endless, Ending::Timeout)
        );
        assert_eq!(plan("+43 660 1234521"), Plan::Answered(Manner::Talk, Ending::Caller));
    }
}
