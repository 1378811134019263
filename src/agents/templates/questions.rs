//! What each template wants to know once a call is over.

use crate::analysis::{AnalysisField, AnalysisSettings, Criterion, FieldKind};

/// A field: its name, its kind, what belongs there, and what a choice may be.
type Asked = (&'static str, FieldKind, &'static str, &'static [&'static str]);

use FieldKind::{Choice, Date, Number, Text, YesNo};

pub(super) fn of(template: &str) -> AnalysisSettings {
    let (criteria, fields): (&[(&str, &str)], &[Asked]) = match template {
        "front-desk" => (
            &[(
                "Helped",
                "The question was answered, or a message with a name and a number to call back was taken",
            )],
            &[
                ("caller_name", Text, "Who called", &[]),
                (
                    "callback_number",
                    Text,
                    "The number to call back, as it was confirmed",
                    &[],
                ),
                ("reason", Text, "Why they called, in a few words", &[]),
                ("urgent", YesNo, "They said that it cannot wait", &[]),
            ],
        ),
        "reminder" => (
            &[(
                "Visit settled",
                "They confirmed the visit, asked for another time, or canceled it",
            )],
            &[
                (
                    "outcome",
                    Choice,
                    "What becomes of the visit",
                    &["confirmed", "another time", "canceled"],
                ),
                ("wished_time", Text, "When they would rather come, as they said it", &[]),
            ],
        ),
        "qualification" => (
            &[(
                "Qualified",
                "They said what they want to solve and by when, and agreed to talk to a colleague",
            )],
            &[
                ("need", Text, "What they want to solve", &[]),
                ("timeframe", Text, "By when", &[]),
                ("size", Number, "How many people or places it is for", &[]),
                ("decides_alone", YesNo, "Nobody else decides with them", &[]),
            ],
        ),
        "feedback" => (
            &[("Answered", "They gave a number and a reason for it")],
            &[
                ("score", Number, "The number they gave", &[]),
                ("why", Text, "Their reason, in their words", &[]),
                ("wants_contact", YesNo, "They want somebody to get in touch", &[]),
            ],
        ),
        "after-hours" => (
            &[(
                "Sorted out",
                "What was urgent got its instructions, and for all else a complete message was taken",
            )],
            &[
                ("urgent", YesNo, "It could not wait until morning", &[]),
                ("caller_name", Text, "Who called", &[]),
                (
                    "callback_number",
                    Text,
                    "The number to call back, as it was confirmed",
                    &[],
                ),
                ("reason", Text, "What happened, in a few words", &[]),
            ],
        ),
        "no-show" => (
            &[(
                "Knows what next",
                "They want a new visit and said when, or said that they want none",
            )],
            &[
                ("wants_visit", YesNo, "They want a new visit", &[]),
                ("wished_time", Text, "When it suits them, as they said it", &[]),
                ("why_missed", Text, "Why they missed it, if they said so", &[]),
            ],
        ),
        "collections" => (
            &[
                (
                    "Right person",
                    "The person who owes confirmed who they are before the amount was said",
                ),
                (
                    "Day agreed",
                    "They named a day by which they pay, or said what stands in the way",
                ),
            ],
            &[
                ("pays_on", Date, "The day by which they pay", &[]),
                (
                    "obstacle",
                    Choice,
                    "What stands in the way",
                    &["paid already", "disputes it", "cannot pay", "did not get the bill"],
                ),
            ],
        ),
        "survey" => (
            &[("All answered", "Every question of the survey has an answer")],
            &[
                ("answered", Number, "How many of the questions were answered", &[]),
                ("refused", YesNo, "They did not want to take part", &[]),
            ],
        ),
        "win-back" => (
            &[("Learned why", "They said what kept them away")],
            &[
                ("why_away", Text, "What kept them away", &[]),
                ("comes_back", YesNo, "They said that they will come again", &[]),
                ("stop_calling", YesNo, "They asked not to be called again", &[]),
            ],
        ),
        "screening" => (
            &[(
                "Questions asked",
                "Experience, the requirements, and when they could start were talked about",
            )],
            &[
                ("experience", Text, "Where they worked and as what", &[]),
                ("meets_requirements", YesNo, "They have all that is needed", &[]),
                ("can_start", Text, "When they could start", &[]),
            ],
        ),
        _ => (&[], &[]),
    };
    AnalysisSettings {
        sentiment: true,
        criteria: criteria.iter().map(criterion).collect(),
        fields: fields.iter().map(field).collect(),
        ..AnalysisSettings::default()
    }
}

fn criterion(&(name, description): &(&str, &str)) -> Criterion {
    Criterion {
        name: name.into(),
        description: description.into(),
    }
}

fn field(&(name, kind, description, choices): &Asked) -> AnalysisField {
    AnalysisField {
        name: name.into(),
        kind,
        description: description.into(),
        choices: choices.iter().map(|choice| (*choice).into()).collect(),
    }
}
