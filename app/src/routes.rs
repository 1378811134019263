//! The route table, nothing else.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    account::{ForgotPage, ProfilePage, ResetPage, SignInPage, SignOutPage, SignUpPage, VerifyPage},
    agents::{AgentEdit, AgentList, AgentNew},
    audit::AuditPage,
    calls::{CallList, CallPage},
    frame::{Frame, NotFound},
    keys::KeysPage,
    mail::MailboxPage,
    members::MembersPage,
    orgs::{JoinPage, SelectOrgPage},
    reports::{IsolationPage, WardenPage},
};

pub fn routes() -> AnyView {
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-up") view=SignUpPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-out") view=SignOutPage ssr=SsrMode::Async/>
                <Route path=path!("/verify") view=VerifyPage ssr=SsrMode::Async/>
                <Route path=path!("/forgot") view=ForgotPage ssr=SsrMode::Async/>
                <Route path=path!("/reset") view=ResetPage ssr=SsrMode::Async/>
                <Route path=path!("/join") view=JoinPage ssr=SsrMode::Async/>
                <Route path=path!("/select-org") view=SelectOrgPage ssr=SsrMode::Async/>
                <Route path=path!("/profile") view=ProfilePage ssr=SsrMode::Async/>
                <Route path=path!("/dev/mail") view=MailboxPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/calls") view=CallList ssr=SsrMode::Async/>
                    <Route path=path!("/calls/:id") view=CallPage ssr=SsrMode::Async/>
                    <Route path=path!("/agents") view=AgentList ssr=SsrMode::Async/>
                    <Route path=path!("/agents/new") view=AgentNew ssr=SsrMode::Async/>
                    <Route path=path!("/agents/:id") view=AgentEdit ssr=SsrMode::Async/>
                    <Route path=path!("/api-keys") view=KeysPage ssr=SsrMode::Async/>
                    <Route path=path!("/members") view=MembersPage ssr=SsrMode::Async/>
                    <Route path=path!("/audit") view=AuditPage ssr=SsrMode::Async/>
                    <Route path=path!("/isolation") view=IsolationPage ssr=SsrMode::Async/>
                    <Route path=path!("/warden-report") view=WardenPage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
    .into_any()
}
