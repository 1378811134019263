//! The way on: where somebody wanted to go before they were asked who they are, and links that keep it.

use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

/// A place to go to after signing in or choosing: a path of ours as it was asked for, else the start. Never another
/// site, and never the page that asks.
pub fn safe_return_path(next: &str) -> &str {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let ours =
        path.starts_with('/') && !path.starts_with("//") && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let asks = matches!(
        path.split('/').nth(1),
        Some("select-org" | "sign-in" | "sign-up" | "sign-out" | "fn")
    );
    if ours && !asks { next } else { "/" }
}

/// A path with one parameter; without a value, the bare path.
pub fn with_param(path: &str, key: &'static str, value: &str) -> String {
    if value.is_empty() {
        return path.to_owned();
    }
    let mut map = ParamsMap::new();
    map.insert(key, value.to_owned());
    format!("{path}{}", map.to_query_string())
}

/// Another of the pages that ask who somebody is, with what the address of this one says: where they want to go, and who they are.
pub fn keeping(path: &'static str) -> impl Fn() -> String + Send + Sync + 'static {
    let query = use_query_map();
    move || {
        let mut kept = ParamsMap::new();
        for key in ["next", "email"] {
            if let Some(value) = query.with(|query| query.get(key)).filter(|value| !value.is_empty()) {
                kept.insert(key, value);
            }
        }
        match kept.to_query_string() {
            query if query == "?" => path.to_owned(),
            query => format!("{path}{query}"),
        }
    }
}

/// What this page's address says under `key`; empty without it.
pub fn query_param(key: &'static str) -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get(key)).unwrap_or_default())
}

/// Carries the way on through a form.
pub fn next_field() -> AnyView {
    let next = query_param("next");
    view! { <input type="hidden" name="next" value=move || next.get()/> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::safe_return_path;

    #[test]
    fn only_a_path_of_ours_is_a_way_on() {
        for ours in [
            "/agents",
            "/calls?status=ended&q=%C3%A4",
            "/agents/1#voice",
            "/join?token=t-1",
            "/",
        ] {
            assert_eq!(safe_return_path(ours), ours);
        }
        for other in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil",
            "/a b",
            "/a\r\nset-cookie: x=y",
            "/ä",
        ] {
            assert_eq!(safe_return_path(other), "/", "{other:?}");
        }
    }

    #[test]
    fn the_way_on_never_leads_back_to_the_question() {
        for asking in [
            "/select-org",
            "/select-org?next=/select-org",
            "/sign-in",
            "/sign-up?next=/",
            "/fn/app/x",
        ] {
            assert_eq!(safe_return_path(asking), "/", "{asking:?}");
        }
    }
}
