//! The list of knowledge bases: find one, and see which has sources that need somebody.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use switchboard::{
    knowledge::{KnowledgeBaseFilter, KnowledgeBaseRow},
    listing::{Listing, Page},
    resource::{Action, Kind},
    text::{counted, grouped},
};

use super::browse_knowledge_bases;
use crate::{
    kit::{
        Ago, Column, Columns, Illustration, Loading, PageHead, Row, Search, StatusDot, Table, UrlQuery, dynamic, empty,
        export, icon, keys::on_key, list_keys, loaded, once_loaded, pager, skeleton_rows, status_dot, table, use_live,
        use_url,
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
        key: "sources",
        head: "Sources",
        class: "num",
    },
    Column {
        key: "passages",
        head: "Passages",
        class: "num lo",
    },
    Column {
        key: "agents",
        head: "Used by",
        class: "lo nowrap",
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

type Found = (Listing<KnowledgeBaseRow>, i64);

#[component]
pub fn KnowledgeList() -> impl IntoView {
    let (url, live, org) = (use_url(), use_live(Kind::KnowledgeBase), org());
    let bases = Loading::new(
        move || (url.get("q"), url.get("cursor"), live.get()),
        move |(q, cursor, _)| {
            let org = org.clone();
            let page = Page { limit: None, cursor };
            async move { browse_knowledge_bases(org, KnowledgeBaseFilter { q }, page).await }
        },
    );
    let columns = Columns::of("knowledge", &COLUMNS, &["created"]);
    list_keys();
    let (navigate, creates) = (use_navigate(), may(Action::Create, Kind::KnowledgeBase));
    on_key(move |key| {
        let starts = key == "n" && creates;
        if starts {
            navigate("/knowledge/new", NavigateOptions::default());
        }
        starts
    });
    let layout = Table {
        caption: "Knowledge bases",
        name: "Knowledge base",
        columns,
        selection: None,
        menu: None,
    };
    let sub = move || {
        once_loaded(bases, |(_, all)| {
            match all {
                0 => "What your agents look up while they talk.".to_owned(),
                all => format!("{}.", counted(*all, "knowledge base")),
            }
            .into_any()
        })
    };
    let clear = dynamic(move || {
        let set = url.count(&["q"]) > 0;
        set.then(|| view! { <a class="btn quiet sm" href=url.bare()>"Clear"</a> })
            .into_any()
    });
    let rows = loaded(bases, "knowledge bases", skeleton_rows, move |found| {
        rows(url, layout, found)
    });
    view! {
        <PageHead title="Knowledge" sub=sub actions=|| create().into_any()/>
        <div class="filters">
            <Search label="Search knowledge bases" placeholder="Name or what it is about" filters=&[]/>
            {clear}
            <span class="push">{columns.chooser()}{export(url, "knowledge", &[("q", "q")])}</span>
        </div>
        {rows}
    }
}

fn create() -> Option<AnyView> {
    may(Action::Create, Kind::KnowledgeBase).then(|| {
        view! { <a class="btn primary" href="/knowledge/new">{icon("plus")}"New knowledge base"</a> }.into_any()
    })
}

fn rows(url: UrlQuery, layout: Table, (listing, all): Found) -> AnyView {
    if listing.items.is_empty() {
        return untrack(|| nothing(url, all));
    }
    let shown = listing.items.len();
    let items = listing.items;
    // Drawn again when a column is chosen, without asking the server.
    let table = dynamic(move || {
        let shown = layout.columns.shown();
        table(layout, &shown, items.iter().map(|base| row(base, &shown)).collect())
    });
    let noun = if shown == 1 {
        "knowledge base"
    } else {
        "knowledge bases"
    };
    let pager = untrack(|| pager(url, shown, listing.next, noun));
    view! { <div class="table-wrap">{table}{pager}</div> }.into_any()
}

fn row(base: &KnowledgeBaseRow, shown: &[&Column]) -> Row {
    Row {
        about: Arc::new((base.id.to_string(), base.name.clone())),
        href: format!("/knowledge/{}", base.id),
        note: base.description.clone(),
        cells: shown.iter().map(|column| cell(base, column.key)).collect(),
    }
}

fn cell(base: &KnowledgeBaseRow, column: &str) -> AnyView {
    match column {
        "state" => health(base.sources, base.troubled, base.reading),
        "sources" => grouped(base.sources).into_any(),
        "passages" => grouped(base.passages).into_any(),
        "agents" => match base.agents {
            0 => "No agent yet".to_owned(),
            agents => counted(agents, "agent"),
        }
        .into_any(),
        "changed" => view! { <Ago at=base.updated_at/> }.into_any(),
        _ => view! { <Ago at=base.created_at/> }.into_any(),
    }
}

/// How its sources are, in a word.
pub fn health(sources: i64, troubled: i64, reading: i64) -> AnyView {
    match (sources, troubled, reading) {
        (0, ..) => status_dot(StatusDot::Off, "No sources"),
        (_, 1.., _) if troubled == 1 => status_dot(StatusDot::Warn, "1 source needs you"),
        (_, 1.., _) => status_dot(StatusDot::Warn, format!("{troubled} sources need you")),
        (.., 1..) => status_dot(StatusDot::Work, "Being read"),
        _ => status_dot(StatusDot::Live, "Ready"),
    }
}

fn nothing(url: UrlQuery, all: i64) -> AnyView {
    let card = if url.count(&["q"]) > 0 {
        let clear = view! { <a class="btn" href=url.bare()>"Clear the search"</a> };
        let words = format!("There are {} without it.", grouped(all));
        empty(Illustration::Empty, "No knowledge base matches", words, clear)
    } else if may(Action::Create, Kind::KnowledgeBase) {
        let words = "Upload price lists, plans and leaflets, or type what callers ask. Agents look it up while they talk, and say nothing else.";
        empty(Illustration::Empty, "No knowledge bases yet", words, create())
    } else {
        let words = "Developers and admins of this organization make them. They appear here by themselves.";
        empty(Illustration::Empty, "No knowledge bases yet", words, ())
    };
    view! { <div class="card">{card}</div> }.into_any()
}
