//! Knowledge: what the agent looks things up in while it talks.

use leptos::prelude::*;
use switchboard::{
    Id,
    knowledge::{KnowledgeBase, KnowledgeBaseRow},
    resource::{Action, Kind},
    text::counted,
};

use crate::{
    agents::AgentEditor,
    kit::{FormState, aria_flag, ask_again, complaint, dynamic, field_id, icon, keyed_list, reactive_bool},
    knowledge::every_base,
    may, org,
};

const FIELD: &str = "knowledge_base_ids";
/// As many as an agent can have.
const MOST: usize = 10;

/// `bases` are those of the organization, as they were when the page was asked for.
pub fn body(editor: AgentEditor, bases: &[KnowledgeBaseRow]) -> AnyView {
    let mine = org();
    let bases = RwSignal::new(bases.to_vec());
    ask_again(Kind::KnowledgeBase, move || every_base(mine.clone()), bases);
    let form = use_context::<FormState>();
    if let Some(form) = form {
        form.claim(FIELD);
        (0..MOST).for_each(|i| form.claim(&format!("{FIELD}[{i}]")));
    }
    let error = Memo::new(move |_| {
        let form = form?;
        let each = (0..MOST).find_map(|i| form.error_at(&format!("{FIELD}[{i}]")));
        form.error_at(FIELD).or(each)
    });
    let chosen = Memo::new(move |_| editor.draft.with(|draft| draft.knowledge_base_ids.clone()));
    // One that is gone keeps its line, so that it can be taken away.
    let lines = move || {
        let known = bases.get();
        let gone = chosen
            .get()
            .into_iter()
            .filter(|id| !known.iter().any(|base| base.id == *id));
        let gone: Vec<_> = gone.map(|id| (id, None)).collect();
        known
            .into_iter()
            .map(|base| (base.id, Some(base)))
            .chain(gone)
            .collect::<Vec<_>>()
    };
    let none = dynamic(move || {
        let none = bases.with(Vec::is_empty).then(|| {
            view! { <p class="s13 muted">"There is none yet. With one the agent looks up what you have written down before it answers."</p> }
        });
        none.into_any()
    });
    let new = may(Action::Create, Kind::KnowledgeBase)
        .then(|| view! { <p><a class="btn sm quiet" href="/knowledge/new">"New knowledge base"</a></p> });
    view! {
        {none}
        <div class="bound" id=field_id(FIELD) tabindex="-1" data-invalid=aria_flag(move || error.with(Option::is_some))>
            <div class="rows" role="list" aria-label="Knowledge of this agent">
                {keyed_list(lines, |(id, base)| format!("{id}{}", base.is_some()), move |(id, base)| line(editor, chosen, id, base))}
            </div>
        </div>
        {new}
        <p class="err" id=format!("{}-err", field_id(FIELD)) hidden=reactive_bool(move || error.with(Option::is_none))>{icon("warn")}<span>{complaint(error)}</span></p>
    }
    .into_any()
}

fn line(
    editor: AgentEditor,
    chosen: Memo<Vec<Id<KnowledgeBase>>>,
    id: Id<KnowledgeBase>,
    base: Option<KnowledgeBaseRow>,
) -> AnyView {
    let has = move || chosen.with(|ids| ids.contains(&id));
    let flip = move |event: web_sys::Event| {
        let on = event_target_checked(&event);
        editor.draft.update(|draft| {
            draft.knowledge_base_ids.retain(|other| *other != id);
            if on {
                draft.knowledge_base_ids.push(id);
            }
        });
    };
    let (name, about) = match base {
        Some(base) => (
            base.name,
            format!(
                "{}, {}",
                counted(base.sources, "source"),
                counted(base.passages, "passage")
            ),
        ),
        None => (
            "A knowledge base that is gone".to_owned(),
            "Take it away to save the agent.".to_owned(),
        ),
    };
    view! {
        <div role="listitem">
            <label class="check grow">
                <input type="checkbox" checked=untrack(has) prop:checked=reactive_bool(has) on:change=flip/>
                <span>{name}<small>{about}</small></span>
            </label>
            <a class="btn quiet sm icon-only" href=format!("/knowledge/{id}") aria-label="Open it" title="Open it">{icon("right")}</a>
        </div>
    }
    .into_any()
}
