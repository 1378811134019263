//! Confirming an address: the link opens a page with a button, because mail scanners follow links but press nothing.

use leptos::prelude::*;

use super::{ResendVerification, VerifyEmail, clerk, gate::gate, return_to};
use crate::{
    frame::NotFound,
    kit::{Form, Sending, Submit, TextField},
    viewer,
};

#[component]
pub fn VerifyPage() -> impl IntoView {
    if clerk::is_clerk() {
        return view! { <NotFound/> }.into_any();
    }
    let (token, sent) = (return_to::query_param("token"), return_to::query_param("sent"));
    let confirm = Sending::<VerifyEmail>::new();
    let resend = Sending::<ResendVerification>::new();
    // The address decides which page this is; it is known to both sides and does not change under it.
    if !token.get_untracked().is_empty() {
        let body = view! {
            <Form action=confirm>
                <input type="hidden" name="token" value=token.get_untracked()/>
                <Submit label="Confirm email" class="btn primary lg block"/>
            </Form>
            <p class="s13 ink2">"Does the link no longer work? " <a href="/verify">"Get a new one"</a></p>
        };
        return gate("Confirm your email address", "One step, and you are signed in.", body);
    }
    if !sent.get_untracked().is_empty() {
        let address = sent.get_untracked();
        let lead = format!(
            "A mail with a link is on its way to {address}. It works for a day. Look into the spam folder too."
        );
        let body = view! {
            {mailbox_hint()}
            <Form action=resend>
                <input type="hidden" name="email" value=address/>
                <Submit label="Send it again" class="btn block"/>
            </Form>
            <p class="s13 ink2">"Mistyped? " <a href="/sign-up">"Use another address"</a></p>
        };
        return gate("Check your mail", lead, body);
    }
    let body = view! {
        <Form action=resend>
            <TextField path="email" label="Email" kind="email" autocomplete="username"/>
            <Submit label="Send a link" class="btn primary lg block"/>
        </Form>
        <p class="s13 ink2">"Confirmed already? " <a href="/sign-in">"Sign in"</a></p>
    };
    gate(
        "Confirm your email address",
        "Links work once, for a day. Ask for a new one here.",
        body,
    )
}

/// Where mail goes while this installation sends none.
pub fn mailbox_hint() -> AnyView {
    let installation = viewer().installation;
    if installation.sends_mail {
        return ().into_any();
    }
    if installation.dev_mail {
        return view! {
            <p class="s13 ink2">
                "This installation keeps its mail instead of sending it. "
                <a href="/dev/mail" rel="external">"Open the development mailbox"</a>
            </p>
        }
        .into_any();
    }
    view! { <p class="s13 ink2">"This installation sends no mail yet. Ask whoever runs it."</p> }.into_any()
}
