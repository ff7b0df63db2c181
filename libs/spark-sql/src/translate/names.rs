//! Names: generated for everything that a draft named, checked and quoted for what the view named.

use crate::refusal::Refusal;
use std::collections::BTreeSet;

const NAME_BYTES_MAX: usize = 128;

/// Makes names that nothing else has.
#[derive(Debug)]
pub(super) struct Names {
    /// Names of the relations, lower case, which a common table expression would hide.
    taken: BTreeSet<String>,
    queries: usize,
    relations: usize,
}

impl Names {
    pub(super) fn new<'n>(taken: impl Iterator<Item = &'n str>) -> Self {
        Self { taken: taken.map(str::to_ascii_lowercase).collect(), queries: 0, relations: 0 }
    }

    /// For a common table expression.
    pub(super) fn query(&mut self) -> String {
        fresh("q", &mut self.queries, &self.taken)
    }

    /// For a relation of FROM.
    pub(super) fn relation(&mut self) -> String {
        fresh("r", &mut self.relations, &self.taken)
    }
}

/// The loop ends: finitely many names are taken.
fn fresh(letter: &str, counter: &mut usize, taken: &BTreeSet<String>) -> String {
    loop {
        let name = format!("{letter}{counter}");
        *counter += 1;
        if !taken.contains(&name) {
            return name;
        }
    }
}

/// The name of an output column.
pub(super) fn column(at: usize) -> String {
    format!("c{at}")
}

/// A name of the view between backticks.
pub(super) fn quoted(name: &str) -> Result<String, Refusal> {
    let printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'`');
    // What is replaced before an engine parses would be replaced between backticks too.
    if !printable || !(1..=NAME_BYTES_MAX).contains(&name.len()) || name.contains("${") {
        return Err(Refusal::Name);
    }
    Ok(format!("`{name}`"))
}
