//! The versions of an agent: who published what and when, how any two of them differ, and the way back to one.

use futures_util::future::try_join;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map},
};
use switchboard::{
    Error, Id,
    agents::{Agent, AgentDraft, AgentVersionRow, differences},
    org::OrgId,
    resource::{Action, Kind},
};

use super::{
    difference::{self, ToolNames},
    get_agent, get_agent_version, list_agent_versions, restore_agent_version,
};
use crate::{
    AppError,
    kit::{
        Ago, Loading, PageHead, Question, Select, StatusDot, Toast, browser, icon, laid_out, loaded, skeleton_rows,
        status_badge, use_confirm, use_live, use_toasts,
    },
    knowledge::every_base,
    may, org,
    tools::every_tool,
};

/// Stands for the draft where a version is chosen.
const DRAFT: &str = "draft";

type Opened = (Agent, Vec<AgentVersionRow>, ToolNames);

async fn open(org: OrgId, id: Id<Agent>) -> Result<Opened, AppError> {
    let agent = get_agent(org.clone(), id).await?;
    let versions = list_agent_versions(org.clone(), id).await?;
    // Without them a tool is shown as one that is gone.
    let tools = every_tool(org.clone()).await.unwrap_or_default();
    let bases = every_base(org).await.unwrap_or_default();
    let tools = tools.into_iter().map(|tool| (tool.id.to_string(), tool.name));
    let names = tools
        .chain(bases.into_iter().map(|base| (base.id.to_string(), base.name)))
        .collect();
    Ok((agent, versions, names))
}

#[component]
pub fn AgentVersions() -> impl IntoView {
    let params = use_params_map();
    let (org, live) = (org(), use_live(Kind::Agent));
    let id = Memo::new(move |_| params.with(|params| params.get_str("id").and_then(|id| id.parse::<Id<Agent>>().ok())));
    // Chosen once, and kept while the page follows what happens.
    let sides = RwSignal::new(None::<(String, String)>);
    let opened = Loading::new(
        move || (id.get(), live.get()),
        move |(id, _)| {
            let org = org.clone();
            async move {
                match id {
                    Some(id) => open(org, id).await,
                    None => Err(AppError(Error::NotFound)),
                }
            }
        },
    );
    loaded(opened, "versions", skeleton_rows, move |opened| page(opened, sides))
}

fn page((agent, versions, tools): Opened, sides: RwSignal<Option<(String, String)>>) -> AnyView {
    let name = agent.draft.name.clone();
    let (href, crumb) = (format!("/agents/{}", agent.id), name.clone());
    let way = move || {
        view! {
            <nav class="crumb-nav" aria-label="Breadcrumb">
                <ol class="crumbs"><li><a href="/agents">"Agents"</a></li><li><a href=href.clone()>{crumb.clone()}</a></li></ol>
            </nav>
        }
        .into_any()
    };
    let (live, at, unpublished) = (agent.live_version, agent.published_at, agent.unpublished);
    let sub = move || {
        let draft = if unpublished { " The draft differs from it." } else { "" };
        view! { "Version "{live}" answers the phone since "<Ago at=at/>"."{draft} }.into_any()
    };
    sides.update_untracked(|sides| {
        // What changed last: the draft against what is live, or the live version against the one before.
        sides.get_or_insert_with(|| match (unpublished, live) {
            (true, live) => (live.to_string(), DRAFT.to_owned()),
            (false, live) => ((live - 1).max(1).to_string(), live.to_string()),
        });
    });
    view! {
        <PageHead title=name sub=sub crumbs=way/>
        <div class="stack">
            {compared(&agent, &versions, tools, sides)}
            {list(&agent, versions, sides)}
        </div>
    }
    .into_any()
}

fn compared(
    agent: &Agent,
    versions: &[AgentVersionRow],
    tools: ToolNames,
    sides: RwSignal<Option<(String, String)>>,
) -> AnyView {
    let mut options: Vec<(String, String)> = vec![(DRAFT.to_owned(), "Draft".to_owned())];
    options.extend(versions.iter().map(|version| {
        let live = if version.number == agent.live_version {
            ", live"
        } else {
            ""
        };
        (version.number.to_string(), format!("Version {}{live}", version.number))
    }));
    let side = move |of: fn(&(String, String)) -> &String| {
        Signal::derive(move || sides.with(|sides| sides.as_ref().map(|sides| of(sides).clone()).unwrap_or_default()))
    };
    let (from, to) = (side(|sides| &sides.0), side(|sides| &sides.1));
    let (mine, agent) = (org(), agent.clone());
    let (id, revision) = (agent.id, agent.revision);
    let saved = agent.draft;
    let both = Loading::new(
        move || (from.get(), to.get(), revision),
        move |(from, to, _)| {
            let (org, saved) = (mine.clone(), saved.clone());
            async move {
                // Both at once: what a request brings along is there only until the first of them waits.
                try_join(side_of(org.clone(), id, &from, &saved), side_of(org, id, &to, &saved)).await
            }
        },
    );
    let named = |options: &[(String, String)], side: &str| {
        let known = options.iter().find(|(value, _)| value == side);
        known.map_or_else(|| side.to_owned(), |(_, label)| label.clone())
    };
    let labels = options.clone();
    let body = loaded(
        both,
        "difference",
        skeleton_rows,
        move |(before, after): (AgentDraft, AgentDraft)| {
            let found = differences(&before, &after);
            if found.is_empty() {
                return view! { <p class="muted">"Callers would notice no difference between the two."</p> }.into_any();
            }
            let sides = untrack(|| (named(&labels, &from.get()), named(&labels, &to.get())));
            difference::differences(found, &tools, sides)
        },
    );
    view! {
        <section class="card" aria-labelledby="compared">
            <header><h2 id="compared" tabindex="-1">"Compare"</h2></header>
            <div class="body stack s3">
                <div class="sides">
                    <Select path="from" label="From" options=options.clone() value=from
                        on_change=Callback::new(move |side| sides.update(|sides| if let Some(sides) = sides { sides.0 = side }))/>
                    <Select path="to" label="To" options=options value=to
                        on_change=Callback::new(move |side| sides.update(|sides| if let Some(sides) = sides { sides.1 = side }))/>
                </div>
                {body}
            </div>
        </section>
    }
    .into_any()
}

