//! Radio cards: few choices, each with what it means.

use leptos::prelude::*;

use super::{field::field_id, reactive::reactive_bool};

/// One of a few, all in view. `options` are value, words, and what it means.
#[component]
pub fn Pick(
    #[prop(into)] path: String,
    legend: &'static str,
    options: Vec<(&'static str, &'static str, &'static str)>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_change: Callback<String>,
) -> impl IntoView {
    let cards = options
        .into_iter()
        .map(|(option, words, meaning)| {
            let chosen = value.with_untracked(|value| value == option);
            view! {
                <label class="pick">
                    <input
                        type="radio"
                        id=format!("{}-{option}", field_id(&path))
                        name=path.clone()
                        value=option
                        checked=chosen
                        prop:checked=reactive_bool(move || value.with(|value| value == option))
                        on:change=move |_| on_change.run(option.to_owned())
                    />
                    <span>{words}<small>{meaning}</small></span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="stack s2">
            <legend class="label">{legend}</legend>
            <div class="cols picks">{cards}</div>
        </fieldset>
    }
}
