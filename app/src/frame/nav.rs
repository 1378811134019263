//! The side panel: the pages there are, as far as this person may see them.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use switchboard::resource::{Action, Kind};

use super::Panels;
use crate::{
    kit::{close_menus, icon, text},
    may, viewer,
};

/// A page one can go to.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub href: &'static str,
    pub words: &'static str,
    pub icon: &'static str,
    pub kind: Kind,
    /// The letter that goes there after `g`.
    pub key: Option<&'static str>,
}

const fn place(href: &'static str, words: &'static str, icon: &'static str, kind: Kind) -> Place {
    Place {
        href,
        words,
        icon,
        kind,
        key: None,
    }
}

impl Place {
    const fn by(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }
}

const GROUPS: [(&str, &[Place]); 4] = [
    ("Build", &[place("/agents", "Agents", "agent", Kind::Agent).by("A")]),
    ("Operate", &[place("/calls", "Calls", "call", Kind::Call).by("C")]),
    ("Connect", &[place("/api-keys", "API keys", "key", Kind::ApiKey)]),
    (
        "Organization",
        &[
            place("/members", "Members", "members", Kind::Member),
            place("/audit", "Audit log", "audit", Kind::Audit),
            place("/isolation", "Isolation", "shield", Kind::Report),
            place("/warden-report", "Warden report", "file", Kind::Report),
        ],
    ),
];

/// Every page this person may see.
pub fn places() -> impl Iterator<Item = Place> {
    GROUPS
        .into_iter()
        .flat_map(|(_, places)| places.iter().copied())
        .filter(|place| may(Action::Read, place.kind))
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
    let groups = GROUPS
        .into_iter()
        .filter_map(|(head, places)| {
            let links = places
                .iter()
                .filter(|place| may(Action::Read, place.kind))
                .map(|place| {
                    let href = place.href;
                    view! {
                        <li>
                            <a href=href title=place.words aria-current=Signal::derive(move || here(href))>
                                {icon(place.icon)}
                                <span>{place.words}</span>
                            </a>
                        </li>
                    }
                })
                .collect::<Vec<_>>();
            (!links.is_empty()).then(|| {
                view! {
                    <div class="nav-group">
                        <p class="nav-h"><span>{head}</span></p>
                        <ul>{links}</ul>
                    </div>
                }
            })
        })
        .collect_view();
    let version = format!("Switchboard {}", viewer().installation.version);
    let fold = move || {
        text(move || {
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
