//! Filters: what a list is narrowed to stands in the URL, so that it can be kept, shared and gone back to.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
    params::ParamsMap,
};
use switchboard::Error;

use super::{
    browser::Debounce,
    icon::{StatusDot, icon, status_dot},
    menu::Menu,
    reactive::{dynamic, reactive_text},
};
use crate::AppError;

/// So many unknown names are said; an address may have thousands.
const SHOWN: usize = 3;

/// The query of this page's address.
#[derive(Clone, Copy)]
pub struct UrlQuery {
    map: Memo<ParamsMap>,
    path: Memo<String>,
    go: StoredValue<Callback<(String, bool)>>,
}

pub fn use_url() -> UrlQuery {
    let navigate = use_navigate();
    let go = Callback::new(move |(to, replace): (String, bool)| {
        navigate(
            &to,
            NavigateOptions {
                replace,
                scroll: false,
                ..NavigateOptions::default()
            },
        );
    });
    UrlQuery {
        map: use_query_map(),
        path: use_location().pathname,
        go: StoredValue::new(go),
    }
}

impl UrlQuery {
    /// Absent and empty are the same.
    pub fn get(self, key: &str) -> Option<String> {
        self.map.with(|map| map.get(key)).filter(|value| !value.is_empty())
    }

    /// What a filter is set to, in the list's own terms.
    ///
    /// # Errors
    /// It is set to what is none of its values: the list never shows everything instead.
    pub fn read<T>(
        self,
        key: &'static str,
        label: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, AppError> {
        read_value(self.get(key), key, label, read)
    }

    /// What the address says that a list with these filters does not know.
    fn unknown(self, filters: &[&str]) -> Vec<String> {
        let known = |name: &str| ["q", "cursor", "__err", "__path"].contains(&name) || filters.contains(&name);
        self.map.with(|map| {
            let names = map.latest_values().map(|(name, _)| name.to_string());
            names.filter(|name| !known(name)).take(SHOWN).collect()
        })
    }

    /// This page with nothing in its address but these filters and the words that are searched for.
    fn only(self, filters: &[&'static str]) -> String {
        let mut map = ParamsMap::new();
        for key in ["q"].iter().chain(filters) {
            if let Some(value) = self.get(key) {
                map.insert(*key, value);
            }
        }
        format!("{}{}", self.path.get(), map.to_query_string())
    }

    /// How many of these are set.
    pub fn count(self, keys: &[&str]) -> usize {
        keys.iter().filter(|key| self.get(key).is_some()).count()
    }

    /// This page with one thing changed. Any change but the cursor's starts at the first page again.
    pub fn with(self, key: &'static str, value: Option<&str>) -> String {
        self.with_all(&[(key, value)])
    }

    /// This page with several things changed.
    pub fn with_all(self, changes: &[(&'static str, Option<&str>)]) -> String {
        let mut map = self.map.get();
        map.remove("cursor");
        // What a form without a living page left behind in the address.
        map.remove("__err");
        map.remove("__path");
        for (key, value) in changes {
            match value {
                Some(value) if !value.is_empty() => map.replace(*key, (*value).to_owned()),
                _ => {
                    map.remove(key);
                }
            }
        }
        format!("{}{}", self.path.get(), map.to_query_string())
    }

    /// This page with nothing set.
    pub fn bare(self) -> String {
        self.path.get()
    }

    /// Goes there; typing replaces the entry in the history, choosing adds one.
    pub fn go(self, to: String, replace: bool) {
        self.go.get_value().run((to, replace));
    }
}

/// What a filter is set to by this word; the error is `UrlQuery::read`'s.
pub fn read_value<T>(
    word: Option<String>,
    key: &'static str,
    label: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, AppError> {
    let Some(word) = word else {
        return Ok(None);
    };
    match read(&word) {
        Some(value) => Ok(Some(value)),
        None => Err(AppError(Error::invalid(key, format!("There is no {label} “{word}”.")))),
    }
}

/// The search box of a list: into the URL a moment after the last key, or at once on Enter. Below it stands which filters the
/// address asks for that the list does not have, as a link of another version does, or one with a slip in it.
#[component]
pub fn Search(
    label: &'static str,
    placeholder: &'static str,
    /// The list's other filters, which the plain form must carry along.
    #[prop(optional)]
    filters: &'static [&'static str],
    /// What it is called in the address; a second box of a list has a name of its own.
    #[prop(default = "q")]
    key: &'static str,
) -> impl IntoView {
    let url = use_url();
    let typed = RwSignal::new(None::<String>);
    let later = Debounce::new(250);
    let is_first = key == "q";
    let shown = Memo::new(move |_| url.get(key).unwrap_or_default());
    let apply = move || {
        if let Some(text) = typed.try_get_untracked().flatten() {
            let to = untrack(|| url.with(key, Some(text.trim())));
            url.go(to, true);
        }
    };
    let kept = dynamic(move || {
        let others = ["q"].iter().chain(filters).filter(|other| **other != key);
        others
            .filter_map(|key| Some(view! { <input type="hidden" name=*key value=url.get(key)?/> }))
            .collect_view()
            .into_any()
    });
    view! {
        <form class="affix search" role="search" aria-label=label method="get" on:submit=move |event| {
            event.prevent_default();
            later.cancel();
            apply();
        }>
            {icon("search")}
            <input
                class="input"
                type="search"
                id=if is_first { "search".to_owned() } else { format!("search-{key}") }
                name=key
                aria-label=label
                placeholder=placeholder
                autocomplete="off"
                value=shown.get_untracked()
                prop:value=shown
                on:input=move |event| {
                    typed.set(Some(event_target_value(&event)));
                    later.call(apply);
                }
            />
            {kept}
        </form>
        {is_first.then(|| dynamic(move || unknown(url, filters)))}
    }
}

fn unknown(url: UrlQuery, filters: &[&'static str]) -> AnyView {
    let names = url.unknown(filters);
    if names.is_empty() {
        return ().into_any();
    }
    let named = names
        .iter()
        .map(|name| format!("“{}”", name.chars().take(40).collect::<String>()))
        .collect::<Vec<_>>()
        .join(", ");
    view! {
        <div class="banner boxed" data-kind="warn" role="status">
            {status_dot(StatusDot::Warn, "Left out")}
            <p>{format!("This link asks for {named}, and this list has no such filter.")}</p>
            <a class="btn sm" href=url.only(filters)>"Remove from the link"</a>
        </div>
    }
    .into_any()
}

/// The whole list as it is narrowed to, as a file. A filter has a name in the address of the page, and one in that of the
/// file, where the API has it.
pub fn export(url: UrlQuery, list: &'static str, filters: &'static [(&'static str, &'static str)]) -> AnyView {
    export_in(url, list, filters, None)
}

/// As [`export`], of a list that is narrowed to days: those of `zone`, unless the address names another.
pub fn export_in(
    url: UrlQuery,
    list: &'static str,
    filters: &'static [(&'static str, &'static str)],
    zone: Option<String>,
) -> AnyView {
    let zone = StoredValue::new(zone);
    let href = move |file: &'static str| {
        reactive_text(move || {
            let mut map = ParamsMap::new();
            if let Some(zone) = zone.get_value() {
                map.insert("zone", zone);
            }
            for (here, there) in filters {
                if let Some(value) = url.get(here) {
                    map.replace(*there, value);
                }
            }
            format!("/app/{list}/export/{file}{}", map.to_query_string())
        })
    };
    view! {
        <button class="btn quiet sm" type="button" popovertarget="export">{icon("download")}"Export"</button>
        <Menu id="export" label="Export" end=true>
            <a href=href("excel.csv") download="" rel="external">"CSV for Excel"</a>
            <a href=href("plain.csv") download="" rel="external">"Plain CSV"</a>
        </Menu>
    }
    .into_any()
}

/// One value a filter can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub words: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, words: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            words: words.into(),
        }
    }
}

/// A filter as a chip: a menu of links while it is not set, its value and a cross once it is.
#[component]
pub fn Chip(key: &'static str, label: &'static str, #[prop(into)] choices: Signal<Vec<Choice>>) -> impl IntoView {
    let url = use_url();
    let menu = format!("filter-{key}");
    let target = menu.clone();
    let chip = dynamic(move || match url.get(key) {
        None => view! {
            <button type="button" class="chip add" popovertarget=target.clone()>
                <span>{icon("plus")}{label}</span>
            </button>
        }
        .into_any(),
        Some(value) => {
            let words = choices.with(|all| {
                all.iter()
                    .find(|choice| choice.value == value)
                    .map(|choice| choice.words.clone())
            });
            view! {
                <span class="chip">
                    <button type="button" popovertarget=target.clone()>{label}" "<span class="op">"is"</span>" "<b>{words.unwrap_or(value)}</b></button>
                    <a href=url.with(key, None) aria-label=format!("Remove filter {label}") title=format!("Remove filter {label}")>{icon("x")}</a>
                </span>
            }
            .into_any()
        }
    });
    let links = dynamic(move || {
        let now = url.get(key);
        choices
            .get()
            .into_iter()
            .map(|choice| {
                let current = (now.as_ref() == Some(&choice.value)).then_some("true");
                view! { <a href=url.with(key, Some(&choice.value)) aria-current=current>{choice.words}</a> }
            })
            .collect_view()
            .into_any()
    });
    view! {
        {chip}
        <Menu id=menu label=label>
            <div class="m-h">{label}</div>
            {links}
        </Menu>
    }
}
