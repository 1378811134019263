//! The way through a long list: its place is a signed cursor in the URL.

use leptos::prelude::*;

use super::{filters::UrlQuery, icon::icon};

/// Says how many rows are shown and where the others are. `hint` stands at the end: the keys of this list.
pub fn pager(url: UrlQuery, shown: usize, next: Option<String>, noun: &'static str) -> AnyView {
    let later_page = url.get("cursor").is_some();
    let words = match (later_page, next.is_some()) {
        (false, false) => format!("{shown} {noun}"),
        (false, true) => format!("The newest {shown} {noun}"),
        (true, true) => format!("{shown} older {noun}"),
        (true, false) => format!("The oldest {shown} {noun}"),
    };
    let newest = later_page.then(|| {
        let href = url.with("cursor", None);
        view! { <a class="btn sm" href=href>{icon("left")}"Newest"</a> }
    });
    let older = next.map(|cursor| {
        let href = url.with("cursor", Some(&cursor));
        view! { <a class="btn sm" href=href>{icon("right")}"Older"</a> }
    });
    view! {
        <div class="pager">
            <span>{words}</span>
            <span class="keyhint wide"><kbd>"J"</kbd><kbd>"K"</kbd>" move "<kbd>"Enter"</kbd>" open"<span class="picks">" "<kbd>"X"</kbd>" select"</span></span>
            <nav class="push" aria-label="Pages">{newest}{older}</nav>
        </div>
    }
    .into_any()
}
