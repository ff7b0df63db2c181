//! Scopes: which columns hold whose rows, and whether every way leads to tenant and business.

use super::Reader;
use crate::yaml::{Mapping, Node, Source, Value};
use crate::{Dataset, DatasetPolicy, Grants, LoadError, RowPolicy, ScopeKey, ScopeRule};
use std::collections::{BTreeMap, BTreeSet};

/// Keys of a scope that mean something of their own.
const RESERVED: [&str; 5] = ["tenant", "business", "admin", "through", "by"];

pub(super) fn is_reserved(key: &str) -> bool {
    RESERVED.contains(&key)
}

/// The rows of one dataset.
pub(super) fn rows(
    reader: Reader<'_>,
    dataset: &Dataset,
    map: &Mapping<'_>,
    grants: &Grants,
) -> Result<RowPolicy, LoadError> {
    let source = reader.source;
    let name = &dataset.name;
    match (map.get("scope"), map.get("public")) {
        (None, Some(node)) => match source.text(node, &format!("the reason why `{name}` is public")) {
            Ok(reason) => Ok(RowPolicy::Public { reason: reason.trim().to_owned() }),
            Err(_) => {
                let what = format!("dataset `{name}` is public without a reason");
                Err(source.error(node.line, what, "write why every caller may see every row"))
            }
        },
        (Some(node), None) => {
            let maps = if let Value::List(nodes) = &node.value {
                nodes.as_slice()
            } else {
                std::slice::from_ref(node)
            };
            let mut rules = Vec::new();
            for map in maps {
                rules.extend(rules_of(reader, dataset, map, grants)?);
            }
            if rules.is_empty() {
                let what = format!("the scope of dataset `{name}` is empty");
                return Err(source.error(
                    node.line,
                    what,
                    "bind tenant and business, or write `public:` with a reason",
                ));
            }
            Ok(RowPolicy::Scoped(rules))
        }
        _ => {
            let what = format!("dataset `{name}` needs exactly one of `scope` and `public`");
            Err(source.error(map.line, what, "write one of them"))
        }
    }
}

/// The rules of one mapping: its columns together, and the dataset through which it is scoped.
fn rules_of(
    reader: Reader<'_>,
    dataset: &Dataset,
    node: &Node,
    grants: &Grants,
) -> Result<Vec<ScopeRule>, LoadError> {
    let source = reader.source;
    let keys: Vec<&str> = RESERVED.into_iter().chain(grants.yields.keys().map(String::as_str)).collect();
    let map = source.mapping(node, "a scope", &keys)?;
    let mut columns = Vec::new();
    for (key, node) in map.entries {
        let key = match key.name.as_str() {
            "through" | "by" => continue,
            "tenant" => ScopeKey::Tenant,
            "business" => ScopeKey::Business,
            "admin" => ScopeKey::Admin,
            granted => ScopeKey::Granted(granted.to_owned()),
        };
        columns.push((key, reader.column(dataset, node.line, source.text(node, "a column of a scope")?)?));
    }
    columns.sort();
    let mut rules = Vec::new();
    if !columns.is_empty() {
        rules.push(ScopeRule::Columns(columns));
    }
    match (map.get("through"), map.get("by")) {
        (None, None) => {}
        (Some(through), Some(by)) => rules.push(through_rule(reader, dataset, through, by)?),
        (Some(_), None) => {
            return Err(source.error(
                map.line,
                "`through` has no `by`",
                "add `by: { my_column: its_column }`",
            ));
        }
        (None, Some(_)) => {
            return Err(source.error(map.line, "`by` has no `through`", "add `through: dataset`"));
        }
    }
    Ok(rules)
}

fn through_rule(
    reader: Reader<'_>,
    dataset: &Dataset,
    through: &Node,
    by: &Node,
) -> Result<ScopeRule, LoadError> {
    let source = reader.source;
    let other = reader.dataset(through.line, source.text(through, "`through`")?)?;
    let pairs = source.open_mapping(by, "`by`")?;
    if pairs.entries.is_empty() {
        return Err(source.error(by.line, "`by` joins no column", "add `my_column: its_column`"));
    }
    let by = pairs
        .entries
        .iter()
        .map(|(mine, theirs)| {
            let name = source.text(theirs, "a column of `by`")?;
            Ok((reader.column(dataset, mine.line, &mine.name)?, reader.column(other, theirs.line, name)?))
        })
        .collect::<Result<_, LoadError>>()?;
    Ok(ScopeRule::Through { dataset: other.name.clone(), by })
}

/// Checks that every scoped dataset leads to tenant and business, and that no chain is a ring.
pub(super) fn check_paths(
    source: Source<'_>,
    map: &Mapping<'_>,
    policies: &BTreeMap<String, DatasetPolicy>,
) -> Result<(), LoadError> {
    for (key, _) in map.entries {
        let line = key.line;
        let mut reached = BTreeSet::new();
        let public =
            policies.get(&key.name).is_some_and(|policy| matches!(policy.rows, RowPolicy::Public { .. }));
        let mut chain = vec![key.name.as_str()];
        walk(policies, &mut chain, &mut reached).map_err(|trouble| match trouble {
            Trouble::Ring(chain) => source.error(
                line,
                format!("the scope of dataset `{}` runs in a ring: {chain}", key.name),
                "bind one of them to columns of its own",
            ),
            Trouble::Unscoped(dataset) => source.error(
                line,
                format!("the scope of dataset `{}` leads through `{dataset}`, which has none", key.name),
                "go through a dataset that is listed under `datasets`",
            ),
        })?;
        let missing = [ScopeKey::Tenant, ScopeKey::Business].into_iter().find(|key| !reached.contains(key));
        // An id of a place or of a person repeats between tenants: alone it scopes nothing.
        if let (false, Some(missing)) = (public, missing) {
            let what = match missing {
                ScopeKey::Tenant => "tenant",
                ScopeKey::Business | ScopeKey::Admin | ScopeKey::Granted(_) => "business",
            };
            return Err(source.error(
                line,
                format!("the scope of dataset `{}` does not reach the {what}", key.name),
                format!("add `{what}: column`, or `through:` a dataset that has it"),
            ));
        }
    }
    Ok(())
}

enum Trouble {
    Ring(String),
    Unscoped(String),
}

fn walk<'p>(
    policies: &'p BTreeMap<String, DatasetPolicy>,
    chain: &mut Vec<&'p str>,
    reached: &mut BTreeSet<ScopeKey>,
) -> Result<(), Trouble> {
    let name = chain.last().copied().unwrap_or("");
    let Some(policy) = policies.get(name) else { return Err(Trouble::Unscoped(name.to_owned())) };
    let RowPolicy::Scoped(rules) = &policy.rows else { return Ok(()) };
    for rule in rules {
        match rule {
            ScopeRule::Columns(columns) => reached.extend(columns.iter().map(|(key, _)| key.clone())),
            ScopeRule::Through { dataset, .. } => {
                let ring = chain.contains(&dataset.as_str());
                chain.push(dataset);
                if ring {
                    return Err(Trouble::Ring(chain.join(" -> ")));
                }
                walk(policies, chain, reached)?;
                chain.pop();
            }
        }
    }
    Ok(())
}
