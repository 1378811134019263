//! Making an agent and changing it: one page, whole on arrival, that loses nothing.

use futures_util::future::try_join;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use switchboard::{
    Error, Id,
    agents::{Agent, AgentDraft},
    org::OrgId,
    resource::{Action, Kind},
};

use super::{
    AgentEditor,
    actions::agent_actions,
    agent_facets,
    difference::ToolNames,
    get_agent, get_agent_template,
    import::{self, FROM},
    publish::{PublishForm, publish_form},
    sections::{Known, SECTIONS, sections},
};
use crate::{
    AppError,
    calls::{PlaceCall, Preset, TestPanel},
    kit::{
        Ago, Copy, Dialog, FormState, KEPT_IN_TAB, Loading, Menu, PageHead, StatusDot, Toast, aria_bool,
        ask_before_leaving, browser, contents, crumbs, dynamic, editor, effect, icon,
        keys::{on_ctrl, on_key},
        loaded, out_of_step, put_back, reactive_bool, reactive_text, saved_elsewhere, skeleton_rows, status_badge,
        sync_dot, use_toasts,
    },
    knowledge::every_base,
    may, org,
    tools::every_tool,
};

/// The way to the editor of a new agent; without its end, that to any other.
const NEW_WAY: &[(&str, &str)] = &[("Agents", "/agents"), ("New agent", "/agents/new")];

/// An agent, if there is one yet, and what its fields offer.
type Opened = (Option<Agent>, Known);

async fn open(org: OrgId, id: Option<Id<Agent>>) -> Result<Opened, AppError> {
    let agent = match id {
        Some(id) => Some(get_agent(org.clone(), id).await?),
        None => None,
    };
    let tools = every_tool(org.clone()).await?;
    let bases = every_base(org.clone()).await?;
    // Without them the field still takes what is typed.
    let tags = agent_facets(org).await.map(|facets| facets.tags).unwrap_or_default();
    Ok((agent, Known { tags, tools, bases }))
}

/// What a new agent begins with: nothing, or what a template has.
async fn begin(org: OrgId, template: Option<String>) -> Result<(AgentDraft, Known), AppError> {
    let start = async {
        match template {
            Some(template) => Ok(get_agent_template(org.clone(), template).await?.draft),
            None => Ok(AgentDraft::default()),
        }
    };
    // Both at once: what a request brings along is there only until the first of them waits.
    let (start, (_, known)) = try_join(start, open(org.clone(), None)).await?;
    Ok((start, known))
}

/// A new agent: from nothing, from a template, or from what was imported in this tab.
#[component]
pub fn AgentNew() -> impl IntoView {
    let query = use_query_map();
    let mine = org();
    let from = Memo::new(move |_| query.with(|query| query.get_str("from").map(str::to_owned)));
    let begun = Loading::new(
        move || from.get().filter(|from| !from.is_empty() && from != FROM),
        move |template| begin(mine.clone(), template),
    );
    loaded(begun, "editor", skeleton_rows, |(start, known)| {
        page(None, start, &known)
    })
}

/// An agent there is.
#[component]
pub fn AgentEdit() -> impl IntoView {
    let params = use_params_map();
    let org = org();
    let id = Memo::new(move |_| params.with(|params| params.get_str("id").and_then(|id| id.parse::<Id<Agent>>().ok())));
    let opened = Loading::new(
        move || id.get(),
        move |id| {
            let org = org.clone();
            async move {
                match id {
                    Some(id) => open(org, Some(id)).await,
                    None => Err(AppError(Error::NotFound)),
                }
            }
        },
    );
    loaded(opened, "agent", skeleton_rows, |(agent, known)| {
        page(agent, AgentDraft::default(), &known)
    })
}

fn page(agent: Option<Agent>, start: AgentDraft, known: &Known) -> AnyView {
    let writes = may(
        if agent.is_some() {
            Action::Update
        } else {
            Action::Create
        },
        Kind::Agent,
    );
    let editor = editor(agent, start);
    take_import(editor);
    ask_before_leaving(editor.dirty, KEPT_IN_TAB);
    on_ctrl("s", move || {
        if writes {
            editor.save();
        }
    });
    on_key(move |key| match key {
        "e" => writes && browser::focus("#f-name"),
        "t" => browser::focus(".testpanel form :is(input, textarea, select, button)"),
        _ => false,
    });
    let form = use_context::<FormState>();
    let tools = known.tools.iter().map(|tool| (tool.id.to_string(), tool.name.clone()));
    let bases = known.bases.iter().map(|base| (base.id.to_string(), base.name.clone()));
    let tools = tools.chain(bases).collect();
    view! {
        {head(editor, writes, tools)}
        <div class="notices stack s2">
            {form.map(FormState::notice)}
            {saved_elsewhere(editor, &SECTIONS, |agent| agent.updated_at)}
            {put_back(editor)}
            {copy_state(editor, writes)}
        </div>
        <div class="editor">
            {contents(editor, &SECTIONS)}
            <fieldset class="stack s3" disabled=!writes>
                <legend class="sr">"Agent"</legend>
                {sections(editor, known)}
            </fieldset>
            {aside(editor)}
        </div>
    }
    .into_any()
}

