//! The list of calls: every call of the organization, newest first, moving as they move.

use leptos::prelude::*;
use switchboard::{
    calls::CallRow,
    listing::{Listing, Page},
    resource::{Action, Kind},
};

use super::{
    address::{KNOWN, asked},
    bulk::BulkBar,
    filters::{filters, offered},
    follow::follow,
    list_calls,
    place::{PlaceCall, Preset},
    rows::{Line, Shown, about, line},
    views::views,
};
use crate::{
    kit::{
        Column, Columns, Illustration, Loading, PageHead, Selection, UrlQuery, at_top, dynamic, empty, icon,
        keyed_list, keys::on_key, list_keys, loaded, pager, reactive_bool, skeleton_rows, use_url,
    },
    may, org, viewer,
};

const COLUMNS: [Column; 8] = [
    Column {
        key: "agent",
        head: "Agent",
        class: "lo",
    },
    Column {
        key: "version",
        head: "Version",
        class: "num lo2",
    },
    Column {
        key: "verdict",
        head: "Verdict",
        class: "lo",
    },
    Column {
        key: "sentiment",
        head: "Mood",
        class: "lo2",
    },
    Column {
        key: "tags",
        head: "Tags",
        class: "lo2",
    },
    Column {
        key: "duration",
        head: "Duration",
        class: "num",
    },
    Column {
        key: "price",
        head: "Price",
        class: "num",
    },
    Column {
        key: "placed",
        head: "Placed",
        class: "num lo",
    },
];
#[component]
pub fn CallList() -> impl IntoView {
    let url = use_url();
    let mine = org();
    let again = RwSignal::new(0_u32);
    let calls = Loading::new(
        move || (asked(url), page(url), again.get()),
        move |(query, page, _)| {
            let org = mine.clone();
            async move { list_calls(org, query, page).await }
        },
    );
    let offered = offered();
    let columns = Columns::of("calls", &COLUMNS, &["version", "sentiment"]);
    let selection = Selection::default();
    let placing = RwSignal::new(false);
    let preset = Signal::derive(move || Preset {
        agent: url.get("agent").and_then(|id| id.parse().ok()),
        ..Preset::default()
    });
    let may_place = may(Action::Create, Kind::Call);

    list_keys();
    if may_place {
        on_key(move |key| {
            let new = key == "n";
            if new {
                placing.set(true);
            }
            new
        });
    }
    let actions = move || place_button(placing);
    let place = viewer().place.map(|place| place.name).unwrap_or_default();
    let sub = format!("Every call of {place}, newest first. Rows change as calls move.");
    let may_change = may(Action::Update, Kind::Call) || may(Action::Delete, Kind::Call);
    let drawn = Line {
        columns,
        selection: may_change.then_some(selection),
    };
    let rows = loaded(calls, "calls", skeleton_rows, move |listing| {
        untrack(|| live_rows(url, drawn, placing, listing))
    });
    let done = Callback::new(move |()| again.update(|n| *n += 1));
    // Once it is there it stays: what it has begun may outlive the selection.
    let any = Memo::new(move |before: Option<&bool>| before == Some(&true) || selection.count() > 0);
    let bar = BulkBar {
        selection,
        offered,
        done,
    };
    let bulk = may_change.then(|| {
        dynamic(move || {
            any.get()
                .then(|| untrack(|| BulkBar::part().show_later(bar)))
                .into_any()
        })
    });
    view! {
        <PageHead title="Calls" sub=move || sub.clone().into_any() actions=actions/>
        {views(url)}
        {filters(url, calls, offered, columns)}
        {rows}
        {bulk}
        {may_place.then(|| view! { <PlaceCall open=placing preset=preset/> })}
    }
}

fn place_button(placing: RwSignal<bool>) -> AnyView {
    may(Action::Create, Kind::Call)
        .then(|| view! { <button type="button" class="btn primary" on:click=move |_| placing.set(true)>{icon("call")}"Place a call"</button> })
        .into_any()
}

fn page(url: UrlQuery) -> Page {
    Page {
        limit: None,
        cursor: url.get("cursor"),
    }
}

