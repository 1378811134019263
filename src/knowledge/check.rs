//! Checks: a question, and the passage that has to be found by it, tried again whenever the sources have changed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::KnowledgeBase;
use crate::{
    check::{Check, Checked},
    id::Id,
};

/// A question and what has to be found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct KnowledgeCheck {
    pub id: Id<KnowledgeCheck>,
    pub base_id: Id<KnowledgeBase>,
    pub query: String,
    pub expected: String,
    pub within: i32,
    pub created_at: DateTime<Utc>,
    /// The id of the person or of the API key that made it.
    pub created_by: String,
}

/// The body of making one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KnowledgeCheckDraft {
    pub base_id: Id<KnowledgeBase>,
    /// The question, as somebody asks it.
    pub query: String,
    /// Words of the passage that has to be found; empty where nothing shall be found.
    #[serde(default)]
    pub expected: String,
    /// Among the first so many.
    #[serde(default = "first")]
    pub within: i32,
}

fn first() -> i32 {
    1
}

impl Checked for KnowledgeCheckDraft {
    fn check(&self, check: &mut Check) {
        check.text("query", &self.query, 1..=500);
        check.text("expected", &self.expected, 0..=500);
        check.number("within", self.within.into(), 1..=10, "passages");
        check.beyond(
            "base_id",
            "there is no such knowledge base, or it has as many checks as it may have",
        );
    }
}

/// What a list of checks can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct CheckFilter {
    /// Of this knowledge base.
    pub knowledge_base_id: Option<Id<KnowledgeBase>>,
}

/// What came of a check just now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CheckResult {
    pub check: KnowledgeCheck,
    pub passes: bool,
    /// What was found, in words.
    pub says: String,
}

impl CheckResult {
    /// Holds a check against the passages that were found, the best first.
    pub fn of(check: KnowledgeCheck, found: &[&str]) -> Self {
        let wanted = squeezed(&check.expected);
        let place = found.iter().position(|text| squeezed(text).contains(&wanted));
        let (passes, says) = match (wanted.is_empty(), place) {
            (true, _) if found.is_empty() => (true, "Nothing is found, as it should be.".to_owned()),
            (true, _) => (false, "Something is found, and nothing should be.".to_owned()),
            (false, None) => (false, "The passage is not among what is found.".to_owned()),
            (false, Some(place)) => {
                let place = i32::try_from(place).unwrap_or(i32::MAX).saturating_add(1);
                (place <= check.within, format!("Found in place {place}."))
            }
        };
        Self { check, passes, says }
    }
}

/// With single spaces, so that a line break makes no difference.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &str, within: i32) -> KnowledgeCheck {
        KnowledgeCheck {
            id: Id::from_uuid(Default::default()),
            base_id: Id::from_uuid(Default::default()),
            query: "What?".into(),
            expected: expected.into(),
            within,
            created_at: Default::default(),
            created_by: String::new(),
        }
    }

    #[test]
    fn a_check_passes_where_its_words_are_found_early_enough() {
        let found = ["A crown is $900.", "Parking is\n  free."];
        for (expected, within, passes) in [
            ("crown is $900", 1, true),
            ("Parking is free", 1, false),
            ("Parking is free", 2, true),
            ("Whitening", 10, false),
            ("", 1, false),
        ] {
            assert_eq!(
                CheckResult::of(check(expected, within), &found).passes,
                passes,
                "{expected}"
            );
        }
        assert!(CheckResult::of(check("", 1), &[]).passes);
        assert!(!CheckResult::of(check("x", 1), &[]).passes);
    }
}
