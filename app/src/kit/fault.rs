//! Failures in words: who is at fault, what was kept, and one thing to do.

use leptos::{html, prelude::*};
use switchboard::Error;

use super::{
    browser,
    empty::{Illustration, empty},
    icon::{StatusDot, icon, status_dot},
    reactive::effect,
};
use crate::{account::return_to, viewer};

/// One line, for a toast or a banner.
pub fn message_of(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => fields
            .first()
            .map_or_else(|| error.to_string(), |first| first.message.clone()),
        other => other.to_string(),
    }
}

/// Above a form or inside a dialog: what went wrong with what was just tried.
pub fn error_banner(error: &Error) -> AnyView {
    if matches!(error, Error::OrgChanged) {
        return view! { <OrgSwitchedDialog/> }.into_any();
    }
    let (state, kind, word) = match error {
        Error::Internal(_) => (StatusDot::Fail, "fault", "Our fault"),
        Error::Upstream(up) => (StatusDot::Fail, "fault", up.provider.name()),
        Error::Unauthenticated => (StatusDot::Warn, "warn", "Signed out"),
        Error::Forbidden => (StatusDot::Warn, "warn", "Not allowed"),
        Error::Limited { .. } => (StatusDot::Wait, "warn", "Too fast"),
        Error::Unavailable { .. } => (StatusDot::Wait, "warn", "Away"),
        _ => (StatusDot::Warn, "warn", "Not done"),
    };
    view! {
        <div class="banner boxed" data-kind=kind role="alert">
            {status_dot(state, word)}
            {match error {
                // In another tab: this page holds what was typed.
                Error::Unauthenticated => view! {
                    <p>"Your session ended. Sign in in another tab and try again: what you wrote stays here."</p>
                    <a class="btn sm" href=sign_in() target="_blank" rel="external noopener">"Sign in"</a>
                }
                .into_any(),
                _ => view! { <p>{message_of(error)}</p> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

/// Signing in leads back to this page.
fn sign_in() -> String {
    return_to::with_param("/sign-in", "next", &browser::here())
}

/// In place of what did not load. `what` as in "The agents did not load".
pub fn error_page(error: &Error, what: &str) -> AnyView {
    let again = || {
        view! { <a class="btn primary" href="" rel="external">{icon("refresh")}"Try again"</a> }
    };
    let place = viewer().place;
    let view = match error {
        Error::OrgChanged => return view! { <OrgSwitchedDialog/> }.into_any(),
        Error::NotFound => {
            let here = place.map_or_else(|| "This organization".into(), |place| place.name);
            empty(
                Illustration::Empty,
                "This does not exist here",
                format!(
                    "{here} has nothing at this address. It may have been deleted, or it belongs to an organization you have not chosen."
                ),
                view! { <a class="btn" href="/select-org" rel="external">"Switch organization"</a> },
            )
        }
        Error::Forbidden => {
            let role = place.map_or("guest", |place| place.role.label());
            empty(
                Illustration::Forbidden,
                format!("Your role cannot see {what}"),
                format!("You are here as {role}. An owner or an admin can give you another role."),
                view! { <a class="btn" href="/members">"See who they are"</a> },
            )
        }
        Error::Unauthenticated => empty(
            Illustration::Error,
            "You are signed out",
            "Your session ended. Sign in and you are back on this page.",
            view! { <a class="btn primary" href=sign_in() rel="external">"Sign in"</a> },
        ),
        Error::NoOrg => empty(
            Illustration::Empty,
            "Choose an organization",
            "Everything here belongs to one.",
            view! { <a class="btn primary" href="/select-org" rel="external">"Choose an organization"</a> },
        ),
        // Of a name in the address. What names none is of an old page that asks in another way, and a reload helps.
        Error::Invalid(fields) if fields.iter().all(|error| !error.field.is_empty()) => empty(
            Illustration::Empty,
            "This link asks for something unknown",
            message_of(error),
            // The same path with an empty query.
            view! { <a class="btn primary" href="?">"Show everything"</a> },
        ),
        Error::Internal(incident) => {
            let reference = format!("Reference {incident}");
            view! {
                {empty(Illustration::Error, "That did not work, and it is our fault", "Nothing was changed. The reference helps if you write to whoever runs this installation.", again())}
                <p class="ref">{reference}</p>
            }
            .into_any()
        }
        other => empty(
            Illustration::Error,
            format!("The {what} did not load"),
            message_of(other),
            again(),
        ),
    };
    view! { <div class="card problem">{view}</div> }.into_any()
}

/// Covers the page after the organization was switched elsewhere: two organizations are never mixed on a screen.
#[component]
pub fn OrgSwitchedDialog() -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    effect(move || {
        let Some(dialog) = node.get() else { return };
        // It is drawn, but what is not on the page yet cannot be opened.
        request_animation_frame(move || {
            if !dialog.open() && dialog.is_connected() {
                let _ = dialog.show_modal();
                browser::focus("dialog[open] [data-first]");
            }
        });
    });
    let was = viewer()
        .place
        .map_or_else(|| "another organization".into(), |place| place.name);
    view! {
        <dialog class="dialog cover w-sm" aria-labelledby="cover-title" node_ref=node on:cancel=|event: web_sys::Event| event.prevent_default()>
            <div class="d-head">
                <div>
                    <h2 id="cover-title">"You are in another organization now"</h2>
                    <p>{format!("You switched in another tab. This page was {was}'s, so it was closed and nothing was changed.")}</p>
                </div>
            </div>
            <div class="d-foot">
                <a class="btn quiet" href="/select-org" rel="external">"Switch back"</a>
                <button type="button" class="btn primary" data-first="" on:click=|_| browser::reload()>"Continue there"</button>
            </div>
        </dialog>
    }
}
