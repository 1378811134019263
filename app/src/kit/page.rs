//! The head of a page: its one heading, which takes the focus after a navigation, and its actions.

use leptos::{html, prelude::*};
#[cfg(feature = "ssr")]
use leptos_meta::{Title, TitleProps};
use leptos_router::hooks::use_location;

use super::reactive::effect;

/// The path whose heading has had the focus.
#[derive(Clone, Copy)]
struct Arrived(StoredValue<String>);

pub fn provide_focus() {
    provide_context(Arrived(StoredValue::new(String::new())));
}

/// Title, heading, one line below it, and actions at the side.
#[component]
pub fn PageHead(
    #[prop(into)] title: Signal<String>,
    /// After the heading, on its line: lamps, versions.
    #[prop(optional, into)]
    beside: Option<ViewFn>,
    #[prop(optional, into)] sub: Option<ViewFn>,
    #[prop(optional, into)] crumbs: Option<ViewFn>,
    #[prop(optional, into)] actions: Option<ViewFn>,
    #[prop(default = "page-head")] class: &'static str,
) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    focus_on_arrival(heading);
    name_document(title);
    view! {
        <div class=class>
            {crumbs.map(|crumbs| crumbs.run())}
            <div class="titles">
                <h1 tabindex="-1" node_ref=heading>{title}{beside.map(|beside| beside.run())}</h1>
                {sub.map(|sub| view! { <p class="sub">{sub.run()}</p> })}
            </div>
            {actions.map(|actions| view! { <div class="actions">{actions.run()}</div> })}
        </div>
    }
}

/// Names the document after the page. It keeps the name until another page has one: on the way there, and where that page waits
/// for its data, leptos' own `Title` would leave it without any.
fn name_document(title: Signal<String>) {
    // The head of the document is made of what it is told; nothing is drawn here. It is written there as it is.
    #[cfg(feature = "ssr")]
    drop(Title(
        TitleProps::builder()
            .text(move || name(&title.get()).replace('&', "&amp;").replace('<', "&lt;"))
            .build(),
    ));
    effect(move || document().set_title(&name(&title.get())));
}

fn name(page: &str) -> String {
    match page {
        "" => "Switchboard".to_owned(),
        page => format!("{page} · Switchboard"),
    }
}

/// The router scrolls but never moves the focus, and a screen reader would not know that the page is another one.
fn focus_on_arrival(heading: NodeRef<html::H1>) {
    let arrived = use_context::<Arrived>();
    let path = use_location().pathname;
    effect(move || {
        let (Some(heading), Some(Arrived(arrived))) = (heading.get(), arrived) else {
            return;
        };
        let here = path.get_untracked();
        let before = arrived.get_value();
        if before != here {
            arrived.set_value(here);
            if !before.is_empty() {
                // It is drawn, but not on the page before the next frame.
                request_animation_frame(move || drop(heading.focus()));
            }
        }
    });
}

/// Where this page stands: `crumbs(&[("Agents", "/agents")])`.
pub fn crumbs(way: &[(&'static str, &'static str)]) -> AnyView {
    let steps = way
        .iter()
        .map(|(words, href)| view! { <li><a href=*href>{*words}</a></li> })
        .collect_view();
    view! {
        <nav class="crumb-nav" aria-label="Breadcrumb">
            <ol class="crumbs">{steps}</ol>
        </nav>
    }
    .into_any()
}
