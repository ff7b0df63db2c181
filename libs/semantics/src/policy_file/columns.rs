//! What is done to the columns of a dataset, and for which roles it is not.

use super::mask;
use crate::log::Log;
use crate::yaml::{Node, Value};
use crate::{ColumnPolicy, Field, LoadError, Treatment};
use splitplane_types::Role;

const REMEDY: &str = "write `hidden`, or `{ mask: .. }` with `null`, `last4`, `hash` or `{ bucket: .. }`, with or without `unless`";

/// The policy of one column; none after a mistake.
pub(super) fn policy(log: Log<'_>, field: &Field, node: &Node) -> Option<ColumnPolicy> {
    let source = log.source;
    let refuse = |line, what: String| {
        log.refuse(source.error(line, what, REMEDY).coded("invalid-treatment"));
    };
    if node.value.as_text() == Some("hidden") {
        return Some(ColumnPolicy { treatment: Treatment::Hidden, unless_roles: Vec::new() });
    }
    if matches!(node.value, Value::Text(_) | Value::Null) {
        refuse(node.line, format!("the treatment of column `{}` is not known", field.name));
        return None;
    }
    let part = log.part(node, "a column of the policy", &["hidden", "mask", "unless"])?;
    let treatment = match (part.get("hidden"), part.get("mask")) {
        (Some(Node { value: Value::Boolean(true), .. }), None) => Some(Treatment::Hidden),
        (None, Some(node)) => mask::mask(log, field, node).map(Treatment::Mask),
        (None, None) if part.is_excused(&["hidden", "mask"]) => None,
        _ => {
            let what = format!("column `{}` needs exactly one of `hidden: true` and `mask`", field.name);
            refuse(node.line, what);
            None
        }
    };
    let unless_roles = part.get("unless").map(|node| roles(log, node)).unwrap_or_default();
    Some(ColumnPolicy { treatment: treatment?, unless_roles })
}

fn roles(log: Log<'_>, node: &Node) -> Vec<Role> {
    let source = log.source;
    let list = log.part(node, "`unless`", &["role"]).and_then(|part| part.required("role"));
    let Some(list) = list else { return Vec::new() };
    let nodes = log.list(list, "`role`");
    if nodes.is_some_and(<[Node]>::is_empty) {
        let error = source.error(list.line, "`unless` names no role", "name one, or remove `unless`");
        log.refuse(error.coded("invalid-role"));
    }
    let role = |node: &Node| -> Result<Role, LoadError> {
        let text = source.text(node, "a role")?;
        text.parse().map_err(|error: splitplane_types::InvalidId| {
            let what = format!("`{}` is no role", text.escape_debug());
            source.error(node.line, what, error.to_string()).coded("invalid-role")
        })
    };
    nodes.unwrap_or_default().iter().filter_map(|node| log.keep(role(node))).collect()
}
