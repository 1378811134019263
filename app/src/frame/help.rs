//! Help: what the keyboard can do here.

use leptos::prelude::*;

use crate::kit::Dialog;

const KEYS: [(&str, &[(&str, &str)]); 3] = [
    (
        "Everywhere",
        &[
            ("Ctrl K", "Search or jump"),
            ("?", "This help"),
            ("[", "Fold the side panel"),
            ("Esc", "Close"),
        ],
    ),
    (
        "In a list",
        &[
            ("/", "Search"),
            ("J", "Next row"),
            ("K", "Row before"),
            ("Enter", "Open"),
            ("X", "Select"),
            ("N", "New"),
        ],
    ),
    ("In an editor", &[("Ctrl S", "Save")]),
];

pub fn help(open: RwSignal<bool>) -> AnyView {
    view! {
        <Dialog id="help" open=open title="Keyboard" sub="Single keys rest while you type in a field." class="w-sm">
            <div class="d-body stack">
                {KEYS
                    .iter()
                    .map(|(where_, keys)| {
                        view! {
                            <section class="stack s2">
                                <h3>{*where_}</h3>
                                <dl class="kv keylist">
                                    {keys
                                        .iter()
                                        .map(|(keys, what)| {
                                            let keys = keys.split(' ').map(|key| view! { <kbd>{key}</kbd> }).collect_view();
                                            view! { <dt class="keys">{keys}</dt><dd>{*what}</dd> }
                                        })
                                        .collect_view()}
                                </dl>
                            </section>
                        }
                    })
                    .collect_view()}
            </div>
        </Dialog>
    }
    .into_any()
}
