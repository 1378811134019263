//! The list of agents: find one, see how it stands, act on several.

use std::sync::Arc;

use leptos::prelude::*;
use switchboard::{
    agents::{AgentFilter, AgentRow, Facets, TEMPLATES, language_name},
    listing::{Listing, Page},
    resource::{Action, Kind},
    sync::SyncState,
};

use super::{
    actions::{AgentActions, agent_actions},
    browse_agents,
};
use crate::{
    AppError,
    kit::{
        Ago, Chip, Choice, Column, Columns, Illustration, Loading, Menu, PageHead, Row, RowMenu, Search, Selection,
        Table, UrlQuery, dynamic, empty, export, icon, keys::on_key, list_keys, loaded, once_loaded, pager,
        reactive_text, row_link, skeleton_rows, status_dot, sync_dot, table, use_live, use_url,
    },
    may, org,
};

const COLUMNS: [Column; 6] = [
    Column {
        key: "state",
        head: "State",
        class: "tight corner",
    },
    Column {
        key: "voice",
        head: "Voice",
        class: "lo",
    },
    Column {
        key: "language",
        head: "Language",
        class: "lo",
    },
    Column {
        key: "tags",
        head: "Tags",
        class: "lo2",
    },
    Column {
        key: "changed",
        head: "Changed",
        class: "lo nowrap",
    },
    Column {
        key: "created",
        head: "Created",
        class: "lo2 nowrap",
    },
];

const FILTERS: [&str; 4] = ["q", "state", "language", "tag"];
const EXPORTED: [(&str, &str); 4] = [("q", "q"), ("state", "sync"), ("language", "language"), ("tag", "tag")];

#[component]
pub fn AgentList() -> impl IntoView {
    let url = use_url();
    let live = use_live(Kind::Agent);
    let again = RwSignal::new(0_u32);
    let org = org();
    let agents = Loading::new(
        move || (filter(url), page(url), live.get(), again.get()),
        move |(filter, page, ..)| {
            let org = org.clone();
            async move { browse_agents(org, filter?, page).await }
        },
    );
    let actions = agent_actions(Callback::new(move |()| again.update(|n| *n += 1)));
    let columns = Columns::of("agents", &COLUMNS, &["created"]);
    let selection = Selection::default();
    let menu = RowMenu::new("agent-menu");

    list_keys();
    let creates = may(Action::Create, Kind::Agent);
    on_key(move |key| match key {
        "n" if creates => {
            actions.go("/agents/new");
            true
        }
        // An agent is opened where it is edited.
        "e" => row_link().is_some_and(|link| {
            link.click();
            true
        }),
        _ => false,
    });

    let buttons = move || {
        may(Action::Create, Kind::Agent)
            .then(|| view! { <a class="btn primary" href="/agents/new">{icon("plus")}"New agent"</a> })
            .into_any()
    };
    let table_of = Table {
        caption: "Agents",
        name: "Agent",
        columns,
        selection: may(Action::Delete, Kind::Agent).then_some(selection),
        menu: Some(menu),
    };
    let rows = loaded(agents, "agents", skeleton_rows, move |found| rows(url, table_of, found));
    view! {
        <PageHead title="Agents" sub=move || headline(agents) actions=buttons/>
        {filters(url, agents, columns)}
        {rows}
        {row_menu(actions, menu)}
        {bulk(actions, selection)}
    }
}

fn filter(url: UrlQuery) -> Result<AgentFilter, AppError> {
    Ok(AgentFilter {
        q: url.get("q"),
        language: url.get("language"),
        tag: url.get("tag"),
        sync: url.read("state", "state", |word| {
            SyncState::ALL.into_iter().find(|state| state.word() == word)
        })?,
        ..AgentFilter::default()
    })
}

fn page(url: UrlQuery) -> Page {
    Page {
        limit: None,
        cursor: url.get("cursor"),
    }
}

/// One page of the list, and what is true of all agents together.
type Found = (Listing<AgentRow>, Facets);

/// "8 agents, 7 live."
fn headline(agents: Loading<Found>) -> AnyView {
    once_loaded(agents, |(_, facets)| {
        match *facets {
            Facets { all: 0, .. } => "They answer and place calls.".to_owned(),
            Facets { all: 1, live, .. } => format!("1 agent, {}.", if live == 1 { "live" } else { "not live" }),
            Facets { all, live, .. } => format!("{all} agents, {live} live."),
        }
        .into_any()
    })
}

fn filters(url: UrlQuery, agents: Loading<Found>, columns: Columns) -> AnyView {
    let chips = once_loaded(agents, |(_, facets)| {
        let states: Vec<_> = SyncState::ALL
            .map(|state| Choice::new(state.word(), state.label()))
            .into();
        let languages: Vec<_> = facets
            .languages
            .iter()
            .map(|tag| Choice::new(tag, language_name(tag)))
            .collect();
        let tags: Vec<_> = facets.tags.iter().map(|tag| Choice::new(tag, tag)).collect();
        view! {
            <Chip key="state" label="State" choices=states/>
            <Chip key="language" label="Language" choices=languages/>
            <Chip key="tag" label="Tag" choices=tags/>
        }
        .into_any()
    });
    let clear = dynamic(move || {
        let set = url.count(&FILTERS) > 0;
        set.then(|| view! { <a class="btn quiet sm" href=url.bare()>"Clear"</a> })
            .into_any()
    });
    view! {
        <div class="filters">
            <Search label="Search agents" placeholder="Name, description or prompt text" filters=&["state", "language", "tag"]/>
            {chips}
            {clear}
            <span class="push">{columns.chooser()}{export(url, "agents", &EXPORTED)}</span>
        </div>
    }
    .into_any()
}

