//! The choice of an organization's colour.

use leptos::prelude::*;
use switchboard::org::OrgColor;

/// Eight jacks to choose from; each names itself.
pub fn colors(path: &'static str, first: OrgColor) -> AnyView {
    let jacks = OrgColor::ALL
        .into_iter()
        .map(|color| {
            let name = label(color);
            view! {
                <label class="jack" data-color=color.word() title=name>
                    <input type="radio" name=path value=color.word() aria-label=name checked=color == first/>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field">
            <legend class="label">"Colour"</legend>
            <div class="colors">{jacks}</div>
            <p class="help">"Marks this organization everywhere, so you always see where you are."</p>
        </fieldset>
    }
    .into_any()
}

pub fn label(color: OrgColor) -> &'static str {
    match color {
        OrgColor::Vermilion => "Vermilion",
        OrgColor::Ochre => "Ochre",
        OrgColor::Fern => "Fern",
        OrgColor::Teal => "Teal",
        OrgColor::Cobalt => "Cobalt",
        OrgColor::Plum => "Plum",
        OrgColor::Crimson => "Crimson",
        OrgColor::Slate => "Slate",
    }
}
