//! What a knowledge base is called and about, in a form.

use leptos::prelude::*;
use switchboard::knowledge::KnowledgeBaseDraft;

use crate::kit::{TextArea, TextField};

#[derive(Clone, Copy)]
pub struct BaseForm(pub RwSignal<KnowledgeBaseDraft>);

impl BaseForm {
    pub fn fields(self) -> AnyView {
        let draft = self.0;
        let name = Memo::new(move |_| draft.with(|draft| draft.name.clone()));
        let set_name = Callback::new(move |text: String| draft.update(|draft| draft.name = text));
        let about = Memo::new(move |_| draft.with(|draft| draft.description.clone()));
        let set_about = Callback::new(move |text: String| draft.update(|draft| draft.description = text));
        view! {
            <TextField path="name" label="Name" value=name on_input=set_name autocomplete="off" placeholder="Prices and plans"/>
            <TextArea path="description" label="What it is about" value=about on_input=set_about optional=true
                placeholder="Prices, insurance plans and payment" help="Agents are told, so that they know when to look here."/>
        }
        .into_any()
    }
}
