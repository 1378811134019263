//! Passages: what a source is read into, and what a search finds.

use serde::{Deserialize, Serialize};

use super::KnowledgeSource;
use crate::{
    check::{Check, Checked},
    id::Id,
};

/// A piece of a source, short enough to be read to somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Passage {
    /// From 0, in the order of the source.
    pub position: i32,
    /// The headings it stands under.
    pub heading: String,
    /// From 1; absent where the source has no pages.
    pub page: Option<i32>,
    pub text: String,
}

/// Which passages of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct PassageWindow {
    /// From this one on; 0 if absent.
    #[cfg_attr(feature = "ssr", param(minimum = 0))]
    pub from: Option<i32>,
    /// 1 to 100; 50 if absent.
    #[cfg_attr(feature = "ssr", param(minimum = 1, maximum = 100))]
    pub limit: Option<i32>,
}

impl Checked for PassageWindow {
    fn check(&self, check: &mut Check) {
        check.number(
            "from",
            self.from.unwrap_or_default().into(),
            0..=1_000_000,
            "as a place",
        );
        check.number("limit", self.limit.unwrap_or(50).into(), 1..=100, "passages");
    }
}

/// What is looked for, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct SearchQuestion {
    /// The question, as somebody asks it; at most 500 characters.
    pub q: String,
    /// At most so many passages, 1 to 10; 4 if absent, as on a call.
    #[cfg_attr(feature = "ssr", param(minimum = 1, maximum = 10))]
    pub limit: Option<i32>,
    /// No passage below this score, 0 to 1000; 150 if absent, as on a call.
    #[cfg_attr(feature = "ssr", param(minimum = 0, maximum = 1000))]
    pub least: Option<i32>,
}

/// How much a call is told, and how good it must be.
pub const LIMIT: i32 = 4;
pub const LEAST: i32 = 150;

impl Checked for SearchQuestion {
    fn check(&self, check: &mut Check) {
        check.text("q", &self.q, 0..=500);
        check.number("limit", self.limit.unwrap_or(LIMIT).into(), 1..=10, "passages");
        check.number("least", self.least.unwrap_or(LEAST).into(), 0..=1000, "as a score");
    }
}

/// What a search found, the best first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SearchAnswer {
    pub passages: Vec<FoundPassage>,
    /// Words of the question that are in no passage, and which were taken for them.
    pub read_as: Vec<ReadAs>,
    /// How many passages were looked through.
    pub searched: i64,
    pub took_ms: i64,
    /// What an agent would be told, word for word.
    pub told: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FoundPassage {
    pub source_id: Id<KnowledgeSource>,
    /// What the source is called.
    pub source: String,
    pub position: i32,
    pub heading: String,
    /// From 1; absent where the source has no pages.
    pub page: Option<i32>,
    /// The page of a website it stands on; empty elsewhere.
    pub url: String,
    pub text: String,
    /// How well it fits, from 0 to 1000.
    pub score: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReadAs {
    pub word: String,
    pub taken_for: String,
}

/// What an agent is told: the passages, each with where it stands.
pub fn for_agent(passages: &[FoundPassage]) -> String {
    if passages.is_empty() {
        return "Nothing was found about this. Say that you do not know, and do not guess.".to_owned();
    }
    let mut told = String::new();
    for (i, passage) in passages.iter().enumerate() {
        if i > 0 {
            told.push_str("\n\n");
        }
        told.push_str(&format!("[{}] {}", i + 1, passage.source));
        if let Some(page) = passage.page {
            told.push_str(&format!(", page {page}"));
        }
        if !passage.heading.is_empty() {
            told.push_str(&format!(", {}", passage.heading));
        }
        told.push('\n');
        told.push_str(&passage.text);
    }
    told
}
