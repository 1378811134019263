//! The gate: what stands around pages that belong to no organization.

use leptos::{prelude::*, server_fn::ServerFn};

use super::SignOut;
use crate::{
    kit::{PageHead, StatusDot, status_badge},
    viewer,
};

pub fn wordmark() -> AnyView {
    view! {
        <span class="wordmark">
            <svg viewBox="0 0 32 32" fill="none" aria-hidden="true">
                <circle cx="24.5" cy="7.5" r="4.5" stroke="currentColor" stroke-width="3"></circle>
                <circle cx="7.5" cy="24.5" r="4.5" stroke="currentColor" stroke-width="3"></circle>
                <path class="mark-cord" d="M19.5 7.5h-7a4.25 4.25 0 0 0 0 8.5h7a4.25 4.25 0 0 1 0 8.5h-7" stroke-width="3" stroke-linecap="round"></path>
            </svg>
            "Switchboard"
        </span>
    }
    .into_any()
}

/// A form on one side, the exchange on the other.
pub fn gate(title: &'static str, lead: impl Into<String>, body: impl IntoAny) -> AnyView {
    let (lead, body) = (lead.into(), body.into_any());
    let sandbox = viewer()
        .installation
        .sandbox
        .then(|| view! { <div class="cluster small">{status_badge(StatusDot::Hold, "Sandbox: no real calls, no real charges")}</div> });
    view! {
        <main class="gate">
            <div class="gate-form">
                <div>
                    {wordmark()}
                    <PageHead title=title sub=move || lead.clone() class="gate-head"/>
                    {body}
                    {sandbox}
                </div>
            </div>
            <div class="gate-board">
                <img src="/board.svg" width="500" height="420" alt="A telephone exchange panel with four patched lines"/>
                <p>
                    <strong>"Every line belongs to one organization."</strong>
                    "The program and the database each enforce it on their own, and a command that anybody can run shows it."
                </p>
            </div>
        </main>
    }
    .into_any()
}

/// A narrow page for a signed-in person, wherever they work.
pub fn plain_page(title: &'static str, lead: impl Into<String>, body: impl IntoAny) -> AnyView {
    let (lead, body) = (lead.into(), body.into_any());
    let person = viewer().person.map(|person| {
        view! { <span class="s13 ink2 cluster"><span>{person.email_or_name().to_owned()}</span>{sign_out_form("linklike", "")}</span> }
    });
    view! {
        <main class="pickorg">
            <div class="cluster between">{wordmark()}{person}</div>
            <PageHead title=title sub=move || lead.clone() class="gate-head"/>
            {body}
        </main>
    }
    .into_any()
}

/// A plain form: leaving works even when nothing else does.
/// `next` is where whoever signs in then is led, if that is not the start.
pub fn sign_out_form(class: &'static str, next: &str) -> AnyView {
    view! {
        <form method="post" action=SignOut::url()>
            <input type="hidden" name="next" value=next.to_owned()/>
            <button type="submit" class=class>"Sign out"</button>
        </form>
    }
    .into_any()
}
