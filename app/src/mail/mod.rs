//! The development mailbox: what this installation would have sent, while it has nowhere to send it.

use leptos::prelude::*;
use switchboard::mail::Mail;

use crate::{
    AppError, Wire,
    account::{plain_page, renewal},
    frame::NotFound,
    kit::{Illustration, Loading, StatusDot, When, empty, icon, loaded, skeleton_rows, status_dot},
    viewer,
};
#[cfg(feature = "ssr")]
use {crate::api::core, switchboard::mail};

/// Answers only where mail is kept; the core refuses anywhere else.
#[server(protocol = Wire)]
pub async fn list_mail() -> Result<Vec<Mail>, AppError> {
    Ok(mail::recent(&core()).await?)
}

#[component]
pub fn MailboxPage() -> impl IntoView {
    if !viewer().installation.dev_mail {
        return view! { <NotFound/> }.into_any();
    }
    let mails = Loading::new(|| (), |()| list_mail());
    let body = view! {
        <div class="banner boxed" data-kind="sandbox">
            {status_dot(StatusDot::Hold, "Development")}
            <p>"Anybody who reaches this installation can read these mails and follow their links. Set SMTP_URL to have them sent, and this page is gone."</p>
        </div>
        {viewer().person.is_some().then(renewal)}
        {loaded(mails, "mails", skeleton_rows, content)}
    };
    plain_page(
        "Development mailbox",
        "What would have been sent, the newest first.",
        body,
    )
}

fn content(mails: Vec<Mail>) -> AnyView {
    let again = view! { <a class="btn sm" href="/dev/mail" rel="external">{icon("refresh")}"Look again"</a> };
    if mails.is_empty() {
        let text = "Sign up, ask for a new password or invite somebody: the mail appears here.";
        return view! { <div class="card">{empty(Illustration::Empty, "No mail yet", text, again)}</div> }.into_any();
    }
    let count = mails.len();
    let rows = mails.into_iter().map(line).collect_view();
    view! {
        <section class="card" aria-labelledby="mails">
            <header><h2 id="mails">"Mails"</h2><span class="sub">{count}</span><span class="push">{again}</span></header>
            <div class="rows">{rows}</div>
        </section>
    }
    .into_any()
}

fn line(mail: Mail) -> AnyView {
    let open = mail.link.map(|link| {
        let label = format!("{} for {}", mail.subject, mail.recipient);
        view! { <a class="btn sm" href=link rel="external" aria-label=format!("Open the link: {label}")>"Open the link"</a> }
    });
    view! {
        <div>
            {icon("mail")}
            <span class="grow">
                <b>{mail.subject.clone()}</b>
                <small>"To " {mail.recipient} " · " <When at=mail.created_at/></small>
                <details class="letter">
                    <summary>"Read"</summary>
                    <pre>{mail.body}</pre>
                </details>
            </span>
            {open}
        </div>
    }
    .into_any()
}
