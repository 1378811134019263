//! An example of a knowledge base.

use super::{KnowledgeBase, KnowledgeBaseDraft};
use crate::sample::{Fixtures, Sample};

impl Sample for KnowledgeBase {
    const DEMO: &'static [&'static str] = &["Prices and plans"];

    fn sample(name: &str, _: &Fixtures) -> KnowledgeBaseDraft {
        KnowledgeBaseDraft {
            name: name.to_owned(),
            description: "Prices, insurance plans and payment".to_owned(),
        }
    }

    fn refused_sample(fixtures: &Fixtures) -> (KnowledgeBaseDraft, &'static str) {
        let draft = KnowledgeBaseDraft {
            description: "long ".repeat(101),
            ..Self::sample("Too much", fixtures)
        };
        (draft, "description")
    }
}
