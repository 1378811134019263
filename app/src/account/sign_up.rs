//! Signing up: a name, an address and a password; the mail that follows proves the address.

use leptos::prelude::*;

use super::{SignUp, clerk, gate::gate, return_to, secret::PasswordField};
use crate::{
    kit::{Form, Sending, Submit, TextField, browser_zone},
    viewer,
};

#[component]
pub fn SignUpPage() -> impl IntoView {
    let lead = format!("on this installation at {}", viewer().installation.host);
    if clerk::is_clerk() {
        return gate("Create an account", lead, clerk::mount("mountSignUp"));
    }
    let action = Sending::<SignUp>::new();
    let email = return_to::query_param("email");
    let sign_in = return_to::keeping("/sign-in");
    let body = view! {
        <Form action=action>
            <TextField path="name" name="draft[name]" label="Name" autocomplete="name" help="As your team knows you." autofocus=true/>
            <TextField
                path="email"
                name="draft[email]"
                label="Email"
                kind="email"
                autocomplete="username"
                help="We send a link to confirm it."
                value=email
            />
            <PasswordField
                path="password"
                label="Password"
                autocomplete="new-password"
                help="At least 10 characters. A few unrelated words are stronger than one with digits in it."
            />
            {browser_zone("draft[time_zone]")}
            <Submit label="Create account" class="btn primary lg block"/>
        </Form>
        <p class="s13 ink2">"Have an account? " <a href=sign_in>"Sign in"</a></p>
    };
    gate("Create an account", lead, body)
}
