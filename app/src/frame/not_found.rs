//! The page that is not there.

use leptos::prelude::*;

use super::around;
use crate::{
    kit::{Illustration, PageHead, empty},
    viewer,
};

/// For an address that leads nowhere, and for pages outside the frame.
#[component]
pub fn NotFound() -> impl IntoView {
    if viewer().place.is_some() {
        return around(nothing_here);
    }
    view! { <main class="pickorg">{nothing_here()}</main> }.into_any()
}

/// Answers 404, inside the frame of the page that looked for something. The words are the same for what never was and for what
/// belongs to somebody else.
pub fn nothing_here() -> AnyView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <PageHead title="Not found"/>
        <div class="card">
            {empty(
                Illustration::Empty,
                "This page does not exist here",
                "The address may be mistyped, or what was here is gone or belongs to an organization you have not chosen.",
                view! {
                    <a class="btn primary" href="/" rel="external">"Go to the start"</a>
                    <a class="btn" href="/select-org" rel="external">"Switch organization"</a>
                },
            )}
        </div>
    }
    .into_any()
}
