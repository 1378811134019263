//! The filter: what the list of calls can be narrowed to. Everything that is asked for must hold.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AtFault, EndReason, Medium, Status};
use crate::{
    agents::Agent,
    analysis::{Sentiment, Verdict},
    contacts::Contact,
    id::Id,
    metadata::MetadataFilter,
    money::Micros,
    zone::TimeZone,
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(utoipa::IntoParams, utoipa::ToSchema),
    into_params(parameter_in = Query)
)]
#[serde(default)]
pub struct CallFilter {
    /// Part of the number, of the contact's name or of the agent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Words of what was said: all of them, those in quotation marks side by side, none of those after a minus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    /// The organization's own word for the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// Whose matter the end was.
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_fault: Option<AtFault>,
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<Medium>,
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>, format = Uuid))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Id<Agent>>,
    /// The version of the agent that they ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<i32>,
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>, format = Uuid))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<Id<Contact>>,
    /// The whole number that was called, with its country code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Who placed them: a person or an API key, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Seconds between answer and end, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_talk_s: Option<i32>,
    /// Seconds between answer and end, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_talk_s: Option<i32>,
    /// In millionths of a US dollar, at least.
    #[cfg_attr(feature = "ssr", param(value_type = Option<i64>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_price: Option<Micros>,
    /// In millionths of a US dollar, at most.
    #[cfg_attr(feature = "ssr", param(value_type = Option<i64>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_price: Option<Micros>,
    /// When they were placed, as counted from now.
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placed: Option<Period>,
    /// Placed on this day or later: `2026-11-30`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day: Option<String>,
    /// Placed on this day or before: `2026-11-30`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
    /// Whose days and months are meant; UTC if absent.
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<TimeZone>,
    /// Placed at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// Placed before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// With this in its metadata, a name and a value around a colon; all of them, where it is said several times.
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "MetadataFilter::is_empty")]
    pub metadata: MetadataFilter,
    /// What the success criteria say together.
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// With this value in a field of its analysis, a name and a value around a colon, such as `booked:yes`; upper and lower case are the
    /// same. All of up to three, where it is said several times.
    #[cfg_attr(feature = "ssr", param(inline))]
    #[serde(skip_serializing_if = "MetadataFilter::is_empty")]
    pub field: MetadataFilter,
}

/// Whole days and months, the one under way included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Today,
    Yesterday,
    /// Today and the six days before.
    #[serde(rename = "last_7_days")]
    Last7Days,
    /// Today and the 29 days before.
    #[serde(rename = "last_30_days")]
    Last30Days,
    ThisMonth,
    LastMonth,
}

impl Period {
    pub const ALL: [Self; 6] = [
        Self::Today,
        Self::Yesterday,
        Self::Last7Days,
        Self::Last30Days,
        Self::ThisMonth,
        Self::LastMonth,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Last7Days => "last_7_days",
            Self::Last30Days => "last_30_days",
            Self::ThisMonth => "this_month",
            Self::LastMonth => "last_month",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Yesterday => "Yesterday",
            Self::Last7Days => "Last 7 days",
            Self::Last30Days => "Last 30 days",
            Self::ThisMonth => "This month",
            Self::LastMonth => "Last month",
        }
    }
}

#[cfg(feature = "ssr")]
mod ssr {
    use chrono::{DateTime, Days, Months, NaiveDate, Utc};

    use super::{CallFilter, Period};
    use crate::{
        check::{Check, Checked},
        phone::PhoneNumber,
        zone::{midnight, today},
    };

    /// Characters of what is searched for in what was said.
    const LONGEST_SEARCH: usize = 200;
    /// Each is looked up beside the others.
    const MOST_FIELDS: usize = 3;

