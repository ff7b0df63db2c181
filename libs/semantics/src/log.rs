//! Reading on after a mistake: mappings whose mistakes are written down, while the rest is read.
//!
//! Decides what a misspelt key was meant to be. A reader that has written a mistake down may go on with a
//! stand-in; nothing that was read so ever leaves this crate, since [`Sink::finish`] gives only the mistake.

use crate::LoadError;
use crate::report::Sink;
use crate::words::{nearest, typo_of};
use crate::yaml::{Mapping, Node, Source};
use std::cell::Cell;

/// A file that is being read, and where its mistakes go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) sink: &'a Sink,
}

/// A mapping that is being read, with the keys that it may have.
#[derive(Debug)]
pub(crate) struct Part<'a, 'n> {
    log: Log<'a>,
    map: Mapping<'n>,
    /// Keys that are not there but were nearly written, with what stands under the misspelt key if it is
    /// near enough to be read as what was meant.
    meant: Vec<(String, Option<&'n Node>)>,
    /// How many keys are like none: each may be one that is missed.
    foreign: Cell<usize>,
}

impl<'a> Log<'a> {
    /// What was read; a mistake is written down.
    pub(crate) fn keep<T>(self, read: Result<T, LoadError>) -> Option<T> {
        read.map_err(|error| self.refuse(error)).ok()
    }

    pub(crate) fn refuse(self, error: LoadError) {
        self.sink.push(error.into());
    }

    /// A mapping with no keys but `keys`. Every other key is a mistake.
    pub(crate) fn part<'n>(self, node: &'n Node, what: &'n str, keys: &[&str]) -> Option<Part<'a, 'n>> {
        let map = self.keep(self.source.open_mapping(node, what))?;
        let absent = || keys.iter().copied().filter(|key| map.get(key).is_none());
        let mut meant: Vec<(String, Option<&'n Node>)> = Vec::new();
        let mut foreign = 0;
        for (key, node) in map.entries.iter().filter(|(key, _)| !keys.contains(&key.name.as_str())) {
            self.refuse(self.source.unknown_key(what, key, keys));
            let Some(near) = nearest(&key.name, absent()) else {
                foreign += 1;
                continue;
            };
            let typo = typo_of(&key.name, absent());
            meant.push((near.to_owned(), typo.filter(|typo| *typo == near).map(|_| node)));
        }
        Some(Part { log: self, map, meant, foreign: Cell::new(foreign) })
    }

    pub(crate) fn list<'n>(self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        self.keep(self.source.list(node, what))
    }

    /// A list of texts. Those that are none are mistakes and left out.
    pub(crate) fn texts(self, node: &Node, what: &str) -> Vec<String> {
        let nodes = self.list(node, what).unwrap_or_default();
        nodes.iter().filter_map(|node| self.text(node, what).map(str::to_owned)).collect()
    }

    pub(crate) fn text<'n>(self, node: &'n Node, what: &str) -> Option<&'n str> {
        self.keep(self.source.text(node, what))
    }
}

impl<'n> Part<'_, 'n> {
    pub(crate) const fn line(&self) -> u64 {
        self.map.line
    }

    pub(crate) fn entries(&self) -> &'n [(crate::yaml::Key, Node)] {
        self.map.entries
    }

    /// The value of a key, or of what was nearly that key.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.map
            .get(key)
            .or_else(|| self.meant.iter().find(|(meant, _)| meant == key).and_then(|(_, node)| *node))
    }

    /// The key of this mapping that `written` is, or was meant to be.
    pub(crate) fn meant_by<'k>(&self, written: &'k str, keys: &[&'k str]) -> Option<&'k str> {
        if let Some(key) = keys.iter().find(|key| **key == written) {
            return Some(key);
        }
        typo_of(written, keys.iter().copied().filter(|key| self.map.get(key).is_none()))
    }

    /// A value that must be there. One that was nearly written is no second mistake.
    pub(crate) fn required(&self, key: &str) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() && !self.is_excused(&[key]) {
            self.log.keep(self.log.source.required(&self.map, key));
        }
        found
    }

    /// Whether none of these keys is there because a key that was found to be wrong stands in its place. A
    /// foreign key excuses for one that is missed.
    pub(crate) fn is_excused(&self, keys: &[&str]) -> bool {
        if self.meant.iter().any(|(meant, _)| keys.contains(&meant.as_str())) {
            return true;
        }
        let foreign = self.foreign.get();
        self.foreign.set(foreign.saturating_sub(1));
        foreign > 0
    }

    pub(crate) fn required_text(&self, key: &str) -> Option<&'n str> {
        let node = self.required(key)?;
        self.log.text(node, &format!("`{key}` of {}", self.map.what))
    }

    pub(crate) fn optional_text(&self, key: &str) -> Option<&'n str> {
        let node = self.get(key)?;
        self.log.text(node, &format!("`{key}` of {}", self.map.what))
    }

    /// A list that may be there; none, and what is no list, is the empty one.
    pub(crate) fn optional_list(&self, key: &str) -> &'n [Node] {
        let list = |node| self.log.list(node, &format!("`{key}` of {}", self.map.what));
        self.get(key).and_then(list).unwrap_or_default()
    }

    /// The line of a value, or of the mapping.
    pub(crate) fn line_of(&self, key: &str) -> u64 {
        self.get(key).map_or(self.map.line, |node| node.line)
    }
}
