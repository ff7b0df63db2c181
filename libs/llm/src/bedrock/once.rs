//! Whether JSON says each thing once.
//!
//! Decides nothing else: what is no JSON, or nested deeper than serde reads, is for others to refuse.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

/// A key of an object has two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reply says two things at once")]
pub(super) struct SaidTwice;

/// Whether an object in it, at any depth, has a key twice.
pub(super) fn says_twice(json: &[u8]) -> bool {
    let found = Cell::new(false);
    let read = Once(&found).deserialize(&mut serde_json::Deserializer::from_slice(json));
    read.is_err() && found.get()
}

#[derive(Clone, Copy)]
struct Once<'f>(&'f Cell<bool>);

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            if !keys.insert(key) {
                self.0.set(true);
                return Err(A::Error::custom(SaidTwice));
            }
            fields.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_said_twice_is_seen_at_every_depth_and_in_every_spelling() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[null,true,-1,1.5,"x",{"b":{"c":[{"a":1,"b":2,"a":3}]}}]"#,
            r#"{"a":1,"a":"#,
        ] {
            assert!(says_twice(json.as_bytes()), "{json}");
        }
        for json in
            [r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#, r#"{"a":"a","A":1}"#, "", "{", "<html>", "\u{0}"]
        {
            assert!(!says_twice(json.as_bytes()), "{json}");
        }
        assert!(!says_twice(&[b'{', b'"', 0xff, b'"']));
        assert!(!says_twice("[".repeat(100_000).as_bytes()));
    }
}
