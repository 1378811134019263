//! Pages: hands the request to leptos, with the core and the nonce of this answer.

use axum::{Router, extract::FromRef};
use http::request::Parts;
use leptos::{
    config::LeptosOptions,
    nonce::Nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::{LeptosRoutes, file_and_error_handler_with_context, generate_route_list};
use switchboard::core::Core;

#[derive(Clone)]
pub struct Site {
    pub core: Core,
    pub options: LeptosOptions,
}

impl FromRef<Site> for Core {
    fn from_ref(site: &Site) -> Self {
        site.core.clone()
    }
}
impl FromRef<Site> for LeptosOptions {
    fn from_ref(site: &Site) -> Self {
        site.options.clone()
    }
}

/// Every page, every server function, and the files beside them.
pub fn routes(site: &Site) -> Router<Site> {
    let context = {
        let core = site.core.clone();
        move || {
            provide_context(core.clone());
            // leptos provides a nonce of its own first; the one in the header is ours.
            if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Nonce>().cloned()) {
                provide_context(nonce);
            }
        }
    };
    let options = site.options.clone();
    Router::new()
        .leptos_routes_with_context(site, generate_route_list(app::App), context.clone(), move || {
            app::shell(options.clone())
        })
        .fallback(file_and_error_handler_with_context::<Site, _>(context, app::shell))
}
