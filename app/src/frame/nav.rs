//! The side panel: the pages there are, as far as this person may see them.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use switchboard::resource::{Action, Kind, NavGroup, NavPage};

use super::Panels;
use crate::{
    kit::{close_menus, icon, reactive_text},
    may, viewer,
};

/// Every page this person may see.
pub fn pages() -> impl Iterator<Item = &'static NavPage> {
    Kind::ALL
        .iter()
        .filter(|kind| may(Action::Read, **kind))
        .flat_map(|kind| kind.about().pages)
}

pub fn nav(panels: Panels) -> AnyView {
    let path = use_location().pathname;
    let here = move |href: &str| {
        path.with(|path| {
            path.strip_prefix(href)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .then_some("page")
    };
    let groups = NavGroup::ALL
        .iter()
        .filter_map(|group| {
            let links = pages()
                .filter(|page| page.group == *group)
                .map(|page| {
                    let href = page.href;
                    view! {
                        <li>
                            <a href=href title=page.label aria-current=Signal::derive(move || here(href))>
                                {icon(page.icon)}
                                <span>{page.label}</span>
                            </a>
                        </li>
                    }
                })
                .collect::<Vec<_>>();
            (!links.is_empty()).then(|| {
                view! {
                    <div class="nav-group">
                        <p class="nav-h"><span>{group.label()}</span></p>
                        <ul>{links}</ul>
                    </div>
                }
            })
        })
        .collect_view();
    let version = format!("Switchboard {}", viewer().installation.version);
    let fold = move || {
        reactive_text(move || {
            if panels.narrow.get() {
                "Expand sidebar"
            } else {
                "Collapse sidebar"
            }
            .to_owned()
        })
    };
    view! {
        <nav class="sidebar" id="nav" popover="" aria-label="Main" on:click=|_| close_menus()>
            {groups}
            <div class="side-foot">
                <svg class="mark" viewBox="0 0 32 32" fill="none" aria-hidden="true">
                    <circle cx="24.5" cy="7.5" r="4.5" stroke="currentColor" stroke-width="3"></circle>
                    <circle cx="7.5" cy="24.5" r="4.5" stroke="currentColor" stroke-width="3"></circle>
                    <path class="mark-cord" d="M19.5 7.5h-7a4.25 4.25 0 0 0 0 8.5h7a4.25 4.25 0 0 1 0 8.5h-7" stroke-width="3" stroke-linecap="round"></path>
                </svg>
                <span>{version}</span>
                <button type="button" class="btn icon-only quiet sm wide" aria-label=fold() title=fold() on:click=move |_| panels.flip_side()>
                    {icon("sidebar")}
                </button>
            </div>
        </nav>
    }
    .into_any()
}
