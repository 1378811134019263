//! Deleting contacts, from wherever they stand: asked first, by name.

use leptos::prelude::*;
use switchboard::{
    Error, Id,
    contacts::{Contact, DeleteContacts},
    text::counted,
};

use super::delete_contacts;
use crate::{
    AppError,
    kit::{Question, Toast, use_confirm, use_toasts},
    org,
};

/// Id and name: enough to do something to a contact and to say to whom.
pub type ContactRef = (String, String);

pub fn ids(people: &[ContactRef]) -> Result<Vec<Id<Contact>>, AppError> {
    let ids: Result<_, _> = people.iter().map(|(id, _)| id.parse()).collect();
    ids.map_err(|_| AppError(Error::NotFound))
}

/// "Ada" or "3 contacts".
pub fn told(people: &[ContactRef]) -> String {
    match people {
        [(_, name)] => name.clone(),
        many => counted(many.len() as i64, "contact"),
    }
}

/// Asks whether to delete them; `then` runs when they are gone.
#[derive(Clone, Copy)]
pub struct Deleting(Callback<(Vec<ContactRef>, Callback<()>)>);

pub fn deleting() -> Deleting {
    let (org, asking, toasts) = (StoredValue::new(org()), use_confirm(), use_toasts());
    Deleting(Callback::new(move |(people, then): (Vec<ContactRef>, Callback<()>)| {
        let told = told(&people);
        let names = match people.as_slice() {
            [_] => String::new(),
            many => {
                const NAMED: usize = 12;
                let names: Vec<_> = many.iter().take(NAMED).map(|(_, name)| name.as_str()).collect();
                let more = match many.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("{}{more}. ", names.join(", "))
            }
        };
        let one = people.len() == 1;
        let title = format!("Delete {told}?");
        let consequence = format!("{names}The calls stay, without a name. This cannot be undone.");
        let question = Question::new(
            title,
            consequence,
            if one { "Delete contact" } else { "Delete contacts" },
            move || {
                let (people, told) = (people.clone(), told.clone());
                async move {
                    let what = DeleteContacts { ids: ids(&people)? };
                    match delete_contacts(org.get_value(), what).await {
                        // Somebody else was faster: what was asked for has happened.
                        Err(AppError(Error::NotFound)) if people.len() == 1 => {}
                        answer => answer?,
                    }
                    toasts.say(Toast::done(format!("{told} deleted")));
                    then.run(());
                    Ok(())
                }
            },
        );
        asking.ask(question.keep(if one { "Keep it" } else { "Keep them" }));
    }))
}

impl Deleting {
    pub fn ask(self, people: Vec<ContactRef>, then: impl Fn() + Send + Sync + 'static) {
        self.0.run((people, Callback::new(move |()| then())));
    }
}