/// Puts what was imported in this tab into a new agent, as if it had been typed.
fn take_import(editor: AgentEditor) {
    if editor.saved.with_untracked(Option::is_some) {
        return;
    }
    let mine = org();
    effect(move || {
        if let Some(draft) = import::take(&mine) {
            editor.draft.set(draft);
            editor.restored.set(false);
        }
    });
}

fn head(editor: AgentEditor, writes: bool, tools: ToolNames) -> AnyView {
    let saved = editor.saved.get_untracked();
    let title = reactive_text(move || {
        editor.saved.with(|saved| {
            saved
                .as_ref()
                .map_or_else(|| "New agent".to_owned(), |agent| agent.draft.name.clone())
        })
    });
    let is_new = saved.is_none();
    let (calling, publishing) = (RwSignal::new(false), RwSignal::new(false));
    let preset = Signal::derive(move || Preset {
        agent: editor.saved.with(|saved| saved.as_ref().map(|agent| agent.id)),
        ..Preset::default()
    });
    let beside = move || {
        dynamic(move || {
            let saved = editor.saved.get();
            saved
                .map(|agent| {
                    let versions = format!("/agents/{}/versions", agent.id);
                    let state = agent.sync.state;
                    view! {
                        {status_badge(sync_dot(state), state.label())}
                        <a class="strip" href=versions title="All versions">"v"{agent.live_version}</a>
                        {agent.unpublished.then(|| status_badge(StatusDot::Draft, "Unpublished changes"))}
                    }
                })
                .into_any()
        })
    };
    let sub = move || {
        dynamic(move || {
            match (
                editor.saved.with(|saved| saved.as_ref().map(|agent| agent.updated_at)),
                editor.dirty.get(),
            ) {
                (None, _) => "Nothing is saved yet. What you type is kept in this tab.".into_any(),
                (Some(_), true) => "Unsaved changes".into_any(),
                (Some(at), false) => view! { "Saved "<Ago at=at/> }.into_any(),
            }
        })
    };
    let buttons = move || {
        let clean = reactive_bool(move || is_new || !editor.dirty.get());
        let save = writes.then(|| {
            view! {
                <button type="button" class=if is_new { "btn primary" } else { "btn" } aria-busy=aria_bool(move || editor.pending.get()) title="Ctrl S" on:click=move |_| editor.save()>
                    {if is_new { "Create agent" } else { "Save draft" }}
                </button>
            }
        });
        // The dialog shows what is saved.
        let open = Callback::new(move |()| publishing.set(true));
        let publish = (writes && !is_new).then(|| {
            view! { <button type="button" class="btn primary" on:click=move |_| editor.once_saved(open)>"Publish…"</button> }
        });
        view! {
            <button type="button" class="btn quiet" hidden=clean on:click=move |_| editor.discard()>"Discard changes"</button>
            {(!is_new).then(|| more(editor))}
            {(!is_new && may(Action::Create, Kind::Call)).then(|| {
                view! { <button type="button" class="btn" on:click=move |_| calling.set(true)>{icon("call")}"Place a call"</button> }
            })}
            {save}
            {publish}
        }
        .into_any()
    };
    view! {
        {(writes && !is_new).then(|| publish_dialog(editor, publishing, tools))}
        <PageHead class="page-head editor-head" title=title beside=beside sub=sub actions=buttons crumbs=move || crumbs(if is_new { NEW_WAY } else { &NEW_WAY[..1] })/>
        {(!is_new && may(Action::Create, Kind::Call)).then(|| view! { <PlaceCall open=calling preset=preset/> })}
    }
    .into_any()
}

fn publish_dialog(editor: AgentEditor, open: RwSignal<bool>, tools: ToolNames) -> AnyView {
    let toasts = use_toasts();
    let published = Callback::new(move |agent: Agent| {
        open.set(false);
        let words = format!("Version {} of {} is live", agent.live_version, agent.draft.name);
        toasts.say(Toast::done(words).detail("The next call uses it"));
        editor.accept(agent);
    });
    let body = move || {
        let agent = editor.saved.get_untracked();
        agent.map(|agent| {
            publish_form(PublishForm {
                agent,
                tools: tools.clone(),
                close: Callback::new(move |()| open.set(false)),
                published,
            })
        })
    };
    view! {
        <Dialog id="publish" class="w-lg" open=open title=Signal::stored("Publish".to_owned())
            sub="What is saved in the draft becomes the version that answers the phone.">
            {body()}
        </Dialog>
    }
    .into_any()
}

