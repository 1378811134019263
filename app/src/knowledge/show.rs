//! One knowledge base: its sources and how each is, the playground, and the checks.

use futures_util::try_join;
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map},
};
use switchboard::{
    Error, Id,
    check::Check,
    knowledge::{KnowledgeAgent, KnowledgeBase, KnowledgeBaseDraft, KnowledgeSource, SourceState},
    resource::{Action, Kind},
    text::counted,
};

use super::{
    actions::{Deleting, deleting},
    add::{Adding, adding},
    checks::checks,
    form::BaseForm,
    get_knowledge_base, knowledge_agents, knowledge_sources,
    list::health,
    play::{Play, play},
    sources::sources,
    update_knowledge_base,
};
use crate::{
    AppError,
    kit::{Asks, DialogForm, Loading, PageHead, Toast, crumbs, icon, loaded, skeleton_rows, use_live, use_toasts},
    may, org,
};

#[component]
pub fn KnowledgePage() -> impl IntoView {
    let (params, here) = (use_params_map(), org());
    let id = Memo::new(move |_| {
        params.with(|params| params.get_str("id").and_then(|id| id.parse::<Id<KnowledgeBase>>().ok()))
    });
    let (live, agents) = (use_live(Kind::KnowledgeBase), use_live(Kind::Agent));
    let base = Loading::new(
        move || (id.get(), live.get(), agents.get()),
        move |(id, ..)| {
            let org = here.clone();
            async move {
                match id {
                    Some(id) => try_join!(
                        get_knowledge_base(org.clone(), id),
                        knowledge_sources(org.clone(), id),
                        knowledge_agents(org, id)
                    ),
                    None => Err(AppError(Error::NotFound)),
                }
            }
        },
    );
    let navigate = use_navigate();
    // Not of what is loaded: that is drawn anew whenever a source is read.
    let parts = Parts {
        deleting: deleting(),
        gone: Callback::new(move |()| navigate("/knowledge", NavigateOptions::default())),
        editing: editing(),
        adding: adding(id),
        play: play(id, live),
    };
    let checked = checks(id, live);
    let shown = loaded(base, "knowledge base", skeleton_rows, move |(base, sources, agents)| {
        page(&base, sources, agents, parts)
    });
    view! {
        {shown}
        {parts.play.draw()}
        {checked}
        {parts.editing.dialog()}
        {parts.adding.dialog()}
        {parts.adding.site_dialog()}
    }
}

#[derive(Clone, Copy)]
struct Parts {
    deleting: Deleting,
    gone: Callback<()>,
    editing: Editing,
    adding: Adding,
    play: Play,
}

fn page(base: &KnowledgeBase, all: Vec<KnowledgeSource>, agents: Vec<KnowledgeAgent>, parts: Parts) -> AnyView {
    let count =
        |is: fn(&KnowledgeSource) -> bool| i64::try_from(all.iter().filter(|source| is(source)).count()).unwrap_or(0);
    let troubled = count(|source| matches!(source.state, SourceState::Failed | SourceState::Empty));
    let reading = count(|source| source.state.is_on_its_way());
    let number = count(|_| true);
    let passages: i64 = all
        .iter()
        .filter(|source| source.enabled)
        .map(|source| i64::from(source.passages))
        .sum();
    let mut sub = base.draft.description.clone();
    if !sub.is_empty() {
        sub.push_str(" · ");
    }
    sub.push_str(&format!(
        "{}, {} searched · kept in this installation",
        counted(number, "source"),
        counted(passages, "passage")
    ));
    let (edited, doomed) = (base.clone(), (base.id, base.draft.name.clone()));
    let buttons = move || {
        let (edited, (id, name)) = (edited.clone(), doomed.clone());
        let edit = may(Action::Update, Kind::KnowledgeBase).then(|| {
            view! { <button type="button" class="btn" on:click=move |_| parts.editing.open(&edited)>{icon("edit")}"Edit"</button> }
        });
        let delete = may(Action::Delete, Kind::KnowledgeBase).then(|| {
            view! {
                <button type="button" class="btn danger" on:click=move |_| parts.deleting.ask_base(id, name.clone(), parts.gone)>
                    {icon("trash")}
                    "Delete…"
                </button>
            }
        });
        view! { <a class="btn" href="#play">{icon("search")}"Ask a question"</a>{edit}{delete} }.into_any()
    };
    view! {
        <PageHead title=base.draft.name.clone() beside=move || health(number, troubled, reading) sub=move || sub.clone().into_any()
            actions=buttons crumbs=|| crumbs(&[("Knowledge", "/knowledge")])/>
        {sources(all, parts.adding, parts.deleting)}
        {used_by(agents)}
    }
    .into_any()
}

fn used_by(agents: Vec<KnowledgeAgent>) -> AnyView {
    let inside = if agents.is_empty() {
        view! { <p class="quiet-note">"No agent looks things up here yet. Choose it under "<b>"Knowledge"</b>" in an agent's editor."</p> }.into_any()
    } else {
        let rows = agents
            .into_iter()
            .map(|agent| {
                view! {
                    <div role="listitem">
                        {icon("agent")}
                        <a class="grow" href=format!("/agents/{}", agent.id)><b>{agent.name}</b></a>
                    </div>
                }
            })
            .collect_view();
        view! { <div class="rows" role="list" aria-label="Agents that look things up here">{rows}</div> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="used-by">
            <header><h2 id="used-by">"Used by"</h2></header>
            {inside}
        </section>
    }
    .into_any()
}

/// Changing what a knowledge base is called and about.
#[derive(Clone, Copy)]
struct Editing {
    form: BaseForm,
    which: RwSignal<Option<(Id<KnowledgeBase>, i64)>>,
    asking: DialogForm,
}

fn editing() -> Editing {
    Editing {
        form: BaseForm(RwSignal::new(KnowledgeBaseDraft::default())),
        which: RwSignal::new(None),
        asking: DialogForm::default(),
    }
}

impl Editing {
    fn open(self, base: &KnowledgeBase) {
        self.form.0.set(base.draft.clone());
        self.which.set(Some((base.id, base.revision)));
        self.asking.show();
    }

    fn dialog(self) -> AnyView {
        let (org, toasts) = (StoredValue::new(org()), use_toasts());
        let asks = Asks {
            id: "base-form",
            title: Signal::stored("Edit knowledge base".to_owned()),
            sub: Signal::stored("Agents that have it keep it, whatever it is called.".to_owned()),
            verb: Signal::stored("Save".to_owned()),
            destroys: false,
        };
        let save = move || {
            let (draft, which, org) = (self.form.0.get_untracked(), self.which.get_untracked(), org.get_value());
            self.asking.send(async move {
                Check::run(&draft).map_err(AppError)?;
                let (id, revision) = which.ok_or(AppError(Error::NotFound))?;
                let base = update_knowledge_base(org, id, draft, revision).await?;
                toasts.say(Toast::done(format!("{} saved", base.draft.name)));
                Ok(())
            });
        };
        self.asking.draw(asks, move || self.form.fields(), save)
    }
}
