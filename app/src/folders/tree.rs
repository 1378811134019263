//! The tree beside the contacts: the folders, how many contacts are in each, and where one is.

use leptos::prelude::*;
use switchboard::{
    Id,
    contacts::ContactFacets,
    folders::{Folder, FolderRow},
    org::OrgId,
    resource::{Action, Kind},
    text::grouped,
};

use super::{
    all_folders,
    edit::FolderForms,
    places::{Place, places},
};
use crate::{
    AppError,
    contacts::contact_facets,
    kit::{Loading, Menu, RowMenu, UrlQuery, aria_flag, icon, once_loaded, reactive_text},
    may,
};

/// The folders by name, and what is true of all contacts together.
pub type FolderPanel = (Vec<FolderRow>, ContactFacets);

pub async fn side(org: OrgId) -> Result<FolderPanel, AppError> {
    let folders = all_folders(org.clone()).await?;
    Ok((folders, contact_facets(org).await?))
}

pub fn tree(url: UrlQuery, side: Loading<FolderPanel>, forms: FolderForms) -> AnyView {
    let menu = RowMenu::new("folder-menu");
    let lists = once_loaded(side, move |(folders, facets)| {
        let places = places(folders, &facets.folders);
        forms.know(&places);
        let acts = [Action::Create, Action::Update, Action::Delete]
            .into_iter()
            .any(|action| may(action, Kind::Folder));
        let inside = branch(&mut places.as_slice(), url, acts.then_some(menu));
        let all = link(url, String::new(), "contacts", "All contacts".to_owned(), facets.all);
        let unfiled = link(
            url,
            UNFILED.to_owned(),
            "file",
            "No folder".to_owned(),
            facets.unfiled(),
        );
        view! {
            <ul>
                <li>{all}</li>
                <li>{unfiled}</li>
            </ul>
            <hr/>
            {inside}
        }
        .into_any()
    });
    let new = may(Action::Create, Kind::Folder).then(|| {
        view! {
            <button type="button" class="btn quiet sm" on:click=move |_| forms.create(None)>{icon("plus")}"New folder"</button>
        }
    });
    view! {
        <nav class="tree card" aria-label="Folders">{lists}{new}</nav>
        {actions(forms, menu)}
    }
    .into_any()
}

/// In no folder, where an id would stand.
const UNFILED: &str = "-";

/// Where one is: a folder's id, [`UNFILED`], or nothing for all contacts.
fn here(url: UrlQuery) -> String {
    let unfiled = || url.get("unfiled").map(|_| UNFILED.to_owned());
    url.get("folder").or_else(unfiled).unwrap_or_default()
}

fn link(url: UrlQuery, to: String, picture: &str, words: String, count: i64) -> AnyView {
    let leads = to.clone();
    let href = reactive_text(move || {
        let (folder, unfiled) = if leads == UNFILED {
            ("", "true")
        } else {
            (leads.as_str(), "")
        };
        url.with_all(&[("folder", Some(folder)), ("unfiled", Some(unfiled))])
    });
    let current = aria_flag(move || here(url) == to);
    view! {
        <a href=href aria-current=current>{icon(picture)}<span class="clip">{words}</span><span class="push">{grouped(count)}</span></a>
    }
    .into_any()
}

/// The folders at one depth, each with those inside it. Takes what it draws off the front of `rest`.
fn branch(rest: &mut &[Place], url: UrlQuery, menu: Option<RowMenu>) -> AnyView {
    let depth = rest.first().map_or(0, |place| place.depth);
    let mut items = Vec::new();
    while let Some((place, after)) = rest.split_first() {
        if place.depth < depth {
            break;
        }
        *rest = after;
        let below = rest
            .first()
            .is_some_and(|next| next.depth > depth)
            .then(|| branch(rest, url, menu));
        items.push(line(place, url, menu, below));
    }
    if items.is_empty() {
        return ().into_any();
    }
    view! { <ul>{items}</ul> }.into_any()
}

fn line(place: &Place, url: UrlQuery, menu: Option<RowMenu>, below: Option<AnyView>) -> AnyView {
    let (id, name) = (place.folder.id.to_string(), place.folder.name.clone());
    let open = link(url, id.clone(), "folder", name.clone(), place.count);
    let more = menu.map(|menu| {
        let label = format!("More for {name}");
        view! {
            <button type="button" class="btn icon-only quiet sm" aria-label=label.clone() title=label popovertarget=menu.id
                on:click=move |_| menu.about.set((id.clone(), name.clone()))>{icon("more")}</button>
        }
    });
    view! {
        <li>
            <div class="place" data-tint=place.folder.color.word()>{open}{more}</div>
            {below}
        </li>
    }
    .into_any()
}

fn actions(forms: FolderForms, menu: RowMenu) -> AnyView {
    let about = move || menu.about.with_untracked(|(id, _)| id.parse::<Id<Folder>>().ok());
    let act = move |act: fn(FolderForms, Id<Folder>)| {
        move |_: web_sys::MouseEvent| {
            if let Some(id) = about() {
                act(forms, id);
            }
        }
    };
    let create = may(Action::Create, Kind::Folder).then(|| {
        view! { <button type="button" on:click=act(|forms, id| forms.create(Some(id)))>{icon("plus")}"New folder inside…"</button> }
    });
    let edit = may(Action::Update, Kind::Folder).then(|| {
        view! { <button type="button" on:click=act(FolderForms::edit)>{icon("edit")}"Rename, move or colour…"</button> }
    });
    let delete = may(Action::Delete, Kind::Folder).then(|| {
        view! {
            <hr/>
            <button type="button" class="danger" on:click=act(FolderForms::delete)>{icon("trash")}"Delete…"</button>
        }
    });
    view! {
        <Menu id=menu.id label="Folder" end=true>
            <div class="m-h">{reactive_text(move || menu.about.with(|(_, name)| name.clone()))}</div>
            {create}
            {edit}
            {delete}
        </Menu>
    }
    .into_any()
}
