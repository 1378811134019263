//! Signing in.

use leptos::prelude::*;

use super::{SignIn, clerk, gate::gate, return_to, secret::PasswordField};
use crate::{
    kit::{Check, Form, Sending, Submit, TextField},
    viewer,
};

#[component]
pub fn SignInPage() -> impl IntoView {
    let lead = format!("to this installation at {}", viewer().installation.host);
    if clerk::is_clerk() {
        return gate("Sign in", lead, clerk::mount("mountSignIn"));
    }
    let action = Sending::<SignIn>::new();
    let email = return_to::query_param("email");
    let (sign_up, forgot) = (
        return_to::keeping("/sign-up"),
        StoredValue::new(return_to::keeping("/forgot")),
    );
    let body = view! {
        <Form action=action>
            {return_to::next_field()}
            <TextField path="email" name="draft[email]" label="Email" kind="email" autocomplete="username" value=email autofocus=true/>
            <PasswordField
                path="password"
                label="Password"
                autocomplete="current-password"
                beside=move || view! { <a class="small" href=move || forgot.with_value(|forgot| forgot())>"Forgot it?"</a> }
            />
            <Check
                path="remember"
                name="draft[remember]"
                label="Keep me signed in on this device"
                help="For 30 days. You can end every session under Profile."
                value=true
            />
            <Submit label="Sign in" class="btn primary lg block"/>
        </Form>
        <p class="s13 ink2">
            "New here? " <a href=sign_up>"Create an account"</a>
            ". Invited? Open the link in your invitation, it already knows your organization."
        </p>
    };
    gate("Sign in", lead, body)
}
