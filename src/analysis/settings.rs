//! What an agent wants to know of its calls after they are over, and what is wrong with that.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::check::Check;

pub const MOST_CRITERIA: usize = 10;
pub const MOST_FIELDS: usize = 20;
const MOST_CHOICES: usize = 20;
const LONGEST_DESCRIPTION: usize = 500;

/// A part of an agent's draft. Of a default one only Ultravox' own summary is kept, and no language model is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AnalysisSettings {
    pub summary: SummaryBy,
    /// Whether it is judged how the other side felt.
    pub sentiment: bool,
    /// What makes a call a success: all of it has to be met.
    pub criteria: Vec<Criterion>,
    /// Values that are read from what was said.
    pub fields: Vec<AnalysisField>,
}

/// Who writes the summary of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SummaryBy {
    /// Ultravox, with each call.
    #[default]
    Ultravox,
    /// The language model of this installation.
    Model,
}

impl SummaryBy {
    pub const ALL: [Self; 2] = [Self::Ultravox, Self::Model];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Ultravox => "ultravox",
            Self::Model => "model",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Ultravox => "Ultravox",
            Self::Model => "The language model",
        }
    }
}

/// Something that a successful call has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Criterion {
    /// In a few words, such as `Visit booked`; unique in the agent.
    pub name: String,
    /// When it is met.
    pub description: String,
}

/// A value that is read from each call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AnalysisField {
    /// Letters, digits and underscores; begins with a letter. Calls are found by it.
    pub name: String,
    pub kind: FieldKind,
    /// What belongs there.
    pub description: String,
    /// What it may be, of a choice; empty otherwise.
    pub choices: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    #[default]
    Text,
    Number,
    YesNo,
    Choice,
    Date,
}

impl FieldKind {
    pub const ALL: [Self; 5] = [Self::Text, Self::Number, Self::YesNo, Self::Choice, Self::Date];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::YesNo => "yes_no",
            Self::Choice => "choice",
            Self::Date => "date",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Number => "Number",
            Self::YesNo => "Yes or no",
            Self::Choice => "One of several",
            Self::Date => "Date",
        }
    }
}

impl AnalysisSettings {
    /// Whether anything of it takes a language model.
    pub fn asks_model(&self) -> bool {
        self.summary == SummaryBy::Model || self.sentiment || !self.criteria.is_empty() || !self.fields.is_empty()
    }

    pub(crate) fn check(&self, check: &mut Check) {
        check.count("analysis.criteria", self.criteria.len(), MOST_CRITERIA, "criteria");
        let mut names = HashSet::new();
        for (i, criterion) in self.criteria.iter().enumerate() {
            let field = format!("analysis.criteria[{i}].name");
            check.text(field.clone(), &criterion.name, 1..=80);
            if !criterion.name.is_empty() && !names.insert(criterion.name.trim().to_ascii_lowercase()) {
                check.fail(field, "Another criterion already has this name.");
            }
            let field = format!("analysis.criteria[{i}].description");
            check.text(field, &criterion.description, 0..=LONGEST_DESCRIPTION);
        }
        check.count("analysis.fields", self.fields.len(), MOST_FIELDS, "fields");
        let mut names = HashSet::new();
        for (i, field) in self.fields.iter().enumerate() {
            let at = format!("analysis.fields[{i}].name");
            let is_good = check.form(
                &at,
                is_field_name(&field.name),
                "^[A-Za-z][A-Za-z0-9_]{0,39}$",
                "Use letters, digits and underscores, beginning with a letter; at most 40.",
            );
            if is_good && !names.insert(field.name.to_ascii_lowercase()) {
                check.fail(at, "Another field already has this name.");
            }
            let at = format!("analysis.fields[{i}].description");
            check.text(at, &field.description, 0..=LONGEST_DESCRIPTION);
            check_choices(check, i, field);
        }
        check.beyond("analysis.criteria[].name", "another criterion has it");
        check.beyond("analysis.fields[].name", "another field has it");
        check.beyond(
            "analysis.fields[].choices",
            "a choice has none, one is there twice, or the field is no choice",
        );
    }
}

fn check_choices(check: &mut Check, i: usize, field: &AnalysisField) {
    let at = format!("analysis.fields[{i}].choices");
    check.count(&at, field.choices.len(), MOST_CHOICES, "choices");
    match field.kind {
        FieldKind::Choice if field.choices.is_empty() => check.fail(at, "Name what it may be."),
        FieldKind::Choice => {
            let mut seen = HashSet::new();
            for (n, choice) in field.choices.iter().enumerate() {
                let at = format!("analysis.fields[{i}].choices[{n}]");
                check.text(at.clone(), choice, 1..=60);
                if !seen.insert(choice.trim().to_ascii_lowercase()) {
                    check.fail(at, "This choice is there twice.");
                }
            }
        }
        _ if !field.choices.is_empty() => check.fail(at, "Only one of several has choices."),
        _ => {}
    }
}

fn is_field_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn wrong(settings: &AnalysisSettings) -> Vec<String> {
        let mut check = Check::default();
        settings.check(&mut check);
        match check.finish() {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn field(name: &str, kind: FieldKind, choices: &[&str]) -> AnalysisField {
        AnalysisField {
            name: name.to_owned(),
            kind,
            choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
            ..AnalysisField::default()
        }
    }

    #[test]
    fn a_default_asks_for_nothing_and_each_part_for_something() {
        let none = AnalysisSettings::default();
        assert!(!none.asks_model() && wrong(&none).is_empty());
        let model = AnalysisSettings {
            summary: SummaryBy::Model,
            ..none.clone()
        };
        let felt = AnalysisSettings {
            sentiment: true,
            ..none.clone()
        };
        assert!(model.asks_model() && felt.asks_model());
        let read: AnalysisSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(read, none);
    }

    #[test]
    fn names_are_unique_and_choices_belong_to_a_choice() {
        let named = |name: &str| Criterion {
            name: name.to_owned(),
            description: String::new(),
        };
        let settings = AnalysisSettings {
            criteria: vec![named("Booked"), named(""), named("booked ")],
            fields: vec![
                field("part_of_day", FieldKind::Choice, &["morning", "Morning"]),
                field("2nd", FieldKind::Text, &[]),
                field("Part_of_day", FieldKind::Choice, &[]),
                field("age", FieldKind::Number, &["1"]),
            ],
            ..AnalysisSettings::default()
        };
        assert_eq!(
            wrong(&settings),
            [
                "analysis.criteria[1].name",
                "analysis.criteria[2].name",
                "analysis.fields[0].choices[1]",
                "analysis.fields[1].name",
                "analysis.fields[2].name",
                "analysis.fields[2].choices",
                "analysis.fields[3].choices",
            ]
        );
    }

    #[test]
    fn there_are_only_so_many() {
        let settings = AnalysisSettings {
            criteria: (0..=MOST_CRITERIA)
                .map(|n| Criterion {
                    name: format!("c{n}"),
                    ..Criterion::default()
                })
                .collect(),
            fields: (0..=MOST_FIELDS)
                .map(|n| field(&format!("f{n}"), FieldKind::Text, &[]))
                .collect(),
            ..AnalysisSettings::default()
        };
        assert_eq!(wrong(&settings), ["analysis.criteria", "analysis.fields"]);
    }
}
