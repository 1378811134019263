//! Starters: agents to begin from, each whole enough to be called at once.

use super::{AgentDraft, EndBehavior, FirstSpeaker, Silence, Variable, VariableKind};

/// An agent to begin from. The voice is chosen by whoever begins.
pub struct Starter {
    pub name: &'static str,
    pub description: &'static str,
    prompt: &'static str,
    first_speaker: FirstSpeaker,
    first_message: &'static str,
    /// Name, kind, whether it is required, and what belongs there.
    variables: &'static [(&'static str, VariableKind, bool, &'static str)],
    tag: &'static str,
}

pub const STARTERS: [Starter; 4] = [
    Starter {
        name: "Front desk",
        description: "Answers the main number, takes messages, says when you are open",
        prompt: "You answer the telephone of {{business_name}}.\n\n\
                 Find out who is calling and why. Answer questions about opening hours: {{opening_hours}}.\n\n\
                 1. If somebody wants to speak to a person, take their name, number and reason, and say that you pass it on.\n\
                 2. Read every number back, digit by digit.\n\
                 3. If you do not know something, say so. Never make up prices or names.\n\n\
                 Keep answers under two sentences.",
        first_speaker: FirstSpeaker::Agent,
        first_message: "{{business_name}}, you are speaking with the automated assistant. How can I help?",
        variables: &[
            ("business_name", VariableKind::Text, true, "As you answer the telephone"),
            (
                "opening_hours",
                VariableKind::Text,
                true,
                "In words, such as: weekdays from eight to five",
            ),
        ],
        tag: "inbound",
    },
    Starter {
        name: "Appointment reminder",
        description: "Calls before a visit, confirms it or notes what to change",
        prompt: "You call {{first_name}} about the visit on {{visit_time}}.\n\n\
                 1. Say who you are and that you are an automated assistant.\n\
                 2. Ask whether the time still suits. If yes, thank them and end the call.\n\
                 3. If not, ask which days suit better, repeat them, and say that somebody will call back.\n\
                 4. If they ask not to be called again, apologize, confirm, and end the call.\n\n\
                 Do not give medical or legal advice.",
        first_speaker: FirstSpeaker::Person,
        first_message: "Hi, is this {{first_name}}? This is an automated reminder about your visit.",
        variables: &[
            ("first_name", VariableKind::Text, true, "Who is called"),
            (
                "visit_time",
                VariableKind::Text,
                true,
                "As it should be spoken, such as: Tuesday at nine twenty",
            ),
        ],
        tag: "outbound",
    },
    Starter {
        name: "Lead qualifier",
        description: "Calls back people who asked for an offer, and learns what they need",
        prompt: "You call {{first_name}}, who asked about {{product}}.\n\n\
                 Learn three things, one question at a time: what they want to solve, by when, and who decides.\n\n\
                 Listen more than you talk. If they have no time, ask when to call back and end the call.\n\
                 At the end, sum up in one sentence what you heard and say that a colleague will be in touch.",
        first_speaker: FirstSpeaker::Person,
        first_message: "Hi {{first_name}}, this is the automated assistant. You asked us about {{product}}. Is now a good moment?",
        variables: &[
            ("first_name", VariableKind::Text, true, "Who is called"),
            ("product", VariableKind::Text, true, "What they asked about"),
        ],
        tag: "outbound",
    },
    Starter {
        name: "Feedback call",
        description: "Asks one number and one reason after a visit or an order",
        prompt: "You call {{first_name}} after {{occasion}} to ask for feedback. The call takes under a minute.\n\n\
                 1. Ask how likely they are to recommend us, from zero to ten.\n\
                 2. Ask for the one reason behind that number.\n\
                 3. Below seven: say that you are sorry and that a person will look into it.\n\
                 4. Thank them and end the call.",
        first_speaker: FirstSpeaker::Person,
        first_message: "Hi {{first_name}}, I have two short questions about {{occasion}}. Do you have a minute?",
        variables: &[
            ("first_name", VariableKind::Text, true, "Who is called"),
            ("occasion", VariableKind::Text, true, "Such as: your visit yesterday"),
        ],
        tag: "outbound",
    },
];

impl Starter {
    pub fn draft(&self) -> AgentDraft {
        AgentDraft {
            name: self.name.into(),
            description: self.description.into(),
            prompt: self.prompt.into(),
            first_speaker: self.first_speaker,
            first_message: self.first_message.into(),
            variables: self
                .variables
                .iter()
                .map(|&(name, kind, required, description)| Variable {
                    name: name.into(),
                    kind,
                    required,
                    description: description.into(),
                })
                .collect(),
            silence: vec![
                Silence {
                    after_s: 12,
                    message: "Are you still there?".into(),
                    then: EndBehavior::GoOn,
                },
                Silence {
                    after_s: 10,
                    message: "I cannot hear you, so I will hang up now. Goodbye.".into(),
                    then: EndBehavior::HangUpSoft,
                },
            ],
            tags: vec![self.tag.into()],
            ..AgentDraft::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Check;

    #[test]
    fn a_starter_lacks_nothing_but_a_voice() {
        for starter in STARTERS {
            let draft = AgentDraft {
                voice_id: "any".into(),
                ..starter.draft()
            };
            assert!(Check::run(&draft).is_ok(), "{}: {:?}", starter.name, Check::run(&draft));
        }
    }
}
