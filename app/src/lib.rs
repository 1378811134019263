//! Pages and server functions: what the browser shows and what it may ask.
//!
//! `docs/architecture.md` follows one request from a page here to its row.

pub mod account;
pub mod agents;
#[cfg(feature = "ssr")]
pub mod api;
pub mod audit;
pub mod calls;
pub mod error;
pub mod frame;
pub mod keys;
pub mod kit;
pub mod mail;
pub mod members;
pub mod orgs;
mod routes;
mod viewer;
pub mod voices;
mod wire;

use leptos::{
    hydration::{AutoReload, HydrationScripts},
    prelude::*,
};
use leptos_meta::{MetaTags, Title, provide_meta_context};

pub use error::AppError;
pub use viewer::{may, org, viewer};
pub use wire::Wire;

/// The document around every page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let cord = {
        #[cfg(feature = "ssr")]
        {
            use_context::<http::request::Parts>().and_then(|parts| {
                parts
                    .extensions
                    .get::<switchboard::viewer::Viewer>()
                    .and_then(|v| v.place.as_ref().map(|p| p.cord.word()))
            })
        }
        #[cfg(not(feature = "ssr"))]
        {
            None::<&'static str>
        }
    };
    let theme = kit::browser::cookie("theme").filter(|theme| matches!(theme.as_str(), "light" | "dark"));
    view! {
        <!DOCTYPE html>
        <html lang="en" data-cord=cord data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <link rel="icon" href="/logo.svg"/>
                <leptos_meta::HashedStylesheet options=options.clone() id="style"/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    viewer::provide_viewer();
    kit::provide();
    view! {
        <Title formatter=title/>
        {routes::routes()}
        {kit::overlays()}
    }
}

/// The title of a page. leptos writes it into the document as it is, so there it is escaped; a living page sets it as text.
fn title(page: String) -> String {
    let title = match page.as_str() {
        "" => "Switchboard".to_owned(),
        page => format!("{page} · Switchboard"),
    };
    #[cfg(feature = "ssr")]
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    title
}
