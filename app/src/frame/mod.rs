//! The frame around every page of an organization: where you are, who you are, and the way to everything else.

mod bar;
mod help;
mod lost;
mod nav;
mod palette;

use leptos::prelude::*;
use leptos_router::components::Outlet;

pub use lost::NotFound;

use crate::kit::{
    LiveBanner, browser,
    keys::{on_ctrl, on_key},
    live_start,
};
use crate::viewer;

/// What the frame's parts open and close.
#[derive(Clone, Copy)]
struct Panels {
    help: RwSignal<bool>,
    palette: RwSignal<bool>,
    /// The side panel shows icons only.
    narrow: RwSignal<bool>,
}

const SIDE_COOKIE: &str = "side";

#[component]
pub fn Frame() -> impl IntoView {
    live_start();
    let panels = Panels {
        help: RwSignal::new(false),
        palette: RwSignal::new(false),
        narrow: RwSignal::new(browser::cookie(SIDE_COOKIE).as_deref() == Some("icons")),
    };
    on_ctrl("k", move || panels.palette.set(true));
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
        <div class="shell" data-side=move || if panels.narrow.get() { "icons" } else { "full" }>
            {bar::bar(panels)}
            {nav::nav(panels)}
            <main id="main">
                {notices()}
                <div class="page">
                    <Outlet/>
                </div>
            </main>
        </div>
        {help::help(panels.help)}
        {palette::palette(panels)}
    }
}

impl Panels {
    fn flip_side(self) {
        self.narrow.update(|narrow| *narrow = !*narrow);
        browser::keep_cookie(SIDE_COOKIE, if self.narrow.get_untracked() { "icons" } else { "full" });
    }
}

/// What concerns the whole page, above it.
fn notices() -> AnyView {
    let viewer = viewer();
    let sandbox = viewer.installation.sandbox.then(|| {
        view! {
            <div class="banner" data-kind="sandbox">
                {crate::kit::lamp(crate::kit::Lamp::Hold, "Sandbox")}
                <p>"Calls are simulated by this installation. No phone rings and nothing is charged."</p>
            </div>
        }
    });
    let unverified = viewer.person.as_ref().is_some_and(|person| !person.email_verified).then(|| {
        let address = viewer.person.as_ref().map(|person| person.email.clone());
        view! {
            <div class="banner" data-kind="warn">
                {crate::kit::lamp(crate::kit::Lamp::Warn, "Email not confirmed")}
                <p>"Open the link sent to " {address} ". Without it a lost password cannot be replaced."</p>
                {viewer.installation.dev_mail.then(|| view! { <a href="/dev/mail" rel="external">"Open the mailbox"</a> })}
            </div>
        }
    });
    view! {
        {sandbox}
        {unverified}
        <LiveBanner/>
    }
    .into_any()
}