fn more(editor: AgentEditor) -> AnyView {
    let any = [Action::Create, Action::Update, Action::Delete];
    if !any.into_iter().any(|action| may(action, Kind::Agent)) {
        return ().into_any();
    }
    let actions = agent_actions(Callback::new(|()| ()));
    let about = move || {
        editor.saved.with_untracked(|saved| {
            saved
                .as_ref()
                .map(|agent| (agent.id.to_string(), agent.draft.name.clone()))
                .unwrap_or_default()
        })
    };
    let duplicate = may(Action::Create, Kind::Agent)
        .then(|| view! { <button type="button" on:click=move |_| actions.duplicate(about())>{icon("copy")}"Duplicate"</button> });
    let sync = may(Action::Update, Kind::Agent).then(|| {
        let done = Callback::new(move |agent| editor.accept(agent));
        view! { <button type="button" on:click=move |_| actions.sync(about(), Some(done))>{icon("refresh")}"Sync now"</button> }
    });
    let versions = move || format!("/agents/{}/versions", about().0);
    let delete = may(Action::Delete, Kind::Agent).then(|| {
        let gone = Callback::new(move |()| {
            // Nothing is left to lose, so that leaving asks no second question.
            editor.discard();
            actions.go("/agents");
        });
        view! {
            <hr/>
            <button type="button" class="danger" on:click=move |_| actions.delete(vec![about()], gone)>{icon("trash")}"Delete…"</button>
        }
    });
    view! {
        <button type="button" class="btn icon-only" popovertarget="agent-more" aria-label="More for this agent" title="More">{icon("more")}</button>
        <Menu id="agent-more" label="Agent" end=true>
            <a href=versions()>{icon("clock")}"Versions"</a>
            {duplicate}
            {sync}
            {delete}
        </Menu>
    }
    .into_any()
}

fn copy_state(editor: AgentEditor, writes: bool) -> AnyView {
    dynamic(move || {
        let notice = editor.saved.get().map(|agent| {
            let actions = agent_actions(Callback::new(|()| ()));
            let about = (agent.id.to_string(), agent.draft.name);
            let done = Callback::new(move |agent| editor.accept(agent));
            let sync = Callback::new(move |()| actions.sync(about.clone(), Some(done)));
            out_of_step(agent.sync, writes.then_some(sync))
        });
        notice.into_any()
    })
}

/// Beside the draft: how the saved agent stands.
fn aside(editor: AgentEditor) -> AnyView {
    let facts = move || {
        let agent = editor.saved.get()?;
        let (id, copy) = (agent.id.to_string(), agent.provider_id.clone());
        let facts = view! {
            <section class="card" aria-labelledby="facts">
                <header><h2 id="facts">"As saved"</h2></header>
                <dl class="kv body">
                    <dt>"Saved"</dt>
                    <dd><Ago at=agent.updated_at/></dd>
                    <dt>"Published"</dt>
                    <dd><a href=format!("/agents/{id}/versions")>"Version "{agent.live_version}</a>", "<Ago at=agent.published_at/></dd>
                    <dt>"Revision"</dt>
                    <dd>{agent.revision}</dd>
                    <dt>"Checked"</dt>
                    <dd><Ago at=agent.sync.checked_at/></dd>
                    <dt>"Agent id"</dt>
                    <dd class="idline"><code>{id.clone()}</code><Copy text=id label="Copy agent id" icon_only=true/></dd>
                    <dt>"Copy at provider"</dt>
                    <dd class="idline"><code>{copy.clone()}</code><Copy text=copy label="Copy provider id" icon_only=true/></dd>
                </dl>
            </section>
        };
        Some(facts.into_any())
    };
    let tested = editor
        .saved
        .get_untracked()
        .map(|first| Signal::derive(move || editor.saved.get().unwrap_or_else(|| first.clone())));
    let first = editor.saved.get_untracked().is_none().then(|| {
        view! {
            <section class="card">
                <header><h2>"Then call it"</h2></header>
                <p class="body s13 ink2">"Once created, an agent can be called from here, with test values for its variables."</p>
            </section>
        }
    });
    view! {
        <aside class="stack s3 editor-aside" aria-label="About this agent">
            {first}
            {tested.map(|agent| view! { <TestPanel agent=agent/> })}
            {facts}
        </aside>
    }
    .into_any()
}
