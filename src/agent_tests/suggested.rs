//! The tests that belong to each template: what an agent made of it should be able to do before it answers the phone.

use std::collections::BTreeMap;

use super::AgentTestDraft;
use crate::analysis::Criterion;

struct Suggestion {
    template: &'static str,
    name: &'static str,
    /// Who calls, or is called.
    who: &'static str,
    /// Said word for word.
    lines: &'static [&'static str],
    criteria: &'static [(&'static str, &'static str)],
}

/// What the variables of templates are in tests.
const VARIABLES: [(&str, &str); 14] = [
    ("amount", "eighty four dollars"),
    ("business_name", "Larkfield Dental"),
    ("due_date", "the first of March"),
    ("first_name", "Ann"),
    ("missed_time", "yesterday at ten"),
    ("occasion", "your visit yesterday"),
    ("offer", "the first cleaning is free until the end of March"),
    ("opening_hours", "weekdays from eight to five"),
    ("payment_instructions", "by the link in our letter of last week"),
    ("position", "a dental assistant"),
    ("product", "a check-up for the whole family"),
    ("questions", "1. How did you come here? 2. Would you come again, yes or no?"),
    ("requirements", "a driving license, and work on Saturdays"),
    ("urgent_instructions", "call 415 555 0199, day and night"),
];

const SUGGESTIONS: [Suggestion; 20] = [
    Suggestion {
        template: "front-desk",
        name: "Takes a message",
        who: "Ann Reyes calls because a bill is wrong, and wants to be called back.",
        lines: &[
            "Hello, there is something wrong with my bill.",
            "My name is Ann Reyes. Please have somebody call me back.",
            "My number is 415 555 0100.",
        ],
        criteria: &[("Name and number", "The name Ann Reyes and the number are taken.")],
    },
    Suggestion {
        template: "front-desk",
        name: "Says when they are open",
        who: "Somebody wants to know the opening hours, and nothing else.",
        lines: &["Hi, are you open on Friday?", "And until when, on weekdays?"],
        criteria: &[("Hours said", "The agent says weekdays, until five.")],
    },
    Suggestion {
        template: "reminder",
        name: "Confirms a visit",
        who: "Ann, who has a visit and comes.",
        lines: &["Yes, this is Ann.", "I will be there, you can confirm it."],
        criteria: &[("Visit confirmed", "Ann will be there: confirm.")],
    },
    Suggestion {
        template: "reminder",
        name: "Notes that somebody cannot come",
        who: "Ann, who is ill and wants another time.",
        lines: &["Speaking.", "I am ill, I cannot come.", "Another day next week, please, in the morning."],
        criteria: &[("Another time", "Another day next week, in the morning, is noted.")],
    },
    Suggestion {
        template: "qualification",
        name: "Learns what is needed",
        who: "Ann, who asked for an offer for her family of four.",
        lines: &[
            "Yes, now is good.",
            "We are four people and need a check-up before summer.",
            "My husband decides with me.",
        ],
        criteria: &[("Need understood", "Four people, before summer; the husband decides.")],
    },
    Suggestion {
        template: "qualification",
        name: "Lets go who has no time",
        who: "Ann, who is driving and wants to be called another day.",
        lines: &["No, I am driving.", "Please call on Thursday in the evening."],
        criteria: &[("Another call", "Thursday evening is noted.")],
    },
    Suggestion {
        template: "feedback",
        name: "Gets a number and a reason",
        who: "Ann, who was happy with her visit.",
        lines: &["Sure.", "I would say nine.", "Because everybody was so friendly and on time."],
        criteria: &[("Number and reason", "Nine, because everybody was friendly.")],
    },
    Suggestion {
        template: "feedback",
        name: "Hears a complaint out",
        who: "Ann, who waited for an hour and is angry.",
        lines: &["Yes.", "Two. I waited for an hour.", "Nobody told me why, and I want an apology."],
        criteria: &[("Complaint noted", "Nobody told why; an apology is wanted.")],
    },
    Suggestion {
        template: "no-show",
        name: "Finds another time",
        who: "Ann, who forgot her visit and is sorry.",
        lines: &["Yes, Ann speaking.", "Oh, I forgot, I am sorry.", "Monday afternoon would suit me."],
        criteria: &[("New time", "Monday afternoon suits.")],
    },
    Suggestion {
        template: "no-show",
        name: "Takes no for an answer",
        who: "Ann, who does not want another visit.",
        lines: &["Yes.", "I do not want another visit.", "No, thank you, I have found another practice."],
        criteria: &[("Accepted", "The agent accepts it: found another practice.")],
    },
    Suggestion {
        template: "collections",
        name: "Agrees on a day",
        who: "Ann, who had forgotten the bill and pays on Friday.",
        lines: &["Yes, that is me.", "I had forgotten it.", "I can pay on Friday, by the link."],
        criteria: &[("Day agreed", "Friday, by the link.")],
    },
    Suggestion {
        template: "collections",
        name: "Notes that the bill is disputed",
        who: "Ann, who thinks that the amount is wrong.",
        lines: &["Yes.", "The amount is wrong.", "I was charged twice and want a corrected invoice."],
        criteria: &[("Dispute noted", "Charged twice; a corrected invoice is wanted.")],
    },
    Suggestion {
        template: "survey",
        name: "Gets every answer",
        who: "Ann, who answers each question.",
        lines: &["Yes, go ahead.", "I came by bicycle.", "Yes, I would come again."],
        criteria: &[("All answered", "Bicycle, and would come again.")],
    },
    Suggestion {
        template: "survey",
        name: "Stops when asked to",
        who: "Ann, who has no time after the first question.",
        lines: &["Well, quickly.", "By train.", "I have to stop here, my bus arrives."],
        criteria: &[("Let go", "Ann has to stop: the bus arrives.")],
    },
    Suggestion {
        template: "after-hours",
        name: "Takes a message for the morning",
        who: "Ann Reyes, whose crown came off, without pain.",
        lines: &[
            "It can wait until you are open.",
            "A crown came off. My name is Ann Reyes.",
            "My number is 415 555 0100.",
        ],
        criteria: &[("Message taken", "Ann Reyes, her number, and that a crown came off.")],
    },
    Suggestion {
        template: "after-hours",
        name: "Helps where it cannot wait",
        who: "Somebody with a lot of pain, tonight.",
        lines: &["It is urgent.", "I have terrible pain and a swollen face.", "Which number can I call tonight?"],
        criteria: &[("Urgent number given", "The number to call tonight is said.")],
    },
    Suggestion {
        template: "win-back",
        name: "Learns why somebody stays away",
        who: "Ann, who moved to another town.",
        lines: &["Yes, a minute.", "I moved to another town.", "It is too far now, but thank you for asking."],
        criteria: &[("Reason known", "Too far; thank you.")],
    },
    Suggestion {
        template: "win-back",
        name: "Mentions the offer once",
        who: "Ann, who would come again if somebody called her next week.",
        lines: &["Yes.", "I just forgot about it.", "I will take the offer. Call me next week."],
        criteria: &[("Offer taken", "Takes the offer; call next week.")],
    },
    Suggestion {
        template: "screening",
        name: "Learns what a recruiter needs",
        who: "Ann, who applied, has a license and can work on Saturdays.",
        lines: &[
            "Yes, that is me.",
            "I have a driving license and three years of experience.",
            "Saturdays are fine, and I could start in April.",
        ],
        criteria: &[("Requirements asked", "License, Saturdays, start in April.")],
    },
    Suggestion {
        template: "screening",
        name: "Is fair where something is missing",
        who: "Ann, who has no license yet.",
        lines: &["Yes.", "I have no license yet.", "I am doing the course, and finish in June."],
        criteria: &[("Missing noted", "The course finishes in June.")],
    },
];

