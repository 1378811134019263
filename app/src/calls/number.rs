//! What a typed telephone number will be dialed as, said while it is typed.

use leptos::{prelude::*, task::spawn_local};

use super::read_number;
use crate::kit::{browser::Debounce, dynamic, effect};

/// The number as the server reads it, or nothing while it cannot be dialed: what is in the way is said when it is sent.
pub fn dials(number: Signal<String>) -> AnyView {
    let grouped = RwSignal::new(String::new());
    let pause = Debounce::new(250);
    effect(move || {
        let typed = number.get();
        pause.call(move || {
            // Shorter ones are not asked about: nobody has finished typing.
            if typed.len() < 8 {
                return grouped.set(String::new());
            }
            spawn_local(async move {
                let read = read_number(typed.clone()).await.unwrap_or_default();
                if number.try_get_untracked().is_some_and(|now| now == typed) {
                    grouped.set(read);
                }
            });
        });
    });
    let words = dynamic(move || match grouped.get() {
        grouped if grouped.is_empty() => ().into_any(),
        grouped => view! { "Dials "<code>{grouped}</code> }.into_any(),
    });
    view! { <p class="small muted dials" role="status">{words}</p> }.into_any()
}
