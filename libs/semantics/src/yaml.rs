//! YAML 1.2 as a tree whose every node knows its line, and the questions that a file's reader asks of it.
//!
//! Decides what a mapping, a list and a text are. What keys mean is for the readers to say.

use crate::LoadError;
use crate::words::nearest;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;
use std::path::Path;

/// Deeper files are refused before they are read into a tree.
const DEPTH_MAX: usize = 64;

/// A node and the line on which it starts.
#[derive(Debug, Clone)]
pub struct Node {
    /// Line, counted from 1.
    pub line: u64,
    /// What it holds.
    pub value: Value,
}

/// What a node holds. Text is what YAML 1.2 does not take for anything else: `on` and `no` are texts.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Fraction(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file. No key is there twice.
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub struct Key {
    /// Line, counted from 1.
    pub line: u64,
    /// The key.
    pub name: String,
}

/// The file that is being read, for its name in messages.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its name.
    pub file: &'a str,
}

/// Reads a file and hands its text to `parse`, with the name that messages show.
pub(crate) fn read<T>(
    path: &Path,
    parse: impl FnOnce(&str, &str) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| LoadError::Unreadable { file: path.to_owned(), source })?;
    parse(&path.display().to_string(), &text)
}

impl Source<'_> {
    pub(crate) fn error(self, line: u64, what: impl Into<String>, remedy: impl Into<String>) -> LoadError {
        let (file, what, remedy) = (self.file.to_owned(), what.into(), remedy.into());
        LoadError::Invalid { code: "invalid-value", file, line, what, remedy }
    }

    /// A name that is not there, with the nearest one that is.
    pub(crate) fn unknown<'n>(
        self,
        line: u64,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str> + Clone,
    ) -> LoadError {
        let remedy = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let mut known: Vec<_> = known.into_iter().collect();
                known.truncate(12);
                if known.is_empty() { "remove it".to_owned() } else { format!("known: {}", known.join(", ")) }
            }
        };
        self.error(line, format!("{what} `{name}`"), remedy).coded("unknown-value")
    }

    /// A key that a mapping cannot have.
    pub(crate) fn unknown_key(self, what: &str, key: &Key, keys: &[&str]) -> LoadError {
        let what = format!("{what} has an unknown key");
        self.unknown(key.line, &what, &key.name, keys.iter().copied()).coded("unknown-key")
    }

    /// The tree of a text.
    ///
    /// # Errors
    /// [`LoadError::Invalid`].
    pub fn tree(self, text: &str) -> Result<Node, LoadError> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: DEPTH_MAX },
            strict_booleans: true,
            merge_keys: serde_saphyr::options::MergeKeyPolicy::Error,
            with_snippet: false,
        };
        serde_saphyr::from_str_with_options::<Node>(text, options).map_err(|error| {
            let line = error.location().map_or(1, |location| location.line().max(1));
            let what = error.to_string();
            let what = what.lines().next().unwrap_or("not readable").trim_end_matches('.').to_owned();
            self.error(line, format!("not readable as YAML 1.2: {what}"), "correct the YAML").coded("yaml")
        })
    }

    /// A text that is not empty.
    pub(crate) fn text<'n>(self, node: &'n Node, what: &str) -> Result<&'n str, LoadError> {
        match &node.value {
            Value::Text(text) if !text.trim().is_empty() => Ok(text),
            Value::Text(_) | Value::Null => {
                Err(self.error(node.line, format!("{what} is empty"), "write a text").coded("wrong-kind"))
            }
            Value::Boolean(_) | Value::Integer(_) | Value::Fraction(_) => {
                let what = format!("{what} is {}, not a text", node.value.kind());
                Err(self.error(node.line, what, "put it in quotes").coded("wrong-kind"))
            }
            Value::List(_) | Value::Mapping(_) => {
                let what = format!("{what} is {}, not a text", node.value.kind());
                Err(self.error(node.line, what, "write a text").coded("wrong-kind"))
            }
        }
    }

    /// A list.
    pub(crate) fn list<'n>(self, node: &'n Node, what: &str) -> Result<&'n [Node], LoadError> {
        if let Value::List(nodes) = &node.value {
            return Ok(nodes);
        }
        let what = format!("{what} is {}, not a list", node.value.kind());
        Err(self.error(node.line, what, "write a list, for example [a, b]").coded("wrong-kind"))
    }

    /// A list of texts.
    pub(crate) fn texts(self, node: &Node, what: &str) -> Result<Vec<String>, LoadError> {
        self.list(node, what)?.iter().map(|node| self.text(node, what).map(str::to_owned)).collect()
    }

    /// A mapping, whatever its keys.
    pub(crate) fn open_mapping<'n>(self, node: &'n Node, what: &'n str) -> Result<Mapping<'n>, LoadError> {
        if let Value::Mapping(entries) = &node.value {
            return Ok(Mapping { line: node.line, what, entries });
        }
        let what = format!("{what} is {}, not a mapping", node.value.kind());
        Err(self.error(node.line, what, "write `key: value` pairs").coded("wrong-kind"))
    }

    /// A mapping with no keys but `keys`.
    pub(crate) fn mapping<'n>(
        self,
        node: &'n Node,
        what: &'n str,
        keys: &[&str],
    ) -> Result<Mapping<'n>, LoadError> {
        let mapping = self.open_mapping(node, what)?;
        match mapping.entries.iter().find(|(key, _)| !keys.contains(&key.name.as_str())) {
            None => Ok(mapping),
            Some((key, _)) => Err(self.unknown_key(what, key, keys)),
        }
    }

    /// A value that a mapping must have.
    pub(crate) fn required<'n>(self, mapping: &Mapping<'n>, key: &str) -> Result<&'n Node, LoadError> {
        mapping.get(key).ok_or_else(|| {
            let what = format!("{} has no `{key}`", mapping.what);
            self.error(mapping.line, what, format!("add `{key}:`")).coded("missing-key")
        })
    }

    /// A text that a mapping must have.
    pub(crate) fn required_text<'n>(self, mapping: &Mapping<'n>, key: &str) -> Result<&'n str, LoadError> {
        self.text(self.required(mapping, key)?, &format!("`{key}` of {}", mapping.what))
    }

    /// A text that a mapping may have.
    pub(crate) fn optional_text<'n>(
        self,
        mapping: &Mapping<'n>,
        key: &str,
    ) -> Result<Option<&'n str>, LoadError> {
        mapping.get(key).map(|node| self.text(node, &format!("`{key}` of {}", mapping.what))).transpose()
    }

    /// A list that a mapping may have; none is the empty list.
    pub(crate) fn optional_list<'n>(self, mapping: &Mapping<'n>, key: &str) -> Result<&'n [Node], LoadError> {
        match mapping.get(key) {
            None => Ok(&[]),
            Some(node) => self.list(node, &format!("`{key}` of {}", mapping.what)),
        }
    }
}

