//! The route table, nothing else.

use leptos::prelude::*;
use leptos_router::components::{Router, Routes};

pub fn routes() -> AnyView {
    view! {
        <Router>
            <Routes fallback=|| "Not found">
                ()
            </Routes>
        </Router>
    }
    .into_any()
}
