//! The route table, nothing else.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    agents::{AgentEdit, AgentList, AgentNew},
    frame::{Frame, NotFound},
};

pub fn routes() -> AnyView {
    view! {
        <Router>
            <Routes fallback=NotFound>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/agents") view=AgentList ssr=SsrMode::Async/>
                    <Route path=path!("/agents/new") view=AgentNew ssr=SsrMode::Async/>
                    <Route path=path!("/agents/:id") view=AgentEdit ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
    .into_any()
}
