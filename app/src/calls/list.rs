//! The list of calls: every call of the organization, newest first, moving as they move.

use leptos::prelude::*;
use switchboard::{
    calls::{CallFilter, CallRow, Status},
    listing::{Listing, Page},
    resource::{Action, Kind},
};

use super::{
    follow::follow,
    list_calls,
    place::{Names, PlaceCall, Preset, names},
    rows::{Shown, line},
};
use crate::{
    AppError,
    kit::{
        Chip, Choice, Column, Columns, Illustration, Loading, PageHead, Search, UrlQuery, at_top, dynamic, empty,
        export, icon, keyed_list, keys::on_key, list_keys, loaded, once_loaded, pager, skeleton_rows, use_url,
    },
    may, org, viewer,
};

const COLUMNS: [Column; 4] = [
    Column {
        key: "agent",
        head: "Agent",
        class: "lo",
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
const FILTERS: [&str; 5] = ["q", "status", "agent", "version", "contact"];
const EXPORTED: [(&str, &str); 5] = [
    ("q", "q"),
    ("status", "status"),
    ("agent", "agent_id"),
    ("version", "agent_version"),
    ("contact", "contact_id"),
];

#[component]
pub fn CallList() -> impl IntoView {
    let url = use_url();
    let mine = org();
    let calls = Loading::new(
        move || (filter(url), page(url)),
        move |(filter, page)| {
            let org = mine.clone();
            async move { list_calls(org, filter?, page).await }
        },
    );
    let columns = Columns::of("calls", &COLUMNS, &[]);
    let placing = RwSignal::new(false);
    let preset = Signal::derive(move || Preset {
        agent: filter(url).ok().and_then(|filter| filter.agent_id),
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
    let rows = loaded(calls, "calls", skeleton_rows, move |listing| {
        untrack(|| live_rows(url, columns, placing, listing))
    });
    view! {
        <PageHead title="Calls" sub=move || sub.clone().into_any() actions=actions/>
        {filters(url, calls, columns)}
        {rows}
        {may_place.then(|| view! { <PlaceCall open=placing preset=preset/> })}
    }
}

fn place_button(placing: RwSignal<bool>) -> AnyView {
    may(Action::Create, Kind::Call)
        .then(|| view! { <button type="button" class="btn primary" on:click=move |_| placing.set(true)>{icon("call")}"Place a call"</button> })
        .into_any()
}

fn filter(url: UrlQuery) -> Result<CallFilter, AppError> {
    Ok(CallFilter {
        q: url.get("q"),
        status: url.read("status", "state", |word| {
            Status::ALL.into_iter().find(|status| status.word() == word)
        })?,
        agent_id: url.read("agent", "agent", |id| id.parse().ok())?,
        agent_version: url.read("version", "version", |number| number.parse().ok())?,
        contact_id: url.read("contact", "contact", |id| id.parse().ok())?,
        ..CallFilter::default()
    })
}

fn page(url: UrlQuery) -> Page {
    Page {
        limit: None,
        cursor: url.get("cursor"),
    }
}

fn filters(url: UrlQuery, calls: Loading<Listing<CallRow>>, columns: Columns) -> AnyView {
    let mine = org();
    let agents = Loading::new(
        || (),
        move |()| {
            let names = names(mine.clone());
            // Without them the list is still of use: it can be searched by name.
            async move { Ok(names.await.unwrap_or_default()) }
        },
    );
    let states: Vec<Choice> = Status::ALL
        .map(|status| Choice::new(status.word(), status.label()))
        .into();
    let by_agent = once_loaded(agents, |names: &Names| {
        let choices: Vec<_> = names.iter().map(|(id, name)| Choice::new(id, name)).collect();
        view! { <Chip key="agent" label="Agent" choices=choices/> }.into_any()
    });
    let clear =
        move || (url.count(&FILTERS) > 0).then(|| view! { <a class="btn quiet sm" href=url.bare()>"Clear"</a> });
    view! {
        <div class="filters">
            <Search label="Search calls" placeholder="Number, contact or agent" filters=&["status", "agent", "version", "contact"]/>
            <Chip key="status" label="State" choices=states/>
            {by_agent}
            {by_version(url)}
            {by_contact(url, calls)}
            {clear}
            <span class="push">{columns.chooser()}{export(url, "calls", &EXPORTED)}</span>
        </div>
    }
    .into_any()
}

/// The version of an agent that these calls ran. One comes here from its versions.
fn by_version(url: UrlQuery) -> AnyView {
    dynamic(move || {
        url.get("version")
            .map(|number| fixed(url, "version", "Version", number))
            .into_any()
    })
}

/// The contact whose calls these are. One comes here from their page, so there is nothing to choose from.
fn by_contact(url: UrlQuery, calls: Loading<Listing<CallRow>>) -> AnyView {
    once_loaded(calls, move |listing| {
        let name = listing.items.iter().find_map(|call| call.contact_name.clone());
        let name = name.unwrap_or_else(|| "somebody without calls".to_owned());
        dynamic(move || {
            url.get("contact")
                .map(|_| fixed(url, "contact", "Contact", name.clone()))
                .into_any()
        })
    })
}

/// A filter that can be taken away and not changed.
fn fixed(url: UrlQuery, key: &'static str, label: &'static str, value: String) -> AnyView {
    let remove = format!("Remove filter {label}");
    view! {
        <span class="chip">
            <span>{label}" "<span class="op">"is"</span>" "<b>{value}</b></span>
            <a href=url.with(key, None) aria-label=remove.clone() title=remove>{icon("x")}</a>
        </span>
    }
    .into_any()
}

/// Drawn once for each address; from then on the rows keep themselves up to date.
fn live_rows(url: UrlQuery, columns: Columns, placing: RwSignal<bool>, first: Listing<CallRow>) -> AnyView {
    // Where it cannot be read there are no rows.
    let Ok(asked) = filter(url) else {
        return ().into_any();
    };
    let (mine, at) = (org(), page(url));
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
        line(row, columns, fresh)
    };
    let heads = move || {
        COLUMNS
            .iter()
            .filter(|column| columns.shows(column.key))
            .map(|column| view! { <th scope="col" class=column.class>{column.head}</th> })
            .collect_view()
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
                    <thead><tr><th scope="col">"To"</th><th scope="col">"State and why it ended"</th>{heads}</tr></thead>
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
    let inside = match url.count(&FILTERS) {
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
