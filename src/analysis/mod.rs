//! Analysis: what a call came to, judged from its transcript after it is over: by success criteria, and as values that are read from
//! what was said.

#[cfg(feature = "ssr")]
pub mod flow;
#[cfg(feature = "ssr")]
mod prompt;
#[cfg(feature = "ssr")]
mod reading;
#[cfg(feature = "ssr")]
mod run;
mod settings;
#[cfg(feature = "ssr")]
pub(crate) mod store;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{calls::Call, id::Id};
#[cfg(feature = "ssr")]
pub use run::AnalyzeCall;
#[cfg(feature = "ssr")]
pub(crate) use {judging::{judged, judgment}, run::MOST_TOKENS};
pub use settings::{AnalysisField, AnalysisSettings, Criterion, FieldKind, MOST_CRITERIA, MOST_FIELDS, SummaryBy};

/// What analysis made of one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CallAnalysis {
    pub state: AnalysisState,
    /// From the criteria together; absent where there are none, or nothing is known yet.
    pub verdict: Option<Verdict>,
    pub sentiment: Option<Sentiment>,
    /// By the language model; empty where it was not asked for one.
    pub summary: String,
    pub criteria: Vec<CriterionResult>,
    pub fields: Vec<FieldValue>,
    /// Why it failed, or why it is tried again.
    pub note: String,
    /// The language model that was asked last.
    pub model: String,
    /// Whose questions were asked; absent where they are those of a draft.
    pub agent_version: Option<i32>,
    /// The transcript was too long to be read whole: its middle was left out.
    pub shortened: bool,
    /// How often the model was asked since it was last asked for.
    pub attempts: i32,
    /// Tokens of all that the model read for it.
    pub tokens_read: i64,
    /// Tokens of all that the model wrote for it.
    pub tokens_written: i64,
    pub asked_at: DateTime<Utc>,
    pub analyzed_at: Option<DateTime<Utc>>,
}

impl CallAnalysis {
    /// The values that were found, by their names.
    pub fn values(&self) -> BTreeMap<String, Value> {
        values(&self.fields)
    }
}

pub(crate) fn values(fields: &[FieldValue]) -> BTreeMap<String, Value> {
    let found = fields.iter().filter(|field| !field.value.is_null());
    found.map(|field| (field.name.clone(), field.value.clone())).collect()
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisState {
    /// The model is being asked, or asked again.
    #[default]
    Waiting,
    Done,
    /// It was given up. What was found before stays.
    Failed,
}

/// What the criteria say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All are met.
    Success,
    /// None is missed, and some are met in part.
    Partly,
    /// Some are missed.
    Failure,
    /// Of some it cannot be said, and none is missed.
    Unknown,
}

impl Verdict {
    pub const ALL: [Self; 4] = [Self::Success, Self::Partly, Self::Failure, Self::Unknown];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Partly => "partly",
            Self::Failure => "failure",
            Self::Unknown => "unknown",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Partly => "Partly",
            Self::Failure => "Failure",
            Self::Unknown => "Not known",
        }
    }

    /// Nothing of no criteria.
    pub fn of(criteria: &[CriterionResult]) -> Option<Self> {
        let any = |met| criteria.iter().any(|criterion| criterion.met == met);
        Some(match criteria {
            [] => return None,
            _ if any(Met::No) => Self::Failure,
            _ if any(Met::Unknown) => Self::Unknown,
            _ if any(Met::Partly) => Self::Partly,
            _ => Self::Success,
        })
    }
}

/// How the person on the other side felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    Positive,
    Neutral,
    Negative,
    Mixed,
}

impl Sentiment {
    pub const ALL: [Self; 4] = [Self::Positive, Self::Neutral, Self::Negative, Self::Mixed];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
            Self::Mixed => "mixed",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Positive => "Positive",
            Self::Neutral => "Neutral",
            Self::Negative => "Negative",
            Self::Mixed => "Mixed",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Met {
    Yes,
    Partly,
    No,
    /// It cannot be said from the transcript.
    #[default]
    Unknown,
}

impl Met {
    pub const ALL: [Self; 4] = [Self::Yes, Self::Partly, Self::No, Self::Unknown];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partly => "partly",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Yes => "Met",
            Self::Partly => "Partly",
            Self::No => "Not met",
            Self::Unknown => "Not known",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CriterionResult {
    pub name: String,
    pub met: Met,
    /// In a sentence, from what was said.
    pub reason: String,
}

/// What was read from a call for one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldValue {
    pub name: String,
    pub kind: FieldKind,
    /// A text, a number, or true or false, as the kind says; null where it was not mentioned or not understood.
    pub value: Value,
    /// What was found and is no value of the kind; empty otherwise.
    pub not_understood: String,
}

/// The analysis of one call, if there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AnalysisOfCall {
    /// Absent where its agent asks for nothing that a language model has to find out.
    pub analysis: Option<CallAnalysis>,
}

/// Calls to analyze again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AnalyzeCalls {
    #[cfg_attr(feature = "ssr", schema(min_items = 1, max_items = 1000))]
    pub ids: Vec<Id<Call>>,
}

/// What became of a request to analyze calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AnalysesStarted {
    /// Calls that are analyzed now.
    pub started: i64,
    /// Calls that are not over, without a transcript, or of an agent that asks for nothing or is gone.
    pub skipped: i64,
}

#[cfg(feature = "ssr")]
mod judging {
    //! A talk that was no call, judged as calls are.

    use serde_json::Value;

    use super::{AnalysisSettings, Criterion, CriterionResult, Verdict, prompt, reading};
    use crate::{
        calls::Message,
        providers::language_model::{ModelFailure, Unusable},
    };

    fn asking(criteria: &[Criterion]) -> AnalysisSettings {
        AnalysisSettings {
            criteria: criteria.to_vec(),
            ..AnalysisSettings::default()
        }
    }

    pub(crate) fn judgment(criteria: &[Criterion], said: &[Message]) -> prompt::Questions {
        let today = chrono::Utc::now().format("%A, %Y-%m-%d").to_string();
        prompt::questions(&asking(criteria), said, &today)
    }

    pub(crate) fn judged(
        criteria: &[Criterion],
        answer: &Value,
    ) -> Result<(Vec<CriterionResult>, Option<Verdict>), ModelFailure> {
        let found = reading::read(&asking(criteria), answer).ok_or(ModelFailure::Unusable(Unusable::NotJson))?;
        Ok((found.criteria, found.verdict))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(all: &[Met]) -> Option<Verdict> {
        let result = |met: &Met| CriterionResult {
            name: "x".to_owned(),
            met: *met,
            reason: String::new(),
        };
        Verdict::of(&all.iter().map(result).collect::<Vec<_>>())
    }

    #[test]
    fn one_criterion_that_is_missed_decides_and_what_is_not_known_is_no_success() {
        use Met::{No, Partly, Unknown, Yes};
        for (met, is) in [
            (vec![], None),
            (vec![Yes, Yes], Some(Verdict::Success)),
            (vec![Yes, Partly], Some(Verdict::Partly)),
            (vec![Yes, Unknown], Some(Verdict::Unknown)),
            (vec![Partly, Unknown], Some(Verdict::Unknown)),
            (vec![Yes, Partly, Unknown, No], Some(Verdict::Failure)),
        ] {
            assert_eq!(verdict(&met), is, "{met:?}");
        }
    }
}
