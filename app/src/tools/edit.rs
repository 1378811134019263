//! Making a tool and changing it: one page, whole on arrival, that loses nothing.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use switchboard::{
    Error, Id,
    org::OrgId,
    resource::{Action, Kind},
    tools::{Tool, ToolAgent, ToolDraft, ToolUse},
};

use super::{
    ToolEditor,
    actions::{ToolActions, ToolRef, tool_actions},
    get_tool,
    history::history,
    sections::{SECTIONS, sections},
    tester::Tester,
    tool_agents, tool_facets, tool_uses,
    used::used_by,
};
use crate::{
    AppError,
    kit::{
        Ago, Copy, FormState, KEPT_IN_TAB, Loading, Menu, PageHead, aria_bool, ask_before_leaving, browser, contents,
        crumbs, dynamic, editor, icon,
        keys::{on_ctrl, on_key},
        loaded, out_of_step, put_back, reactive_bool, reactive_text, saved_elsewhere, skeleton_rows, status_badge,
        sync_dot,
    },
    may, org,
};

/// A tool that there is, who uses it, and what calls have asked it.
type There = (Tool, Vec<ToolAgent>, Vec<ToolUse>);

/// The tool, if there is one yet, and the tags in use, for the tag field to offer.
type Opened = (Option<There>, Vec<String>);

async fn open(org: OrgId, id: Option<Id<Tool>>, sees_calls: bool) -> Result<Opened, AppError> {
    let tool = match id {
        Some(id) => {
            let tool = get_tool(org.clone(), id).await?;
            let agents = tool_agents(org.clone(), id).await?;
            let uses = if sees_calls {
                tool_uses(org.clone(), id).await?
            } else {
                Vec::new()
            };
            Some((tool, agents, uses))
        }
        None => None,
    };
    // Without them the field still takes what is typed.
    let tags = tool_facets(org).await.map(|facets| facets.tags).unwrap_or_default();
    Ok((tool, tags))
}

#[component]
pub fn ToolNew() -> impl IntoView {
    let org = org();
    let opened = Loading::new(|| (), move |()| open(org.clone(), None, false));
    loaded(opened, "editor", skeleton_rows, |(tool, tags)| page(tool, &tags))
}

#[component]
pub fn ToolEdit() -> impl IntoView {
    let params = use_params_map();
    let (org, sees_calls) = (org(), may(Action::Read, Kind::Call));
    let id = Memo::new(move |_| params.with(|params| params.get_str("id").and_then(|id| id.parse::<Id<Tool>>().ok())));
    let opened = Loading::new(
        move || id.get(),
        move |id| {
            let org = org.clone();
            async move {
                match id {
                    Some(id) => open(org, Some(id), sees_calls).await,
                    None => Err(AppError(Error::NotFound)),
                }
            }
        },
    );
    loaded(opened, "tool", skeleton_rows, |(tool, tags)| page(tool, &tags))
}

fn page(opened: Option<There>, tags: &[String]) -> AnyView {
    let (tool, agents, uses) = match opened {
        Some((tool, agents, uses)) => (Some(tool), agents, uses),
        None => (None, Vec::new(), Vec::new()),
    };
    let there = tool
        .as_ref()
        .map(|tool| tool.id)
        .filter(|_| may(Action::Read, Kind::Call));
    let action = if tool.is_some() { Action::Update } else { Action::Create };
    let writes = may(action, Kind::Tool);
    let editor = editor(tool, ToolDraft::default());
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
    view! {
        {head(editor, writes)}
        <div class="notices stack s2">
            {form.map(FormState::notice)}
            {saved_elsewhere(editor, &SECTIONS, |tool| tool.updated_at)}
            {put_back(editor)}
            {copy_state(editor, writes)}
        </div>
        <div class="editor tool">
            {contents(editor, &SECTIONS)}
            <fieldset class="stack s3" disabled=!writes>
                <legend class="sr">"Tool"</legend>
                {sections(editor, tags)}
            </fieldset>
            {aside(editor, agents, writes)}
        </div>
        {there.map(|id| history(id, uses))}
    }
    .into_any()
}

