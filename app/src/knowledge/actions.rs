//! Actions: what is taken away from knowledge, asked about first.

use leptos::prelude::*;
use switchboard::{
    Error, Id,
    knowledge::{KnowledgeBase, KnowledgeSource},
};

use super::{delete_knowledge_base, remove_knowledge_source};
use crate::{
    AppError,
    kit::{Question, Toast, use_confirm, use_toasts},
    org,
};

/// Asks whether to delete a base or one of its sources.
#[derive(Clone, Copy)]
pub struct Deleting {
    base: Callback<(Id<KnowledgeBase>, String, Callback<()>)>,
    source: Callback<(Id<KnowledgeSource>, String)>,
}

pub fn deleting() -> Deleting {
    let (org, asking, toasts) = (StoredValue::new(org()), use_confirm(), use_toasts());
    let base = move |(id, name, then): (Id<KnowledgeBase>, String, Callback<()>)| {
        let title = format!("Delete {name}?");
        let consequence = "Its sources, their passages and its checks go too. This cannot be undone.";
        let question = Question::new(title, consequence, "Delete knowledge base", move || {
            let name = name.clone();
            async move {
                gone(delete_knowledge_base(org.get_value(), id).await)?;
                toasts.say(Toast::done(format!("{name} deleted")));
                then.run(());
                Ok(())
            }
        });
        asking.ask(question.keep("Keep it"));
    };
    let source = move |(id, name): (Id<KnowledgeSource>, String)| {
        let title = format!("Delete {name}?");
        let consequence = "Nothing of it is found or quoted from this moment on. This cannot be undone.";
        let question = Question::new(title, consequence, "Delete source", move || {
            let name = name.clone();
            async move {
                gone(remove_knowledge_source(org.get_value(), id).await)?;
                toasts.say(Toast::done(format!("{name} deleted")));
                Ok(())
            }
        });
        asking.ask(question.keep("Keep it"));
    };
    Deleting {
        base: Callback::new(base),
        source: Callback::new(source),
    }
}

/// Somebody else was faster: what was asked for has happened.
fn gone(answer: Result<(), AppError>) -> Result<(), AppError> {
    match answer {
        Err(error) if matches!(error.0, Error::NotFound) => Ok(()),
        answer => answer,
    }
}

impl Deleting {
    pub fn ask_base(self, id: Id<KnowledgeBase>, name: String, then: Callback<()>) {
        self.base.run((id, name, then));
    }

    pub fn ask_source(self, id: Id<KnowledgeSource>, name: String) {
        self.source.run((id, name));
    }
}
