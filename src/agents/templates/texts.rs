//! What each template says and how it is set.

use super::{AgentTemplate, AgentTemplateRow, TEMPLATES, TemplateName, questions};
use crate::{
    agents::{AgentDraft, EndBehavior, FirstSpeaker, Silence, Variable, VariableKind},
    auth::Caller,
    core::Core,
    error::{Error, Result},
    resource::{Action, Kind},
};

/// What a call passes: a name, and what belongs there.
type Asked = (&'static str, &'static str);

struct Text {
    id: &'static str,
    suits: &'static str,
    prompt: &'static str,
    calls_out: bool,
    first_message: &'static str,
    asked: &'static [Asked],
    /// Longest call, in seconds, and what is said when it is reached.
    most_s: i32,
    time_up: &'static str,
    temperature_percent: i16,
    /// People think before they answer some questions.
    turn_delay_ms: i32,
}

const BUSINESS: Asked = ("business_name", "As you say it on the telephone");
const PERSON: Asked = ("first_name", "Who is called");

static TEXTS: [Text; 10] = [
    Text {
        id: "front-desk",
        suits: "Practices, offices and shops whose telephone rings while everybody is busy",
        prompt: include_str!("front-desk.md"),
        calls_out: false,
        first_message: "{{business_name}}, you are speaking with the automated assistant. This call is recorded. How can I help?",
        asked: &[
            BUSINESS,
            ("opening_hours", "In words, such as: weekdays from eight to five"),
        ],
        most_s: 600,
        time_up: "I have to end the call here. Somebody will call you back. Goodbye.",
        temperature_percent: 20,
        turn_delay_ms: 384,
    },
    Text {
        id: "reminder",
        suits: "Practices, workshops and salons that lose time to empty appointments",
        prompt: include_str!("reminder.md"),
        calls_out: true,
        first_message: "Hi, this is the automated assistant of {{business_name}}, on a recorded line. Am I speaking with {{first_name}}?",
        asked: &[
            PERSON,
            BUSINESS,
            ("visit_time", "As it is spoken, such as: Tuesday at nine twenty"),
        ],
        most_s: 180,
        time_up: "I have to end the call here. We will call you back. Goodbye.",
        temperature_percent: 10,
        turn_delay_ms: 384,
    },
    Text {
        id: "qualification",
        suits: "Sales teams with more inquiries than hours in the day",
        prompt: include_str!("qualification.md"),
        calls_out: true,
        first_message: "Hi {{first_name}}, this is the automated assistant of {{business_name}}, on a recorded line. You asked us about {{product}}. Is now a good moment?",
        asked: &[PERSON, BUSINESS, ("product", "What they asked about")],
        most_s: 480,
        time_up: "Thank you for all of this. My time is up; a colleague will call you. Goodbye.",
        temperature_percent: 30,
        turn_delay_ms: 512,
    },
    Text {
        id: "feedback",
        suits: "Anybody who wants to know how it was while people still remember",
        prompt: include_str!("feedback.md"),
        calls_out: true,
        first_message: "Hi {{first_name}}, this is the automated assistant of {{business_name}}, on a recorded line. I have two short questions about {{occasion}}. Do you have a minute?",
        asked: &[PERSON, BUSINESS, ("occasion", "Such as: your visit yesterday")],
        most_s: 240,
        time_up: "Thank you, that helps a lot. My time is up. Goodbye.",
        temperature_percent: 20,
        turn_delay_ms: 640,
    },
    Text {
        id: "after-hours",
        suits: "Trades, practices and property managers whose callers cannot always wait for morning",
        prompt: include_str!("after-hours.md"),
        calls_out: false,
        first_message: "{{business_name}}, this is the automated assistant, on a recorded line. We are closed at the moment. Can it wait until we are open, or is it urgent?",
        asked: &[
            BUSINESS,
            ("opening_hours", "In words, such as: weekdays from eight to five"),
            (
                "urgent_instructions",
                "Such as: call the duty engineer at five five five, oh one four two",
            ),
        ],
        most_s: 420,
        time_up: "I have to end the call here. Your message is noted. Goodbye.",
        temperature_percent: 10,
        turn_delay_ms: 512,
    },
    Text {
        id: "no-show",
        suits: "Practices and salons that would rather see people late than never",
        prompt: include_str!("no-show.md"),
        calls_out: true,
        first_message: "Hi, this is the automated assistant of {{business_name}}, on a recorded line. Am I speaking with {{first_name}}?",
        asked: &[
            PERSON,
            BUSINESS,
            ("missed_time", "As it is spoken, such as: yesterday at ten"),
        ],
        most_s: 240,
        time_up: "I have to end the call here. Somebody will be in touch about another time. Goodbye.",
        temperature_percent: 20,
        turn_delay_ms: 448,
    },
    Text {
        id: "collections",
        suits: "Teams that send reminders anyway and want to hear what stands in the way",
        prompt: include_str!("collections.md"),
        calls_out: true,
        first_message: "Good day, this is the automated assistant of {{business_name}}, on a recorded line. Am I speaking with {{first_name}}?",
        asked: &[
            PERSON,
            BUSINESS,
            ("amount", "As it is spoken, such as: eighty four dollars"),
            ("due_date", "As it is spoken, such as: the first of March"),
            (
                "payment_instructions",
                "Such as: by the link in our letter of last week",
            ),
        ],
        most_s: 300,
        time_up: "I have to end the call here. A colleague will be in touch. Goodbye.",
        temperature_percent: 0,
        turn_delay_ms: 512,
    },
    Text {
        id: "survey",
        suits: "Research, associations and anybody with five questions for five hundred people",
        prompt: include_str!("survey.md"),
        calls_out: true,
        first_message: "Hi {{first_name}}, this is the automated assistant of {{business_name}}, on a recorded line. We have a short survey about {{topic}}. Do you have a moment?",
        asked: &[
            PERSON,
            BUSINESS,
            ("topic", "What it is about, such as: the new bus line"),
            ("questions", "All of them, numbered, with the choices each one has"),
        ],
        most_s: 600,
        time_up: "Thank you for your answers. My time is up. Goodbye.",
        temperature_percent: 0,
        turn_delay_ms: 640,
    },
    Text {
        id: "win-back",
        suits: "Studios, workshops and shops with customers who quietly stayed away",
        prompt: include_str!("win-back.md"),
        calls_out: true,
        first_message: "Hi {{first_name}}, this is the automated assistant of {{business_name}}, on a recorded line. It has been a while. Do you have a minute?",
        asked: &[
            PERSON,
            BUSINESS,
            (
                "offer",
                "One sentence, such as: the first class is free until the end of March",
            ),
        ],
        most_s: 300,
        time_up: "I have to end the call here. You are welcome any time. Goodbye.",
        temperature_percent: 30,
        turn_delay_ms: 448,
    },
    Text {
        id: "screening",
        suits: "Employers with many applications and few recruiters",
        prompt: include_str!("screening.md"),
        calls_out: true,
        first_message: "Hello, this is the automated assistant of {{business_name}}, on a recorded line. Am I speaking with {{first_name}}?",
        asked: &[
            PERSON,
            BUSINESS,
            ("position", "What they applied as, such as: a dental assistant"),
            (
                "requirements",
                "What is needed, such as: a driving license, and work on Saturdays",
            ),
        ],
        most_s: 900,
        time_up: "Thank you for your answers. My time is up; a person will get in touch. Goodbye.",
        temperature_percent: 20,
        turn_delay_ms: 768,
    },
];

