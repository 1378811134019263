//! The frame around every page of an organization: where you are, who you are, and the way to everything else.

mod bar;
mod help;
mod nav;
mod not_found;
mod palette;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, components::Outlet, hooks::use_navigate};
use switchboard::{money::Micros, org::OrgId, resource::Found};

pub use not_found::{NotFound, nothing_here};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::kit::{
    LiveBanner, browser,
    keys::{on_ctrl, on_key},
    live_start,
};
use crate::{AppError, Wire, viewer};
#[cfg(feature = "ssr")]
use switchboard::{credit, crud};

/// What the organization has left to spend.
#[server(protocol = Wire)]
pub async fn read_balance(org: OrgId) -> Result<Micros, AppError> {
    Ok(credit::balance(&core(), &caller(&org)?).await?)
}

/// The newest things of every kind with these words in them, as far as the asking person may see them.
#[server(protocol = Wire)]
pub async fn search(org: OrgId, words: String) -> Result<Vec<Found>, AppError> {
    Ok(crud::search(&core(), &caller(&org)?, &words).await?)
}

/// What the frame's parts open and close.
#[derive(Clone, Copy)]
struct Panels {
    help: RwSignal<bool>,
    palette: RwSignal<bool>,
    /// The side panel shows icons only.
    narrow: RwSignal<bool>,
}

const SIDE_COOKIE: &str = "side";

/// Pages of an organization, each in its place.
#[component]
pub fn Frame() -> impl IntoView {
    around(|| view! { <Outlet/> }.into_any())
}

/// Draws the frame around something. It is drawn inside, where it finds what the frame provides.
fn around(inside: impl FnOnce() -> AnyView) -> AnyView {
    live_start();
    let panels = Panels {
        help: RwSignal::new(false),
        palette: RwSignal::new(false),
        narrow: RwSignal::new(browser::cookie(SIDE_COOKIE).as_deref() == Some("icons")),
    };
    on_ctrl("k", move || panels.palette.set(true));
    on_key(way_keys());
    on_key(move |key| match key {
        "?" => {
            panels.help.set(true);
            true
        }
        "[" => {
            panels.flip_side();
            true
        }
        _ => false,
    });
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <div class="shell" data-side=Signal::derive(move || if panels.narrow.get() { "icons" } else { "full" })>
            {bar::bar(panels)}
            {nav::nav(panels)}
            <main id="main">
                {notices()}
                <div class="page">{inside()}</div>
            </main>
        </div>
        {help::help(panels.help)}
        {palette::palette(panels)}
    }
    .into_any()
}

impl Panels {
    fn flip_side(self) {
        self.narrow.update(|narrow| *narrow = !*narrow);
        browser::keep_cookie(SIDE_COOKIE, if self.narrow.get_untracked() { "icons" } else { "full" });
    }
}

/// `g` and then the letter of a page. Any other key, or a moment's rest, and the letter means what it always does.
fn way_keys() -> impl Fn(&str) -> bool {
    const REST_MS: f64 = 1500.0;
    let asked = StoredValue::new(None::<f64>);
    let navigate = use_navigate();
    move |key| {
        let now = browser::now();
        let waits = asked.get_value().is_some_and(|since| now - since < REST_MS);
        asked.set_value((key == "g").then_some(now));
        let to =
            nav::pages().find(|page| waits && page.shortcut.is_some_and(|letter| letter.eq_ignore_ascii_case(key)));
        if let Some(to) = to {
            navigate(to.href, NavigateOptions::default());
        }
        key == "g" || to.is_some()
    }
}

/// What concerns the whole page, above it.
fn notices() -> AnyView {
    let viewer = viewer();
    let sandbox = viewer.installation.sandbox.then(|| {
        let (kind, lamp, advice) = if viewer.installation.public {
            (
                "warn",
                crate::kit::StatusDot::Warn,
                " To place real ones its operator sets ULTRAVOX_API_KEY.",
            )
        } else {
            ("sandbox", crate::kit::StatusDot::Hold, "")
        };
        view! {
            <div class="banner" data-kind=kind>
                {crate::kit::status_dot(lamp, "Sandbox")}
                <p>"Calls are simulated by this installation. No phone rings and nothing is charged." {advice}</p>
            </div>
        }
    });
    let address = viewer
        .person
        .as_ref()
        .filter(|person| !person.email_verified && !person.email.is_empty());
    let unverified = address.map(|person| person.email.clone()).map(|address| {
        view! {
            <div class="banner" data-kind="warn">
                {crate::kit::status_dot(crate::kit::StatusDot::Warn, "Email not confirmed")}
                <p>"Open the link sent to " {address} ". Without it a lost password cannot be replaced."</p>
                {viewer.installation.dev_mail.then(|| view! { <a href="/dev/mail" rel="external">"Open the mailbox"</a> })}
            </div>
        }
    });
    view! {
        {sandbox}
        {unverified}
        {crate::account::renewal()}
        <LiveBanner/>
    }
    .into_any()
}
