//! The choice of a cord colour.

use leptos::prelude::*;
use switchboard::org::Cord;

/// Eight jacks to choose from; each names itself.
pub fn cords(path: &'static str, first: Cord) -> AnyView {
    let jacks = Cord::ALL
        .into_iter()
        .map(|cord| {
            let name = label(cord);
            view! {
                <label class="jack" data-cord=cord.word() title=name>
                    <input class="sr" type="radio" name=path value=cord.word() aria-label=name checked=cord == first/>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field">
            <legend class="label">"Cord colour"</legend>
            <div class="cords">{jacks}</div>
            <p class="help">"Marks this organization everywhere, so you always see where you are."</p>
        </fieldset>
    }
    .into_any()
}

fn label(cord: Cord) -> &'static str {
    match cord {
        Cord::Vermilion => "Vermilion",
        Cord::Ochre => "Ochre",
        Cord::Fern => "Fern",
        Cord::Teal => "Teal",
        Cord::Cobalt => "Cobalt",
        Cord::Plum => "Plum",
        Cord::Crimson => "Crimson",
        Cord::Slate => "Slate",
    }
}
