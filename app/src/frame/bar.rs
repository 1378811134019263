//! The bar on top: the organization, the palette, the balance, and the person.

use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use switchboard::{
    org::initials,
    resource::{Action, Kind},
    viewer::{CurrentOrg, Person, Viewer},
};

use super::{Panels, read_balance};
use crate::{
    account::SignOut,
    kit::{Menu, browser, effect, icon, offsets, reactive_text, use_live},
    may, viewer,
};

pub fn bar(panels: Panels) -> AnyView {
    let Viewer { person, place, .. } = viewer();
    let balance = place.filter(|_| may(Action::Read, Kind::Credit)).map(balance);
    view! {
        <header class="topbar">
            {organization()}
            <div class="topbar-main">
                <button type="button" class="searchbtn wide" on:click=move |_| panels.palette.set(true)>
                    {icon("search")}
                    <span>"Search or jump to…"</span>
                    <span class="keys"><kbd>"Ctrl"</kbd><kbd>"K"</kbd></span>
                </button>
                <span class="push"></span>
                {balance}
                <button type="button" class="btn quiet icon-only wide" aria-label="Light or dark" title="Light or dark" on:click=|_| flip_theme()>
                    {icon("theme")}
                </button>
                <button type="button" class="btn quiet icon-only wide" aria-label="Help and shortcuts" title="Help ( ? )" on:click=move |_| panels.help.set(true)>
                    {icon("help")}
                </button>
                <button type="button" class="btn quiet icon-only only-small" aria-label="Search" title="Search" on:click=move |_| panels.palette.set(true)>
                    {icon("search")}
                </button>
                {person.map(account)}
                <button type="button" class="btn quiet icon-only only-small" popovertarget="nav" aria-label="Open menu" title="Menu">
                    {icon("menu")}
                </button>
            </div>
        </header>
    }
    .into_any()
}

/// As the page was drawn with it, and again whenever something has been charged or paid.
fn balance(place: CurrentOrg) -> AnyView {
    let shown = RwSignal::new(place.balance);
    let changes = use_live(Kind::Credit);
    effect(move || {
        let (org, heard) = (place.org_id.clone(), changes.get());
        if heard == 0 {
            return;
        }
        spawn_local(async move {
            let answer = read_balance(org).await;
            // If it changed again meanwhile, the next answer is on its way.
            if let (Ok(balance), true) = (answer, changes.try_get_untracked() == Some(heard)) {
                shown.try_set(balance);
            }
        });
    });
    view! {
        <span class="bar-item wide" title="Credit balance">
            {icon("card")}<span class="sr">"Balance"</span><b>{reactive_text(move || shown.get().to_string())}</b>
        </span>
    }
    .into_any()
}

/// The organization is always on screen, and always the way to another one.
fn organization() -> AnyView {
    let place = viewer().place;
    let (name, mark) = place.map_or_else(
        || ("No organization".to_owned(), "–".to_owned()),
        |place| {
            let mark = initials(&place.name);
            (place.name, mark)
        },
    );
    view! {
        <div class="orgcell">
            <a class="orgbtn" href="/select-org" rel="external" title="Switch organization">
                <span class="jack" aria-hidden="true">{mark}</span>
                <b>{name}</b>
                <span class="sr">", switch organization"</span>
                {icon("updown")}
            </a>
        </div>
    }
    .into_any()
}

fn account(person: Person) -> AnyView {
    let role = viewer().place.map(|place| place.role.label());
    let label = format!("{}, account menu", person.name);
    let zone = format!("Times in {}", offsets().zone().words());
    view! {
        <button type="button" class="btn quiet icon-only" popovertarget="account" aria-label=label title="Account">
            // Drawn by the style: the button has a name of its own, which these letters are no part of.
            <span class="avatar" aria-hidden="true" data-mark=initials(&person.name)></span>
        </button>
        <Menu id="account" label="Account" end=true>
            <div class="m-who"><b>{person.name}</b><small>{person.email}</small>{role.map(|role| view! { <small>{role}" here"</small> })}</div>
            <hr/>
            <button type="button" class="only-small" on:click=|_| flip_theme()>{icon("theme")}"Light or dark"</button>
            <a href="/profile#time-zone" rel="external">{icon("clock")}{zone}</a>
            <a href="/profile" rel="external">{icon("sliders")}"Profile"</a>
            <a href="/select-org" rel="external">{icon("transfer")}"Switch organization"</a>
            <form method="post" action=SignOut::url()>
                <button type="submit">{icon("out")}"Sign out"</button>
            </form>
        </Menu>
    }
    .into_any()
}

/// Changes the scheme at once and for the next pages: the server reads the cookie and draws `data-theme` itself.
pub fn flip_theme() {
    let Some(root) = document().document_element() else {
        return;
    };
    let dark = match root.get_attribute("data-theme").as_deref() {
        Some("dark") => true,
        Some(_) => false,
        None => browser::media("(prefers-color-scheme: dark)"),
    };
    let theme = if dark { "light" } else { "dark" };
    let _ = root.set_attribute("data-theme", theme);
    browser::keep_cookie("theme", theme);
}
