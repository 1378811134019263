//! The route table, nothing else.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Router, Routes},
    path,
};

use crate::{
    account::{ForgotPage, ProfilePage, ResetPage, SignInPage, SignOutPage, SignUpPage, VerifyPage},
    agents::{AgentEdit, AgentGallery, AgentList, AgentNew, AgentVersions},
    audit::AuditPage,
    calls::{CallList, CallPage},
    contacts::{ContactEdit, ContactList, ContactNew, ContactPage},
    frame::{Frame, NotFound},
    keys::KeysPage,
    knowledge::{KnowledgeList, KnowledgeNew, KnowledgePage},
    lazy::{Page, page},
    mail::MailboxPage,
    members::MembersPage,
    orgs::{JoinPage, OrganizationPage, SelectOrgPage},
    reconciliation::ReconciliationPage,
    reports::{IsolationPage, WardenPage},
    tools::{ToolEdit, ToolList, ToolNew},
    voices::{VoiceList, VoiceNew, VoicePage},
};

pub fn routes() -> AnyView {
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Page at=page!("/sign-in", account, SignInPage)/>
                <Page at=page!("/sign-up", account, SignUpPage)/>
                <Page at=page!("/sign-out", account, SignOutPage)/>
                <Page at=page!("/verify", account, VerifyPage)/>
                <Page at=page!("/forgot", account, ForgotPage)/>
                <Page at=page!("/reset", account, ResetPage)/>
                <Page at=page!("/join", person, JoinPage)/>
                <Page at=page!("/select-org", person, SelectOrgPage)/>
                <Page at=page!("/profile", person, ProfilePage)/>
                <Page at=page!("/dev/mail", mail, MailboxPage)/>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Page at=page!("/calls", calls, CallList)/>
                    <Page at=page!("/calls/:id", call, CallPage)/>
                    <Page at=page!("/contacts", contacts, ContactList)/>
                    <Page at=page!("/contacts/new", contact, ContactNew)/>
                    <Page at=page!("/contacts/:id", contact, ContactPage)/>
                    <Page at=page!("/contacts/:id/edit", contact, ContactEdit)/>
                    <Page at=page!("/agents", agents, AgentList)/>
                    <Page at=page!("/agents/new", templates, AgentGallery)/>
                    <Page at=page!("/agents/new/draft", agent, AgentNew)/>
                    <Page at=page!("/agents/:id", agent, AgentEdit)/>
                    <Page at=page!("/agents/:id/versions", agent, AgentVersions)/>
                    <Page at=page!("/tools", tools, ToolList)/>
                    <Page at=page!("/tools/new", tool, ToolNew)/>
                    <Page at=page!("/tools/:id", tool, ToolEdit)/>
                    <Page at=page!("/voices", voices, VoiceList)/>
                    <Page at=page!("/voices/new", voice, VoiceNew)/>
                    <Page at=page!("/voices/:id", voice, VoicePage)/>
                    <Page at=page!("/knowledge", knowledge, KnowledgeList)/>
                    <Page at=page!("/knowledge/new", knowledge, KnowledgeNew)/>
                    <Page at=page!("/knowledge/:id", sources, KnowledgePage)/>
                    <Page at=page!("/reconciliation", reconciliation, ReconciliationPage)/>
                    <Page at=page!("/api-keys", keys, KeysPage)/>
                    <Page at=page!("/members", members, MembersPage)/>
                    <Page at=page!("/organization", organization, OrganizationPage)/>
                    <Page at=page!("/audit", audit, AuditPage)/>
                    <Page at=page!("/isolation", reports, IsolationPage)/>
                    <Page at=page!("/warden-report", reports, WardenPage)/>
                </ParentRoute>
            </Routes>
        </Router>
    }
    .into_any()
}
