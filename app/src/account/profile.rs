//! The profile: what belongs to the person wherever they work.

use leptos::prelude::*;
use switchboard::viewer::Viewer;

use super::{
    ChangePassword, SetTimeZone, clerk, devices::Sessions, gate::plain_page, return_to, secret::PasswordField,
};
use crate::{
    kit::{
        Form, Sending, StatusDot, Submit, Switch, ZoneField, icon,
        keys::{single_keys, switch_single_keys},
        offsets, status_dot,
    },
    viewer,
};

#[component]
pub fn ProfilePage() -> impl IntoView {
    let (to, words) = match viewer().place {
        Some(place) => ("/", format!("Back to {}", place.name)),
        None => ("/select-org", "Choose an organization".to_owned()),
    };
    let back = view! { <div><a class="btn sm" href=to rel="external">{icon("left")}{words}</a></div> };
    let own = if clerk::is_clerk() {
        clerk::mount("mountUserProfile")
    } else {
        view! {
            {person()}
            <Password/>
            <Sessions/>
        }
        .into_any()
    };
    let lead = "Yours in every organization. What you may do is decided by your role in each of them.";
    plain_page(
        "Profile",
        lead,
        view! { {back}{changed()}{own}{time_zone()}{keyboard()} },
    )
}

/// A letter said or touched by mistake must not do anything to whoever cannot help it (WCAG 2.1.4).
fn keyboard() -> AnyView {
    let on = RwSignal::new(single_keys());
    let flip = Callback::new(move |wanted| {
        on.set(wanted);
        switch_single_keys(wanted);
    });
    view! {
        <section class="card" aria-labelledby="keyboard">
            <header><h2 id="keyboard">"Keyboard"</h2></header>
            <div class="body">
                <Switch path="single_keys" label="Shortcuts of a single key" value=on on_change=flip
                    help="Such as J for the next row and ? for help. Ctrl K and Ctrl S work either way. Kept in this browser."/>
            </div>
        </section>
    }
    .into_any()
}

/// Says what the last form on this page has done.
fn changed() -> AnyView {
    let changed = return_to::query_param("changed");
    let banner = move || {
        let (what, then) = match changed.get().as_str() {
            "password" => (
                "Password changed",
                "Every other browser has been signed out.".to_owned(),
            ),
            "zone" => (
                "Time zone saved",
                format!("Times are in {} now.", offsets().zone().words()),
            ),
            _ => return None,
        };
        Some(view! {
            <div class="banner boxed" data-kind="info" role="status">
                {status_dot(StatusDot::Done, what)}
                <p>{then}</p>
            </div>
        })
    };
    banner.into_any()
}

/// One's own zone, or that of the organization one is in.
fn time_zone() -> AnyView {
    let action = Sending::<SetTimeZone>::new();
    let Viewer { person, place, .. } = viewer();
    let own = person.and_then(|person| person.time_zone).map(String::from);
    let value = RwSignal::new(own.unwrap_or_default());
    let (default, help) = match &place {
        Some(place) => (
            place.time_zone.to_string(),
            format!(
                "Leave it empty for the time zone of {}: {}.",
                place.name,
                place.time_zone.words()
            ),
        ),
        None => (
            "UTC".to_owned(),
            "Leave it empty for the time zone of the organization you work in.".to_owned(),
        ),
    };
    view! {
        <section class="card" id="time-zone" aria-labelledby="zone">
            <header><h2 id="zone">"Time zone"</h2></header>
            <div class="body">
                <Form action=action>
                    <p class="s13 ink2">{format!("Times and days are written for you in {}.", offsets().zone().words())}</p>
                    <ZoneField path="time_zone" optional=true value=value on_input=Callback::new(move |zone| value.set(zone))
                        placeholder=default help=help offer_own=true/>
                    <div class="cluster"><Submit label="Save time zone" class="btn"/></div>
                </Form>
            </div>
        </section>
    }
    .into_any()
}

fn person() -> AnyView {
    let person = viewer().person;
    person
        .map(|person| {
            let address = if person.email_verified {
                status_dot(StatusDot::Done, "Confirmed")
            } else {
                status_dot(StatusDot::Warn, "Not confirmed")
            };
            view! {
                <section class="card" aria-labelledby="who">
                    <header><h2 id="who">"You"</h2></header>
                    <dl class="body kv">
                        <dt>"Name"</dt><dd>{person.name}</dd>
                        <dt>"Email"</dt><dd>{person.email}" "{address}</dd>
                        <dt>"Id"</dt><dd><code>{person.id.to_string()}</code></dd>
                    </dl>
                </section>
            }
        })
        .into_any()
}

#[component]
fn Password() -> impl IntoView {
    let action = Sending::<ChangePassword>::new();
    let email = viewer().person.map(|person| person.email);
    view! {
        <section class="card" aria-labelledby="password">
            <header><h2 id="password">"Password"</h2></header>
            <div class="body">
                <Form action=action>
                    // Tells a password manager whose password this is.
                    <input type="text" name="username" autocomplete="username" value=email hidden/>
                    <PasswordField path="current" label="Current password" autocomplete="current-password"/>
                    <PasswordField path="password" label="New password" autocomplete="new-password" help="At least 10 characters."/>
                    <div class="cluster">
                        <Submit label="Change password"/>
                        <span class="small muted">"Signs you out everywhere but here."</span>
                    </div>
                </Form>
            </div>
        </section>
    }
}
