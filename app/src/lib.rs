//! Pages and server functions: what the browser shows and what it may ask.
//!
//! `docs/architecture.md` follows one request from a page here to its row.

pub mod account;
pub mod agents;
#[cfg(feature = "ssr")]
pub mod api;
pub mod audit;
pub mod calls;
pub mod contacts;
pub mod error;
pub mod folders;
pub mod frame;
pub mod keys;
pub mod kit;
pub mod lazy;
pub mod mail;
pub mod members;
pub mod orgs;
pub mod reports;
mod routes;
#[cfg(feature = "ssr")]
pub mod shell;
pub mod tools;
mod viewer;
pub mod voices;
mod wire;

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};

pub use error::AppError;
pub use viewer::{may, org, viewer};
pub use wire::Wire;

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