/// Drawn once for each address; from then on the rows keep themselves up to date.
fn live_rows(url: UrlQuery, drawn: Line, placing: RwSignal<bool>, first: Listing<CallRow>) -> AnyView {
    let (mine, asked, at) = (org(), asked(url), page(url));
    let newest = first.items.first().map(|row| row.id);
    let unsettled = first.items.iter().any(|row| !row.status.is_over());
    let heard = RwSignal::new(first);
    follow(
        unsettled,
        move || list_calls(mine.clone(), asked.clone(), at.clone()),
        // A failure keeps what is there; the banner of the frame says when it grows old.
        move |answer| {
            if let Ok(listing) = answer {
                heard.try_set(listing);
            }
        },
    );
    let top = at_top();
    let shown = Memo::new(move |before: Option<&Shown>| {
        heard.with(|heard| match before {
            Some(before) => before.next(&heard.items, top.get()),
            None => Shown::all(heard.items.clone()),
        })
    });
    let nobody = Memo::new(move |_| shown.with(|shown| shown.rows.is_empty()));
    let rows = move || shown.with(|shown| shown.rows.clone());
    let draw = move |first: CallRow| {
        let fresh = newest.is_none_or(|newest| first.id > newest) && url.get("cursor").is_none();
        let id = first.id;
        let row = Memo::new(move |before: Option<&CallRow>| {
            let found = shown.with(|shown| shown.rows.iter().find(|row| row.id == id).cloned());
            found.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
        });
        line(row, drawn, fresh)
    };
    let heads = move || {
        COLUMNS
            .iter()
            .filter(|column| drawn.columns.shows(column.key))
            .map(|column| view! { <th scope="col" class=column.class>{column.head}</th> })
            .collect_view()
    };
    let select_all = move || {
        drawn.selection.map(|selection| {
            let all = move || {
                shown.with(|shown| {
                    !shown.rows.is_empty() && shown.rows.iter().all(|row| selection.has(&row.id.to_string()))
                })
            };
            let flip = move |on: bool| {
                if on {
                    shown.with_untracked(|shown| shown.rows.iter().for_each(|row| selection.pick(about(row))));
                } else {
                    selection.clear();
                }
            };
            view! {
                <th scope="col" class="tight">
                    <input type="checkbox" aria-label="Select all on this page" prop:checked=reactive_bool(all)
                        on:change=move |event| flip(event_target_checked(&event))/>
                </th>
            }
        })
    };
    let pages = move || {
        let count = shown.with(|shown| shown.rows.len());
        let next = heard.with(|heard| heard.next.clone());
        untrack(|| pager(url, count, next, if count == 1 { "call" } else { "calls" }))
    };
    let table = move || {
        view! {
            <div class="table-wrap">
                <table class="table cards">
                    <caption class="sr">"Calls"</caption>
                    <thead><tr>{select_all}<th scope="col">"To"</th><th scope="col">"State and why it ended"</th>{heads}</tr></thead>
                    <tbody>{keyed_list(rows, |row| row.id.to_string(), draw)}</tbody>
                </table>
                {pages}
            </div>
        }
        .into_any()
    };
    view! {
        {newer(shown)}
        {move || if nobody.get() { untrack(|| nothing(url, placing)) } else { table() }}
    }
    .into_any()
}

/// Offers what arrived meanwhile, to eyes as a button and to ears as a word.
fn newer(shown: Memo<Shown>) -> AnyView {
    let waiting = Memo::new(move |_| shown.with(|shown| shown.waiting));
    let words = move || match waiting.get() {
        0 => String::new(),
        1 => "1 new call".to_owned(),
        n => format!("{n} new calls"),
    };
    let button = move || {
        (waiting.get() > 0).then(|| {
            view! { <button type="button" class="btn sm newer" on:click=move |_| window().scroll_to_with_x_and_y(0.0, 0.0)>{icon("left")}{words}</button> }
        })
    };
    view! {
        <p class="sr" role="status">{words}</p>
        {button}
    }
    .into_any()
}

/// Nothing to show: because nothing is there, or because too much is asked.
fn nothing(url: UrlQuery, placing: RwSignal<bool>) -> AnyView {
    let inside = match url.count(&KNOWN) + url.count(&["q"]) - url.count(&["zone"]) {
        0 => empty(
            Illustration::Empty,
            "No calls yet",
            "Place one and follow it here, word by word. Calls placed through the API appear here, too.",
            place_button(placing),
        ),
        n => {
            let these = if n == 1 {
                "this filter".to_owned()
            } else {
                format!("these {n} filters")
            };
            empty(
                Illustration::Empty,
                format!("No calls match {these}"),
                "Matching calls appear here by themselves as soon as there are some.",
                view! { <a class="btn" href=url.bare()>"Clear filters"</a> },
            )
        }
    };
    view! { <div class="card">{inside}</div> }.into_any()
}
