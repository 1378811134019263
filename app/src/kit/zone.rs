//! Choosing a time zone: typed, with those that the browser knows to pick from.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use super::{
    field::TextField,
    icon::icon,
    reactive::{dynamic, effect},
};

const LIST: &str = "time-zones";

/// The name of a time zone. A page has one of these at most: the list beside it has an id.
#[component]
pub fn ZoneField(
    #[prop(into)] path: String,
    #[prop(into, optional)] name: Option<String>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_input: Callback<String>,
    #[prop(into, optional)] help: String,
    #[prop(default = "Europe/Berlin".to_owned(), into)] placeholder: String,
    #[prop(optional)] optional: bool,
    /// Whether the zone of the browser itself is offered.
    #[prop(optional)]
    offer_own: bool,
) -> impl IntoView {
    let name = name.unwrap_or_else(|| path.clone());
    view! {
        <div class="stack s2">
            <TextField path=path name=name label="Time zone" optional=optional value=value on_input=on_input autocomplete="off" list=LIST
                placeholder=placeholder help=help/>
            {offer_own.then(|| own_zone(value, on_input))}
        </div>
        {known_zones()}
    }
}

/// The browser's own, where it is another one than is chosen.
fn own_zone(value: Signal<String>, choose: Callback<String>) -> AnyView {
    let own = RwSignal::new(None::<String>);
    effect(move || own.set(zone_of_browser()));
    dynamic(move || {
        let other = own.get().filter(|own| value.with(|chosen| chosen.trim() != own));
        other
            .map(|zone| {
                let words = format!("Use this browser’s, {}", zone.replace('_', " "));
                view! {
                    <div>
                        <button type="button" class="btn sm" on:click=move |_| choose.run(zone.clone())>{icon("clock")}{words}</button>
                    </div>
                }
            })
            .into_any()
    })
}

/// The zones that the browser knows; the list of them is long, and not in the bundle.
fn known_zones() -> AnyView {
    let known = RwSignal::new(Vec::<String>::new());
    effect(move || known.set(zones_of_browser().unwrap_or_default()));
    let options = dynamic(move || {
        let zones = known.get().into_iter();
        zones
            .map(|zone| {
                let city = zone.rsplit('/').next().unwrap_or_default().replace('_', " ");
                view! { <option value=zone>{city}</option> }
            })
            .collect_view()
            .into_any()
    });
    view! { <datalist id=LIST>{options}</datalist> }.into_any()
}

/// Goes along with a form that begins something, and is filled with the browser's zone when it is sent (`start.js`).
pub fn browser_zone(name: &'static str) -> AnyView {
    view! { <input type="hidden" name=name data-zone="" value=""/> }.into_any()
}

fn zone_of_browser() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::default();
    let options = format.resolved_options();
    js_sys::Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
}

fn zones_of_browser() -> Option<Vec<String>> {
    let intl = js_sys::Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let values = js_sys::Reflect::get(&intl, &"supportedValuesOf".into()).ok()?;
    let zones = values
        .dyn_into::<js_sys::Function>()
        .ok()?
        .call1(&JsValue::NULL, &"timeZone".into())
        .ok()?;
    Some(
        js_sys::Array::from(&zones)
            .iter()
            .filter_map(|zone| zone.as_string())
            .collect(),
    )
}
