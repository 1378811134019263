//! Toasts: what just happened, said once, in one polite region.

use leptos::prelude::*;

use super::{
    StatusDot, browser,
    icon::{bare_dot, icon},
    reactive::keyed_list,
};
use crate::AppError;

/// A short word about something that has happened.
#[derive(Clone)]
pub struct Toast {
    lamp: StatusDot,
    text: String,
    detail: String,
}

impl Toast {
    pub fn done(text: impl Into<String>) -> Self {
        Self {
            lamp: StatusDot::Done,
            text: text.into(),
            detail: String::new(),
        }
    }

    pub fn failed(text: impl Into<String>, error: &AppError) -> Self {
        Self {
            lamp: StatusDot::Fail,
            text: text.into(),
            detail: super::message_of(&error.0),
        }
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

#[derive(Clone, Copy)]
pub struct ToastList {
    shown: RwSignal<Vec<(u32, Toast)>>,
    count: StoredValue<u32>,
}

pub fn provide_toasts() {
    provide_context(ToastList {
        shown: RwSignal::new(Vec::new()),
        count: StoredValue::new(0),
    });
}

pub fn use_toasts() -> ToastList {
    use_context().expect("App provides the toasts")
}

impl ToastList {
    /// Failures stay until they are read: twice as long as good news.
    pub fn say(self, toast: Toast) {
        self.count.update_value(|n| *n += 1);
        let number = self.count.get_value();
        let stay = if toast.lamp == StatusDot::Fail { 12_000 } else { 6_000 };
        self.shown.update(|shown| shown.push((number, toast)));
        browser::after(stay, move || self.dismiss(number));
    }

    fn dismiss(self, number: u32) {
        self.shown.update(|shown| shown.retain(|(n, _)| *n != number));
    }
}

#[component]
pub fn Toasts() -> impl IntoView {
    let list = use_toasts();
    let line = move |(number, toast): (u32, Toast)| {
        let detail = (!toast.detail.is_empty()).then(|| view! { <small>{toast.detail.clone()}</small> });
        view! {
            <div class="toast">
                {bare_dot(toast.lamp, if toast.lamp == StatusDot::Fail { "Failed" } else { "Done" })}
                <span>{toast.text}{detail}</span>
                <button type="button" class="btn icon-only sm" aria-label="Dismiss" title="Dismiss" on:click=move |_| list.dismiss(number)>
                    {icon("x")}
                </button>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="toasts" role="status">
            {keyed_list(move || list.shown.get(), |(number, _)| number.to_string(), line)}
        </div>
    }
}
