//! Time zones: the name of one, and its offsets from UTC as a table that the server and the browser read alike.
//!
//! The server makes the table. A browser with older zone data, or in another zone, writes the same times with it.

use std::{fmt, sync::Arc};

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

/// The IANA name of a time zone. The server knows which there are; the browser takes its word for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(transparent),
    schema(value_type = String, example = "Europe/Berlin")
)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone that is known here")]
pub struct UnknownZone;

/// The longest name that is kept.
pub const LONGEST_NAME: usize = 64;

impl TimeZone {
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        #[cfg(feature = "ssr")]
        if name.len() > LONGEST_NAME || name.parse::<chrono_tz::Tz>().is_err() {
            return Err(UnknownZone);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name that a browser gave of itself; nothing where it gave none, or one that is not known here.
    pub fn of_browser(name: &str) -> Option<Self> {
        Self::parse(name.trim()).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people read it: `America/New York`.
    pub fn words(&self) -> String {
        self.0.replace('_', " ")
    }

    pub fn is_utc(&self) -> bool {
        self.0 == "UTC"
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}
impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for TimeZone {
    type Error = UnknownZone;
    fn try_from(name: String) -> Result<Self, UnknownZone> {
        Self::parse(&name)
    }
}
impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

/// A zone's offsets in the years around now. Before them the first one is taken, and after them the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Offsets(Arc<Table>);

#[derive(Debug, Default, PartialEq)]
struct Table {
    zone: TimeZone,
    /// In minutes, before the first change.
    first: i64,
    changes: Vec<Change>,
}

/// From this minute on (counted from 1970), the zone is so many minutes ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    at: i64,
    ahead: i64,
}

impl Offsets {
    pub fn zone(&self) -> &TimeZone {
        &self.0.zone
    }

    /// Minutes ahead of UTC at this moment.
    pub fn ahead(&self, at: DateTime<Utc>) -> i64 {
        let minute = at.timestamp().div_euclid(60);
        let changes = &self.0.changes;
        match changes.partition_point(|change| change.at <= minute) {
            0 => self.0.first,
            n => changes[n - 1].ahead,
        }
    }

    /// What clocks of the zone show at this moment, to the second.
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let moved = DateTime::from_timestamp(at.timestamp() + self.ahead(at) * 60, 0);
        moved.unwrap_or(at).naive_utc()
    }
}

/// How a table travels with every page: the zone, its first offset, then each change as minutes since the one before and the new
/// offset, all in one text. The same few numbers return each year, which compresses to next to nothing.
impl From<Offsets> for String {
    fn from(offsets: Offsets) -> Self {
        let Table { zone, first, changes } = &*offsets.0;
        let mut text = format!("{zone} {first}");
        let mut before = 0;
        for change in changes {
            text.push_str(&format!(" {} {}", change.at - before, change.ahead));
            before = change.at;
        }
        text
    }
}

impl From<String> for Offsets {
    fn from(text: String) -> Self {
        let mut words = text.split(' ');
        let zone = words
            .next()
            .and_then(|name| TimeZone::parse(name).ok())
            .unwrap_or_default();
        let mut next = || words.next()?.parse::<i64>().ok();
        let first = next().unwrap_or_default();
        let (mut at, mut changes) = (0, Vec::new());
        while let (Some(since), Some(ahead)) = (next(), next()) {
            at += since;
            changes.push(Change { at, ahead });
        }
        Self(Arc::new(Table { zone, first, changes }))
    }
}

#[cfg(feature = "ssr")]
mod ssr {
    use std::{
        collections::HashMap,
        sync::{Arc, LazyLock, PoisonError, RwLock},
    };

    use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc};

    use super::{Change, Offsets, Table, TimeZone};

    /// How many years the table begins before this one, and how many it goes on after it.
    const BACK: i32 = 10;
    const AHEAD: i32 = 2;
    const DAY: i64 = 24 * 60;

    /// One that a newer release kept and this one does not know is UTC.
    fn known(zone: &TimeZone) -> chrono_tz::Tz {
        zone.as_str().parse().unwrap_or(chrono_tz::UTC)
    }

