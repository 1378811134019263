//! Parts that follow signals, erased: however many there are, the bundle pays for one of each kind.
//!
//! A bare closure in a view is a type of its own and costs 3 kB of wasm; these cost their own few lines.

use std::sync::Arc;

use leptos::prelude::*;

/// A piece of the page that is drawn again when a signal it reads changes.
pub fn dynamic(draw: impl FnMut() -> AnyView + Send + 'static) -> AnyView {
    let draw: Box<dyn FnMut() -> AnyView + Send> = Box::new(draw);
    draw.into_any()
}

/// A list that follows signals: what stays keeps its place in the document and what was typed into it, told by its key.
pub fn keyed_list<T: Send + 'static>(
    items: impl Fn() -> Vec<T> + Send + 'static,
    key: impl Fn(&T) -> String + Send + 'static,
    draw: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let draw = Arc::new(draw);
    let entry = move |item: T| {
        let draw = draw.clone();
        Entry {
            key: key(&item),
            draw: Box::new(move || draw(item)),
        }
    };
    keyed(Box::new(move || items().into_iter().map(&entry).collect()))
}

struct Entry {
    key: String,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

/// The one keyed list of all pages.
fn keyed(entries: Box<dyn Fn() -> Vec<Entry> + Send>) -> AnyView {
    view! { <For each=entries key=|entry| entry.key.clone() children=|entry: Entry| (entry.draw)()/> }.into_any()
}

/// Asked again whenever a signal it has read changes. Not a signal itself: those have to be kept somewhere.
pub type Live<T> = Box<dyn Fn() -> T + Send + Sync>;

/// Words that follow signals, as content or as the value of an attribute.
pub fn reactive_text(words: impl Fn() -> String + Send + Sync + 'static) -> Live<String> {
    Box::new(words)
}

/// The value of an attribute that is there, and says "true", or is not.
pub fn aria_flag(on: impl Fn() -> bool + Send + Sync + 'static) -> Live<Option<&'static str>> {
    Box::new(move || on().then_some("true"))
}

/// The value of an ARIA state: "true" or "false".
pub fn aria_bool(on: impl Fn() -> bool + Send + Sync + 'static) -> Live<&'static str> {
    Box::new(move || if on() { "true" } else { "false" })
}

/// A property or attribute that is there or is not.
pub fn reactive_bool(on: impl Fn() -> bool + Send + Sync + 'static) -> Live<bool> {
    Box::new(on)
}

/// What the browser does by itself after signals have changed. Never runs on the server.
pub fn effect(run: impl FnMut() + 'static) {
    let mut run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(move |_| run());
}
