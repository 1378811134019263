//! Addresses of the list: what it is narrowed to, as the query of a page. Only the server reads and writes filters: with them the
//! list would weigh a third more.

use leptos_router::params::ParamsMap;

use crate::kit::{UrlQuery, offsets};

/// What each filter is called in the address of the page, and in that of the API.
pub const NAMES: [(&str, &str); 27] = [
    ("q", "q"),
    ("said", "said"),
    ("status", "status"),
    ("end", "end_reason"),
    ("disposition", "disposition"),
    ("fault", "at_fault"),
    ("medium", "medium"),
    ("agent", "agent_id"),
    ("version", "agent_version"),
    ("contact", "contact_id"),
    ("number", "number"),
    ("by", "placed_by"),
    ("tag", "tag"),
    ("min_talk", "min_talk_s"),
    ("max_talk", "max_talk_s"),
    ("min_price", "min_price"),
    ("max_price", "max_price"),
    ("placed", "placed"),
    ("first", "first_day"),
    ("last", "last_day"),
    ("zone", "zone"),
    ("from", "from"),
    ("until", "until"),
    ("metadata", "metadata"),
    ("verdict", "verdict"),
    ("sentiment", "sentiment"),
    ("field", "field"),
];

/// Everything a link of this page may say, beside the words that are searched for.
pub const KNOWN: [&str; 26] = {
    let mut known = [""; 26];
    let mut at = 0;
    while at < known.len() {
        known[at] = NAMES[at + 1].0;
        at += 1;
    }
    known
};

/// Filters by days, which are some zone's.
const DAYS: [&str; 3] = ["placed", "first", "last"];

/// The query of this page, without what is no filter. Days are those of whoever looks, unless they are said to be of another
/// zone; where no day is named there is no zone.
pub fn asked(url: UrlQuery) -> String {
    let zone = url.get("zone").or_else(|| Some(offsets().zone().as_str().to_owned()));
    query(url, zone)
}

/// The same for whoever comes here by it: no zone is that of whoever looks.
pub fn kept(url: UrlQuery) -> String {
    query(url, url.get("zone").filter(|zone| zone != offsets().zone().as_str()))
}

fn query(url: UrlQuery, zone: Option<String>) -> String {
    let mut map = ParamsMap::new();
    let zone = zone.filter(|_| url.count(&DAYS) > 0);
    for (key, _) in NAMES {
        let value = if key == "zone" { zone.clone() } else { url.get(key) };
        if let Some(value) = value {
            map.insert(key, value);
        }
    }
    map.to_query_string()
}

#[cfg(feature = "ssr")]
pub use ssr::{read, write};

#[cfg(feature = "ssr")]
mod ssr {
    use leptos_router::{location::RequestUrl, params::ParamsMap};
    use switchboard::{
        Error,
        analysis::{Sentiment, Verdict},
        calls::{AtFault, CallFilter, EndReason, Medium, Period, Status},
        metadata::MetadataFilter,
        money::Micros,
        zone::TimeZone,
    };

    use crate::{
        AppError,
        kit::{machine, read_value},
    };

