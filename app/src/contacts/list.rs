//! The list of contacts: find people, sort them into folders, act on several.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use switchboard::{
    agents::language_name,
    contacts::{ContactFacets, ContactFilter, ContactRow},
    listing::{Listing, Page},
    resource::{Action, Kind},
    text::{counted, grouped},
};

use super::{
    actions::{Deleting, deleting},
    browse_contacts,
    bulk::bulk,
};
use crate::{
    AppError,
    calls::spaced,
    folders::{FolderPanel, folder_forms, side, tree},
    kit::{
        Ago, Chip, Choice, Column, Columns, Illustration, Loading, Menu, PageHead, Row, RowMenu, Search, Selection,
        Table, UrlQuery, dynamic, empty, export, icon, keys::on_key, list_keys, loaded, once_loaded, pager,
        reactive_text, row_link, skeleton_rows, table, use_live, use_url,
    },
    may, org,
};

const COLUMNS: [Column; 7] = [
    Column {
        key: "company",
        head: "Company",
        class: "lo",
    },
    Column {
        key: "email",
        head: "Email",
        class: "lo2",
    },
    Column {
        key: "tags",
        head: "Tags",
        class: "lo2",
    },
    Column {
        key: "language",
        head: "Language",
        class: "lo2",
    },
    Column {
        key: "zone",
        head: "Time zone",
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

/// Beside the folder, which is where one is rather than a filter.
const FILTERS: [&str; 3] = ["q", "tag", "language"];
const EXPORTED: [(&str, &str); 5] = [
    ("q", "q"),
    ("folder", "folder_id"),
    ("unfiled", "unfiled"),
    ("tag", "tag"),
    ("language", "language"),
];

/// One page of the list, and what is true of all contacts together.
type Found = (Listing<ContactRow>, ContactFacets);

#[component]
pub fn ContactList() -> impl IntoView {
    let url = use_url();
    let live = (use_live(Kind::Contact), use_live(Kind::Folder));
    let again = RwSignal::new(0_u32);
    let changes = move || (live.0.get(), live.1.get(), again.get());
    let (mine, beside) = (org(), org());
    let contacts = Loading::new(
        move || (filter(url), page(url), changes()),
        move |(filter, page, _)| {
            let org = mine.clone();
            async move { browse_contacts(org, filter?, page).await }
        },
    );
    let folders = Loading::new(changes, move |_| side(beside.clone()));
    let done = Callback::new(move |()| again.update(|n| *n += 1));
    let columns = Columns::of("contacts", &COLUMNS, &["language", "zone", "created"]);
    let selection = Selection::default();
    let menu = RowMenu::new("contact-menu");
    let (forms, deleting) = (folder_forms(done), deleting());

    list_keys();
    let (creates, edits) = (may(Action::Create, Kind::Contact), may(Action::Update, Kind::Contact));
    let navigate = use_navigate();
    on_key(move |key| {
        let to = match key {
            "n" if creates => Some(untrack(|| new_here(url))),
            // The form of the row that has the focus.
            "e" if edits => row_link().and_then(|link| Some(link.get_attribute("href")? + "/edit")),
            _ => None,
        };
        if let Some(to) = &to {
            navigate(to, NavigateOptions::default());
        }
        to.is_some()
    });

    let actions = move || {
        creates
            .then(|| view! { <a class="btn primary" href=reactive_text(move || new_here(url))>{icon("plus")}"New contact"</a> })
            .into_any()
    };
    let changes_some = [Action::Update, Action::Delete]
        .into_iter()
        .any(|action| may(action, Kind::Contact));
    let table_of = Table {
        caption: "Contacts",
        name: "Contact",
        columns,
        selection: changes_some.then_some(selection),
        menu: changes_some.then_some(menu),
    };
    let rows = loaded(contacts, "contacts", skeleton_rows, move |found| {
        rows(url, table_of, found)
    });
    view! {
        <PageHead title="Contacts" sub=move || headline(folders) actions=actions/>
        <div class="split left">
            {tree(url, folders, forms)}
            <div class="stack s3">
                {filters(url, folders, columns)}
                {rows}
                {bulk(selection, folders, deleting, done)}
            </div>
        </div>
        {row_menu(menu, selection, deleting, done)}
        {forms.dialogs(url)}
    }
}

fn filter(url: UrlQuery) -> Result<ContactFilter, AppError> {
    Ok(ContactFilter {
        q: url.get("q"),
        folder_id: url.read("folder", "folder", |id| id.parse().ok())?,
        unfiled: url.read("unfiled", "choice", |word| word.parse().ok())?,
        tag: url.get("tag"),
        language: url.get("language"),
    })
}

fn page(url: UrlQuery) -> Page {
    Page {
        limit: None,
        cursor: url.get("cursor"),
    }
}

/// A new contact is in the folder one looks at.
fn new_here(url: UrlQuery) -> String {
    match url.get("folder") {
        Some(id) => format!("/contacts/new?folder={id}"),
        None => "/contacts/new".to_owned(),
    }
}

/// "12,884 contacts, 340 in no folder."
fn headline(side: Loading<FolderPanel>) -> AnyView {
    once_loaded(side, |(_, facets)| {
        let (all, unfiled) = (facets.all, facets.unfiled());
        match all {
            0 => "The people you talk with, each known by one number.".to_owned(),
            _ if unfiled == 0 || unfiled == all => format!("{}.", counted(all, "contact")),
            _ => format!("{}, {} in no folder.", counted(all, "contact"), grouped(unfiled)),
        }
        .into_any()
    })
}

fn filters(url: UrlQuery, side: Loading<FolderPanel>, columns: Columns) -> AnyView {
    let chips = once_loaded(side, |(_, facets)| {
        let languages: Vec<_> = facets
            .languages
            .iter()
            .map(|tag| Choice::new(tag, language_name(tag)))
            .collect();
        let tags: Vec<_> = facets.tags.iter().map(|tag| Choice::new(tag, tag)).collect();
        view! {
            <Chip key="tag" label="Tag" choices=tags/>
            <Chip key="language" label="Language" choices=languages/>
        }
        .into_any()
    });
    let clear = dynamic(move || {
        let set = url.count(&FILTERS) > 0;
        set.then(|| view! { <a class="btn quiet sm" href=unfiltered(url)>"Clear"</a> })
            .into_any()
    });
    view! {
        <div class="filters">
            <Search label="Search contacts" placeholder="Name, number, email, tag or notes" filters=&["folder", "unfiled", "tag", "language"]/>
            {chips}
            {clear}
            <span class="push">{columns.chooser()}{export(url, "contacts", &EXPORTED)}</span>
        </div>
    }
    .into_any()
}

/// The same folder, all of it.
fn unfiltered(url: UrlQuery) -> String {
    url.with_all(&FILTERS.map(|key| (key, None)))
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
        table(
            layout,
            &shown,
            items.iter().map(|contact| row(contact, &shown)).collect(),
        )
    });
    let pager = untrack(|| {
        pager(
            url,
            shown,
            listing.next,
            if shown == 1 { "contact" } else { "contacts" },
        )
    });
    view! { <div class="table-wrap">{table}{pager}</div> }.into_any()
}

