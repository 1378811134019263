//! Actions: what can be done to a voice of one's own, and what is said about it.

use leptos::prelude::*;
use switchboard::{Error, Id, voices::Voice};

use super::delete_voice;
use crate::{
    kit::{Question, Toast, use_confirm, use_toasts},
    org,
};

/// Asks whether to delete it; `then` runs when it is gone. One that agents speak with is refused, and the dialog says which.
#[derive(Clone, Copy)]
pub struct Deleting(Callback<(Id<Voice>, String, Callback<()>)>);

pub fn deleting() -> Deleting {
    let (org, asking, toasts) = (StoredValue::new(org()), use_confirm(), use_toasts());
    Deleting(Callback::new(
        move |(id, name, then): (Id<Voice>, String, Callback<()>)| {
            let title = format!("Delete {name}?");
            let consequence = "The clone at the provider, its sample and the record of the consent go too. Calls that were made with it stay. This cannot be undone.";
            let question = Question::new(title, consequence, "Delete voice", move || {
                let name = name.clone();
                async move {
                    match delete_voice(org.get_value(), id).await {
                        // Somebody else was faster: what was asked for has happened.
                        Err(error) if matches!(error.0, Error::NotFound) => {}
                        answer => answer?,
                    }
                    toasts.say(Toast::done(format!("{name} deleted")));
                    then.run(());
                    Ok(())
                }
            });
            asking.ask(question.keep("Keep it"));
        },
    ))
}

impl Deleting {
    pub fn ask(self, id: Id<Voice>, name: String, then: Callback<()>) {
        self.0.run((id, name, then));
    }
}
