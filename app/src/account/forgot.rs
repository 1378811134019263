//! A lost password: asking for a link, and choosing a new password with it.

use leptos::prelude::*;

use super::{
    ForgotPassword, ResetPassword, clerk, gate::gate, read_reset_link, return_to, secret::PasswordField,
    verify::mailbox_hint,
};
use crate::{
    frame::NotFound,
    kit::{Form, Loading, Sending, Submit, TextField, loaded},
};

#[component]
pub fn ForgotPage() -> impl IntoView {
    if clerk::is_clerk() {
        return view! { <NotFound/> }.into_any();
    }
    let action = Sending::<ForgotPassword>::new();
    let sent = return_to::query_param("sent").get_untracked();
    if !sent.is_empty() {
        let lead = format!("If {sent} has an account here, a link is on its way. It works once, for an hour.");
        let body = view! {
            {mailbox_hint()}
            <p class="s13 ink2">"Nothing there after a minute? Look into the spam folder, or " <a href="/forgot" rel="external">"try another address"</a></p>
            <a class="btn block" href="/sign-in">"Back to sign in"</a>
        };
        return gate("Check your mail", lead, body);
    }
    let body = view! {
        <Form action=action>
            <TextField path="email" label="Email" kind="email" autocomplete="username" value=return_to::query_param("email") autofocus=true/>
            <Submit label="Send a link" class="btn primary lg block"/>
        </Form>
        <p class="s13 ink2">"Remembered it? " <a href=return_to::keeping("/sign-in")>"Sign in"</a></p>
    };
    gate(
        "Lost your password?",
        "We mail you a link that lets you choose a new one.",
        body,
    )
}

#[component]
pub fn ResetPage() -> impl IntoView {
    if clerk::is_clerk() {
        return view! { <NotFound/> }.into_any();
    }
    let action = Sending::<ResetPassword>::new();
    let token = return_to::query_param("token");
    let link = Loading::new(
        move || token.get(),
        |token| async move {
            match read_reset_link(token).await {
                // A link that no longer works is an answer, not a failure.
                Err(error) if error.0 == switchboard::Error::NotFound => Ok(None),
                other => other.map(Some),
            }
        },
    );
    let content = move |email: Option<String>| match email {
        Some(email) => choose(action, token.get_untracked(), email),
        None => view! {
            <p>"This link has been used, replaced by a newer one, or is too old."</p>
            <a class="btn primary lg block" href="/forgot">"Get a new link"</a>
        }
        .into_any(),
    };
    gate(
        "Choose your password",
        "You are signed in here afterwards, and signed out everywhere else.",
        loaded(link, "link", || ().into_any(), content),
    )
}

fn choose(action: Sending<ResetPassword>, token: String, email: String) -> AnyView {
    view! {
        <p class="s13">"For " <b>{email.clone()}</b></p>
        <Form action=action>
            <input type="hidden" name="draft[token]" value=token/>
            // A password manager keeps the new password under the name it already knows.
            <input type="text" name="username" autocomplete="username" value=email hidden/>
            <PasswordField
                path="password"
                label="New password"
                autocomplete="new-password"
                help="At least 10 characters. A few unrelated words are stronger than one with digits in it."
            />
            <Submit label="Save password" class="btn primary lg block"/>
        </Form>
        <p class="s13 ink2">"Does the link no longer work? " <a href="/forgot">"Get a new one"</a></p>
    }
    .into_any()
}
