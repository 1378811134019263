//! The filters of the list: the boxes to search in, a chip for each common one, and a dialog with all of them.

use futures_util::future::join;
use leptos::prelude::*;
use switchboard::{
    analysis::{Sentiment, Verdict},
    calls::{AtFault, CallFacets, CallRow, EndReason, Medium, Period, Status},
    listing::Listing,
    money::Micros,
};

use super::{
    address::{KNOWN, NAMES, asked},
    call_facets,
    format::clock,
    narrow::Narrow,
    place::{Names, names},
};
use crate::kit::{
    Chip, Choice, Columns, DialogForm, Loading, Search, UrlQuery, dynamic, export_in, icon, offsets, once_loaded,
};
use crate::{lazy::part, org};

/// What the filters offer, as far as it could be read: without it the list is still of use.
pub type Offered = (Names, CallFacets);

pub fn offered() -> Loading<Offered> {
    let mine = org();
    Loading::new(
        || (),
        move |()| {
            let (agents, facets) = (names(mine.clone()), call_facets(mine.clone()));
            async move {
                let (agents, facets) = join(agents, facets).await;
                Ok((agents.unwrap_or_default(), facets.unwrap_or_default()))
            }
        },
    )
}

pub fn filters(
    url: UrlQuery,
    calls: Loading<Listing<CallRow>>,
    offered: Loading<Offered>,
    columns: Columns,
) -> AnyView {
    let states = Status::ALL.map(|status| Choice::new(status.word(), status.label()));
    let verdicts = Verdict::ALL.map(|verdict| Choice::new(verdict.word(), verdict.label()));
    let periods = Period::ALL.map(|period| Choice::new(period.word(), period.label()));
    let chips = once_loaded(offered, |(agents, facets): &Offered| {
        let agents: Vec<_> = agents.iter().map(|(id, name)| Choice::new(id, name)).collect();
        let tags: Vec<_> = facets.tags.iter().map(|tag| Choice::new(tag, tag)).collect();
        let own: Vec<_> = facets.dispositions.iter().map(|name| Choice::new(name, name)).collect();
        let by_own = (!own.is_empty()).then(|| view! { <Chip key="disposition" label="Disposition" choices=own/> });
        let by_tag = (!tags.is_empty()).then(|| view! { <Chip key="tag" label="Tag" choices=tags/> });
        view! { <Chip key="agent" label="Agent" choices=agents/>{by_tag}{by_own} }.into_any()
    });
    let clear = move || {
        let set = !asked(url).is_empty();
        set.then(|| view! { <a class="btn quiet sm" href=url.bare()>"Clear"</a> })
    };
    let any = Memo::new(move |_| url.count(&ELSEWHERE) > 0);
    let elsewhere = Elsewhere { url, calls, offered };
    let set = dynamic(move || any.get().then(|| untrack(|| elsewhere.show())).into_any());
    let (form, opened) = (DialogForm::default(), RwSignal::new(false));
    let narrow = Narrow { form, url, offered };
    Narrow::part().look_ahead();
    let dialog = dynamic(move || {
        opened
            .get()
            .then(|| untrack(|| Narrow::part().show_later(narrow)))
            .into_any()
    });
    let open = move |_| {
        opened.set(true);
        form.show();
    };
    let zone = offsets().zone().as_str().to_owned();
    view! {
        <div class="filters">
            <Search label="Search calls" placeholder="Number, contact or agent" filters=&KNOWN/>
            <Search key="said" label="Search what was said" placeholder="Words that were said" filters=&KNOWN/>
            <Chip key="status" label="State" choices=Vec::from(states)/>
            <Chip key="placed" label="Placed" choices=Vec::from(periods)/>
            <Chip key="verdict" label="Verdict" choices=Vec::from(verdicts)/>
            {chips}
            {set}
            <button type="button" class="chip add" on:click=open><span>{icon("filter")}"More filters"</span></button>
            {clear}
            <span class="push">{columns.chooser()}{export_in(url, "calls", &NAMES, Some(zone))}</span>
        </div>
        {dialog}
    }
    .into_any()
}

/// Filters without a chip to choose them by.
const ELSEWHERE: [&str; 18] = [
    "end",
    "fault",
    "medium",
    "version",
    "contact",
    "number",
    "by",
    "min_talk",
    "max_talk",
    "min_price",
    "max_price",
    "first",
    "last",
    "from",
    "until",
    "metadata",
    "sentiment",
    "field",
];

