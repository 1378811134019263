//! Narrowing: a dialog with every filter of the list, for what has no chip.

use std::collections::BTreeMap;

use leptos::prelude::*;
use switchboard::{
    Error,
    analysis::{Sentiment, Verdict},
    calls::{AtFault, EndReason, Medium, Period, Status},
    check::Check,
};

use super::{address::KNOWN, filters::Offered, read_number};
use crate::{
    AppError,
    kit::{Asks, DialogForm, Loading, Select, TextField, UrlQuery, offsets, once_loaded},
    lazy::{LazyPart, part},
};

/// Of one filter each, by its name in the address; as people write it.
type Values = BTreeMap<&'static str, String>;

/// Money and times, which are written otherwise in the address.
const TIMES: [&str; 2] = ["min_talk", "max_talk"];
const PRICES: [&str; 2] = ["min_price", "max_price"];

/// The dialog, of which its form says when it is open.
#[derive(Clone, Copy)]
pub struct Narrow {
    pub form: DialogForm,
    pub url: UrlQuery,
    pub offered: Loading<Offered>,
}

impl Narrow {
    /// Most people never open it.
    pub fn part() -> LazyPart<Self> {
        part!(filters, draw, Narrow)
    }
}

fn draw(narrow: Narrow) -> AnyView {
    let Narrow { form, url, offered } = narrow;
    let values = RwSignal::new(Values::new());
    let fields = move || {
        values.set(untrack(|| asked(url)));
        fields(values, offered)
    };
    let send = move || {
        let wanted = values.get_untracked();
        form.send(async move {
            let changes = checked(wanted).await?;
            let zone = offsets_of(&changes);
            let changes: Vec<_> = KNOWN
                .iter()
                .map(|key| match *key {
                    "zone" => ("zone", zone.as_deref()),
                    key => (key, changes.get(key).map(String::as_str)),
                })
                .collect();
            url.go(untrack(|| url.with_all(&changes)), false);
            Ok(())
        });
    };
    let asks = Asks {
        id: "narrow",
        title: Signal::stored("Filter calls".to_owned()),
        sub: Signal::stored("Calls that fit everything that is filled in are shown.".to_owned()),
        verb: Signal::stored("Show calls".to_owned()),
        destroys: false,
    };
    form.draw(asks, fields, send)
}

/// The zone that days are meant in, where any are named.
fn offsets_of(changes: &Values) -> Option<String> {
    let days = ["placed", "first", "last"].iter().any(|key| changes.contains_key(key));
    days.then(|| offsets().zone().as_str().to_owned())
}

/// What the address asks for, as people write it.
fn asked(url: UrlQuery) -> Values {
    let told = |key: &'static str| {
        let value = url.get(key)?;
        let told = match value.parse() {
            Ok(seconds) if TIMES.contains(&key) => clock(seconds),
            Ok(micros) if PRICES.contains(&key) => dollars(micros),
            _ => value,
        };
        Some((key, told))
    };
    KNOWN.into_iter().filter_map(told).collect()
}

/// As the address has it.
async fn checked(values: Values) -> Result<Values, AppError> {
    let (mut wanted, mut check) = (Values::new(), Check::default());
    for (key, value) in values {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let read = match key {
            key if TIMES.contains(&key) => seconds(value).ok_or("Write minutes and seconds, such as 1:30."),
            key if PRICES.contains(&key) => micros(value).ok_or("Write dollars, such as 0.25."),
            "field" if !value.contains(':') => Err("Write a field, a colon and the value, such as booked:yes."),
            "metadata" if !value.contains(':') => Err("Write a name, a colon and the value, such as customer:42."),
            _ => Ok(value.to_owned()),
        };
        match read {
            Ok(value) => drop(wanted.insert(key, value)),
            Err(says) => check.fail(key, says),
        }
    }
    check.finish()?;
    if let Some(number) = wanted.get("number") {
        read_number(number.clone()).await?;
    }
    let inverted = |least: &str, most: &str| {
        let number = |key| wanted.get(key).and_then(|text: &String| text.parse::<i64>().ok());
        number(least)
            .zip(number(most))
            .is_some_and(|(least, most)| least > most)
    };
    let mut check = Check::default();
    if inverted("min_talk", "max_talk") {
        check.fail("max_talk", "This is less than the shortest.");
    }
    if inverted("min_price", "max_price") {
        check.fail("max_price", "This is less than the lowest.");
    }
    if wanted
        .get("first")
        .zip(wanted.get("last"))
        .is_some_and(|(first, last)| first > last)
    {
        check.fail("last", "This is before the first day.");
    }
    check.finish().map_err(|error: Error| AppError(error))?;
    Ok(wanted)
}