    /// The day it is in a zone.
    pub fn today(zone: &TimeZone, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&known(zone)).date_naive()
    }

    /// The first moment of a day in a zone: where clocks are put forward at midnight, the day begins at one.
    pub fn midnight(zone: &TimeZone, day: NaiveDate) -> DateTime<Utc> {
        let zone = known(zone);
        let quarters = (0..=12).map(|quarter| TimeDelta::minutes(quarter * 15));
        let first = quarters.filter_map(|later| {
            zone.from_local_datetime(&(day.and_time(NaiveTime::MIN) + later))
                .earliest()
        });
        first
            .map(|at| at.to_utc())
            .next()
            .unwrap_or_else(|| day.and_time(NaiveTime::MIN).and_utc())
    }

    impl Offsets {
        /// The table of a zone, the same for all of a year. Searching for its changes takes a moment, so it is kept; there are
        /// only so many zones.
        pub fn of(zone: &TimeZone, now: DateTime<Utc>) -> Self {
            static KNOWN: LazyLock<RwLock<HashMap<(TimeZone, i32), Offsets>>> = LazyLock::new(RwLock::default);
            let key = (zone.clone(), now.year());
            let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            known.unwrap_or_else(|| {
                let made = Self::between(zone, key.1 - BACK, key.1 + AHEAD);
                let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
                known.entry(key).or_insert(made).clone()
            })
        }

        /// From the beginning of one year to the end of another.
        fn between(zone: &TimeZone, from: i32, to: i32) -> Self {
            // One that a newer release kept and this one does not know.
            let Ok(tz) = zone.as_str().parse::<chrono_tz::Tz>() else {
                return Self::default();
            };
            let minute = |year| {
                let begins = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
                begins.and_time(NaiveTime::MIN).and_utc().timestamp() / 60
            };
            let ahead = |minute: i64| {
                let at = DateTime::from_timestamp(minute * 60, 0).unwrap_or_default().naive_utc();
                i64::from(tz.offset_from_utc_datetime(&at).fix().local_minus_utc()) / 60
            };
            let (begin, end) = (minute(from), minute(to + 1));
            let first = ahead(begin);
            let (mut at, mut now, mut changes) = (begin, first, Vec::new());
            while at < end {
                let next = (at + DAY).min(end);
                if ahead(next) != now {
                    // The minute of the change is in between.
                    let (mut before, mut after) = (at, next);
                    while after - before > 1 {
                        let middle = before + (after - before) / 2;
                        if ahead(middle) == now {
                            before = middle;
                        } else {
                            after = middle;
                        }
                    }
                    now = ahead(after);
                    changes.push(Change { at: after, ahead: now });
                    at = after;
                } else {
                    at = next;
                }
            }
            Self(Arc::new(Table {
                zone: zone.clone(),
                first,
                changes,
            }))
        }
    }
}

