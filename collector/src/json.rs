//! JSON of strangers. An object that names a member twice is refused, as RFC 7493 (section 2.3) wants it: readers differ in which of the two counts, so
//! whoever checked the document before us may have seen another one than we do.

use std::fmt;

use sayso_shared::problem::{ErrorCode, FieldError};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// So many repeated members are named; whoever mends them sees the others.
const NAMED_MAX: usize = 16;

/// What is said of a member that is there twice.
pub const REPEATED: &str = "is there more than once";

/// Why a text is not taken.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It is no JSON.
    #[error("{0}")]
    Syntax(#[from] serde_json::Error),
    /// Members that are there more than once, as JSON pointers.
    #[error("{} {REPEATED}", .0.join(", "))]
    Repeated(Vec<String>),
}

/// Reads a document.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    let mut repeated = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Reader { repeated: &mut repeated }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    if repeated.is_empty() { Ok(value) } else { Err(JsonError::Repeated(repeated)) }
}

/// The errors of the fields that are there more than once.
pub fn field_errors(repeated: Vec<String>) -> Vec<FieldError> {
    repeated.into_iter().map(|pointer| FieldError::new(pointer, ErrorCode::Invalid, REPEATED)).collect()
}

/// An object without repeated members, for readers of others, such as those of tokens.
#[derive(Debug)]
pub struct Object(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut repeated = Vec::new();
        match (Reader { repeated: &mut repeated }).deserialize(deserializer)? {
            Value::Object(_) if !repeated.is_empty() => Err(D::Error::custom(JsonError::Repeated(repeated))),
            Value::Object(object) => Ok(Self(object)),
            _ => Err(D::Error::custom("is not an object")),
        }
    }
}

/// Makes the value and notes what is repeated on the way: intake has no time for a second walk.
struct Reader<'r> {
    /// Pointers to repeated members, from the value that is being read.
    repeated: &'r mut Vec<String>,
}

impl Reader<'_> {
    fn again(&mut self) -> Reader<'_> {
        Reader { repeated: self.repeated }
    }

    /// Puts a step before the pointers that were noted within it.
    fn step_out(&mut self, noted_before: usize, step: impl FnOnce() -> String) {
        if self.repeated.len() > noted_before {
            let step = step();
            self.repeated[noted_before..].iter_mut().for_each(|pointer| pointer.insert_str(0, &step));
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        let mut noted = self.repeated.len();
        while let Some(value) = items.next_element_seed(self.again())? {
            self.step_out(noted, || format!("/{}", values.len()));
            noted = self.repeated.len();
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let noted = self.repeated.len();
            let value = members.next_value_seed(self.again())?;
            self.step_out(noted, || pointer(&name));
            if self.repeated.len() < NAMED_MAX && object.contains_key(&name) {
                let pointer = pointer(&name);
                if !self.repeated.contains(&pointer) {
                    self.repeated.push(pointer);
                }
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// The step to a member, as JSON Pointers are written (RFC 6901).
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn repeated(text: &str) -> Vec<String> {
        match parse(text) {
            Err(JsonError::Repeated(pointers)) => pointers,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_named_wherever_it_is() {
        assert_eq!(repeated(r#"{"a": 1, "b": 2, "a": 1}"#), ["/a"]);
        assert_eq!(repeated(r#"{"a": 1, "a": 2, "a": 3, "b": {"c": {"d": 0, "d": 0}}}"#), ["/a", "/b/c/d"]);
        assert_eq!(
            repeated(r#"{"list": [{"x": 1}, {"x": 1, "y": [], "x": 1}], "a/b~": {"\u0061": 1, "a": 1}}"#),
            ["/list/1/x", "/a~1b~0/a"]
        );
        assert_eq!(repeated(r#"[{"a": 1}, {"a": 1, "a": 1}]"#), ["/1/a"]);
        let many = (0..100).map(|at| format!(r#""{at}": 0, "{at}": 0"#)).collect::<Vec<_>>().join(", ");
        assert_eq!(repeated(&format!("{{{many}}}")).len(), NAMED_MAX);
        assert!(parse(r#"[{"a": 1}, {"a": 1, "b": {"a": 1}}]"#).is_ok(), "the same name in several objects");
    }

    #[test]
    fn an_object_of_others_is_held_to_the_same() {
        assert!(serde_json::from_str::<Object>(r#"{"sub": "a", "exp": 1}"#).is_ok());
        assert!(serde_json::from_str::<Object>(r#"{"sub": "a", "sub": "a"}"#).is_err());
        assert!(serde_json::from_str::<Object>("[]").is_err());
    }

    #[test]
    fn what_is_no_json_stays_refused() {
        for wrong in ["", "{", "{} {}", "{\"a\": 1, \"a\"}", "1e999", "nul", &"[".repeat(1_000)] {
            assert!(matches!(parse(wrong), Err(JsonError::Syntax(_))), "{wrong}");
        }
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(".{0,4}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_document_without_repetitions_is_read_as_serde_json_reads_it(document in documents()) {
            let text = document.to_string();
            prop_assert_eq!(parse(&text).expect("it is JSON"), serde_json::from_str::<Value>(&text).expect("it is JSON"));
        }
    }
}