fn rows(url: UrlQuery, layout: Table, (listing, facets): Found) -> AnyView {
    if listing.items.is_empty() {
        return untrack(|| nothing(url, facets.all));
    }
    let shown = listing.items.len();
    let items = listing.items;
    // Drawn again when a column is chosen, without asking the server.
    let table = dynamic(move || {
        let shown = layout.columns.shown();
        table(layout, &shown, items.iter().map(|agent| row(agent, &shown)).collect())
    });
    let pager = untrack(|| pager(url, shown, listing.next, if shown == 1 { "agent" } else { "agents" }));
    view! { <div class="table-wrap">{table}{pager}</div> }.into_any()
}

fn row(agent: &AgentRow, shown: &[&Column]) -> Row {
    Row {
        about: Arc::new((agent.id.to_string(), agent.name.clone())),
        href: format!("/agents/{}", agent.id),
        note: agent.description.clone(),
        cells: shown.iter().map(|column| cell(agent, column.key)).collect(),
    }
}

fn cell(agent: &AgentRow, column: &str) -> AnyView {
    match column {
        "state" => status_dot(sync_dot(agent.sync), agent.sync.label()),
        "voice" => agent.voice_name.clone().into_any(),
        "language" => language_name(&agent.language).to_owned().into_any(),
        "tags" => {
            let tags = agent
                .tags
                .iter()
                .map(|tag| view! { <span class="tag">{tag.clone()}</span> })
                .collect_view();
            view! { <span class="cluster tight-gap">{tags}</span> }.into_any()
        }
        "changed" => view! { <Ago at=agent.updated_at/> }.into_any(),
        _ => view! { <Ago at=agent.created_at/> }.into_any(),
    }
}

/// Nothing to show: because nothing is there, or because too much is asked.
fn nothing(url: UrlQuery, all: i64) -> AnyView {
    let set = url.count(&FILTERS);
    if set == 0 {
        return first_use();
    }
    let these = if set == 1 {
        "this filter".to_owned()
    } else {
        format!("these {set} filters")
    };
    let without = match (all, set) {
        (1, 1) => "There is 1 without it.".to_owned(),
        (all, 1) => format!("There are {all} without it."),
        (1, _) => "There is 1 without them.".to_owned(),
        (all, _) => format!("There are {all} without them."),
    };
    let clear = view! { <a class="btn" href=url.bare()>"Clear filters"</a> };
    view! { <div class="card">{empty(Illustration::Empty, format!("No agents match {these}"), without, clear)}</div> }
        .into_any()
}

fn first_use() -> AnyView {
    if !may(Action::Create, Kind::Agent) {
        return view! {
            <div class="card">
                {empty(Illustration::Empty, "No agents yet", "Developers and admins of this organization make them. They appear here by themselves.", ())}
            </div>
        }
        .into_any();
    }
    let some = TEMPLATES
        .iter()
        .take(4)
        .map(|template| {
            view! {
                <a class="card starter" href=format!("/agents/new?template={}", template.id)>
                    <b>{template.name}</b>
                    <small>{template.purpose}</small>
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="card">
            {empty(
                Illustration::Empty,
                "No agents yet",
                "An agent answers or places calls. Start from a template, choose a voice, and call it in about a minute.",
                view! {
                    <a class="btn primary" href="/agents/new">"See all templates"</a>
                    <a class="btn" href="/agents/new/draft">{icon("plus")}"Start empty"</a>
                },
            )}
            <div class="starters">{some}</div>
        </div>
    }
    .into_any()
}

fn row_menu(actions: AgentActions, menu: RowMenu) -> AnyView {
    let about = move || menu.about.get_untracked();
    let open = move || format!("/agents/{}", menu.about.with(|(id, _)| id.clone()));
    let duplicate = may(Action::Create, Kind::Agent).then(|| {
        view! { <button type="button" on:click=move |_| actions.duplicate(about())>{icon("copy")}"Duplicate"</button> }
    });
    let sync = may(Action::Update, Kind::Agent).then(|| {
        view! { <button type="button" on:click=move |_| actions.sync(about(), None)>{icon("refresh")}"Sync now"</button> }
    });
    let delete = may(Action::Delete, Kind::Agent).then(|| {
        view! {
            <hr/>
            <button type="button" class="danger" on:click=move |_| actions.delete(vec![about()], Callback::new(|()| ()))>
                {icon("trash")}
                "Delete…"
            </button>
        }
    });
    view! {
        <Menu id=menu.id label="Agent" end=true>
            <div class="m-h">{reactive_text(move || menu.about.with(|(_, name)| name.clone()))}</div>
            <a href=open>{icon("edit")}"Open"</a>
            {duplicate}
            {sync}
            {delete}
        </Menu>
    }
    .into_any()
}

fn bulk(actions: AgentActions, selection: Selection) -> AnyView {
    let bar = move || {
        let label = format!("{} selected", selection.count());
        view! {
            <div class="bulk" role="region" aria-label="Selected agents">
                <b aria-live="polite">{label}</b>
                <span class="sep"></span>
                <button type="button" class="btn sm danger" on:click=move |_| {
                    actions.delete(selection.rows(), Callback::new(move |()| selection.clear()));
                }>{icon("trash")}"Delete…"</button>
                <button type="button" class="btn sm" on:click=move |_| selection.clear()>"Clear"</button>
            </div>
        }
    };
    dynamic(move || (selection.count() > 0).then(bar).into_any())
}
