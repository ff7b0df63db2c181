//! Scopes: which columns hold whose rows.

use super::{GrantsRead, Reader};
use crate::log::Part;
use crate::words::typo_of;
use crate::yaml::{Node, Value};
use crate::{Dataset, RowPolicy, ScopeKey, ScopeRule};

/// Keys of a scope that mean something of their own.
const RESERVED: [&str; 5] = ["tenant", "business", "admin", "through", "by"];

pub(crate) fn is_reserved(key: &str) -> bool {
    RESERVED.contains(&key)
}

/// A dataset of which the policy says something.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub(super) dataset: &'a str,
    pub(super) line: u64,
    /// Whether its scope was read without a mistake.
    pub(super) is_whole: bool,
}

/// The rows of one dataset, and whether they were read without a mistake.
pub(super) fn rows(
    reader: Reader<'_>,
    dataset: &Dataset,
    part: &Part<'_, '_>,
    grants: &GrantsRead,
) -> (RowPolicy, bool) {
    let (log, name) = (reader.log, &dataset.name);
    let broken = || (RowPolicy::Scoped(Vec::new()), false);
    match (part.get("scope"), part.get("public")) {
        (None, Some(node)) => match log.source.text(node, &format!("the reason why `{name}` is public")) {
            Ok(reason) => (RowPolicy::Public { reason: reason.trim().to_owned() }, true),
            Err(_) => {
                let what = format!("dataset `{name}` is public without a reason");
                let remedy = "write why every caller may see every row";
                log.refuse(log.source.error(node.line, what, remedy).coded("public-without-reason"));
                broken()
            }
        },
        (Some(node), None) => {
            let maps = if let Value::List(nodes) = &node.value {
                nodes.as_slice()
            } else {
                std::slice::from_ref(node)
            };
            let mut scope = ScopeRead { rules: Vec::new(), is_whole: true };
            for map in maps {
                scope.read(reader, dataset, map, grants);
            }
            if scope.rules.is_empty() && scope.is_whole {
                let what = format!("the scope of dataset `{name}` is empty");
                let remedy = "bind tenant and business, or write `public:` with a reason";
                log.refuse(log.source.error(node.line, what, remedy).coded("empty-scope"));
                return broken();
            }
            (RowPolicy::Scoped(scope.rules), scope.is_whole)
        }
        (None, None) if part.is_excused(&["scope", "public"]) => broken(),
        _ => {
            let what = format!("dataset `{name}` needs exactly one of `scope` and `public`");
            log.refuse(log.source.error(part.line(), what, "write one of them").coded("scope-or-public"));
            broken()
        }
    }
}

/// A scope as far as it was read.
struct ScopeRead {
    rules: Vec<ScopeRule>,
    is_whole: bool,
}

impl ScopeRead {
    /// Reads one mapping: its columns together, and the dataset through which it is scoped.
    fn read(&mut self, reader: Reader<'_>, dataset: &Dataset, node: &Node, grants: &GrantsRead) {
        let log = reader.log;
        let known = grants.keys.as_ref();
        let mut keys: Vec<&str> = RESERVED.into_iter().collect();
        keys.extend(known.into_iter().flatten().map(String::as_str));
        // Where the granted keys are not known, any key may be one of them.
        if let (None, Value::Mapping(entries)) = (known, &node.value) {
            let foreign = entries.iter().map(|(key, _)| key.name.as_str());
            keys.extend(foreign.filter(|key| typo_of(key, RESERVED).is_none()));
        }
        let Some(part) = log.part(node, "a scope", &keys) else {
            self.is_whole = false;
            return;
        };
        let mut columns = Vec::new();
        for (key, node) in part.entries() {
            let key = match part.meant_by(&key.name, &keys) {
                None => {
                    self.is_whole = false;
                    continue;
                }
                Some("through" | "by") => continue,
                Some("tenant") => ScopeKey::Tenant,
                Some("business") => ScopeKey::Business,
                Some("admin") => ScopeKey::Admin,
                Some(granted) => ScopeKey::Granted(granted.to_owned()),
            };
            let name = log.text(node, "a column of a scope");
            match name.and_then(|name| log.keep(reader.column(dataset, node.line, name))) {
                Some(column) => columns.push((key, column)),
                // That the key was bound is known, so a missing path is no second mistake.
                None => self.is_whole = false,
            }
        }
        columns.sort();
        if !columns.is_empty() {
            self.rules.push(ScopeRule::Columns(columns));
        }
        let incomplete = |what: &str, remedy: &str| {
            log.refuse(log.source.error(part.line(), what, remedy).coded("missing-key"));
        };
        match (part.get("through"), part.get("by")) {
            (None, None) => {}
            (Some(through), Some(by)) => {
                let rule = through_rule(reader, dataset, through, by);
                self.is_whole &= rule.is_some();
                self.rules.extend(rule);
            }
            (Some(_), None) => {
                self.is_whole = false;
                if !part.is_excused(&["by"]) {
                    incomplete("`through` has no `by`", "add `by: { my_column: its_column }`");
                }
            }
            (None, Some(_)) => {
                self.is_whole = false;
                if !part.is_excused(&["through"]) {
                    incomplete("`by` has no `through`", "add `through: dataset`");
                }
            }
        }
    }
}

/// The rule of `through` and `by`; none after a mistake.
fn through_rule(reader: Reader<'_>, dataset: &Dataset, through: &Node, by: &Node) -> Option<ScopeRule> {
    let log = reader.log;
    let name = log.text(through, "`through`");
    let other = name.and_then(|name| log.keep(reader.dataset(through.line, name)));
    let pairs = log.keep(log.source.open_mapping(by, "`by`"))?;
    if pairs.entries.is_empty() {
        let error = log.source.error(by.line, "`by` joins no column", "add `my_column: its_column`");
        log.refuse(error.coded("missing-key"));
        return None;
    }
    let mut by = Vec::new();
    for (mine, theirs) in pairs.entries {
        let name = log.text(theirs, "a column of `by`");
        let mine = log.keep(reader.column(dataset, mine.line, &mine.name));
        // Columns of a dataset that is not known cannot be wrong.
        let theirs =
            other.zip(name).and_then(|(other, name)| log.keep(reader.column(other, theirs.line, name)));
        by.extend(mine.zip(theirs));
    }
    let dataset = other?.name.clone();
    (by.len() == pairs.entries.len()).then_some(ScopeRule::Through { dataset, by })
}
