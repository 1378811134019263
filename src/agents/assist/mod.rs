//! Help with writing an agent: what a language model may be asked for, and what it proposes. A person decides about it.

#[cfg(feature = "ssr")]
mod flow;

use serde::{Deserialize, Serialize};

use super::language::is_language_tag;
use crate::check::{Check, Checked};

#[cfg(feature = "ssr")]
pub use flow::assist;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AssistKind {
    /// A better system prompt from the one there is.
    #[default]
    ImprovePrompt,
    /// A first message that goes with the system prompt.
    SuggestGreeting,
}

/// What is asked for. Nothing is saved: the answer is a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AssistRequest {
    pub kind: AssistKind,
    /// The system prompt as it stands.
    pub text: String,
    /// What the proposal should be like, such as: make it shorter.
    pub instruction: String,
    /// What is spoken, as BCP 47; the language of the text where it is empty.
    pub language: String,
}

impl Checked for AssistRequest {
    fn check(&self, check: &mut Check) {
        check.text("text", &self.text, 1..=40_000);
        check.text("instruction", &self.instruction, 0..=500);
        check.text("language", &self.language, 0..=16);
        check.beyond("language", "it is no language tag");
        if !self.language.is_empty() && !is_language_tag(&self.language) {
            check.fail("language", "Use a language tag such as en-US.");
        }
    }
}

/// What the language model proposes, as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Proposal {
    pub text: String,
}