/// Nothing of a template that there is not.
pub fn suggested(template: &str) -> Vec<AgentTestDraft> {
    let mine = SUGGESTIONS.iter().filter(|one| one.template == template);
    mine.map(|one| {
        let lines: Vec<String> = one.lines.iter().map(|line| format!("- {line}")).collect();
        let pairs = VARIABLES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        AgentTestDraft {
            name: one.name.to_owned(),
            caller: format!("{}\n{}", one.who, lines.join("\n")),
            criteria: one
                .criteria
                .iter()
                .map(|(name, description)| Criterion {
                    name: (*name).to_owned(),
                    description: (*description).to_owned(),
                })
                .collect(),
            variables: BTreeMap::from_iter(pairs),
            ..AgentTestDraft::default()
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{agents::TEMPLATES, check::Check};

    #[test]
    fn every_template_has_tests_that_can_be_saved() {
        for template in TEMPLATES {
            let drafts = suggested(template.id);
            assert!(drafts.len() >= 2, "{}", template.id);
            let names: HashSet<_> = drafts.iter().map(|draft| &draft.name).collect();
            assert_eq!(names.len(), drafts.len(), "{}", template.id);
            for draft in &drafts {
                Check::run(draft).unwrap();
            }
        }
        assert!(suggested("nothing").is_empty());
    }
}