/// `1:30` of 90.
fn clock(seconds: i64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// 90 of `1:30` and of `90`.
fn seconds(text: &str) -> Option<String> {
    let read = |text: &str| text.trim().parse::<i32>().ok().filter(|n| (0..=100_000).contains(n));
    let seconds = match text.split_once(':') {
        Some((minutes, seconds)) => read(minutes)? * 60 + read(seconds).filter(|seconds| *seconds < 60)?,
        None => read(text)?,
    };
    Some(seconds.to_string())
}

/// `0.25` of 250,000 millionths.
fn dollars(micros: i64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    short.to_owned()
}

/// 250,000 millionths of `0.25`, `.25` and `$0.25`.
fn micros(text: &str) -> Option<String> {
    let text = text.trim_start_matches('$').trim();
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) || whole.len() > 6 || part.len() > 6 {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i64 = format!("{part:0<6}").parse().ok()?;
    Some((whole * 1_000_000 + part).to_string())
}

fn fields(values: RwSignal<Values>, offered: Loading<Offered>) -> AnyView {
    let value = move |key: &'static str| {
        Signal::derive(move || values.with(|values| values.get(key).cloned().unwrap_or_default()))
    };
    let set = move |key: &'static str| {
        Callback::new(move |text: String| {
            values.update(|values| {
                values.insert(key, text);
            });
        })
    };
    let text = move |key: &'static str, label: &'static str, placeholder: &'static str, kind: &'static str| {
        view! { <TextField path=key label=label kind=kind placeholder=placeholder value=value(key) on_input=set(key)/> }
            .into_any()
    };
    let choice = move |key: &'static str, label: &'static str, words: Vec<(&str, &str)>| {
        let any = [(String::new(), "Any".to_owned())];
        let options = words
            .into_iter()
            .map(|(word, label)| (word.to_owned(), label.to_owned()));
        let options: Vec<_> = any.into_iter().chain(options).collect();
        view! { <Select path=key label=label options=options value=value(key) on_change=set(key)/> }.into_any()
    };
    let by = once_loaded(offered, move |(agents, facets): &Offered| {
        let named = |(id, name): &(String, String)| (id.clone(), name.clone());
        let any = || [(String::new(), "Any".to_owned())].into_iter();
        let agents: Vec<_> = any().chain(agents.iter().map(named)).collect();
        let tags: Vec<_> = any()
            .chain(facets.tags.iter().map(|tag| (tag.clone(), tag.clone())))
            .collect();
        let own: Vec<_> = any()
            .chain(facets.dispositions.iter().map(|name| (name.clone(), name.clone())))
            .collect();
        let own = (own.len() > 1).then(|| {
            view! { <Select path="disposition" label="Disposition" options=own value=value("disposition") on_change=set("disposition")/> }
        });
        let known = facets.placed_by.iter().filter(|(_, name)| !name.is_empty());
        let people: Vec<_> = any().chain(known.map(named)).collect();
        view! {
            <Select path="agent" label="Agent" options=agents value=value("agent") on_change=set("agent")/>
            <Select path="by" label="Placed by" options=people value=value("by") on_change=set("by")/>
            <Select path="tag" label="Tag" options=tags value=value("tag") on_change=set("tag")/>
            {own}
        }
        .into_any()
    });
    view! {
        {text("said", "Words that were said", "All of them; \"in quotes\" side by side, -without", "text")}
        <div class="cols">
            {choice("status", "State", Status::ALL.map(|status| (status.word(), status.label())).into())}
            {choice("end", "Ended because", EndReason::ALL.map(|reason| (reason.word(), reason.label())).into())}
            {choice("fault", "At fault", AtFault::ALL.map(|party| (party.word(), party.label())).into())}
            {choice("medium", "Kind", Medium::ALL.map(|medium| (medium.word(), medium.label())).into())}
            {by}
            {text("version", "Version of the agent", "", "number")}
            {text("number", "Number that was called", "+1 415 555 0120", "tel")}
            {text("min_talk", "Talk time at least", "0:30", "text")}
            {text("max_talk", "Talk time at most", "5:00", "text")}
            {text("min_price", "Price at least, in dollars", "0.05", "text")}
            {text("max_price", "Price at most, in dollars", "1.00", "text")}
            {choice("placed", "Placed", Period::ALL.map(|period| (period.word(), period.label())).into())}
            {text("first", "First day", "", "date")}
            {text("last", "Last day", "", "date")}
            {choice("verdict", "Verdict", Verdict::ALL.map(|verdict| (verdict.word(), verdict.label())).into())}
            {choice("sentiment", "Mood", Sentiment::ALL.map(|mood| (mood.word(), mood.label())).into())}
            {text("field", "Field of the analysis", "booked:yes", "text")}
            {text("metadata", "Metadata", "customer:42", "text")}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_prices_are_read_as_people_write_them() {
        let seconds: Vec<_> = ["90", "1:30", "0:05", "1:75", "x", "-5"].map(seconds).into();
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(seconds, [told("90"), told("90"), told("5"), None, None, None]);
        let prices: Vec<_> = ["0.25", ".25", "$1", "1,5", "", ".", "1.2345678", "-1"]
            .map(micros)
            .into();
        let read = [
            told("250000"),
            told("250000"),
            told("1000000"),
            told("1500000"),
            None,
            None,
            None,
            None,
        ];
        assert_eq!(prices, read);
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        for micros_of in [0, 5_000, 250_000, 1_000_000, 12_345_678] {
            assert_eq!(micros(&dollars(micros_of)), Some(micros_of.to_string()));
        }
        assert_eq!((clock(90), clock(5)), ("1:30".to_owned(), "0:05".to_owned()));
    }
}
