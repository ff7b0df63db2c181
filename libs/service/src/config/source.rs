//! Values together with where they were written, so that an error can say so, a relative path can
//! be read from its file, and a word from the environment can become the type that is asked for.

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::collections::btree_map::IntoIter as TableIter;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::vec::IntoIter as ArrayIter;

/// Name under which `config::path` asks for a path.
pub(super) const PATH: &str = "splitplane_service::config::path";

/// Where a value was written.
#[derive(Debug)]
pub(super) enum Origin {
    /// In the text that is compiled in.
    Defaults,
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defaults => f.write_str("the built-in defaults"),
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
        }
    }
}

#[derive(Debug)]
enum Node {
    Value(toml::Value),
    /// A word from the environment, whose type is the reader's to say.
    Word(String),
    Array(Vec<Entry>),
    Table(BTreeMap<String, Entry>),
}

/// A value and its origin.
#[derive(Debug)]
pub(super) struct Entry {
    node: Node,
    origin: Arc<Origin>,
}

impl Entry {
    pub(super) fn from_toml(value: toml::Value, origin: &Arc<Origin>) -> Self {
        let node = match value {
            toml::Value::Table(table) => Node::Table(
                table.into_iter().map(|(key, value)| (key, Self::from_toml(value, origin))).collect(),
            ),
            toml::Value::Array(items) => {
                Node::Array(items.into_iter().map(|item| Self::from_toml(item, origin)).collect())
            }
            scalar @ (toml::Value::String(_)
            | toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)) => Node::Value(scalar),
        };
        Self { node, origin: Arc::clone(origin) }
    }

    pub(super) fn from_environment(segments: &[String], word: String, name: &str) -> Self {
        let origin = Arc::new(Origin::Environment(name.to_owned()));
        let mut entry = Self { node: Node::Word(word), origin: Arc::clone(&origin) };
        for segment in segments.iter().rev() {
            let table = BTreeMap::from([(segment.clone(), entry)]);
            entry = Self { node: Node::Table(table), origin: Arc::clone(&origin) };
        }
        entry
    }

    /// Puts `other` over this: tables are joined, anything else is replaced.
    pub(super) fn merge(&mut self, other: Self) {
        match (&mut self.node, other.node) {
            (Node::Table(mine), Node::Table(theirs)) => {
                for (key, entry) in theirs {
                    match mine.get_mut(&key) {
                        Some(existing) => existing.merge(entry),
                        None => drop(mine.insert(key, entry)),
                    }
                }
            }
            (node, theirs) => {
                *node = theirs;
                self.origin = other.origin;
            }
        }
    }

    fn path(&self) -> Option<PathBuf> {
        let text = match &self.node {
            Node::Value(toml::Value::String(text)) | Node::Word(text) => text,
            Node::Value(_) | Node::Array(_) | Node::Table(_) => return None,
        };
        Some(match self.origin.as_ref() {
            // `join` keeps an absolute path as it is. What has a scheme, as `s3://bucket`, is no path.
            Origin::File(file) if !text.is_empty() && !text.contains("://") => {
                file.parent().map_or_else(|| text.into(), |folder| folder.join(text))
            }
            Origin::File(_) | Origin::Defaults | Origin::Environment(_) => text.into(),
        })
    }
}

/// What is wrong, with which key, and where it was written.
#[derive(Debug)]
pub(super) struct ValueError {
    keys: Vec<String>,
    origin: Option<Arc<Origin>>,
    message: String,
}