    /// What a query asks for, as `asked` and `kept` make it.
    ///
    /// # Errors
    /// Something is set to what is none of its values.
    pub fn read(query: &str) -> Result<CallFilter, AppError> {
        let query = query.trim_start_matches('?');
        let url = RequestUrl::new(&format!("/calls?{query}")).parse();
        let url = url.map_err(|_| Error::invalid("query", "This is no query of an address."))?;
        let map = url.search_params();
        let get = |key: &str| map.get(key).filter(|value| !value.is_empty());

        let number = |key: &'static str, label: &str| read_value(get(key), key, label, |text| text.parse().ok());
        let price =
            |key: &'static str, label: &str| read_value(get(key), key, label, |text| text.parse().ok().map(Micros));
        Ok(CallFilter {
            q: get("q"),
            said: get("said"),
            status: read_value(get("status"), "status", "state", |word| {
                Status::ALL.into_iter().find(|status| status.word() == word)
            })?,
            end_reason: read_value(get("end"), "end", "end reason", |word| {
                EndReason::ALL.into_iter().find(|reason| reason.word() == word)
            })?,
            disposition: get("disposition"),
            at_fault: read_value(get("fault"), "fault", "party", |word| {
                AtFault::ALL.into_iter().find(|party| party.word() == word)
            })?,
            medium: read_value(get("medium"), "medium", "kind of call", |word| {
                Medium::ALL.into_iter().find(|medium| medium.word() == word)
            })?,
            agent_id: read_value(get("agent"), "agent", "agent", |id| id.parse().ok())?,
            agent_version: number("version", "version")?,
            contact_id: read_value(get("contact"), "contact", "contact", |id| id.parse().ok())?,
            number: get("number"),
            placed_by: get("by"),
            tag: get("tag"),
            min_talk_s: number("min_talk", "talk time")?,
            max_talk_s: number("max_talk", "talk time")?,
            min_price: price("min_price", "price")?,
            max_price: price("max_price", "price")?,
            placed: read_value(get("placed"), "placed", "period", |word| {
                Period::ALL.into_iter().find(|period| period.word() == word)
            })?,
            first_day: get("first"),
            last_day: get("last"),
            zone: read_value(get("zone"), "zone", "time zone", |name| TimeZone::parse(name).ok())?,
            from: read_value(get("from"), "from", "time", |text| text.parse().ok())?,
            until: read_value(get("until"), "until", "time", |text| text.parse().ok())?,
            metadata: read_value(get("metadata"), "metadata", "metadata", MetadataFilter::one)?.unwrap_or_default(),
            verdict: read_value(get("verdict"), "verdict", "verdict", |word| {
                Verdict::ALL.into_iter().find(|verdict| verdict.word() == word)
            })?,
            sentiment: read_value(get("sentiment"), "sentiment", "mood", |word| {
                Sentiment::ALL.into_iter().find(|sentiment| sentiment.word() == word)
            })?,
            field: read_value(get("field"), "field", "field", MetadataFilter::one)?.unwrap_or_default(),
        })
    }

    /// The query of the list with this filter.
    pub fn write(filter: &CallFilter) -> String {
        let word = |word: Option<&'static str>| word.map(str::to_owned);
        let text = |text: &Option<String>| text.clone();
        let values = [
            ("q", text(&filter.q)),
            ("said", text(&filter.said)),
            ("status", word(filter.status.map(Status::word))),
            ("end", word(filter.end_reason.map(EndReason::word))),
            ("disposition", text(&filter.disposition)),
            ("fault", word(filter.at_fault.map(AtFault::word))),
            ("medium", word(filter.medium.map(Medium::word))),
            ("agent", filter.agent_id.map(|id| id.to_string())),
            ("version", filter.agent_version.map(|number| number.to_string())),
            ("contact", filter.contact_id.map(|id| id.to_string())),
            ("number", text(&filter.number)),
            ("by", text(&filter.placed_by)),
            ("tag", text(&filter.tag)),
            ("min_talk", filter.min_talk_s.map(|seconds| seconds.to_string())),
            ("max_talk", filter.max_talk_s.map(|seconds| seconds.to_string())),
            ("min_price", filter.min_price.map(|price| price.0.to_string())),
            ("max_price", filter.max_price.map(|price| price.0.to_string())),
            ("placed", word(filter.placed.map(Period::word))),
            ("first", text(&filter.first_day)),
            ("last", text(&filter.last_day)),
            ("zone", filter.zone.as_ref().map(|zone| zone.as_str().to_owned())),
            ("from", filter.from.map(machine)),
            ("until", filter.until.map(machine)),
            ("metadata", filter.metadata.first()),
            ("verdict", word(filter.verdict.map(Verdict::word))),
            ("sentiment", word(filter.sentiment.map(Sentiment::word))),
            ("field", filter.field.first()),
        ];
        let mut map = ParamsMap::new();
        for (key, value) in values {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                map.insert(key, value);
            }
        }
        map.to_query_string()
    }
}