async fn side_of(org: OrgId, id: Id<Agent>, side: &str, saved: &AgentDraft) -> Result<AgentDraft, AppError> {
    match side.parse() {
        Ok(number) => Ok(get_agent_version(org, id, number).await?.draft),
        Err(_) => Ok(saved.clone()),
    }
}

fn list(agent: &Agent, versions: Vec<AgentVersionRow>, sides: RwSignal<Option<(String, String)>>) -> AnyView {
    let rows = versions
        .into_iter()
        .map(|version| row(agent, version, sides))
        .collect::<Vec<_>>();
    view! {
        <section class="card" aria-labelledby="published">
            <header><h2 id="published">"Published"</h2><span class="sub">"None is ever changed"</span></header>
            <div class="table-wrap">
                <table class="table cards">
                    <caption class="sr">"Versions, newest first"</caption>
                    <thead><tr><th scope="col">"Version"</th><th scope="col">"Published"</th><th scope="col"><span class="sr">"Actions"</span></th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(agent: &Agent, version: AgentVersionRow, sides: RwSignal<Option<(String, String)>>) -> AnyView {
    let number = version.number;
    let is_live = number == agent.live_version;
    let note = match version.note.as_str() {
        "" if number == 1 => "As it was created".to_owned(),
        "" => "No note".to_owned(),
        note => note.to_owned(),
    };
    let compare = move |_| {
        sides.set(Some((number.to_string(), DRAFT.to_owned())));
        browser::focus("#compared");
        if let Some(compared) = browser::element("compared") {
            compared.scroll_into_view();
        }
    };
    let calls = format!("/calls?agent={}&version={number}", agent.id);
    let restore = may(Action::Update, Kind::Agent).then(|| restore(agent, number));
    view! {
        <tr>
            <th scope="row">
                <span class="cluster"><span class="strip">"v"{number}</span>{is_live.then(|| status_badge(StatusDot::Live, "Live"))}</span>
                <small>{note}</small>
            </th>
            <td data-l="Published"><Ago at=version.published_at/><small>{version.publisher.unwrap_or_else(|| "Somebody who left".to_owned())}</small></td>
            <td class="tight">
                <span class="cluster">
                    <button type="button" class="btn quiet sm" on:click=compare>"Compare"<span class="sr">" version "{number}" with the draft"</span></button>
                    <a class="btn quiet sm" href=calls>"Calls"<span class="sr">" of version "{number}</span></a>
                    {export(agent, number)}
                    {restore}
                </span>
            </td>
        </tr>
    }
    .into_any()
}

/// The version as a file that a new agent can be made of, here or elsewhere.
fn export(agent: &Agent, number: i32) -> AnyView {
    let (mine, id, toasts) = (StoredValue::new(org()), agent.id, use_toasts());
    let name = browser::lower_case(&agent.draft.name).replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let save = move |_| {
        let name = format!("{name}-v{number}.json");
        spawn_local(async move {
            match get_agent_version(mine.get_value(), id, number).await {
                Ok(version) => browser::save_file(
                    &name,
                    &laid_out(&serde_json::to_string(&version.draft).unwrap_or_default()),
                ),
                Err(error) => toasts.say(Toast::failed(format!("{name} was not saved"), &error)),
            }
        });
    };
    view! {
        <button type="button" class="btn quiet sm" on:click=save>{icon("download")}"JSON"<span class="sr">" of version "{number}</span></button>
    }
    .into_any()
}

fn restore(agent: &Agent, number: i32) -> AnyView {
    // The question outlives this line of the page, which is drawn anew meanwhile: it keeps what it needs.
    let (asking, toasts, navigate) = (use_confirm(), use_toasts(), use_navigate());
    let (mine, id, revision) = (org(), agent.id, agent.revision);
    let consequence = if agent.unpublished {
        "It replaces what is in the draft now, which was never published and is not kept. Callers hear it once you publish it."
    } else {
        "Callers hear it once you publish it. The agent's name, description, tags and metadata stay as they are."
    };
    let ask = move |_| {
        let (mine, navigate) = (mine.clone(), navigate.clone());
        asking.ask(
            Question::new(
                format!("Take version {number} into the draft?"),
                consequence,
                "Restore into draft",
                move || {
                    let (org, navigate) = (mine.clone(), navigate.clone());
                    async move {
                        restore_agent_version(org, id, number, revision).await?;
                        toasts.say(
                            Toast::done(format!("Version {number} is in the draft"))
                                .detail("Callers hear it once you publish it"),
                        );
                        navigate(&format!("/agents/{id}"), NavigateOptions::default());
                        Ok(())
                    }
                },
            )
            .keep("Leave it"),
        );
    };
    view! {
        <button type="button" class="btn quiet sm" on:click=ask>"Restore"<span class="sr">" version "{number}</span></button>
    }
    .into_any()
}
