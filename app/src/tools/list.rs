//! The list of tools: find one, see where it asks and who uses it, act on several.

use std::sync::Arc;

use leptos::prelude::*;
use switchboard::{
    listing::{Listing, Page},
    resource::{Action, Kind},
    sync::SyncState,
    tools::{Facets, Method, ToolFilter, ToolRow, host},
};

use super::{
    actions::{ToolActions, tool_actions},
    browse_tools,
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

const COLUMNS: [Column; 7] = [
    Column {
        key: "state",
        head: "State",
        class: "tight corner",
    },
    Column {
        key: "model",
        head: "Model's name",
        class: "lo",
    },
    Column {
        key: "request",
        head: "Asks",
        class: "full",
    },
    Column {
        key: "agents",
        head: "Used by",
        class: "lo nowrap",
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

const FILTERS: [&str; 4] = ["q", "state", "method", "tag"];
const EXPORTED: [(&str, &str); 4] = [("q", "q"), ("state", "sync"), ("method", "method"), ("tag", "tag")];

#[component]
pub fn ToolList() -> impl IntoView {
    let url = use_url();
    let live = use_live(Kind::Tool);
    let again = RwSignal::new(0_u32);
    let org = org();
    let tools = Loading::new(
        move || (filter(url), page(url), live.get(), again.get()),
        move |(filter, page, ..)| {
            let org = org.clone();
            async move { browse_tools(org, filter?, page).await }
        },
    );
    let actions = tool_actions(Callback::new(move |()| again.update(|n| *n += 1)));
    let columns = Columns::of("tools", &COLUMNS, &["created"]);
    let selection = Selection::default();
    let menu = RowMenu::new("tool-menu");

    list_keys();
    let creates = may(Action::Create, Kind::Tool);
    on_key(move |key| match key {
        "n" if creates => {
            actions.go("/tools/new");
            true
        }
        // A tool is opened where it is edited.
        "e" => row_link().is_some_and(|link| {
            link.click();
            true
        }),
        _ => false,
    });

    let buttons = move || {
        may(Action::Create, Kind::Tool)
            .then(|| view! { <a class="btn primary" href="/tools/new">{icon("plus")}"New tool"</a> })
            .into_any()
    };
    let table_of = Table {
        caption: "Tools",
        name: "Tool",
        columns,
        selection: may(Action::Delete, Kind::Tool).then_some(selection),
        menu: Some(menu),
    };
    let rows = loaded(tools, "tools", skeleton_rows, move |found| rows(url, table_of, found));
    view! {
        <PageHead title="Tools" sub=move || headline(tools) actions=buttons/>
        {filters(url, tools, columns)}
        {rows}
        {row_menu(actions, menu)}
        {bulk(actions, selection)}
    }
}

fn filter(url: UrlQuery) -> Result<ToolFilter, AppError> {
    Ok(ToolFilter {
        q: url.get("q"),
        method: url.read("method", "method", |word| {
            Method::ALL.into_iter().find(|method| method.word() == word)
        })?,
        tag: url.get("tag"),
        sync: url.read("state", "state", |word| {
            SyncState::ALL.into_iter().find(|state| state.word() == word)
        })?,
    })
}

fn page(url: UrlQuery) -> Page {
    Page {
        limit: None,
        cursor: url.get("cursor"),
    }
}

/// One page of the list, and what is true of all tools together.
type Found = (Listing<ToolRow>, Facets);

/// "8 tools, 7 live."
fn headline(tools: Loading<Found>) -> AnyView {
    once_loaded(tools, |(_, facets)| {
        match *facets {
            Facets { all: 0, .. } => "Agents ask your servers through them while they talk.".to_owned(),
            Facets { all: 1, live, .. } => format!("1 tool, {}.", if live == 1 { "live" } else { "not live" }),
            Facets { all, live, .. } => format!("{all} tools, {live} live."),
        }
        .into_any()
    })
}

fn filters(url: UrlQuery, tools: Loading<Found>, columns: Columns) -> AnyView {
    let chips = once_loaded(tools, |(_, facets)| {
        let states: Vec<_> = SyncState::ALL
            .map(|state| Choice::new(state.word(), state.label()))
            .into();
        let methods: Vec<_> = Method::ALL
            .map(|method| Choice::new(method.word(), method.word()))
            .into();
        let tags: Vec<_> = facets.tags.iter().map(|tag| Choice::new(tag, tag)).collect();
        view! {
            <Chip key="state" label="State" choices=states/>
            <Chip key="method" label="Method" choices=methods/>
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
            <Search label="Search tools" placeholder="Name, description or address" filters=&["state", "method", "tag"]/>
            {chips}
            {clear}
            <span class="push">{columns.chooser()}{export(url, "tools", &EXPORTED)}</span>
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
        table(layout, &shown, items.iter().map(|tool| row(tool, &shown)).collect())
    });
    let pager = untrack(|| pager(url, shown, listing.next, if shown == 1 { "tool" } else { "tools" }));
    view! { <div class="table-wrap">{table}{pager}</div> }.into_any()
}

fn row(tool: &ToolRow, shown: &[&Column]) -> Row {
    Row {
        about: Arc::new((tool.id.to_string(), tool.name.clone())),
        href: format!("/tools/{}", tool.id),
        note: tool.description.clone(),
        cells: shown.iter().map(|column| cell(tool, column.key)).collect(),
    }
}

fn cell(tool: &ToolRow, column: &str) -> AnyView {
    match column {
        "state" => status_dot(sync_dot(tool.sync), tool.sync.label()),
        "model" => view! { <span class="mono">{tool.model_name.clone()}</span> }.into_any(),
        "request" => view! {
            <span class="asks"><span class="strip">{tool.method.word()}</span>" "<span title=tool.url.clone()>{host(&tool.url).to_owned()}</span></span>
        }
        .into_any(),
        "agents" => used_by(tool.agents).into_any(),
        "tags" => {
            let tags = tool
                .tags
                .iter()
                .map(|tag| view! { <span class="tag">{tag.clone()}</span> })
                .collect_view();
            view! { <span class="cluster tight-gap">{tags}</span> }.into_any()
        }
        "changed" => view! { <Ago at=tool.updated_at/> }.into_any(),
        _ => view! { <Ago at=tool.created_at/> }.into_any(),
    }
}

fn used_by(agents: i64) -> String {
    match agents {
        0 => "No agent yet".to_owned(),
        1 => "1 agent".to_owned(),
        many => format!("{many} agents"),
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
    view! { <div class="card">{empty(Illustration::Empty, format!("No tools match {these}"), without, clear)}</div> }
        .into_any()
}

fn first_use() -> AnyView {
    let (words, action) = if may(Action::Create, Kind::Tool) {
        (
            "With a tool an agent looks something up or books it on your own server, in the middle of a call. Describe one request, try it here, and give it to an agent.",
            view! { <a class="btn primary" href="/tools/new">{icon("plus")}"New tool"</a> }.into_any(),
        )
    } else {
        (
            "Developers and admins of this organization make them. They appear here by themselves.",
            ().into_any(),
        )
    };
    view! { <div class="card">{empty(Illustration::Empty, "No tools yet", words, action)}</div> }.into_any()
}

fn row_menu(actions: ToolActions, menu: RowMenu) -> AnyView {
    let about = move || menu.about.get_untracked();
    let open = move || format!("/tools/{}", menu.about.with(|(id, _)| id.clone()));
    let sync = may(Action::Update, Kind::Tool).then(|| {
        view! { <button type="button" on:click=move |_| actions.sync(about(), None)>{icon("refresh")}"Sync now"</button> }
    });
    let delete = may(Action::Delete, Kind::Tool).then(|| {
        view! {
            <hr/>
            <button type="button" class="danger" on:click=move |_| actions.delete(vec![about()], Callback::new(|()| ()))>
                {icon("trash")}
                "Delete…"
            </button>
        }
    });
    view! {
        <Menu id=menu.id label="Tool" end=true>
            <div class="m-h">{reactive_text(move || menu.about.with(|(_, name)| name.clone()))}</div>
            <a href=open>{icon("edit")}"Open"</a>
            {sync}
            {delete}
        </Menu>
    }
    .into_any()
}

fn bulk(actions: ToolActions, selection: Selection) -> AnyView {
    let bar = move || {
        let label = format!("{} selected", selection.count());
        view! {
            <div class="bulk" role="region" aria-label="Selected tools">
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