impl ValueError {
    fn within(mut self, key: &str, origin: &Arc<Origin>) -> Self {
        self.keys.insert(0, key.to_owned());
        self.origin.get_or_insert_with(|| Arc::clone(origin));
        self
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.keys.is_empty() {
            write!(f, "`{}`: ", self.keys.join("."))?;
        }
        f.write_str(&self.message)?;
        match &self.origin {
            Some(origin) => write!(f, " (in {origin})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ValueError {}

impl de::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { keys: Vec::new(), origin: None, message: message.to_string() }
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident: $type:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            if let Node::Word(word) = &self.node {
                let value = word.parse::<$type>().map_err(|error| {
                    <ValueError as de::Error>::custom(format!("`{word}` is not a value of this key: {error}"))
                })?;
                return visitor.$visit(value);
            }
            self.deserialize_any(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Entry {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.node {
            Node::Value(toml::Value::String(text)) | Node::Word(text) => visitor.visit_string(text),
            Node::Value(toml::Value::Integer(number)) => visitor.visit_i64(number),
            Node::Value(toml::Value::Float(number)) => visitor.visit_f64(number),
            Node::Value(toml::Value::Boolean(truth)) => visitor.visit_bool(truth),
            Node::Value(other) => visitor.visit_string(other.to_string()),
            Node::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Node::Table(table) => visitor.visit_map(Pairs { rest: table.into_iter(), next: None }),
        }
    }

    parsed! {
        deserialize_bool => visit_bool: bool,
        deserialize_i8 => visit_i8: i8, deserialize_i16 => visit_i16: i16,
        deserialize_i32 => visit_i32: i32, deserialize_i64 => visit_i64: i64,
        deserialize_u8 => visit_u8: u8, deserialize_u16 => visit_u16: u16,
        deserialize_u32 => visit_u32: u32, deserialize_u64 => visit_u64: u64,
        deserialize_f32 => visit_f32: f32, deserialize_f64 => visit_f64: f64,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.path() {
            Some(path) if name == PATH => visitor.visit_string(path.display().to_string()),
            Some(_) | None if name == PATH => self.deserialize_any(visitor),
            Some(_) | None => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.node {
            Node::Value(toml::Value::String(text)) | Node::Word(text) => {
                let text: StringDeserializer<ValueError> = text.into_deserializer();
                text.deserialize_enum(name, variants, visitor)
            }
            Node::Table(table) => {
                let pairs = Pairs { rest: table.into_iter(), next: None };
                de::value::MapAccessDeserializer::new(pairs).deserialize_enum(name, variants, visitor)
            }
            Node::Value(_) | Node::Array(_) => {
                Err(de::Error::custom(format!("expected one of {}", variants.join(", "))))
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.node {
            // A list in the environment is separated by commas; an empty word is an empty list.
            Node::Word(words) => {
                let items: Vec<Self> = words
                    .split(',')
                    .map(str::trim)
                    .filter(|word| !word.is_empty())
                    .map(|word| Self { node: Node::Word(word.to_owned()), origin: Arc::clone(&self.origin) })
                    .collect();
                visitor.visit_seq(Items(items.into_iter()))
            }
            Node::Value(_) | Node::Array(_) | Node::Table(_) => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

struct Items(ArrayIter<Entry>);

impl<'de> SeqAccess<'de> for Items {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ValueError> {
        self.0.next().map(|entry| seed.deserialize(entry)).transpose()
    }
}

struct Pairs {
    rest: TableIter<String, Entry>,
    next: Option<(String, Entry)>,
}

impl<'de> MapAccess<'de> for Pairs {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ValueError> {
        let Some((key, entry)) = self.rest.next() else { return Ok(None) };
        let name: StringDeserializer<ValueError> = key.clone().into_deserializer();
        // An unknown key is refused here, so here the origin has to be told.
        let read = seed.deserialize(name).map_err(|mut error| {
            error.origin.get_or_insert_with(|| Arc::clone(&entry.origin));
            error
        });
        self.next = Some((key, entry));
        read.map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ValueError> {
        let (key, entry) =
            self.next.take().ok_or_else(|| <ValueError as de::Error>::custom("a value without its key"))?;
        let origin = Arc::clone(&entry.origin);
        seed.deserialize(entry).map_err(|error| error.within(&key, &origin))
    }
}

/// Takes the text of a path.
pub(super) struct PathVisitor;

impl<'de> Visitor<'de> for PathVisitor {
    type Value = PathBuf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path")
    }

    // Another format than ours hands the newtype on instead of the text.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<PathBuf, D::Error> {
        deserializer.deserialize_string(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PathBuf, E> {
        if text.is_empty() {
            return Err(E::custom("a path is empty"));
        }
        Ok(text.into())
    }
}

/// Takes the text of a path; an empty one is none.
pub(super) struct OptionalPathVisitor;

impl<'de> Visitor<'de> for OptionalPathVisitor {
    type Value = Option<PathBuf>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, or nothing")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text).filter(|text| !text.is_empty()).map(PathBuf::from))
    }
}