#[cfg(feature = "ssr")]
pub use ssr::{midnight, today};

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use chrono::{Offset as _, TimeZone as _};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn offsets(zone: &str) -> Offsets {
        Offsets::of(&TimeZone::parse(zone).expect("a zone"), at("2026-11-30T09:00:00Z"))
    }

    fn shows(zone: &str, moment: &str) -> String {
        offsets(zone).local(at(moment)).format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn a_zone_is_one_that_is_known_whatever_its_age() {
        for good in [
            "UTC",
            "Europe/Berlin",
            "Asia/Calcutta",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+5",
        ] {
            assert_eq!(TimeZone::parse(good).map(|zone| zone.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            " ",
            "Berlin",
            "europe/berlin",
            "Europe/Berlin ",
            "Europe/Atlantis",
            "+02:00",
            "Europe/Berlin\0",
        ] {
            assert_eq!(TimeZone::parse(bad), Err(UnknownZone), "{bad:?}");
        }
        assert_eq!(
            TimeZone::of_browser(" Asia/Calcutta "),
            TimeZone::parse("Asia/Calcutta").ok()
        );
        assert_eq!(TimeZone::of_browser(""), None);
    }

    #[test]
    fn a_day_of_23_hours_and_one_of_25_begin_and_end_where_clocks_say() {
        assert_eq!(shows("Europe/Berlin", "2026-03-28T23:00:00Z"), "2026-03-29 00:00");
        assert_eq!(shows("Europe/Berlin", "2026-03-29T00:59:59Z"), "2026-03-29 01:59");
        assert_eq!(shows("Europe/Berlin", "2026-03-29T01:00:00Z"), "2026-03-29 03:00");
        assert_eq!(shows("Europe/Berlin", "2026-03-29T22:00:00Z"), "2026-03-30 00:00");

        assert_eq!(shows("Europe/Berlin", "2026-10-24T22:00:00Z"), "2026-10-25 00:00");
        assert_eq!(shows("Europe/Berlin", "2026-10-25T00:30:00Z"), "2026-10-25 02:30");
        assert_eq!(shows("Europe/Berlin", "2026-10-25T01:30:00Z"), "2026-10-25 02:30");
        assert_eq!(shows("Europe/Berlin", "2026-10-25T22:59:59Z"), "2026-10-25 23:59");
        assert_eq!(shows("Europe/Berlin", "2026-10-25T23:00:00Z"), "2026-10-26 00:00");
    }

    #[test]
    fn half_an_hour_counts_and_so_does_a_summer_time_of_half_an_hour() {
        assert_eq!(shows("Asia/Kolkata", "2026-11-30T18:30:00Z"), "2026-12-01 00:00");
        assert_eq!(shows("Australia/Lord_Howe", "2026-07-01T00:00:00Z"), "2026-07-01 10:30");
        assert_eq!(shows("Australia/Lord_Howe", "2026-12-01T00:00:00Z"), "2026-12-01 11:00");
    }

    #[test]
    fn a_zone_without_summer_time_has_no_changes() {
        for zone in ["UTC", "Asia/Tokyo", "Asia/Kolkata", "America/Phoenix"] {
            assert_eq!(offsets(zone).0.changes, [], "{zone}");
        }
        assert_eq!(shows("UTC", "2026-11-30T23:59:59Z"), "2026-11-30 23:59");
    }

    #[test]
    fn beyond_the_table_the_nearest_offset_is_taken() {
        assert_eq!(shows("Europe/Berlin", "1999-07-01T12:00:00Z"), "1999-07-01 13:00");
        assert_eq!(shows("Europe/Berlin", "2044-07-01T12:00:00Z"), "2044-07-01 13:00");
        assert_eq!(
            offsets("Europe/Berlin").local(DateTime::<Utc>::MAX_UTC),
            DateTime::<Utc>::MAX_UTC.naive_utc()
        );
    }

    #[test]
    fn a_table_arrives_as_it_left_and_is_small() {
        let mut longest = 0;
        for tz in chrono_tz::TZ_VARIANTS {
            let sent = offsets(tz.name());
            let json = serde_json::to_string(&sent).unwrap();
            assert_eq!(crate::read::from_str::<Offsets>(&json), Ok(sent), "{json}");
            longest = longest.max(json.len());
        }
        assert!(longest < 400, "{longest} bytes");
        let berlin = serde_json::to_string(&offsets("Europe/Berlin")).unwrap();
        assert!(
            berlin.len() < 400 && berlin.starts_with("\"Europe/Berlin 60 "),
            "{berlin}"
        );
    }

    fn known(tz: chrono_tz::Tz, at: DateTime<Utc>) -> i64 {
        i64::from(tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
    }

    #[test]
    fn every_change_of_every_zone_is_at_its_minute() {
        for tz in chrono_tz::TZ_VARIANTS {
            let offsets = offsets(tz.name());
            for change in &offsets.0.changes {
                for second in [change.at * 60 - 1, change.at * 60] {
                    let at = DateTime::from_timestamp(second, 0).unwrap();
                    assert_eq!(offsets.ahead(at) * 60, known(tz, at), "{tz} at {at}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn any_moment_of_any_zone_is_as_the_zone_data_says(
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
            // 2016 to 2028.
            second in 1_451_606_400_i64..1_861_920_000,
        ) {
            let (tz, at) = (chrono_tz::TZ_VARIANTS[zone], DateTime::from_timestamp(second, 0).unwrap());
            prop_assert_eq!(offsets(tz.name()).ahead(at) * 60, known(tz, at), "{} at {}", tz, at);
        }
    }
}
