//! Reading JSON in few bytes: what serde derives for our types, over values that are already parsed.
//!
//! serde_json's own reader looks at the text anew for every type, tells where and why it failed, and takes a list for a
//! struct. The browser reads what our server wrote and says one sentence if it cannot; all of that would be a tenth of
//! what it loads.

use std::fmt;

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
        Visitor, value::StrDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, map};

use crate::json;

/// Reads a text. Structs are read from objects only.
pub fn from_str<T: DeserializeOwned>(json: &str) -> Result<T, DecodeError> {
    from_value(&json::parse(json)?)
}

pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    T::deserialize(Reader(value))
}

/// It was cut off, or is meant for another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not what was expected here")]
pub struct DecodeError;

impl Error for DecodeError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a Value);

impl<'a> Reader<'a> {
    fn text(self) -> Result<&'a str, DecodeError> {
        self.0.as_str().ok_or(DecodeError)
    }

    fn integer(self) -> Result<i64, DecodeError> {
        self.0.as_i64().ok_or(DecodeError)
    }

    fn fields(self) -> Result<Fields<'a>, DecodeError> {
        self.0.as_object().map(Fields::of).ok_or(DecodeError)
    }

    fn items(self) -> Result<Items<'a>, DecodeError> {
        self.0.as_array().map(|items| Items(items.iter())).ok_or(DecodeError)
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, Some(number)) => visitor.visit_f64(number),
                (None, None, None) => Err(DecodeError),
            },
            Value::String(text) => visitor.visit_str(text),
            Value::Array(_) => visitor.visit_seq(self.items()?),
            Value::Object(_) => visitor.visit_map(self.fields()?),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.0.as_bool().ok_or(DecodeError)?)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_i64(self.integer()?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_i64(self.integer()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_i64(self.integer()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self.fields()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self.fields()?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(Variant::of(self.0)?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

struct Items<'a>(std::slice::Iter<'a, Value>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        self.0.next().map(|item| seed.deserialize(Reader(item))).transpose()
    }
}

struct Fields<'a> {
    rest: map::Iter<'a>,
    /// The value of the field whose name was read last.
    value: &'a Value,
}

impl<'a> Fields<'a> {
    fn of(object: &'a Map<String, Value>) -> Self {
        Self {
            rest: object.iter(),
            value: &Value::Null,
        }
    }

    fn advance(&mut self) -> Option<&'a str> {
        let (name, value) = self.rest.next()?;
        self.value = value;
        Some(name)
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        self.advance()
            .map(|name| seed.deserialize(name.into_deserializer()))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, DecodeError> {
        seed.deserialize(Reader(self.value))
    }
}

/// A word, or an object of one field that is called as the variant.
struct Variant<'a> {
    name: &'a str,
    content: Reader<'a>,
}

impl<'a> Variant<'a> {
    fn of(value: &'a Value) -> Result<Self, DecodeError> {
        let (name, content) = match value {
            Value::String(name) => (name, &Value::Null),
            Value::Object(fields) if fields.len() == 1 => fields.iter().next().ok_or(DecodeError)?,
            _ => return Err(DecodeError),
        };
        Ok(Self {
            name,
            content: Reader(content),
        })
    }
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = DecodeError;
    type Variant = Reader<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Reader<'a>), DecodeError> {
        let name: StrDeserializer<'_, DecodeError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for Reader<'_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        self.0.is_null().then_some(()).ok_or(DecodeError)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, DecodeError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(self.items()?)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self.fields()?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        yes: bool,
        whole: (i16, i32, i64),
        large: u64,
        broken: f64,
        text: String,
        nothing: Option<String>,
        something: Option<Box<Named>>,
        list: Vec<Shape>,
        map: BTreeMap<String, Value>,
        #[serde(default)]
        absent: u32,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Named(String);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Word,
        One(Named),
        Two(i32, i32),
        Fields { side: u8 },
    }

    fn everything() -> Everything {
        Everything {
            yes: true,
            whole: (-16, -32, i64::MIN),
            large: u64::MAX,
            broken: 0.5,
            text: "Line\n\"two\" ☎".to_owned(),
            nothing: None,
            something: Some(Box::new(Named("Front desk".to_owned()))),
            list: vec![
                Shape::Word,
                Shape::One(Named(String::new())),
                Shape::Two(1, -2),
                Shape::Fields { side: 7 },
            ],
            map: BTreeMap::from([("a".to_owned(), json!({"deep": [null, 1, -1, 0.5, "x"]}))]),
            absent: 0,
        }
    }

    #[test]
    fn what_serde_writes_reads_back() {
        let mut value = serde_json::to_value(everything()).unwrap();
        assert_eq!(from_str(&value.to_string()), Ok(everything()));
        value["unknown"] = json!([{"ignored": true}]);
        value.as_object_mut().unwrap().remove("absent");
        assert_eq!(from_value(&value), Ok(everything()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(from_str::<Named>("\"cut of"), Err(DecodeError));
        assert_eq!(from_str::<bool>("1"), Err(DecodeError));
        assert_eq!(from_str::<i16>("40000"), Err(DecodeError));
        assert_eq!(from_str::<i64>("0.5"), Err(DecodeError));
        assert_eq!(from_str::<Vec<i64>>("{}"), Err(DecodeError));
        assert_eq!(from_str::<Shape>("\"Circle\""), Err(DecodeError));
        assert_eq!(from_str::<Shape>("\"One\""), Err(DecodeError));
        assert_eq!(from_str::<Shape>("{\"Word\": 1}"), Err(DecodeError));
        assert_eq!(from_str::<Shape>("{\"Word\": null, \"One\": \"\"}"), Err(DecodeError));
        for field in ["yes", "list", "map", "text"] {
            let mut value = serde_json::to_value(everything()).unwrap();
            value[field] = json!(7);
            assert_eq!(from_value::<Everything>(&value), Err(DecodeError), "{field}");
            value.as_object_mut().unwrap().remove(field);
            assert_eq!(from_value::<Everything>(&value), Err(DecodeError), "{field}");
        }
    }
}