    impl Period {
        /// Its first day, and the day after its last.
        fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
            let back = |days| today.checked_sub_days(Days::new(days)).unwrap_or(today);
            let tomorrow = today.succ_opt().unwrap_or(today);
            let month = first_of_month(today);
            match self {
                Self::Today => (today, tomorrow),
                Self::Yesterday => (back(1), today),
                Self::Last7Days => (back(6), tomorrow),
                Self::Last30Days => (back(29), tomorrow),
                Self::ThisMonth => (month, tomorrow),
                Self::LastMonth => (month.checked_sub_months(Months::new(1)).unwrap_or(month), month),
            }
        }
    }

    fn first_of_month(day: NaiveDate) -> NaiveDate {
        use chrono::Datelike;
        day.with_day(1).unwrap_or(day)
    }

    fn day(text: &str) -> Option<NaiveDate> {
        // chrono also takes years of five digits, which Postgres does not.
        text.parse::<NaiveDate>().ok().filter(|_| text.len() == 10)
    }

    impl CallFilter {
        pub(crate) fn is_empty(&self) -> bool {
            let zone = self.zone.clone();
            *self
                == Self {
                    zone,
                    ..Self::default()
                }
        }

        /// When the calls were placed: from the first moment, and before the second.
        pub(crate) fn placed_between(&self, now: DateTime<Utc>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
            let zone = self.zone.clone().unwrap_or_default();
            let (mut from, mut until) = (self.from, self.until);
            let mut narrow = |first: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>| {
                from = from.max(first);
                until = match (until, end) {
                    (Some(until), Some(end)) => Some(until.min(end)),
                    (until, end) => until.or(end),
                };
            };
            if let Some(period) = self.placed {
                let (first, end) = period.days(today(&zone, now));
                narrow(Some(midnight(&zone, first)), Some(midnight(&zone, end)));
            }
            let begins = |text: &Option<String>| text.as_deref().and_then(day);
            let first = begins(&self.first_day).map(|day| midnight(&zone, day));
            let end = begins(&self.last_day).and_then(|day| day.succ_opt());
            narrow(first, end.map(|day| midnight(&zone, day)));
            (from, until)
        }

        /// The number that is meant, as calls have it.
        pub(crate) fn dialed(&self) -> Option<String> {
            let number = self.number.as_deref()?;
            PhoneNumber::parse(number).ok().map(|number| number.e164().to_owned())
        }
    }

    impl Checked for CallFilter {
        fn check(&self, check: &mut Check) {
            let words = |field, value: &Option<String>, check: &mut Check| {
                if let Some(text) = value {
                    check.text(field, text, 0..=LONGEST_SEARCH);
                }
            };
            words("q", &self.q, check);
            words("said", &self.said, check);
            words("tag", &self.tag, check);
            words("disposition", &self.disposition, check);
            words("placed_by", &self.placed_by, check);
            if let Some(Err(says)) = self.number.as_deref().map(PhoneNumber::parse) {
                check.fail("number", says);
            }
            if self.field.len() > MOST_FIELDS {
                check.fail("field", "Ask for at most three fields.");
            }
            for (field, text) in [("first_day", &self.first_day), ("last_day", &self.last_day)] {
                if text.as_deref().is_some_and(|text| day(text).is_none()) {
                    check.fail(field, "Write a day as 2026-11-30.");
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::zone::TimeZone;

        fn at(text: &str) -> DateTime<Utc> {
            text.parse().unwrap()
        }

        fn between(filter: &CallFilter, now: &str) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
            filter.placed_between(at(now))
        }

        fn zoned(zone: &str) -> CallFilter {
            CallFilter {
                zone: TimeZone::parse(zone).ok(),
                ..CallFilter::default()
            }
        }

        #[test]
        fn a_day_is_that_of_the_zone_and_as_long_as_it_is_there() {
            let yesterday = |zone, now| {
                between(
                    &CallFilter {
                        placed: Some(Period::Yesterday),
                        ..zoned(zone)
                    },
                    now,
                )
            };
            for (zone, now, from, until) in [
                (
                    "UTC",
                    "2026-11-30T12:00:00Z",
                    "2026-11-29T00:00:00Z",
                    "2026-11-30T00:00:00Z",
                ),
                (
                    "Asia/Tokyo",
                    "2026-11-30T16:00:00Z",
                    "2026-11-29T15:00:00Z",
                    "2026-11-30T15:00:00Z",
                ),
                (
                    "America/St_Johns",
                    "2026-11-30T02:00:00Z",
                    "2026-11-28T03:30:00Z",
                    "2026-11-29T03:30:00Z",
                ),
                // 23 hours, and 25.
                (
                    "Europe/Berlin",
                    "2026-03-30T10:00:00Z",
                    "2026-03-28T23:00:00Z",
                    "2026-03-29T22:00:00Z",
                ),
                (
                    "Europe/Berlin",
                    "2026-10-26T10:00:00Z",
                    "2026-10-24T22:00:00Z",
                    "2026-10-25T23:00:00Z",
                ),
            ] {
                assert_eq!(yesterday(zone, now), (Some(at(from)), Some(at(until))), "{zone} {now}");
            }
        }

        #[test]
        fn a_day_whose_midnight_is_left_out_begins_with_its_first_moment() {
            let filter = CallFilter {
                first_day: Some("2018-11-04".to_owned()),
                last_day: Some("2018-11-04".to_owned()),
                ..zoned("America/Sao_Paulo")
            };
            let day = (Some(at("2018-11-04T03:00:00Z")), Some(at("2018-11-05T02:00:00Z")));
            assert_eq!(between(&filter, "2026-11-30T12:00:00Z"), day);
        }

        #[test]
        fn what_is_said_of_the_time_narrows_what_was_said_before() {
            let filter = CallFilter {
                placed: Some(Period::LastMonth),
                first_day: Some("2026-10-15".to_owned()),
                until: Some(at("2026-10-20T06:00:00Z")),
                ..CallFilter::default()
            };
            let narrowed = (Some(at("2026-10-15T00:00:00Z")), Some(at("2026-10-20T06:00:00Z")));
            assert_eq!(between(&filter, "2026-11-30T12:00:00Z"), narrowed);
            assert_eq!(between(&CallFilter::default(), "2026-11-30T12:00:00Z"), (None, None));
        }

        #[test]
        fn what_is_no_day_and_no_number_is_refused_beside_its_field() {
            let filter = CallFilter {
                first_day: Some("30.11.2026".to_owned()),
                last_day: Some("+12026-11-30".to_owned()),
                number: Some("555".to_owned()),
                ..CallFilter::default()
            };
            let error = Check::run(&filter).unwrap_err();
            let fields: Vec<_> = error.fields().iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, ["number", "first_day", "last_day"]);
        }

        #[test]
        fn a_zone_alone_narrows_nothing() {
            assert!(zoned("Asia/Tokyo").is_empty());
            assert!(
                !CallFilter {
                    tag: Some("a".to_owned()),
                    ..CallFilter::default()
                }
                .is_empty()
            );
        }
    }
}
