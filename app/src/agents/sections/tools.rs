//! Tools: what the agent may ask of other servers while it talks.

use leptos::prelude::*;
use switchboard::{
    Id,
    resource::{Action, Kind},
    sync::SyncState,
    tools::{Tool, ToolRow, host},
};

use crate::{
    agents::AgentEditor,
    kit::{
        Dialog, FormState, Illustration, aria_flag, ask_again, browser, complaint, dynamic, empty, field_id, icon,
        keyed_list, reactive_bool, reactive_text, status_dot, sync_dot,
    },
    may, org,
    tools::every_tool,
};

const TOOLS: &str = "tool_ids";
/// As many as an agent can have.
const MOST: usize = 20;

/// `tools` are those of the organization, as they were when the page was asked for.
pub fn body(editor: AgentEditor, tools: &[ToolRow]) -> AnyView {
    let mine = org();
    let tools = RwSignal::new(tools.to_vec());
    ask_again(Kind::Tool, move || every_tool(mine.clone()), tools);
    let open = RwSignal::new(false);
    let none_there = reactive_bool(move || tools.with(Vec::is_empty));
    let ids = Memo::new(move |_| editor.draft.with(|draft| draft.tool_ids.clone()));
    let form = use_context::<FormState>();
    if let Some(form) = form {
        form.claim(TOOLS);
        (0..MOST).for_each(|i| form.claim(&format!("{TOOLS}[{i}]")));
    }
    let error = Memo::new(move |_| form.and_then(|form| form.error_at(TOOLS)));
    let none = dynamic(move || {
        let none = ids.with(Vec::is_empty).then(|| {
            view! { <p class="s13 muted">"None. With a tool the agent looks something up or books it on your own server, in the middle of a call."</p> }
        });
        none.into_any()
    });
    let new =
        may(Action::Create, Kind::Tool).then(|| view! { <a class="btn sm quiet" href="/tools/new">"New tool"</a> });
    view! {
        {none}
        <div class="bound">
            <div class="rows" role="list" aria-label="Tools of this agent">
                {keyed_list(move || ids.get(), Id::to_string, move |id| line(editor, tools, id))}
            </div>
        </div>
        <div class="cluster">
            <button type="button" class="btn sm" id=field_id(TOOLS) disabled=none_there aria-invalid=aria_flag(move || error.with(Option::is_some))
                aria-describedby="f-tool_ids-err" on:click=move |_| open.set(true)>{icon("plus")}"Add a tool…"</button>
            {new}
        </div>
        <p class="err" id="f-tool_ids-err" hidden=reactive_bool(move || error.with(Option::is_none))>{icon("warn")}<span>{complaint(error)}</span></p>
        <Dialog id="tools" open=open title="Choose tools" sub="The agent decides by a tool's description when to use it.">
            {choice(editor, tools)}
        </Dialog>
    }
    .into_any()
}

/// A tool the agent has. One that is gone keeps its line, so that it can be taken away.
fn line(editor: AgentEditor, tools: RwSignal<Vec<ToolRow>>, id: Id<Tool>) -> AnyView {
    let tool = Memo::new(move |_| tools.with(|tools| tools.iter().find(|tool| tool.id == id).cloned()));
    let form = use_context::<FormState>();
    let error = Memo::new(move |_| {
        let at = editor
            .draft
            .with(|draft| draft.tool_ids.iter().position(|other| *other == id))?;
        form?.error_at(&format!("{TOOLS}[{at}]"))
    });
    let name = Memo::new(move |_| {
        tool.with(|tool| {
            tool.as_ref()
                .map_or_else(|| "A tool that is gone".to_owned(), |tool| tool.name.clone())
        })
    });
    let label = move || reactive_text(move || format!("Remove {}", name.get()));
    let about = dynamic(move || {
        let about = tool.get().map(|tool| {
            let state = (tool.sync != SyncState::Synced).then(|| status_dot(sync_dot(tool.sync), tool.sync.label()));
            view! {
                <small><span class="mono">{tool.model_name}</span>" · "{tool.method.word()}" "{host(&tool.url).to_owned()}</small>
                {state}
            }
        });
        about.into_any()
    });
    let remove = move |_| editor.draft.update(|draft| draft.tool_ids.retain(|other| *other != id));
    view! {
        <div role="listitem" data-invalid=aria_flag(move || error.with(Option::is_some))>
            {icon("tool")}
            <span class="grow">
                <a href=format!("/tools/{id}")><b>{name}</b></a>
                {about}
                <span class="err" hidden=reactive_bool(move || error.with(Option::is_none))>{icon("warn")}<span>{complaint(error)}</span></span>
            </span>
            <button type="button" class="btn icon-only quiet sm" aria-label=label() title=label() on:click=remove>{icon("x")}</button>
        </div>
    }
    .into_any()
}

/// The inside of the dialog: every tool, narrowed by what is typed.
fn choice(editor: AgentEditor, tools: RwSignal<Vec<ToolRow>>) -> AnyView {
    let typed = RwSignal::new(String::new());
    let found = move || {
        let words = browser::lower_case(typed.get().trim());
        let fits = |tool: &&ToolRow| {
            let about = format!("{} {} {} {}", tool.name, tool.model_name, tool.description, tool.url);
            browser::lower_case(&about).contains(&words)
        };
        tools.with(|tools| tools.iter().filter(fits).cloned().collect::<Vec<_>>())
    };
    let none = dynamic(move || {
        let words = "No tool has these words in its name, description or address.";
        let none = found()
            .is_empty()
            .then(|| empty(Illustration::Empty, "No tool matches", words, ()));
        none.into_any()
    });
    view! {
        <div class="d-body stack s3">
            <span class="affix">
                {icon("search")}
                <input class="input" type="search" aria-label="Search tools" placeholder="Name, description or address" data-first=""
                    prop:value=typed on:input=move |event| typed.set(event_target_value(&event))/>
            </span>
            <div class="rows voices" role="list" aria-label="Tools">
                {keyed_list(found, |tool| tool.id.to_string(), move |tool| option(editor, tool))}
            </div>
            {none}
        </div>
    }
    .into_any()
}

fn option(editor: AgentEditor, tool: ToolRow) -> AnyView {
    let id = tool.id;
    let has = Memo::new(move |_| editor.draft.with(|draft| draft.tool_ids.contains(&id)));
    let flip = move |_| {
        editor.draft.update(|draft| {
            if draft.tool_ids.contains(&id) {
                draft.tool_ids.retain(|other| *other != id);
            } else {
                draft.tool_ids.push(id);
            }
        });
    };
    let name = tool.name.clone();
    let label = move || format!("{} {name}", if has.get() { "Remove" } else { "Add" });
    view! {
        <div role="listitem" data-picked=aria_flag(move || has.get())>
            <span class="grow">
                <b>{tool.name}</b>
                <small>{tool.description}</small>
                <small><span class="mono">{tool.model_name}</span>" · "{tool.method.word()}" "{host(&tool.url).to_owned()}</small>
            </span>
            <button type="button" class="btn sm" aria-label=reactive_text(label) on:click=flip>
                {reactive_text(move || if has.get() { "Remove" } else { "Add" }.to_owned())}
            </button>
        </div>
    }
    .into_any()
}