fn head(editor: ToolEditor, writes: bool) -> AnyView {
    let saved = editor.saved.get_untracked();
    let is_new = saved.is_none();
    let title = reactive_text(move || {
        editor.saved.with(|saved| {
            let saved = saved.as_ref();
            saved.map_or_else(|| "New tool".to_owned(), |tool| tool.draft.name.clone())
        })
    });
    let beside = move || {
        dynamic(move || {
            let state = editor.saved.with(|saved| saved.as_ref().map(|tool| tool.sync.state));
            state
                .map(|state| status_badge(sync_dot(state), state.label()))
                .into_any()
        })
    };
    let sub = move || {
        dynamic(move || {
            let at = editor.saved.with(|saved| saved.as_ref().map(|tool| tool.updated_at));
            match (at, editor.dirty.get()) {
                (None, _) => "Nothing is saved yet. What you type is kept in this tab, but never a secret.".into_any(),
                (Some(_), true) => "Unsaved changes. Agents still ask the way it was saved before.".into_any(),
                (Some(at), false) => view! { "Saved "<Ago at=at/> }.into_any(),
            }
        })
    };
    let buttons = move || {
        let clean = reactive_bool(move || is_new || !editor.dirty.get());
        let save = writes.then(|| {
            view! {
                <button type="button" class="btn primary" aria-busy=aria_bool(move || editor.pending.get()) title="Ctrl S" on:click=move |_| editor.save()>
                    {if is_new { "Create tool" } else { "Save tool" }}
                </button>
            }
        });
        view! {
            <button type="button" class="btn quiet" hidden=clean on:click=move |_| editor.discard()>"Discard changes"</button>
            {(!is_new).then(|| more(editor))}
            {save}
        }
        .into_any()
    };
    view! {
        <PageHead class="page-head editor-head" title=title beside=beside sub=sub actions=buttons crumbs=|| crumbs(&[("Tools", "/tools")])/>
    }
    .into_any()
}

fn about(editor: ToolEditor) -> ToolRef {
    editor.saved.with_untracked(|saved| {
        let saved = saved.as_ref();
        saved
            .map(|tool| (tool.id.to_string(), tool.draft.name.clone()))
            .unwrap_or_default()
    })
}

fn sync_now(editor: ToolEditor, actions: ToolActions) {
    actions.sync(about(editor), Some(Callback::new(move |tool| editor.accept(tool))));
}

fn more(editor: ToolEditor) -> AnyView {
    let (updates, deletes) = (may(Action::Update, Kind::Tool), may(Action::Delete, Kind::Tool));
    if !updates && !deletes {
        return ().into_any();
    }
    let actions = tool_actions(Callback::new(|()| ()));
    let sync = updates.then(|| {
        view! { <button type="button" on:click=move |_| sync_now(editor, actions)>{icon("refresh")}"Sync now"</button> }
    });
    let delete = deletes.then(|| {
        let gone = Callback::new(move |()| {
            // Nothing is left to lose, so that leaving asks no second question.
            editor.discard();
            actions.go("/tools");
        });
        view! {
            <hr/>
            <button type="button" class="danger" on:click=move |_| actions.delete(vec![about(editor)], gone)>{icon("trash")}"Delete…"</button>
        }
    });
    view! {
        <button type="button" class="btn icon-only" popovertarget="tool-more" aria-label="More for this tool" title="More">{icon("more")}</button>
        <Menu id="tool-more" label="Tool" end=true>
            {sync}
            {delete}
        </Menu>
    }
    .into_any()
}

fn copy_state(editor: ToolEditor, writes: bool) -> AnyView {
    let actions = tool_actions(Callback::new(|()| ()));
    let sync = Callback::new(move |()| sync_now(editor, actions));
    dynamic(move || {
        let copy = editor.saved.with(|saved| saved.as_ref().map(|tool| tool.sync.clone()));
        copy.map(|copy| out_of_step(copy, writes.then_some(sync))).into_any()
    })
}

/// Beside the draft: a try, who uses it, and how the saved one stands.
fn aside(editor: ToolEditor, agents: Vec<ToolAgent>, writes: bool) -> AnyView {
    let saved = editor.saved.with_untracked(|saved| saved.as_ref().map(|tool| tool.id));
    let beside = match saved {
        None => view! {
            <section class="card" aria-labelledby="then">
                <header><h2 id="then">"Then try it"</h2></header>
                <p class="body s13 ink2">"Once created, the tool can be tried from here: you see the request as it is sent and what came back, before any agent uses it."</p>
            </section>
        }
        .into_any(),
        Some(id) => view! {
            <Tester editor=editor id=id writes=writes/>
            {used_by(id, agents)}
            {dynamic(move || facts(editor).into_any())}
        }
        .into_any(),
    };
    view! { <aside class="stack s3 editor-aside" aria-label="About this tool">{beside}</aside> }.into_any()
}

fn facts(editor: ToolEditor) -> Option<AnyView> {
    let tool = editor.saved.get()?;
    let (id, copy) = (tool.id.to_string(), tool.provider_id);
    let facts = view! {
        <section class="card" aria-labelledby="facts">
            <header><h2 id="facts">"As saved"</h2></header>
            <dl class="kv body">
                <dt>"Saved"</dt>
                <dd><Ago at=tool.updated_at/></dd>
                <dt>"Revision"</dt>
                <dd>{tool.revision}</dd>
                <dt>"Checked"</dt>
                <dd><Ago at=tool.sync.checked_at/></dd>
                <dt>"Tool id"</dt>
                <dd class="idline"><code>{id.clone()}</code><Copy text=id label="Copy tool id" icon_only=true/></dd>
                <dt>"Copy at provider"</dt>
                <dd class="idline"><code>{copy.clone()}</code><Copy text=copy label="Copy provider id" icon_only=true/></dd>
            </dl>
        </section>
    };
    Some(facts.into_any())
}
