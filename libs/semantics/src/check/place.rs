//! Where in a file a thing stands.

use crate::yaml::{Node, Value};

/// The line of what a path of keys, names and texts leads to, or of the last step on the way that is there.
pub(super) fn line_at(root: &Node, path: &[&str]) -> u64 {
    let (mut line, mut here) = (root.line, root);
    for step in path {
        let Some((found, next)) = step_into(here, step) else { break };
        (line, here) = (found, next);
    }
    line
}

/// A key of a mapping; of a list the item of that name, the item that is that text, or a key of an item.
fn step_into<'n>(node: &'n Node, step: &str) -> Option<(u64, &'n Node)> {
    match &node.value {
        Value::Mapping(entries) => {
            entries.iter().find(|(key, _)| key.name == step).map(|(key, node)| (key.line, node))
        }
        Value::List(items) => items
            .iter()
            .find(|item| item.value.as_text() == Some(step) || is_named(item, step))
            .map(|item| (item.line, item))
            .or_else(|| items.iter().find_map(|item| step_into(item, step))),
        Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Fraction(_) | Value::Text(_) => None,
    }
}

fn is_named(item: &Node, name: &str) -> bool {
    let Value::Mapping(entries) = &item.value else { return false };
    entries.iter().any(|(key, node)| key.name == "name" && node.value.as_text() == Some(name))
}