/// A mapping that is being read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapping<'n> {
    pub(crate) line: u64,
    pub(crate) what: &'n str,
    pub(crate) entries: &'n [(Key, Node)],
}

impl<'n> Mapping<'n> {
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, _)| name.name == key).map(|(_, node)| node)
    }
}

impl Value {
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Boolean(_) => "true or false",
            Self::Integer(_) | Self::Fraction(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

// === impl Deserialize ===

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { line: spanned.referenced.line(), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { line: spanned.referenced.line(), name: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Integer).or(Err(E::custom("number too large")))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Fraction(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        while let Some((key, node)) = map.next_entry::<Key, Node>()? {
            if entries.iter().any(|(other, _)| other.name == key.name) {
                return Err(A::Error::custom(format!("key `{}` twice", key.name)));
            }
            entries.push((key, node));
        }
        Ok(Value::Mapping(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Source<'static> = Source { file: "f.yaml" };

    fn tree(text: &str) -> Node {
        SOURCE.tree(text).unwrap()
    }

    fn error(text: &str) -> String {
        SOURCE.tree(text).unwrap_err().to_string()
    }

    #[test]
    fn nodes_and_keys_know_their_lines() {
        let root = tree("a: 1\nb:\n  - x\n  - c: { d: y }\n");
        let root = SOURCE.open_mapping(&root, "root").unwrap();
        assert_eq!(root.entries.iter().map(|(key, _)| key.line).collect::<Vec<_>>(), [1, 2]);
        let items = SOURCE.list(root.get("b").unwrap(), "b").unwrap();
        assert_eq!(items.iter().map(|node| node.line).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn scalars_are_those_of_yaml_1_2() {
        for (text, kind) in [
            ("on", "a text"),
            ("no", "a text"),
            ("yes", "a text"),
            ("true", "true or false"),
            ("\"true\"", "a text"),
            ("0.1.1", "a text"),
            ("0.2", "a number"),
            ("\"0.2\"", "a text"),
            ("12", "a number"),
            ("16MiB", "a text"),
            ("null", "empty"),
            ("~", "empty"),
        ] {
            let root = tree(&format!("k: {text}\n"));
            let root = SOURCE.open_mapping(&root, "root").unwrap();
            assert_eq!(root.get("k").unwrap().value.kind(), kind, "{text}");
        }
    }

    #[test]
    fn what_is_no_single_clear_document_is_refused_with_its_line() {
        for (text, line) in [
            ("a: 1\na: 2\n", 2),
            ("a: 1\nb: [1, 2\n", 2),
            ("a: 1\n--- \nb: 2\n", 2),
            ("x: &x { a: 1 }\ny:\n  <<: *x\n", 3),
        ] {
            let message = error(text);
            let (file, rest) = message.split_once(':').unwrap();
            let (found, _) = rest.split_once(':').unwrap();
            assert_eq!(file, "f.yaml");
            assert!(found.parse::<u64>().unwrap() >= line, "{text:?}: {message}");
        }
    }

    #[test]
    fn bottomless_files_are_refused_and_not_read() {
        assert!(error(&"[".repeat(100_000)).starts_with("f.yaml:1: "));
        let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
            let m = n - 1;
            format!("{text}a{n}: &a{n} [*a{m}, *a{m}, *a{m}, *a{m}, *a{m}, *a{m}, *a{m}, *a{m}]\n")
        });
        assert!(error(&bomb).contains("not readable"));
    }

    #[test]
    fn a_missing_an_unknown_and_an_empty_value_say_what_to_do() {
        let root = tree("nmae: x\n");
        let error = SOURCE.mapping(&root, "a dataset", &["name", "source"]).unwrap_err();
        assert_eq!(error.to_string(), "f.yaml:1: a dataset has an unknown key `nmae`; did you mean `name`?");
        let root = tree("name: ''\n");
        let mapping = SOURCE.mapping(&root, "a dataset", &["name"]).unwrap();
        let error = SOURCE.required_text(&mapping, "name").unwrap_err();
        assert_eq!(error.to_string(), "f.yaml:1: `name` of a dataset is empty; write a text");
        let error = SOURCE.required(&mapping, "source").unwrap_err();
        assert_eq!(error.to_string(), "f.yaml:1: a dataset has no `source`; add `source:`");
    }
}