/// All templates. They are the same for everybody who may see agents.
pub async fn list(core: &Core, caller: &Caller) -> Result<Vec<AgentTemplateRow>> {
    admit(core, caller).await?;
    Ok(TEXTS.iter().map(Text::row).collect())
}

pub async fn find(core: &Core, caller: &Caller, id: &str) -> Result<AgentTemplate> {
    admit(core, caller).await?;
    let text = TEXTS.iter().find(|text| text.id == id).ok_or(Error::NotFound)?;
    Ok(text.whole())
}

async fn admit(core: &Core, caller: &Caller) -> Result<()> {
    let tx = caller.begin(&core.db, Action::Read, Kind::Agent).await?;
    tx.commit().await
}

/// The draft of the template with this name.
pub(crate) fn draft_named(name: &str) -> Option<AgentDraft> {
    TEXTS.iter().find(|text| text.named().name == name).map(Text::draft)
}

impl Text {
    fn named(&self) -> TemplateName {
        let known = TEMPLATES.into_iter().find(|named| named.id == self.id);
        known.expect("a test looks for the name of each")
    }

    fn row(&self) -> AgentTemplateRow {
        let TemplateName { id, name, purpose } = self.named();
        AgentTemplateRow {
            id: id.into(),
            name: name.into(),
            purpose: purpose.into(),
            suits: self.suits.into(),
            calls_out: self.calls_out,
            variables: self.asked.iter().map(|(name, _)| (*name).into()).collect(),
        }
    }

