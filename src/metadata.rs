//! Metadata: what a program writes beside an agent or a call, to find it again by names of its own.

use std::collections::{BTreeMap, BTreeSet};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
};

use crate::check::Check;

/// Values by their names.
pub type Metadata = BTreeMap<String, String>;

const MOST: usize = 16;
const LONGEST_VALUE: usize = 500;
/// Letters, digits, `_` and `-`: neither the colon of a filter nor the dot of a field's path.
const NAME: &str = "^[A-Za-z0-9_-]{1,40}$";

pub(crate) fn check(check: &mut Check, metadata: &Metadata) {
    check.count("metadata", metadata.len(), MOST, "values");
    if metadata.len() > MOST {
        return;
    }
    for (name, value) in metadata {
        let field = format!("metadata.{name}");
        let says = "Use a name of 1 to 40 letters, digits, underscores and hyphens.";
        check.key(&field, (!is_name(name)).then(|| says.to_owned()), NAME, 40);
        check.text(field, value, 0..=LONGEST_VALUE);
    }
}

fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// As a cell of a table: the JSON of it.
#[cfg(feature = "ssr")]
pub(crate) fn cell(metadata: &Metadata) -> String {
    serde_json::to_string(metadata).expect("names and values are text")
}

/// What the metadata of each row of a list has to have in it: in an address, `metadata=customer:42` for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataFilter(BTreeSet<(String, String)>);

impl MetadataFilter {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One value that is asked for.
    pub fn one(pair: &str) -> Option<Self> {
        let (name, value) = pair.split_once(':').filter(|(name, _)| is_name(name))?;
        Some(Self([(name.to_owned(), value.to_owned())].into()))
    }

    /// The first of them as it is written in an address.
    pub fn first(&self) -> Option<String> {
        self.0.iter().next().map(|(name, value)| format!("{name}:{value}"))
    }

    /// An object for each, all of which are in it; `None` where nothing is asked.
    #[cfg(feature = "ssr")]
    pub(crate) fn objects(&self) -> Option<Vec<serde_json::Value>> {
        let object = |(name, value): &(String, String)| serde_json::json!({ name: value });
        (!self.0.is_empty()).then(|| self.0.iter().map(object).collect())
    }

    /// How many values are asked for.
    #[cfg(feature = "ssr")]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The names, and the values in small letters.
    #[cfg(feature = "ssr")]
    pub(crate) fn lowered(&self) -> (Vec<String>, Vec<String>) {
        self.0
            .iter()
            .map(|(name, value)| (name.clone(), value.trim().to_lowercase()))
            .unzip()
    }

    fn read<E: Error>(pairs: impl IntoIterator<Item = Result<String, E>>) -> Result<Self, E> {
        let mut filter = Self::default();
        for pair in pairs {
            let pair = pair?;
            let (name, value) = pair
                .split_once(':')
                .filter(|(name, _)| is_name(name))
                .ok_or_else(|| E::custom("write it as a name, a colon and the value, such as customer:42"))?;
            filter.0.insert((name.to_owned(), value.to_owned()));
        }
        if filter.0.len() > MOST {
            return Err(E::custom(format_args!("ask for at most {MOST} values")));
        }
        Ok(filter)
    }
}

impl Serialize for MetadataFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(name, value)| format!("{name}:{value}")))
    }
}

impl<'de> Deserialize<'de> for MetadataFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Pairs)
    }
}

/// One pair, or a list of them.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = MetadataFilter;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("names with values, such as customer:42")
    }

    fn visit_str<E: Error>(self, pair: &str) -> Result<MetadataFilter, E> {
        MetadataFilter::read([Ok(pair.to_owned())])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<MetadataFilter, A::Error> {
        MetadataFilter::read(std::iter::from_fn(|| pairs.next_element().transpose()))
    }
}

/// As the description of the API has it: a list of pairs.
#[cfg(feature = "ssr")]
impl utoipa::PartialSchema for MetadataFilter {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
        let pair = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^[A-Za-z0-9_-]{1,40}:[^\x00]*$"));
        ArrayBuilder::new()
            .items(pair)
            .max_items(Some(MOST))
            .examples([serde_json::json!(["customer:42"])])
            .into()
    }
}

#[cfg(feature = "ssr")]
impl utoipa::ToSchema for MetadataFilter {}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    fn refused(metadata: &[(&str, &str)]) -> Vec<String> {
        let metadata = metadata
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut found = Check::default();
        check(&mut found, &metadata.collect());
        match found.finish() {
            Ok(()) => Vec::new(),
            Err(error) => error.fields().iter().map(|error| error.field.clone()).collect(),
        }
    }

    #[test]
    fn names_and_values_are_held_to_their_form() {
        let long = "n".repeat(40);
        let most = "é".repeat(500);
        assert!(refused(&[("customer", "42"), ("crm-id_2", ""), (&long, &most)]).is_empty());
        for name in ["", "a b", "a.b", "a:b", "ä", &"n".repeat(41)] {
            assert_eq!(refused(&[(name, "x")]), [format!("metadata.{name}")], "{name}");
        }
        assert_eq!(refused(&[("a", &"x".repeat(501))]), ["metadata.a"]);
        assert_eq!(refused(&[("a", "\u{7}")]), ["metadata.a"]);
    }

    #[test]
    fn there_are_sixteen_at_most() {
        let names: Vec<String> = (0..17).map(|n| format!("n{n}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert!(refused(&pairs[..16]).is_empty());
        assert_eq!(refused(&pairs), ["metadata"]);
    }

    #[test]
    fn a_filter_reads_as_it_is_written_and_splits_at_the_first_colon() {
        let filter: MetadataFilter = from_value(json!(["url:https://x", "customer:42", "customer:42"])).unwrap();
        assert_eq!(to_value(&filter).unwrap(), json!(["customer:42", "url:https://x"]));
        assert_eq!(
            from_value::<MetadataFilter>(json!("customer:42")).unwrap(),
            from_value::<MetadataFilter>(json!(["customer:42"])).unwrap()
        );
        for bad in [
            json!("customer"),
            json!(":42"),
            json!("a b:1"),
            json!(["a:1", "b"]),
            json!(7),
        ] {
            assert!(from_value::<MetadataFilter>(bad.clone()).is_err(), "{bad}");
        }
        let many: Vec<String> = (0..17).map(|n| format!("n{n}:")).collect();
        assert!(from_value::<MetadataFilter>(json!(many)).is_err());
    }
}
