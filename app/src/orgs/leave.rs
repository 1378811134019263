//! Leaving an organization, from wherever a page offers it.

use leptos::prelude::*;

use super::leave_org;
use crate::{
    kit::{Question, browser, use_confirm},
    viewer,
};

/// The button that takes oneself out of the organization of this page. Nothing in a personal workspace, which is always one's own.
pub fn leave_button(words: String) -> AnyView {
    let Some(place) = viewer().place.filter(|place| !place.org_id.is_personal()) else {
        return ().into_any();
    };
    let confirm = use_confirm();
    let label = format!("Leave {}", place.name);
    let ask = move |_| {
        let here = place.org_id.clone();
        let run = move || {
            let here = here.clone();
            async move {
                leave_org(here).await?;
                browser::go("/select-org");
                Ok(())
            }
        };
        let role = place.role.label();
        confirm.ask(
            Question::new(
                format!("Leave {}?", place.name),
                format!("You lose your role as {role} at once. Only somebody inside can invite you again."),
                "Leave organization",
                run,
            )
            .keep("Stay"),
        );
    };
    view! { <button type="button" class="btn sm" aria-label=label on:click=ask>{words}</button> }.into_any()
}
