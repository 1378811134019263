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
pub mod knowledge;
pub mod lazy;
pub mod mail;
pub mod members;
pub mod orgs;
pub mod reconciliation;
pub mod reports;
mod routes;
#[cfg(feature = "ssr")]
pub mod shell;
pub mod tools;
mod viewer;
pub mod voices;
mod wire;

use leptos::prelude::*;

pub use error::AppError;
#[cfg(all(debug_assertions, feature = "hydrate"))]
pub use leptos::Marks;
pub use viewer::{may, org, viewer};
pub use wire::Wire;

#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
    viewer::provide_viewer();
    kit::provide();
    view! {
        {routes::routes()}
        {kit::overlays()}
    }
}
