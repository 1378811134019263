//! Queries: pairs of names and values as fields. What is said several times is a list.

use std::borrow::Cow;

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, Error as _, IntoDeserializer, Visitor,
        value::{CowStrDeserializer, Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// Reads a query; an error knows the parameter it is about.
pub fn read<T: DeserializeOwned>(query: &str) -> Result<T, serde_path_to_error::Error<Error>> {
    let mut fields: Vec<(Cow<'_, str>, Values<'_>)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.0.push(value),
            None => fields.push((name, Values(vec![value]))),
        }
    }
    serde_path_to_error::deserialize(MapDeserializer::new(fields.into_iter()))
}

/// What is said under one name, mostly one thing.
struct Values<'a>(Vec<Cow<'a, str>>);

impl<'a> Values<'a> {
    fn only(self) -> Result<CowStrDeserializer<'a, Error>, Error> {
        let [value] = <[Cow<'a, str>; 1]>::try_from(self.0).map_err(|_| Error::custom("say this once"))?;
        Ok(value.into_deserializer())
    }
}

impl<'a> IntoDeserializer<'a> for Values<'a> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $kind:ty)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let text = <Cow<'de, str> as serde::Deserialize>::deserialize(self.only()?)?;
            visitor.$visit(text.parse::<$kind>().map_err(Error::custom)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Values<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.len() == 1 {
            self.only()?.deserialize_any(visitor)
        } else {
            self.deserialize_seq(visitor)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        SeqDeserializer::new(self.0.into_iter()).deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.only()?.deserialize_any(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.only()?.deserialize_any(visitor)
    }

    parsed! {
        deserialize_bool visit_bool bool
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
    }

    forward_to_deserialize_any! {
        i8 i16 u8 u16 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Asked {
        q: Option<String>,
        limit: Option<u32>,
        unfiled: Option<bool>,
        order: Option<Order>,
        tags: Vec<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Order {
        Newest,
    }

    #[test]
    fn one_value_is_itself_and_several_are_a_list() {
        let asked: Asked = read("q=a+b&limit=5&tags=x&unfiled=true&other=1&tags=y%26&order=newest").unwrap();
        let expected = Asked {
            q: Some("a b".to_owned()),
            limit: Some(5),
            unfiled: Some(true),
            order: Some(Order::Newest),
            tags: vec!["x".to_owned(), "y&".to_owned()],
        };
        assert_eq!(asked, expected);
        assert_eq!(read::<Asked>("tags=x").unwrap().tags, ["x"]);
        assert_eq!(read::<Asked>("q=").unwrap().q, Some(String::new()));
        assert_eq!(read::<Asked>("").unwrap(), Asked::default());
    }

    #[test]
    fn what_is_wrong_is_said_of_its_parameter() {
        for (query, parameter) in [
            ("limit=x", "limit"),
            ("limit=-1", "limit"),
            ("q=a&q=b", "q"),
            ("order=oldest", "order"),
            ("order=", "order"),
            ("unfiled=yes", "unfiled"),
        ] {
            let error = read::<Asked>(query).unwrap_err();
            assert_eq!(error.path().to_string(), parameter, "{query}: {error}");
        }
    }
}
