//! Questions that readers ask of a tree of YAML, forgiving of what they do not know.
//!
//! Decides what counts as a text and as a list. A key that nobody reads is a note, not an error.

use crate::note::{Notes, Place};
use splitplane_semantics::yaml::{Key, Node, Value};

/// A mapping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Map<'n> {
    pub(crate) line: u64,
    entries: &'n [(Key, Node)],
}

impl<'n> Map<'n> {
    pub(crate) fn of(node: &'n Node) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else { return None };
        Some(Self { line: node.line, entries })
    }

    /// The value of a key; one that is empty is not there.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        let found = self.entries.iter().find(|(name, _)| name.name == key).map(|(_, node)| node)?;
        (!matches!(found.value, Value::Null)).then_some(found)
    }

    /// The text of a key: a text, a number or a truth value.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(scalar)
    }

    /// The text of a key that must not be overlooked: what is there and is no text is an error.
    pub(crate) fn said(&self, key: &str) -> Result<Option<String>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(node) => scalar(node).map(Some).ok_or_else(|| format!("its `{key}` is no text")),
        }
    }

    /// The texts of a list or the one text in its place, none of which must be overlooked.
    pub(crate) fn all_said(&self, key: &str) -> Result<Vec<String>, String> {
        let refused = || format!("its `{key}` is neither a text nor a list of texts");
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Node { value: Value::List(nodes), .. }) => {
                nodes.iter().map(|node| scalar(node).ok_or_else(refused)).collect()
            }
            Some(node) => scalar(node).map(|text| vec![text]).ok_or_else(refused),
        }
    }

    /// The mapping of a key.
    pub(crate) fn map(&self, key: &str) -> Option<Self> {
        self.get(key).and_then(Self::of)
    }

    /// Whether a key is there and not false.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.get(key).is_some_and(|node| !matches!(node.value, Value::Boolean(false)))
    }

    /// The nodes of a list; none if the key is not there or holds no list.
    pub(crate) fn list(&self, key: &str) -> &'n [Node] {
        match self.get(key).map(|node| &node.value) {
            Some(Value::List(nodes)) => nodes,
            Some(_) | None => &[],
        }
    }

    /// The nodes of a list, with a note if there is something else.
    pub(crate) fn noted_list(&self, key: &str, file: &str, what: &str, notes: &mut Notes) -> &'n [Node] {
        if let Some(node) = self.get(key)
            && !matches!(node.value, Value::List(_))
        {
            let at = Place { file: file.to_owned(), line: node.line };
            notes.add(&at, format!("`{key}` of {what}"), "is no list and was left out");
        }
        self.list(key)
    }

    /// The texts of a list, or the one text that stands in its place.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        let one = self.get(key).and_then(scalar);
        one.map_or_else(|| self.list(key).iter().filter_map(scalar).collect(), |text| vec![text])
    }

    /// The line of a key, or of the mapping.
    pub(crate) fn line_of(&self, key: &str) -> u64 {
        self.entries.iter().find(|(name, _)| name.name == key).map_or(self.line, |(name, _)| name.line)
    }

    /// Where the mapping stands.
    pub(crate) fn place(&self, file: &str) -> Place {
        Place { file: file.to_owned(), line: self.line }
    }

    /// A note for each key that is not in `known`.
    pub(crate) fn note_unknown(&self, file: &str, what: &str, known: &[&str], notes: &mut Notes) {
        for (key, _) in self.entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            let at = Place { file: file.to_owned(), line: key.line };
            notes.add(&at, format!("`{}` of {what}", key.name), "has no counterpart here and was left out");
        }
    }

    /// The first key that is not in `known`.
    pub(crate) fn unknown(&self, known: &[&str]) -> Option<&'n str> {
        let mut keys = self.entries.iter().map(|(key, _)| key.name.as_str());
        keys.find(|key| !known.contains(key))
    }
}

/// What a scalar says; nothing if it says nothing, or is a list or a mapping.
pub(crate) fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => {
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        }
        Value::Integer(number) => Some(number.to_string()),
        Value::Fraction(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Null | Value::List(_) | Value::Mapping(_) => None,
    }
}