fn row(contact: &ContactRow, shown: &[&Column]) -> Row {
    let number = spaced(&contact.phone);
    let (name, note) = if contact.name.is_empty() {
        (number, String::new())
    } else {
        (contact.name.clone(), number)
    };
    Row {
        about: Arc::new((contact.id.to_string(), name)),
        href: format!("/contacts/{}", contact.id),
        note,
        cells: shown.iter().map(|column| cell(contact, column.key)).collect(),
    }
}

fn cell(contact: &ContactRow, column: &str) -> AnyView {
    match column {
        "company" => contact.company.clone().into_any(),
        "email" => contact.email.clone().into_any(),
        "language" => language_name(&contact.language).to_owned().into_any(),
        "zone" => contact.time_zone.clone().into_any(),
        "tags" => {
            let tags = contact
                .tags
                .iter()
                .map(|tag| view! { <span class="tag">{tag.clone()}</span> })
                .collect_view();
            view! { <span class="cluster tight-gap">{tags}</span> }.into_any()
        }
        "changed" => view! { <Ago at=contact.updated_at/> }.into_any(),
        _ => view! { <Ago at=contact.created_at/> }.into_any(),
    }
}

/// Nothing to show: because nothing is there, or because too much is asked.
fn nothing(url: UrlQuery, all: i64) -> AnyView {
    let in_folder = url.count(&["folder", "unfiled"]) > 0;
    let new = || {
        may(Action::Create, Kind::Contact)
            .then(|| view! { <a class="btn primary" href=new_here(url)>{icon("plus")}"New contact"</a> })
    };
    let inside = match url.count(&FILTERS) {
        0 if all == 0 => empty(
            Illustration::Empty,
            "No contacts yet",
            "A contact is a person you talk with. Calls with their number show their name, and their page shows the calls.",
            new(),
        ),
        0 if in_folder => empty(
            Illustration::Empty,
            "Nobody is in here",
            "Tick contacts in another folder and move them here, or make a new one.",
            new(),
        ),
        // A page beyond the last one.
        0 => empty(
            Illustration::Empty,
            "Nothing further",
            "The contacts that were here are gone or elsewhere now.",
            view! { <a class="btn" href=url.with("cursor", None)>"To the newest"</a> },
        ),
        set => {
            let these = if set == 1 {
                "this filter".to_owned()
            } else {
                format!("these {set} filters")
            };
            let place = if in_folder { " in this folder" } else { "" };
            empty(
                Illustration::Empty,
                format!("No contacts{place} match {these}"),
                format!("Without filters: {}.", counted(all, "contact")),
                view! { <a class="btn" href=unfiltered(url)>"Clear filters"</a> },
            )
        }
    };
    view! { <div class="card">{inside}</div> }.into_any()
}

fn row_menu(menu: RowMenu, selection: Selection, deleting: Deleting, done: Callback<()>) -> AnyView {
    let open = move || format!("/contacts/{}", menu.about.with(|(id, _)| id.clone()));
    let edit = may(Action::Update, Kind::Contact)
        .then(|| view! { <a href=reactive_text(move || format!("{}/edit", open()))>{icon("edit")}"Edit"</a> });
    let delete = may(Action::Delete, Kind::Contact).then(|| {
        let delete = move |_| {
            let person = menu.about.get_untracked();
            let id = person.0.clone();
            deleting.ask(vec![person], move || {
                selection.drop(&id);
                done.run(());
            });
        };
        view! {
            <hr/>
            <button type="button" class="danger" on:click=delete>{icon("trash")}"Delete…"</button>
        }
    });
    view! {
        <Menu id=menu.id label="Contact" end=true>
            <div class="m-h">{reactive_text(move || menu.about.with(|(_, name)| name.clone()))}</div>
            <a href=reactive_text(open)>{icon("contacts")}"Open"</a>
            {edit}
            {delete}
        </Menu>
    }
    .into_any()
}