    fn whole(&self) -> AgentTemplate {
        let row = self.row();
        AgentTemplate {
            id: row.id,
            name: row.name,
            purpose: row.purpose,
            suits: row.suits,
            calls_out: row.calls_out,
            draft: self.draft(),
        }
    }

    fn draft(&self) -> AgentDraft {
        let named = self.named();
        let variable = |&(name, description): &Asked| Variable {
            name: name.into(),
            kind: VariableKind::Text,
            required: true,
            description: description.into(),
        };
        AgentDraft {
            name: named.name.into(),
            description: named.purpose.into(),
            prompt: self.prompt.trim_end().into(),
            // Whoever is called speaks first, as people do.
            first_speaker: if self.calls_out {
                FirstSpeaker::Person
            } else {
                FirstSpeaker::Agent
            },
            first_message: self.first_message.into(),
            temperature_percent: self.temperature_percent,
            variables: self.asked.iter().map(variable).collect(),
            max_duration_s: self.most_s,
            time_exceeded_message: self.time_up.into(),
            silence: silence(),
            turn_delay_ms: self.turn_delay_ms,
            analysis: questions::of(self.id),
            tags: vec![if self.calls_out { "outbound" } else { "inbound" }.into()],
            ..AgentDraft::default()
        }
    }
}

fn silence() -> Vec<Silence> {
    let step = |after_s, message: &str, then| Silence {
        after_s,
        message: message.into(),
        then,
    };
    vec![
        step(12, "Are you still there?", EndBehavior::GoOn),
        step(
            10,
            "I cannot hear you, so I will hang up now. Goodbye.",
            EndBehavior::HangUpSoft,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{agents::placeholders, check::Check};

    #[test]
    fn a_template_lacks_nothing_but_a_voice() {
        for text in &TEXTS {
            let draft = AgentDraft {
                voice_id: "any".into(),
                ..text.draft()
            };
            assert!(
                draft.analysis.asks_model() && !draft.analysis.criteria.is_empty(),
                "{}",
                text.id
            );
            assert!(Check::run(&draft).is_ok(), "{}: {:?}", text.id, Check::run(&draft));
            assert!(
                draft.prompt.contains("# Role") && draft.prompt.contains("# Ending"),
                "{}",
                text.id
            );
        }
    }

    #[test]
    fn what_a_call_passes_is_what_the_texts_use() {
        for text in &TEXTS {
            let draft = text.draft();
            let used: Vec<_> = placeholders(&draft.prompt)
                .chain(placeholders(&draft.first_message))
                .map(|placeholder| placeholder.name)
                .collect();
            for variable in &draft.variables {
                assert!(used.contains(&variable.name.as_str()), "{}: {}", text.id, variable.name);
            }
        }
    }

    #[test]
    fn every_name_has_a_text_in_the_same_place() {
        let [names, texts] = [TEMPLATES.map(|named| named.id), TEXTS.each_ref().map(|text| text.id)];
        assert_eq!(names, texts);
    }
}
