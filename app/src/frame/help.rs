//! Help: what the keyboard can do here, for this person.

use leptos::prelude::*;
use switchboard::resource::{Action, Kind};

use super::nav::pages;
use crate::{
    kit::Dialog,
    lazy::{LazyPart, part},
    may,
};

/// The keys and what they do. A single one stands apart, because it can be switched off.
#[derive(Clone)]
struct Key {
    keys: String,
    does: &'static str,
    single: bool,
}

fn always(keys: impl Into<String>, does: &'static str) -> Key {
    Key {
        keys: keys.into(),
        does,
        single: false,
    }
}

fn single(keys: impl Into<String>, does: &'static str) -> Key {
    Key {
        single: true,
        ..always(keys, does)
    }
}

/// Only what works, and only for whoever may.
fn all() -> [(&'static str, Vec<Key>); 4] {
    let any = |action| may(action, Kind::Agent) || may(action, Kind::Contact);
    let agents = |action| may(action, Kind::Agent);
    let mut everywhere = vec![always("Ctrl K", "Search or jump"), always("Esc", "Close")];
    everywhere.extend([single("?", "This help"), single("[", "Fold the side panel")]);
    everywhere.extend(pages().filter_map(|page| Some(single(format!("G {}", page.shortcut?), page.label))));
    let mut list = vec![
        single("/", "Search"),
        single("J", "Next row"),
        single("K", "Row before"),
    ];
    list.push(always("Enter", "Open"));
    if any(Action::Delete) {
        list.extend([
            single("X", "Select"),
            single("Shift X", "Select all from the last one on"),
        ]);
    }
    if any(Action::Update) {
        list.push(single("E", "Edit"));
    }
    if any(Action::Create) || may(Action::Create, Kind::Call) {
        list.push(single("N", "New"));
    }
    let mut agent = Vec::new();
    if agents(Action::Update) {
        agent.extend([always("Ctrl S", "Save"), single("E", "To the first field")]);
    }
    if may(Action::Create, Kind::Call) {
        agent.push(single("T", "Test call"));
    }
    let call = vec![
        single("Space", "Play or pause"),
        single("← →", "5 seconds back or on"),
        single("Shift ← →", "A turn back or on"),
        single("1 2 3", "Speed"),
    ];
    [
        ("Everywhere", everywhere),
        ("In a list", list),
        ("On an agent’s page", agent),
        ("On a call that is over", call),
    ]
}

/// What it says is a part, because few ever read it.
pub fn help(open: RwSignal<bool>) -> AnyView {
    let sections: LazyPart<()> = part!(panels, sections, ());
    view! {
        <Dialog id="help" open=open title="Keyboard" sub="Single keys rest while you type in a field." class="w-sm">
            {sections.show(())}
        </Dialog>
    }
    .into_any()
}

fn sections((): ()) -> AnyView {
    let section = |(head, keys): (&'static str, Vec<Key>)| {
        let class = |single: bool| if single { "onekey" } else { "" };
        let only_single = keys.iter().all(|key| key.single);
        let lines = keys
            .into_iter()
            .map(|Key { keys, does, single }| {
                let keys = keys
                    .split(' ')
                    .map(|key| view! { <kbd>{key.to_owned()}</kbd> })
                    .collect_view();
                view! { <div class=class(single)><dt>{keys}</dt><dd>{does}</dd></div> }
            })
            .collect_view();
        view! {
            <section class=format!("stack s2 {}", class(only_single))>
                <h3>{head}</h3>
                <dl class="kv keylist">{lines}</dl>
            </section>
        }
    };
    view! {
        <div class="d-body stack">
            <p class="small keysoff">"Shortcuts of a single key are switched off in this browser."</p>
            {all().into_iter().filter(|(_, keys)| !keys.is_empty()).map(section).collect_view()}
            <p class="small muted">
                "Single keys can be switched off, and on again, in your " <a href="/profile" rel="external">"profile"</a> "."
            </p>
        </div>
    }
    .into_any()
}