/// What is set in the dialog or by a link, each of which can be taken away.
#[derive(Clone, Copy)]
struct Elsewhere {
    url: UrlQuery,
    calls: Loading<Listing<CallRow>>,
    offered: Loading<Offered>,
}

impl Elsewhere {
    fn show(self) -> AnyView {
        part!(filters, draw, Elsewhere).show_later(self)
    }
}

fn draw(elsewhere: Elsewhere) -> AnyView {
    let Elsewhere { url, calls, offered } = elsewhere;
    let contact = once_loaded(calls, move |listing| {
        let name = listing.items.iter().find_map(|call| call.contact_name.clone());
        let name = name.unwrap_or_else(|| "somebody without calls".to_owned());
        dynamic(move || {
            url.get("contact")
                .map(|_| fixed(url, "contact", "Contact is", name.clone()))
                .into_any()
        })
    });
    let by = once_loaded(offered, move |(_, facets): &Offered| {
        let people = facets.placed_by.clone();
        dynamic(move || {
            url.get("by")
                .map(|by| {
                    let known = people.iter().find(|(id, name)| *id == by && !name.is_empty());
                    let name = known.map_or_else(|| "somebody who is gone".to_owned(), |(_, name)| name.clone());
                    fixed(url, "by", "Placed by", name)
                })
                .into_any()
        })
    });
    let others = dynamic(move || {
        ELSEWHERE
            .iter()
            .filter_map(|key| {
                let value = url.get(key)?;
                let (label, words) = told(key, &value)?;
                Some(fixed(url, key, label, words))
            })
            .collect_view()
            .into_any()
    });
    view! { {contact}{by}{others} }.into_any()
}

/// How a filter without a chip of its own is told.
fn told(key: &str, value: &str) -> Option<(&'static str, String)> {
    let seconds = || {
        value
            .parse()
            .map_or_else(|_| value.to_owned(), |seconds: i64| clock(seconds * 1000))
    };
    let dollars = || {
        value
            .parse()
            .map_or_else(|_| value.to_owned(), |micros| Micros(micros).to_string())
    };
    Some(match key {
        "end" => {
            let reason = EndReason::ALL.into_iter().find(|reason| reason.word() == value);
            (
                "Ended because",
                reason.map_or_else(|| value.to_owned(), |reason| reason.label().to_owned()),
            )
        }
        "fault" => {
            let party = AtFault::ALL.into_iter().find(|party| party.word() == value);
            (
                "At fault",
                party.map_or_else(|| value.to_owned(), |party| party.label().to_owned()),
            )
        }
        "medium" => {
            let medium = Medium::ALL.into_iter().find(|medium| medium.word() == value);
            (
                "Kind is",
                medium.map_or_else(|| value.to_owned(), |medium| medium.label().to_owned()),
            )
        }
        "version" => ("Version is", value.to_owned()),
        "number" => ("Number is", value.to_owned()),
        "min_talk" => ("Talk time from", seconds()),
        "max_talk" => ("Talk time up to", seconds()),
        "min_price" => ("Price from", dollars()),
        "max_price" => ("Price up to", dollars()),
        "first" => ("Placed from", value.to_owned()),
        "last" => ("Placed until", value.to_owned()),
        "from" => ("Placed from", value.to_owned()),
        "until" => ("Placed before", value.to_owned()),
        "metadata" => ("Metadata", value.to_owned()),
        "sentiment" => {
            let mood = Sentiment::ALL.into_iter().find(|mood| mood.word() == value);
            (
                "Mood is",
                mood.map_or_else(|| value.to_owned(), |mood| mood.label().to_owned()),
            )
        }
        "field" => ("Field", value.replacen(':', " is ", 1)),
        _ => return None,
    })
}

/// A filter that can be taken away and not changed.
fn fixed(url: UrlQuery, key: &'static str, label: &'static str, value: String) -> AnyView {
    let remove = format!("Remove filter {label}");
    view! {
        <span class="chip">
            <span>{label}" "<b>{value}</b></span>
            <a href=url.with(key, None) aria-label=remove.clone() title=remove>{icon("x")}</a>
        </span>
    }
    .into_any()
}
